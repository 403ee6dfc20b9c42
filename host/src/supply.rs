//! Which connection gets which adapter, as the plugins' folder changes.
//!
//! The folder says what there is; here is decided, per connection, what of it runs: the highest version or the pinned
//! one, if its needs are granted. A connection whose adapter goes on running does not hear of it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::config::ConnectionConfig;
use crate::connection::Supply;
use crate::metrics::{PluginMetrics, count};
use crate::plugins::{Catalogue, LoadedPlugin};

/// Supplies every connection of a host.
#[derive(Debug)]
pub struct Supplier {
    connections: Vec<(ConnectionConfig, watch::Sender<Supply>)>,
    metrics: PluginMetrics,
}

impl Supplier {
    /// Nobody yet.
    #[must_use]
    pub fn new(metrics: PluginMetrics) -> Self {
        Self { connections: Vec::new(), metrics }
    }

    /// Takes a connection; what it gets, now and later.
    pub fn add(&mut self, connection: &ConnectionConfig, found: &Catalogue) -> watch::Receiver<Supply> {
        let (sender, receiver) = watch::channel(choose(connection, found, None));
        self.connections.push((connection.clone(), sender));
        self.count();
        receiver
    }

    /// Supplies until the folder is watched no more.
    pub async fn run(self, mut catalogue: watch::Receiver<Arc<Catalogue>>) {
        while catalogue.changed().await.is_ok() {
            let found = Arc::clone(&catalogue.borrow_and_update());
            for (connection, sender) in &self.connections {
                sender.send_if_modified(|supply| {
                    let next = choose(connection, &found, supply.plugin.as_ref().ok());
                    let differs = !same(supply, &next);
                    if differs {
                        *supply = next;
                    }
                    differs
                });
            }
            self.count();
        }
    }

    fn count(&self) {
        let waiting = self.connections.iter().filter(|(_, sender)| sender.borrow().plugin.is_err()).count();
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
    let needs = &plugin.manifest.needs;
    let missing: Vec<&str> = needs.iter().filter(|n| !connection.grant.contains(n)).map(String::as_str).collect();
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
