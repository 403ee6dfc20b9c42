//! `jackfield status`, `jackfield reload`: speaking to a host that runs on this machine.

use serde_json::{Value, json};

use super::{ConfigFile, Failure, output};
#[cfg(unix)]
use crate::control;

/// Shows how the running host is: connections, adapters, lines, calls, clients.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield status
  jackfield status --json | jq '.connections[].lines[] | select(.state != \"up\")'")]
pub(super) struct Status {
    #[command(flatten)]
    file: ConfigFile,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Lets the running host read its configuration again; only what differs is touched.
///
/// Exits with 3 when the new configuration is refused; the old one stays in effect then.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield reload
  systemctl reload jackfield")]
pub(super) struct Reload {
    #[command(flatten)]
    file: ConfigFile,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn main(self) -> Result<(), Failure> {
        let status = ask(&self.file, "status", &json!({})).map_err(Failure::new)?;
        if self.json {
            return output::say(&status.to_string());
        }
        for line in shown(&status) {
            output::say(&line)?;
        }
        Ok(())
    }
}

impl Reload {
    pub(super) fn main(self) -> Result<(), Failure> {
        let report = ask(&self.file, "reload", &json!({})).map_err(|text| Failure { code: 3, text })?;
        if self.json {
            output::say(&report.to_string())?;
        } else {
            for (key, before) in [("done", ""), ("restart", "needs a restart: "), ("refused", "refused: ")] {
                for what in texts(&report[key]) {
                    output::say(&format!("{before}{}", output::harmless(what)))?;
                }
            }
            if ["done", "restart", "refused"].iter().all(|key| texts(&report[*key]).next().is_none()) {
                output::say("nothing has changed")?;
            }
        }
        match texts(&report["refused"]).next() {
            Some(_) => Err(Failure { code: 3, text: "not everything was taken; see above".to_owned() }),
            None => Ok(()),
        }
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(unix)]
pub(super) fn ask(file: &ConfigFile, method: &str, params: &Value) -> Result<Value, String> {
    let path = control::find(&file.config)?;
    control::ask(&path, method, params)
}

#[cfg(not(unix))]
pub(super) fn ask(_: &ConfigFile, _: &str, _: &Value) -> Result<Value, String> {
    Err("a running host can be asked on Unix systems only".to_owned())
}

/// What became of the last replacement of its adapter, and whether the one that runs is still on probation.
fn replacement(connection: &Value) -> Vec<String> {
    let text = |value: &Value| output::harmless(value.as_str().unwrap_or_default());
    let mut lines = Vec::new();
    let (adapter, last) = (&connection["adapter"], &connection["lastSwap"]);
    if adapter["preparing"].is_object() {
        lines.push(format!("  version {} is being made ready", text(&adapter["preparing"]["version"])));
    }
    if last.is_object() {
        let pause = last["pauseUs"].as_u64().map_or_else(String::new, |us| format!("; inputs waited {us} µs"));
        lines.push(format!("  {} at {}: {}{pause}", text(&last["outcome"]), text(&last["at"]), text(&last["text"])));
    }
    let probation = &adapter["probation"];
    if probation.is_object() {
        let left = probation["endsInMs"].as_u64().unwrap_or(0).div_ceil(1_000);
        let before = text(&probation["before"]["version"]);
        lines.push(match probation["why"].as_str() {
            None => format!("  on probation for {left} s: version {before} stands by"),
            Some(why) => {
                format!("  on probation for {left} s: version {before} would begin afresh ({})", output::harmless(why))
            }
        });
    }
    lines
}

/// The status for a person: a line for the host, for each connection, and for each of its lines.
fn shown(status: &Value) -> Vec<String> {
    let text = |value: &Value| output::harmless(value.as_str().unwrap_or_default());
    let mut lines = vec![format!(
        "jackfield {} (process {}) at {}, {}{}",
        text(&status["version"]),
        status["pid"],
        text(&status["url"]),
        output::count(status["sessions"].as_u64().unwrap_or(0), "client"),
        if status["restartDue"] == true { "; so many libraries were exchanged that a restart is due" } else { "" },
    )];
    for connection in status["connections"].as_array().into_iter().flatten() {
        let id = text(&connection["connection"]);
        lines.push(match connection["waitsFor"].as_str() {
            None if connection["hangs"] == true => format!("{id}: does not answer: its adapter hangs"),
            Some(why) => format!("{id}: waits for its adapter: {}", output::harmless(why)),
            None => format!(
                "{id}: {}{} {}{}",
                if connection["paused"] == true { "paused, " } else { "" },
                text(&connection["adapter"]["name"]),
                text(&connection["adapter"]["version"]),
                if connection["adapter"]["running"] == true { "" } else { ", not running" },
            ),
        });
        lines.extend(replacement(connection));
        if connection["warning"].is_string() {
            lines.push(format!("  warning: {}", text(&connection["warning"])));
        }
        for line in connection["lines"].as_array().into_iter().flatten() {
            let calls = match line["calls"].as_u64().unwrap_or(0) {
                0 => String::new(),
                some => format!(", {}", output::count(some, "call")),
            };
            let error = &line["lastError"];
            let why = if error.is_null() || line["state"] == "up" {
                String::new()
            } else {
                format!(": {} ({})", text(&error["text"]), text(&error["code"]))
            };
            let waits = if line["waitsForClient"] == true { " (opened when a client asks)" } else { "" };
            lines.push(format!("  {} {}{waits}{calls}{why}", text(&line["line"]), text(&line["state"])));
        }
    }
    lines
}
