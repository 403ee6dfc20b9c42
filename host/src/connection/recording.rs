//! The connection's recording: begun by its configuration or by an administrator, ended, changed.

use jackfield_plugin_api::{LineId, Timestamp};
use serde_json::{Value, json};

use super::lifecycle::json_text;
use super::task::Task;
use crate::config::{ConnectionConfig, RecordConfig, SecretLeaves};
use crate::plugins::{Fault, LoadedPlugin};
use crate::recorder::{Birth, OpenLine, RecordPlan, Running, State};

const MIB: u64 = 1024 * 1024;

impl Task {
    /// What the configuration wants.
    pub(super) async fn record_by_configuration(&mut self) {
        if self.config.record.is_some() {
            // The log and the status say why it cannot.
            let _ = self.begin_recording().await;
        }
    }

    /// An administrator begins a recording, or ends it.
    pub(super) async fn record_order(&mut self, start: bool) -> Result<Value, String> {
        let now = self.now();
        match (start, self.model.tape.is_on()) {
            (true, true) => {}
            (true, false) => self.begin_recording().await?,
            (false, true) => {
                let folder = self.model.tape.status().map(|mut status| status["folder"].take());
                self.model.tape.end(now, "somebody ended it");
                tracing::info!(target: "audit", connection = %self.config.id, "recording ended");
                return Ok(json!({ "on": false, "folder": folder }));
            }
            (false, false) => return Err(format!("connection `{}` is not recorded", self.config.id)),
        }
        Ok(self.model.tape.status().unwrap_or_default())
    }

    async fn begin_recording(&mut self) -> Result<(), String> {
        let (plan, leaves) = (self.record_plan(), self.secret_leaves());
        let state = self.adapter_state().await;
        let now = self.now();
        let secrets: Vec<&str> = self.config.around.secrets.iter().map(|secret| secret.reveal()).collect();
        let settled = self.up_since.and_then(|_| self.transports.only()).map(|transport| transport.0);
        let running = match (&self.plugin, &self.birth, &self.port) {
            (Ok(plugin), Some(birth), Some(_)) => {
                Some(Running { plugin, birth, state, settled: settled.into_iter().collect() })
            }
            _ => None,
        };
        let cannot = running.as_ref().is_some_and(|running| running.state.is_none());
        self.model.record(now, &plan, &secrets, leaves, running)?;
        let id = &self.config.id;
        tracing::info!(target: "audit", connection = %id, folder = %plan.folder.display(), "recording began");
        if cannot {
            tracing::info!(
                connection = %id,
                "the adapter cannot tell its state: the recording can be played again from its next start on"
            );
        }
        Ok(())
    }

    /// The file has its size: another one begins, which can be read without it. Or another adapter goes on than the one
    /// that was recorded last.
    pub(super) async fn record_on(&mut self) {
        let state = self.adapter_state().await;
        let now = self.now();
        self.model.turn(now, self.port.is_some(), state);
    }

    /// An adapter goes on where another one was.
    pub(super) fn record_swap(&mut self, plugin: &LoadedPlugin, birth: Birth) {
        if self.model.tape.is_on() {
            self.secrets_change();
            let lines = self.open_lines();
            self.model.tape.made(plugin, &birth, &lines);
        }
        // The state is of no use any more.
        self.birth = Some(Birth { state: Vec::new(), ..birth });
    }

    /// The state of the adapter that runs, if it tells any.
    async fn adapter_state(&mut self) -> Option<State> {
        let version = self.plugin.as_ref().ok()?.manifest.state_version;
        let patience = self.config.input_timeout;
        if version == 0 {
            return None;
        }
        match self.port.as_mut()?.save(patience).await {
            Ok(bytes) => Some(State { at: Timestamp::default(), version, bytes: bytes?, lines: self.open_lines() }),
            Err(fault @ (Fault::Refused { .. } | Fault::Panicked { .. })) => {
                tracing::warn!(connection = %self.config.id, "its state cannot be recorded: {fault}");
                None
            }
            Err(fault) => {
                self.fault(&fault).await;
                None
            }
        }
    }

    fn open_lines(&self) -> Vec<OpenLine> {
        let is_open = |id: &LineId| !self.swap.refused.contains(id) && !self.presence.is_closed(*id);
        let open = self.lines.iter().filter(|(id, _)| is_open(id));
        let shown = open.map(|(line, plan)| OpenLine {
            line: *line,
            name: plan.device.clone(),
            settings: json_text(&plan.settings),
        });
        shown.collect()
    }

    /// Another configuration.
    pub(super) async fn recording_changes(&mut self, old: &ConnectionConfig, done: &mut Vec<String>) {
        if old.record == self.config.record {
            return;
        }
        let (now, wanted) = (self.now(), self.config.record.is_some());
        self.model.tape.end(now, "its configuration was changed");
        if wanted {
            let _ = self.begin_recording().await;
        }
        done.push(if wanted { "its recording was changed" } else { "it is no longer recorded" }.to_owned());
    }

    /// Settings have changed, or the adapter that says which of them are secret. Before it is given any.
    pub(super) fn secrets_change(&mut self) {
        if self.model.tape.is_on() {
            let leaves = self.secret_leaves();
            let secrets: Vec<&str> = self.config.around.secrets.iter().map(|secret| secret.reveal()).collect();
            self.model.tape.learn(&secrets, leaves);
        }
    }

    fn record_plan(&self) -> RecordPlan {
        let RecordConfig { folder, mib, numbers, .. } = self.config.record.clone().unwrap_or_default();
        RecordPlan {
            folder: self.config.around.base.join(folder),
            size: u64::from(mib.max(1)) * MIB,
            numbers: !numbers,
        }
    }

    /// Where secrets stand in what the adapter is given.
    fn secret_leaves(&self) -> SecretLeaves {
        let lines = self.lines.values().map(|plan| &plan.settings);
        match &self.plugin {
            Ok(plugin) => {
                let (config, line) = (&plugin.manifest.config_schema, &plugin.manifest.line_schema);
                SecretLeaves::new(config.as_value(), &self.config.settings, line.as_value(), lines)
            }
            // Nothing is given to nobody.
            Err(_) => SecretLeaves::default(),
        }
    }
}
