//! A new configuration for a running host: what differs is changed, in order, and nothing else is touched.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::api::Directory;
use crate::api::auth::Users;
use crate::api::hooks::Hooks;
use crate::config::{Config, Finding, ServerConfig, settings};
use crate::hub::LineKey;
use crate::recordings::Recordings;

/// How long clients of a line that is no more get to read that it is gone.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a connection may take to change: its adapter logs out, its sockets are closed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of a new configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// What was changed.
    pub done: Vec<String>,
    /// What stays as it was, and why.
    pub refused: Vec<String>,
    /// What takes effect when the host is started again.
    pub restart: Vec<String>,
}

impl Service {
    /// Takes a new configuration. Calls, clients and connections that it does not concern notice nothing.
    ///
    /// # Errors
    /// Settings that do not fit the adapters; nothing was changed.
    pub async fn reload(&mut self, new: Config) -> Result<Report, Vec<Finding>> {
        let misfits = settings::misfits(&new, &**self.catalogue.borrow());
        if !misfits.is_empty() {
            return Err(misfits);
        }
        let mut report = Report::default();
        self.server(&new.server, &mut report);
        let fixed = [("[plugins]", self.config.plugins != new.plugins), ("[store]", self.config.store != new.store)];
        report.restart.extend(fixed.into_iter().filter(|(_, differs)| *differs).map(|(table, _)| table.to_owned()));
        let gone = self.connections(&new, &mut report).await;
        self.users(&new, &mut report);
        let mut effective = new;
        effective.server.clone_from(&self.config.server);
        effective.plugins.clone_from(&self.config.plugins);
        effective.store.clone_from(&self.config.store);
        self.config = effective;
        let hub = self.shared.hub.clone();
        tokio::spawn(async move {
            tokio::time::sleep(FAREWELL).await;
            for line in gone {
                hub.forget(line).await;
            }
        });
        Ok(report)
    }

    fn server(&mut self, new: &ServerConfig, report: &mut Report) {
        let old = &self.config.server;
        let mut restart = |key: &str, differs: bool| {
            if differs {
                report.restart.push(format!("server.{key}"));
            }
        };
        restart("listen", old.listen != new.listen);
        restart("insecure", old.insecure != new.insecure);
        restart("max_sessions", old.max_sessions != new.max_sessions);
        restart("tls", old.tls.is_some() != new.tls.is_some());
        if let (Some(certificate), Some(files)) = (&self.certificate, &new.tls) {
            // The files may be new though their names are not.
            match certificate.renew(files) {
                Ok(()) => report.done.push("server.tls: the certificate was read again".to_owned()),
                Err(why) => report.refused.push(format!("{why}; the certificate stays as it was")),
            }
        }
        if old.origins != new.origins {
            self.config.server.origins.clone_from(&new.origins);
            report.done.push("server.origins were changed".to_owned());
        }
    }

    /// The lines that are no more.
    async fn connections(&mut self, new: &Config, report: &mut Report) -> Vec<LineKey> {
        let before: BTreeSet<LineKey> =
            self.parts.values().flat_map(|part| part.lines.values().map(|(key, _)| *key)).collect();
        let ids: BTreeSet<&str> = new.connections.iter().map(|c| c.id.as_str()).collect();
        let removed: Vec<String> = self.parts.keys().filter(|id| !ids.contains(id.as_str())).cloned().collect();
        for id in removed {
            if let Some(part) = self.parts.remove(&id) {
                self.supplier.remove(&id);
                super::log_out(&part.handle).await;
                report.done.push(format!("connection `{id}` was removed"));
            }
        }
        let found = Arc::clone(&self.catalogue.borrow());
        let mut changes = Vec::new();
        for connection in &new.connections {
            let lines = self.lines(new, connection);
            let id = &connection.id;
            match self.parts.get(id) {
                None => {
                    self.start_connection(connection, lines, &found);
                    report.done.push(format!("connection `{id}` was added"));
                }
                Some(part) if part.config == *connection && part.lines == super::keys(&lines) => {}
                Some(part) => {
                    let keys = super::keys(&lines);
                    let handle = part.handle.clone();
                    // A connection whose adapter hangs must not hold up the others.
                    changes.push(async move {
                        let change = handle.reconfigure(connection.clone(), lines);
                        (connection, keys, tokio::time::timeout(PATIENCE, change).await)
                    });
                }
            }
        }
        for (connection, keys, changed) in futures_util::future::join_all(changes).await {
            let id = &connection.id;
            match changed.unwrap_or_else(|_| Err("it does not answer; what becomes of it is in the log".to_owned())) {
                Ok(done) => {
                    if let Some(part) = self.parts.get_mut(id) {
                        part.config.clone_from(connection);
                        part.lines = keys;
                    }
                    self.supplier.change(connection, &found);
                    report.done.extend(done.into_iter().map(|what| format!("connection `{id}`: {what}")));
                }
                Err(why) => report.refused.push(format!("connection `{id}`: {why}")),
            }
        }
        let after: BTreeSet<LineKey> =
            self.parts.values().flat_map(|part| part.lines.values().map(|(key, _)| *key)).collect();
        before.difference(&after).copied().collect()
    }

    /// Who may connect, and where each line is. Sessions whose rights differ are closed.
    fn users(&mut self, new: &Config, report: &mut Report) {
        for user in &new.users {
            let name = &user.name;
            match self.config.users.iter().find(|u| u.name == *name) {
                None => report.done.push(format!("user `{name}` was added")),
                Some(before) if before != user => report.done.push(format!("user `{name}` was changed")),
                Some(_) => {}
            }
        }
        for user in self.config.users.iter().filter(|user| !new.users.iter().any(|u| u.name == user.name)) {
            report.done.push(format!("user `{}` was removed", user.name));
        }
        self.shared.replace(self.directory(new));
    }

    /// Where recordings are now. A place that is the same stays the same, with who reads from it.
    fn recordings(&self) -> HashMap<String, Arc<Recordings>> {
        let before = self.shared.directory();
        let place = |(id, part): (&String, &super::Part)| {
            let config = part.config.recordings.as_ref()?;
            let same = before.recordings.get(id).filter(|place| place.config() == config).map(Arc::clone);
            Some((id.clone(), same.unwrap_or_else(|| Arc::new(Recordings::new(config.clone())))))
        };
        self.parts.iter().filter_map(place).collect()
    }

    /// Where everything is now.
    pub(super) fn directory(&self, config: &Config) -> Directory {
        // In the order of the configuration: it is the order in which users see their lines.
        let mut lines = Vec::new();
        for part in config.connections.iter().filter_map(|c| self.parts.get(&c.id)) {
            lines.extend(part.lines.iter().map(|(name, (key, _))| (name.clone(), *key)));
        }
        let handles =
            self.parts.values().flat_map(|part| part.lines.values().map(|(key, _)| (*key, part.handle.clone())));
        let hooks = config.connections.iter().filter_map(|connection| {
            let (hooks, part) = (connection.hooks.as_ref()?, self.parts.get(&connection.id)?);
            let metrics = self.shared.metrics.hooks(&connection.id);
            Some((connection.id.clone(), Hooks::new(hooks, part.handle.clone(), metrics)))
        });
        Directory {
            hooks: hooks.collect(),
            users: Users::new(config, &lines),
            connections: handles.collect(),
            recordings: self.recordings(),
            by_id: self.parts.iter().map(|(id, part)| (id.clone(), part.handle.clone())).collect(),
            origins: self.config.server.origins.clone(),
        }
    }
}
