//! Which connection gets which adapter, as the plugins' folder changes.
//!
//! The folder says what there is; here is decided, per connection, what of it runs: the highest version or the pinned
//! one, if its needs are granted. A connection whose adapter goes on running does not hear of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::config::ConnectionConfig;
use crate::connection::Supply;
use crate::metrics::{PluginMetrics, count};
use crate::plugins::{Catalogue, LoadedPlugin, is_pinned};

/// Supplies every connection of a host. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Supplier {
    // Held for a moment, when folder or configuration change; never by who handles events.
    connections: Arc<Mutex<Vec<Supplied>>>,
    metrics: PluginMetrics,
}

#[derive(Debug)]
struct Supplied {
    connection: ConnectionConfig,
    /// The hash of a library that an administrator has asked for, while it is there.
    asked: Option<String>,
    /// The hash of what the configuration would choose instead, as it was told last.
    passed_over: Option<String>,
    supply: watch::Sender<Supply>,
}

impl Supplied {
    /// What it gets from now on.
    fn next(&mut self, found: &Catalogue, now: &Supply) -> Supply {
        let given = now.plugin.as_ref().ok();
        if let Some(hash) = &self.asked {
            let asked = found.of(&self.connection.plugin).find(|plugin| plugin.hash == *hash);
            match asked {
                Some(plugin) => {
                    let offered = offer(&self.connection, found, plugin, given);
                    self.pass_over(found, plugin);
                    return offered;
                }
                None => self.asked = None,
            }
        }
        self.passed_over = None;
        choose(&self.connection, found, given)
    }

    /// Tells what lies in the folder and does not run because another one was asked for by name; once.
    fn pass_over(&mut self, found: &Catalogue, asked: &LoadedPlugin) {
        let Self { connection, passed_over, .. } = self;
        let Ok(other) = found.choose(&connection.plugin, connection.version.as_deref()) else { return };
        if other.hash != asked.hash && passed_over.as_ref() != Some(&other.hash) {
            tracing::warn!(
                connection = connection.id,
                "version {} is not taken: version {} was asked for by name; `jackfield plugins swap {}` takes what the \
                 configuration asks for",
                other.manifest.version,
                asked.manifest.version,
                connection.id
            );
            *passed_over = Some(other.hash.clone());
        }
    }

    fn choose_from(&mut self, found: &Catalogue) {
        let now = self.supply.borrow().clone();
        let next = self.next(found, &now);
        self.supply.send_if_modified(|supply| {
            let differs = !same(supply, &next);
            if differs {
                *supply = next;
            }
            differs
        });
    }
}

impl Supplier {
    /// Nobody yet.
    pub(super) fn new(metrics: PluginMetrics) -> Self {
        Self { connections: Arc::default(), metrics }
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Supplied>> {
        // Whoever panicked with it left whole entries.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection; what it gets, now and later.
    pub(super) fn add(&self, connection: &ConnectionConfig, found: &Catalogue) -> watch::Receiver<Supply> {
        let (supply, receiver) = watch::channel(choose(connection, found, None));
        self.connections().push(Supplied { connection: connection.clone(), asked: None, passed_over: None, supply });
        self.count();
        receiver
    }

    /// A connection wants something else from now on.
    pub(super) fn change(&self, connection: &ConnectionConfig, found: &Catalogue) {
        if let Some(supplied) = self.connections().iter_mut().find(|s| s.connection.id == connection.id) {
            let of = |c: &ConnectionConfig| (c.plugin.clone(), c.version.clone());
            if of(&supplied.connection) != of(connection) {
                // The configuration has the last word again.
                supplied.asked = None;
            }
            supplied.connection.clone_from(connection);
            supplied.choose_from(found);
        }
        self.count();
    }

    /// An administrator asks for a library: the one of this version, or whose hash begins so; else what the
    /// configuration says. The connection is to be told by who asked: nothing is announced here.
    ///
    /// # Errors
    /// There is no such library, or several.
    pub(super) fn ask(
        &self,
        id: &str,
        found: &Catalogue,
        version: Option<&str>,
        hash: Option<&str>,
    ) -> Result<LoadedPlugin, String> {
        let mut connections = self.connections();
        let supplied = connections.iter_mut().find(|s| s.connection.id == id);
        let supplied = supplied.ok_or_else(|| format!("there is no connection `{id}`"))?;
        let name = supplied.connection.plugin.clone();
        let asked = match (version, hash) {
            (None, None) => None,
            (Some(version), None) => Some(found.choose(&name, Some(version))?.hash.clone()),
            (_, Some(hash)) => Some(by_hash(found, &name, version, hash)?.hash.clone()),
        };
        supplied.asked = asked;
        let now = supplied.supply.borrow().clone();
        let next = supplied.next(found, &now);
        if let Some(warning) = next.warning.as_ref().filter(|_| supplied.asked.is_some() && !same(&now, &next)) {
            return Err(warning.clone());
        }
        let plugin = next.plugin.clone()?;
        supplied.supply.send_if_modified(|supply| {
            *supply = next;
            false
        });
        Ok(plugin)
    }

    /// A connection is no more.
    pub(super) fn remove(&self, id: &str) {
        self.connections().retain(|s| s.connection.id != id);
        self.count();
    }

    /// Supplies until the folder is watched no more.
    pub(super) async fn run(self, mut catalogue: watch::Receiver<Arc<Catalogue>>) {
        while catalogue.changed().await.is_ok() {
            let found = Arc::clone(&catalogue.borrow_and_update());
            self.connections().iter_mut().for_each(|supplied| supplied.choose_from(&found));
            self.count();
        }
    }

    fn count(&self) {
        let waiting = self.connections().iter().filter(|s| s.supply.borrow().plugin.is_err()).count();
        self.metrics.waiting.set(count(waiting));
    }
}

fn same(a: &Supply, b: &Supply) -> bool {
    let plugin = match (&a.plugin, &b.plugin) {
        (Ok(a), Ok(b)) => a.hash == b.hash,
        (Err(a), Err(b)) => a == b,
        _ => false,
    };
    plugin && a.warning == b.warning
}

/// What a connection gets. `given`: what it has now.
fn choose(connection: &ConnectionConfig, found: &Catalogue, given: Option<&LoadedPlugin>) -> Supply {
    let chosen = match found.choose(&connection.plugin, connection.version.as_deref()) {
        Ok(chosen) => chosen,
        Err(why) => return Supply { plugin: Err(why), warning: None },
    };
    offer(connection, found, chosen, given)
}

/// A library that is named by its hash.
fn by_hash<'a>(
    found: &'a Catalogue,
    name: &str,
    version: Option<&str>,
    hash: &str,
) -> Result<&'a LoadedPlugin, String> {
    let fits = |plugin: &&LoadedPlugin| {
        plugin.hash.starts_with(hash) && version.is_none_or(|v| is_pinned(&plugin.manifest.version, v))
    };
    let mut fitting: Vec<&LoadedPlugin> = found.of(name).filter(fits).collect();
    fitting.dedup_by(|a, b| a.hash == b.hash);
    match fitting[..] {
        [one] => Ok(one),
        [] => Err(format!("no library of plugin `{name}` has a hash that begins with {hash}")),
        _ => Err(format!("{} libraries of plugin `{name}` have a hash that begins with {hash}", fitting.len())),
    }
}

/// A library for a connection, if its needs are granted.
fn offer(
    connection: &ConnectionConfig,
    found: &Catalogue,
    chosen: &LoadedPlugin,
    given: Option<&LoadedPlugin>,
) -> Supply {
    match (missing_grant(chosen, connection), given) {
        (None, _) => Supply { plugin: Ok(chosen.clone()), warning: found.warning(chosen) },
        (Some(why), Some(given)) if given.hash != chosen.hash => {
            let (new, old) = (&chosen.manifest.version, &given.manifest.version);
            let warning = format!("version {new} is not taken: {why}; version {old} goes on running");
            Supply { plugin: Ok(given.clone()), warning: Some(warning) }
        }
        (Some(why), _) => Supply { plugin: Err(why), warning: None },
    }
}

/// An adapter that needs more than being called is started only when the administrator grants it.
fn missing_grant(plugin: &LoadedPlugin, connection: &ConnectionConfig) -> Option<String> {
    let missing: Vec<&str> = connection.missing_grants(&plugin.manifest.needs).collect();
    if missing.is_empty() {
        return None;
    }
    let list = missing.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ");
    Some(format!(
        "plugin `{}` needs {}, which the connection does not grant; if you trust it, write grant = [{list}]",
        plugin.manifest.name,
        missing.join(", ")
    ))
}
