//! What a connection and its lines say of themselves.

use jackfield_plugin_api::LineId;
use serde::Serialize;
use serde_json::{Value, json};

use super::task::Task;
use crate::config::OpenMode;
use crate::model::{LineStatus, timestamp_text, write_capabilities};
use crate::plugins::Port;
use crate::rpc;

/// A line, apart from what it can do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    line: Option<&'a str>,
    connection: &'a str,
    #[serde(flatten)]
    state: Option<State<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct State<'a> {
    state: &'static str,
    epoch: u64,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Loss<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Loss<'a> {
    code: &'a str,
    text: &'a str,
}

impl Task {
    /// The connection as an administrator sees it.
    pub(super) fn whole_status(&self) -> Value {
        let mut status = json!({
            "connection": self.config.id, "plugin": self.config.plugin, "isolation": self.config.isolation,
            "up": self.standing.up, "paused": self.standing.paused,
        });
        if let Some(since) = self.standing.since {
            status["since"] = json!(timestamp_text(since));
        }
        match &self.plugin {
            Ok(plugin) => {
                let manifest = &plugin.manifest;
                status["adapter"] = json!({
                    "name": manifest.name, "version": manifest.version, "sha256": plugin.hash,
                    "phoneSystem": manifest.phone_system, "running": self.port.is_some(),
                    "isolation": self.config.isolation,
                });
                if let Some(process) = self.port.as_ref().and_then(Port::process) {
                    status["adapter"]["process"] = json!(process);
                }
            }
            Err(why) => status["waitsFor"] = json!(why),
        }
        if let Some(next) = self.preparing() {
            status["adapter"]["preparing"] = json!({ "version": next.manifest.version, "sha256": next.hash });
        }
        if let Some(last) = &self.swap.last {
            status["lastSwap"] = last.clone();
        }
        if let Some(probation) = &self.swap.probation {
            status["adapter"]["probation"] = probation.told();
        }
        if let Some(warning) = &self.warning {
            status["warning"] = json!(warning);
        }
        if let Some(record) = self.model.tape.status() {
            status["record"] = record;
        }
        let lines = self.lines.keys().map(|line| {
            let mut entry = json!(self.entry(*line, self.line_status(*line).as_ref()));
            entry["calls"] = json!(self.model.calls(*line));
            if self.presence.has(*line) {
                entry["open"] = json!(OpenMode::OnDemand);
                entry["waitsForClient"] = json!(self.presence.is_closed(*line));
            }
            if let Some(entry) = entry.as_object_mut() {
                entry.retain(|key, _| !matches!(key.as_str(), "connection" | "warning"));
            }
            entry
        });
        status["lines"] = lines.collect();
        status
    }

    /// The line's entry in the answer to `hello`, as JSON, and whether the line has an epoch.
    pub(super) fn line_entry(&self, line: LineId) -> (Vec<u8>, bool) {
        let status = self.line_status(line);
        // Numbers and texts: there is nothing in it that cannot be written.
        let mut entry = serde_json::to_vec(&self.entry(line, status.as_ref())).unwrap_or_else(|_| b"{}".to_vec());
        if let Some(status) = &status {
            rpc::add_member(&mut entry, "capabilities", |out| write_capabilities(&status.capabilities, out));
        }
        (entry, status.is_none_or(|status| status.epoch != 0))
    }

    /// A line as the model knows it, or would if it were open.
    pub(super) fn line_status(&self, line: LineId) -> Option<LineStatus> {
        let unopened = || Some(self.model.unopened(self.clock.last(), line, &self.lines.get(&line)?.device).0);
        self.model.status(line).or_else(unopened)
    }

    fn entry<'a>(&'a self, line: LineId, status: Option<&'a LineStatus>) -> Entry<'a> {
        let state = status.map(|status| State {
            state: status.state.as_str(),
            epoch: status.epoch,
            seq: status.seq,
            last_error: status.last_error.as_ref().map(|loss| Loss { code: loss.code.as_str(), text: &loss.text }),
            warning: self.warning.as_deref(),
        });
        Entry { line: self.lines.get(&line).map(|plan| plan.name.as_str()), connection: &self.config.id, state }
    }
}
