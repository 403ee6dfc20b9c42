//! Another adapter: one that comes, takes the place of another version, or is withdrawn.
//!
//! A new version is made before the old one is stopped, so that one which does not take this connection's settings
//! changes nothing. Then the old one logs out, calls become `unknown`, and what the phone system shows the new one
//! tells what became of them (I15).

use jackfield_plugin_api::{ErrorCode, ErrorFact, Severity};

use super::Supply;
use super::task::Task;
use crate::model::Loss;
use crate::plugins::{Fault, LoadedPlugin};

impl Task {
    /// The folder offers something else.
    pub(super) async fn supplied(&mut self) {
        let Supply { plugin, warning } = self.supply.borrow_and_update().clone();
        let warning = match plugin {
            Ok(new) => self.exchange(&new).await.or(warning),
            Err(why) => {
                self.withdraw(why).await;
                warning
            }
        };
        self.warn(warning).await;
    }

    /// Puts an adapter into the place of what runs now. Says why it does not.
    async fn exchange(&mut self, new: &LoadedPlugin) -> Option<String> {
        if self.plugin.as_ref().is_ok_and(|now| now.hash == new.hash) {
            self.unfit = None;
            return None;
        }
        if self.unfit.as_ref() == Some(&new.hash) {
            return self.warning.clone();
        }
        // One that was at fault and is to be started again is worth keeping, too.
        let alive = self.port.is_some() || self.restart_at.is_some();
        let Some(old) = self.plugin.as_ref().ok().filter(|_| alive).cloned() else {
            self.becomes(new);
            self.start().await;
            return None;
        };
        let made = match self.make(new).await {
            Ok(made) => made,
            Err(fault) => {
                self.unfit = Some(new.hash.clone());
                return Some(not_taken(new, &fault, &old));
            }
        };
        let text = format!("{} takes the place of {}", named(new), named(&old));
        tracing::info!(connection = %self.config.id, "{text}");
        self.leave(&Loss::new(ErrorCode::Cancelled, text)).await;
        self.becomes(new);
        self.before = Some(old);
        self.metrics.exchanges.inc();
        self.run_adapter(new, made).await;
        self.warning_of_unfit(new)
    }

    /// The adapter is gone from the folder, or there is still none and the reason is another.
    async fn withdraw(&mut self, why: String) {
        let loss = Loss { will_retry: false, ..Loss::new(ErrorCode::AdapterLoadFailed, why.clone()) };
        let was = std::mem::replace(&mut self.plugin, Err(why.clone()));
        if was.is_err() {
            // Whoever asks is told the reason of today; nobody is disconnected by it.
            let now = self.now();
            self.model.lost(now, &loss, &mut self.events);
            return self.publish().await;
        }
        tracing::warn!(connection = %self.config.id, "the adapter is withdrawn: {why}");
        self.leave(&loss).await;
    }

    /// A new adapter that is at fault before it has come up gives way to the one before it.
    pub(super) async fn go_back(&mut self, fault: &Fault) {
        let Some(before) = self.before.take() else { return };
        let Ok(new) = std::mem::replace(&mut self.plugin, Ok(before.clone())) else { return };
        self.unfit = Some(new.hash.clone());
        self.becomes(&before);
        self.warn(Some(not_taken(&new, fault, &before))).await;
    }

    /// What a new adapter has told of itself while it was started: it may have given way already.
    fn warning_of_unfit(&self, new: &LoadedPlugin) -> Option<String> {
        self.warning.clone().filter(|_| self.unfit.as_ref() == Some(&new.hash))
    }

    fn becomes(&mut self, plugin: &LoadedPlugin) {
        let manifest = &plugin.manifest;
        self.model.adapter(&manifest.name, &manifest.version, &manifest.capabilities);
        self.plugin = Ok(plugin.clone());
    }

    /// Tells, once, why what lies in the folder does not run.
    async fn warn(&mut self, warning: Option<String>) {
        if self.warning == warning {
            return;
        }
        self.warning.clone_from(&warning);
        let Some(text) = warning else { return };
        tracing::warn!(connection = %self.config.id, "{text}");
        let error = ErrorFact::new(ErrorCode::AdapterLoadFailed, Severity::Warning, text);
        let now = self.now();
        self.model.apply(now, &error.into(), None, &mut self.events);
        self.publish().await;
    }
}

fn named(plugin: &LoadedPlugin) -> String {
    let manifest = &plugin.manifest;
    let hash = plugin.hash.get(..8).unwrap_or_default();
    format!("{} {} ({hash})", manifest.name, manifest.version)
}

fn not_taken(new: &LoadedPlugin, fault: &Fault, old: &LoadedPlugin) -> String {
    format!("{} is not taken: {fault}; {} goes on running", named(new), named(old))
}
