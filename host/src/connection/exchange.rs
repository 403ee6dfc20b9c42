//! Another adapter: one that comes, takes the place of another version, or is withdrawn.
//!
//! A new version is made ready beside the old one. How it takes the old one's place is the business of
//! [`super::swap`]: with the old one's state, so that nobody notices, or afresh.

use jackfield_plugin_api::{ErrorCode, ErrorFact, Severity};

use super::Supply;
use super::swap::{Done, Outcome};
use super::task::Task;
use crate::model::Loss;
use crate::plugins::{Fault, LoadedPlugin};

impl Task {
    /// The folder offers something else.
    pub(super) async fn supplied(&mut self) {
        let Supply { plugin, warning } = self.supply.borrow_and_update().clone();
        match plugin {
            Ok(new) => self.exchange(new, warning).await,
            Err(why) => {
                self.let_go("its plugin is gone");
                self.withdraw(why).await;
                self.warn(warning).await;
            }
        }
    }

    /// Puts an adapter into the place of what runs now, as soon as it is ready.
    async fn exchange(&mut self, new: LoadedPlugin, warning: Option<String>) {
        if self.plugin.as_ref().is_ok_and(|now| now.hash == new.hash) {
            self.let_go("the one that runs is wanted again");
            self.unfit = None;
            return self.warn(warning).await;
        }
        if self.unfit.as_ref() == Some(&new.hash) {
            return self.let_go("one is wanted that does not run here");
        }
        // One that was at fault and is to be started again is worth keeping, too.
        let alive = self.port.is_some() || self.restart_at.is_some();
        if alive && self.plugin.is_ok() {
            return self.prepare(new, None);
        }
        self.let_go("another one is started");
        self.becomes(&new);
        self.start().await;
        self.warn(warning).await;
    }

    /// The adapter is gone from the folder, or there is still none and the reason is another.
    async fn withdraw(&mut self, why: String) {
        self.swap.last = None;
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

    /// A new adapter that is at fault before it has come up, or on probation, gives way to the one before it.
    pub(super) async fn go_back(&mut self, fault: &Fault) {
        let probation = self.swap.probation.take().map(|probation| probation.before);
        let swapped = probation.is_some();
        let Some(before) = self.before.take().or(probation) else { return };
        if self.plugin.as_ref().is_ok_and(|new| new.hash == before.hash) {
            return;
        }
        let Ok(new) = std::mem::replace(&mut self.plugin, Ok(before.clone())) else { return };
        self.unfit = Some(new.hash.clone());
        self.becomes(&before);
        let text = not_taken(&new, fault, &before);
        if swapped {
            self.metrics.swap(Outcome::WentBack, None);
            let done = Done { outcome: Outcome::WentBack, pause: None, text: text.clone() };
            self.swap.last = Some(self.told(Some(&before), &new, &done));
        }
        self.warn(Some(text)).await;
    }

    /// The connection's adapter is this one from its next start on.
    pub(super) fn becomes(&mut self, plugin: &LoadedPlugin) {
        let manifest = &plugin.manifest;
        let now = self.now();
        self.model.adapter(now, &manifest.name, &manifest.version, &manifest.capabilities);
        self.plugin = Ok(plugin.clone());
    }

    /// Tells, once, why what lies in the folder does not run.
    pub(super) async fn warn(&mut self, warning: Option<String>) {
        if self.warning == warning {
            return;
        }
        self.warning.clone_from(&warning);
        let Some(text) = warning else { return };
        tracing::warn!(connection = %self.config.id, "{text}");
        let error = ErrorFact::new(ErrorCode::AdapterLoadFailed, Severity::Warning, text);
        let now = self.now();
        self.model.apply(now, &error.into(), &mut self.events);
        self.publish().await;
    }
}

/// An adapter's name, version and build.
pub(super) fn named(plugin: &LoadedPlugin) -> String {
    let manifest = &plugin.manifest;
    let hash = plugin.hash.get(..8).unwrap_or_default();
    format!("{} {} ({hash})", manifest.name, manifest.version)
}

/// Why a new one does not run.
pub(super) fn not_taken(new: &LoadedPlugin, fault: &Fault, old: &LoadedPlugin) -> String {
    format!("{} is not taken: {fault}; {} goes on running", named(new), named(old))
}
