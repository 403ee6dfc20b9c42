//! An event as one readable line.

use serde_json::Value;

use super::{Failure, output};

/// Prints what comes.
pub(super) struct Printer {
    json: bool,
    colours: bool,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        Self { json, colours: output::colours(&std::io::stdout()) }
    }

    pub(super) fn print(&self, text: &str, message: &Value) -> Result<(), Failure> {
        if self.json {
            return output::say(text);
        }
        if let Some(result) = message.get("result") {
            for line in hello(result) {
                output::say(&self.paint("2", &line))?;
            }
            return Ok(());
        }
        let method = message["method"].as_str().unwrap_or("?");
        let line = event(method, &message["params"]);
        let colour = match method {
            "callStarted" => "36",
            "commutationStarted" | "unhold" => "32",
            "hold" => "33",
            "callFinished" | "disconnected" | "error" | "callBusy" => "31",
            "lineStateChanged" | "activeCallSnapshot" | "initialized" => "2",
            _ => "0",
        };
        output::say(&self.paint(colour, &line))
    }

    /// An event in a line, without colours.
    pub(super) fn line(&self, message: &Value) -> Option<String> {
        let method = message["method"].as_str()?;
        Some(output::harmless(&event(method, &message["params"])))
    }

    fn paint(&self, colour: &str, line: &str) -> String {
        let line = output::harmless(line);
        if self.colours && colour != "0" { format!("\x1b[{colour}m{line}\x1b[0m") } else { line }
    }
}

fn hello(result: &Value) -> Vec<String> {
    let text = |v: &Value| v.as_str().unwrap_or("").to_owned();
    let mut lines = vec![format!(
        "-- {} as {} ({})",
        text(&result["session"]),
        text(&result["user"]["name"]),
        text(&result["user"]["role"])
    )];
    for line in result["lines"].as_array().into_iter().flatten() {
        let error = line["lastError"]["text"].as_str().map(|t| format!(": {t}")).unwrap_or_default();
        let resumed = if line["resumed"] == true { ", resumed" } else { "" };
        lines.push(format!("-- {} is {}{resumed}{error}", text(&line["line"]), text(&line["state"])));
    }
    lines
}

/// `14:03:07.310  ast/101  callStarted  in  +380441234567 (Olena) > 101  alerting ringing  …3a1f`
fn event(method: &str, params: &Value) -> String {
    let at = params["at"].as_str().and_then(|at| at.get(11..23)).unwrap_or("            ");
    let line = params["line"].as_str().or_else(|| params["connection"].as_str()).unwrap_or("-");
    let data = &params["data"];
    let mut text = format!("{at}  {line:<12} {method:<18} {}", detail(method, data).trim());
    if let Some(code) = params["cause"]["code"].as_str() {
        text.push_str(&format!("  cause {code}"));
    }
    if params["synthetic"] == true {
        text.push_str("  (synthetic)");
    }
    if params["resent"] == true {
        text.push_str("  (resent)");
    }
    text.trim_end().to_owned()
}

fn detail(method: &str, data: &Value) -> String {
    match method {
        "initialized" => {
            let c = &data["connection"];
            format!("{} {}", c["adapter"].as_str().unwrap_or(""), c["phoneSystem"].as_str().unwrap_or(""))
        }
        "disconnected" => match data["retryInMs"].as_u64() {
            Some(ms) => format!("next try in {ms} ms"),
            None => String::new(),
        },
        "lineStateChanged" => {
            let names =
                |v: &Value| v.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
            match data["callId"].as_str() {
                Some(id) => format!("{} {}", short(id), names(&data["features"])),
                None => names(&data["line"]["features"]),
            }
        }
        "activeCallSnapshot" => {
            let calls = data["activeCalls"].as_array().map_or(&[][..], Vec::as_slice);
            let list: Vec<String> = calls.iter().map(call).collect();
            format!("{} {}: {}", data["reason"].as_str().unwrap_or(""), calls.len(), list.join("; "))
        }
        "agentStateChanged" => {
            format!("{} {}", data["state"].as_str().unwrap_or(""), data["code"].as_str().unwrap_or(""))
        }
        "dtmfEntered" => {
            let by = data["by"].as_str().unwrap_or("");
            format!(
                "{} by {by}  {}",
                data["digits"].as_str().unwrap_or(""),
                short(data["callId"].as_str().unwrap_or(""))
            )
        }
        "error" => format!("{}: {}", data["code"].as_str().unwrap_or(""), data["message"].as_str().unwrap_or("")),
        "callInfoChanged" => {
            let changed: Vec<&str> =
                data["changed"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{}  {}", changed.join(","), call(&data["call"]))
        }
        "callFinished" => {
            let c = &data["call"];
            let seconds = |field: &str| c[field].as_f64().unwrap_or(0.0) / 1000.0;
            let missed = if data["missed"] == true { " missed" } else { "" };
            format!("{}{missed}  rang {:.1} s, talked {:.1} s", call(c), seconds("ringMs"), seconds("talkMs"))
        }
        _ if data["call"].is_object() => call(&data["call"]),
        _ => String::new(),
    }
}

fn call(call: &Value) -> String {
    let party = |p: &Value| {
        let number = p["number"].as_str().unwrap_or("?");
        p["name"]
            .as_str()
            .filter(|n| !n.is_empty())
            .map_or_else(|| number.to_owned(), |name| format!("{number} ({name})"))
    };
    let mut text = format!(
        "{:<3} {} > {}  {}",
        call["direction"].as_str().unwrap_or(""),
        party(&call["caller"]),
        party(&call["called"]),
        call["state"].as_str().unwrap_or("")
    );
    if let Some(phase) = call["phase"].as_str().filter(|p| *p != "none" && call["state"] != "finished") {
        text.push_str(&format!(" {phase}"));
    }
    if let Some(role) = call["role"].as_str().filter(|r| *r != "primary") {
        text.push_str(&format!(" {role}"));
    }
    format!("{text}  {}", short(call["callId"].as_str().unwrap_or("")))
}

/// The end of an id tells calls apart; the beginning is the time.
fn short(id: &str) -> String {
    let from = id.char_indices().rev().nth(5).map_or(0, |(i, _)| i);
    format!("…{}", &id[from..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_one_readable_line() {
        let params = json!({
            "line": "ast/101", "at": "2026-11-20T09:14:07.310Z",
            "data": { "call": {
                "callId": "0193aaaa-bbbb-7ccc-8ddd-eeeeee123456", "direction": "in", "state": "alerting", "phase": "ringing",
                "caller": { "number": "+380441234567", "name": "Olena K." }, "called": { "number": "101" }, "role": "primary",
            } },
        });
        assert_eq!(
            event("callStarted", &params),
            "09:14:07.310  ast/101      callStarted        in  +380441234567 (Olena K.) > 101  alerting ringing  …123456"
        );
        let params =
            json!({ "connection": "ast", "line": null, "at": "x", "data": { "code": "tlsFailed", "message": "m" } });
        assert!(event("error", &params).ends_with("ast          error              tlsFailed: m"));
    }

    #[test]
    fn what_is_missing_or_odd_does_no_harm() {
        for params in [json!(null), json!({}), json!({ "data": [] }), json!({ "at": 5, "data": { "call": 7 } })] {
            for method in ["callFinished", "activeCallSnapshot", "lineStateChanged", "?"] {
                let _ = event(method, &params);
            }
        }
    }
}
