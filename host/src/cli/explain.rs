//! `jackfield explain`: why a call was told as it was, for the support desk.

use std::path::PathBuf;

use jackfield_plugin_api::{CallFact, Fact, Timestamp};
use serde_json::{Value, json};

use super::watch_line::Printer;
use super::{ConfigFile, Failure, output, record};
use crate::model::timestamp_text;
use crate::recorder::{Explanation, Moment, Recording, explain};

/// The most lines of one message, and of characters of a line, unless everything is asked for.
const LINES: usize = 12;
const CHARACTERS: usize = 160;

/// Shows which messages of the phone system led to which facts and events of a call, with their times.
///
/// Of each moment: when the host gave the message to the adapter, what in it names the call, what the adapter made of
/// it (fact), and what clients were told (event) and when.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield explain 0193aaaa-bbbb-7ccc-8ddd-eeeeee123456 fault.jfrec
  jackfield explain 1732900000.17 ast
  jackfield explain …123456 ast --json | jq .moments[].events[].method")]
pub(super) struct Explain {
    #[command(flatten)]
    file: ConfigFile,
    /// The call: its callId, the end of it, or the phone system's id.
    call: String,
    /// The recording: a file, a folder, or the id of a connection of this host.
    #[arg(value_name = "FILE|CONNECTION")]
    recording: PathBuf,
    /// Messages as a whole.
    #[arg(long)]
    full: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn main(self) -> Result<(), Failure> {
        let path = match (self.recording.exists(), self.recording.to_str()) {
            (false, Some(id)) if !id.contains(['/', '.']) => record::recorded(&self.file, id)?,
            _ => self.recording.clone(),
        };
        let recording = Recording::at(&path).map_err(Failure::new)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|e| Failure::new(format!("the runtime: {e}")))?;
        let explanation = runtime.block_on(explain(&recording, &self.call)).map_err(Failure::new)?;
        if self.json {
            return output::say(&as_json(&explanation).to_string());
        }
        for line in self.shown(&explanation) {
            output::say(&line)?;
        }
        Ok(())
    }

    fn shown(&self, explanation: &Explanation) -> Vec<String> {
        let mut lines = Vec::new();
        for (nth, call) in explanation.calls.iter().enumerate() {
            let which = if nth == 0 { "call" } else { "with" };
            lines.push(format!("{which} {call}"));
        }
        lines.extend(explanation.notes.iter().map(|note| format!("note {}", output::harmless(note))));
        let printer = Printer::new(false);
        for moment in &explanation.moments {
            lines.push(String::new());
            let number = moment.input.map_or_else(String::new, |number| format!(" (input {number})"));
            lines.push(format!("{}  {}{number}", time(moment.at), output::harmless(&moment.what)));
            let native = moment.events.iter().find_map(|event| event.native);
            if let Some(native) = native.or_else(|| moment.facts.iter().find_map(native_time)) {
                lines.push(format!("    phone system  {}", time(native)));
            }
            lines.extend(self.messages(moment));
            lines.extend(moment.facts.iter().flat_map(fact_words).map(|fact| format!("    fact   {fact}")));
            for event in &moment.events {
                let value: Value = serde_json::from_str(&event.json).unwrap_or_default();
                let line = printer.line(&value).unwrap_or_default();
                // The time stands in front of it: when clients were told.
                let rest = line.get(12..).unwrap_or(&line).trim_start();
                let number = value["params"]["seq"].as_u64().map_or_else(String::new, |seq| format!("  #{seq}"));
                let doubt = if event.is_recorded { "" } else { "  (not published then)" };
                lines.push(format!("    event  {}  {rest}{number}{doubt}", time(event.published)));
            }
        }
        lines
    }

    fn messages(&self, moment: &Moment) -> Vec<String> {
        let mut shown = Vec::new();
        if !moment.names_it && moment.messages.len() > 1 && !self.full {
            shown.push(format!("    | {} messages, none of which names the call", moment.messages.len()));
            return shown;
        }
        for (nth, message) in moment.messages.iter().enumerate() {
            if nth > 0 {
                shown.push("    |".to_owned());
            }
            let lines: Vec<&str> = message.lines().collect();
            let most = if self.full { usize::MAX } else { LINES };
            for line in lines.iter().take(most) {
                let cut = if self.full { usize::MAX } else { CHARACTERS };
                let mut text: String = output::harmless(line).chars().take(cut).collect();
                if line.chars().count() > cut {
                    text.push('…');
                }
                shown.push(format!("    | {text}"));
            }
            if lines.len() > most {
                shown.push(format!("    | … {} more lines", lines.len() - most));
            }
        }
        shown
    }
}

/// `20:16:28.310`.
fn time(at: Timestamp) -> String {
    timestamp_text(at).get(11..23).unwrap_or_default().to_owned()
}

fn native_time(fact: &Fact) -> Option<Timestamp> {
    match fact {
        Fact::Call(fact) => fact.native_time,
        Fact::Dtmf(fact) => fact.native_time,
        _ => None,
    }
}

fn fact_words(fact: &Fact) -> Vec<String> {
    let call = |fact: &CallFact| {
        let mut words = format!("line {} call {} {}", fact.line, fact.key, fact.state);
        if let Some(phase) = &fact.phase {
            words.push_str(&format!(" {phase}"));
        }
        if let Some(direction) = &fact.direction {
            words.push_str(&format!(" {direction}"));
        }
        for (name, party) in [("caller", &fact.caller), ("called", &fact.called)] {
            if let Some(party) = party {
                words.push_str(&format!(" {name} {}", party.number));
            }
        }
        if let Some(role) = &fact.role {
            words.push_str(&format!(" role {role}"));
        }
        if let Some(cause) = &fact.cause {
            words.push_str(&format!(" cause {}", cause.code));
        }
        output::harmless(&words)
    };
    match fact {
        Fact::Call(fact) => vec![call(fact)],
        Fact::Snapshot(snapshot) => {
            let head = format!("line {}: all its calls, {}", snapshot.line, snapshot.calls.len());
            std::iter::once(head).chain(snapshot.calls.iter().map(call)).collect()
        }
        other => vec![output::harmless(&serde_json::to_string(other).unwrap_or_default())],
    }
}

fn as_json(explanation: &Explanation) -> Value {
    let moments = explanation.moments.iter().map(|moment| {
        json!({
            "input": moment.input,
            "what": moment.what,
            "at": timestamp_text(moment.at),
            "messages": moment.messages,
            "namesTheCall": moment.names_it,
            "facts": moment.facts.iter().map(|fact| json!({
                "fact": fact, "nativeAt": native_time(fact).map(timestamp_text),
            })).collect::<Vec<_>>(),
            "events": moment.events.iter().map(|event| {
                let mut value: Value = serde_json::from_str(&event.json).unwrap_or_default();
                value["nativeAt"] = json!(event.native.map(timestamp_text));
                value["publishedAt"] = json!(timestamp_text(event.published));
                value["wasPublished"] = json!(event.is_recorded);
                value
            }).collect::<Vec<_>>(),
        })
    });
    json!({ "calls": explanation.calls, "notes": explanation.notes, "moments": moments.collect::<Vec<_>>() })
}
