//! The host that runs: whether one does, and what it says of itself.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;

use super::Finding;

/// The status of the host of a configuration file, if one runs and answers.
#[cfg(unix)]
pub(super) async fn ask(file: &Path) -> (Option<Value>, Vec<Finding>) {
    use crate::control;
    const TOPIC: &str = "host";
    let Ok(socket) = control::find(file) else {
        return (None, vec![not_running()]);
    };
    let path = socket.clone();
    // A host takes up to two seconds to say that a connection hangs.
    let asked = super::blocking(2 * super::LIMIT, move || control::ask(&path, "status", &serde_json::json!({}))).await;
    match asked {
        Some(Ok(status)) => {
            let text = format!(
                "version {} runs (process {}), {} clients",
                status["version"].as_str().unwrap_or("?"),
                status["pid"],
                status["sessions"]
            );
            let mut found = vec![Finding::ok(TOPIC, text)];
            if status["version"] != env!("CARGO_PKG_VERSION") {
                let text = format!("this program is version {}, the host that runs is not", env!("CARGO_PKG_VERSION"));
                found.push(Finding::warning(TOPIC, text, "restart the host: systemctl restart jackfield"));
            }
            if status["restartDue"] == true {
                let text = "so many libraries were exchanged that a restart is due";
                found.push(Finding::warning(TOPIC, text, "restart it when it suits: systemctl restart jackfield"));
            }
            (Some(status), found)
        }
        // Left by one that was killed, or gone in this moment.
        Some(Err(why)) if why.starts_with("no host") => (None, vec![not_running()]),
        Some(Err(why)) => {
            let next = "ask as root, or as the user that the host runs as: sudo jackfield doctor";
            (None, vec![Finding::warning(TOPIC, format!("it was not asked: {why}"), next)])
        }
        None => {
            let next = "restart it (systemctl restart jackfield), and send the log to its maintainers";
            (None, vec![Finding::problem(TOPIC, format!("{} does not answer", socket.display()), next)])
        }
    }
}

#[cfg(not(unix))]
pub(super) async fn ask(_: &Path) -> (Option<Value>, Vec<Finding>) {
    (None, vec![not_running()])
}

/// The environment that a process was started with, if this user may see it.
pub(super) fn environment(process: u64) -> Option<Vec<(OsString, OsString)>> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStringExt;
        let bytes = std::fs::read(format!("/proc/{process}/environ")).ok()?;
        let pairs = bytes.split(|byte| *byte == 0).filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
            let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
            Some((text(&pair[..at]), text(&pair[at + 1..])))
        });
        Some(pairs.collect())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = process;
        None
    }
}

fn not_running() -> Finding {
    Finding::warning(
        "host",
        "none runs with this configuration, as far as this user can see",
        "start it: systemctl start jackfield, or jackfield run",
    )
}

/// What a running host says of its connections.
pub(super) fn connections(host: &Value) -> Vec<Finding> {
    host["connections"].as_array().into_iter().flatten().flat_map(connection).collect()
}

fn connection(status: &Value) -> Vec<Finding> {
    let topic = format!("connection {}", status["connection"].as_str().unwrap_or("?"));
    if status["hangs"] == true {
        let next = "restart the host, and tell the vendor of its adapter";
        return vec![Finding::problem(topic, "it does not answer the host: its adapter hangs", next)];
    }
    if let Some(why) = status["waitsFor"].as_str() {
        return vec![Finding::problem(topic, format!("waits for its adapter: {why}"), "see `jackfield plugins`")];
    }
    let mut found = Vec::new();
    if let Some(warning) = status["warning"].as_str() {
        found.push(Finding::warning(topic.clone(), warning, "see `jackfield plugins`"));
    }
    let lines = status["lines"].as_array().map_or(&[][..], Vec::as_slice);
    let mut down: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let waits = lines.iter().filter(|line| line["waitsForClient"] == true).count();
    for line in lines.iter().filter(|line| line["state"] != "up" && line["waitsForClient"] != true) {
        let error = &line["lastError"];
        let text = error["text"].as_str().unwrap_or("no reason was told yet").to_owned();
        let code = error["code"].as_str().unwrap_or_default().to_owned();
        down.entry((code, text)).or_default().push(line["line"].as_str().unwrap_or("?"));
    }
    let up = lines.len() - waits - down.values().map(Vec::len).sum::<usize>();
    if down.is_empty() {
        let waits = if waits > 0 { format!(", {waits} wait for their first client") } else { String::new() };
        found.push(Finding::ok(topic, format!("{up} of {} lines are up{waits}", lines.len())));
        return found;
    }
    for ((code, text), names) in down {
        let which = match names[..] {
            [one] => format!("line {one} is down"),
            _ => format!("{} of {} lines are down ({} …)", names.len(), lines.len(), names[0]),
        };
        found.push(Finding::problem(topic.clone(), format!("{which}: {text}"), next_step(&code)));
    }
    found
}

/// What to do about an error, by its code.
fn next_step(code: &str) -> &'static str {
    match code {
        "authenticationFailed" => {
            "check user and password of [connection.settings], and what the phone system lets this user do"
        }
        "forbidden" | "licenceMissing" => "give the user of [connection.settings] the rights that are named",
        "configInvalid" => "correct the setting that is named, then `jackfield reload`",
        "tlsFailed" => "check the setting `tls`, and the certificate of the phone system",
        "adapterFault" => "a fault of the adapter: send the text to its vendor",
        "adapterLoadFailed" | "abiMismatch" => "see `jackfield plugins`",
        _ => "see \"When a phone system does not answer\" in docs/administrator.md",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::*;

    #[test]
    fn lines_that_are_down_for_one_reason_are_told_once() {
        let down = |line: &str| json!({ "line": line, "state": "down", "lastError": { "code": "authenticationFailed", "text": "refused" } });
        let host = json!({ "connections": [
            { "connection": "a", "lines": [{ "line": "a/1", "state": "up" }] },
            { "connection": "b", "lines": [down("b/1"), down("b/2"), { "line": "b/3", "state": "notStarted" }] },
            { "connection": "c", "waitsFor": "there is no plugin c", "lines": [] },
            { "connection": "d", "hangs": true, "lines": [] },
        ] });
        let found: Vec<_> = connections(&host).into_iter().map(|f| (f.verdict, f.topic, f.text)).collect();
        let told = |verdict, topic: &str, text: &str| (verdict, topic.to_owned(), text.to_owned());
        assert_eq!(
            found,
            [
                told(Verdict::Ok, "connection a", "1 of 1 lines are up"),
                told(Verdict::Problem, "connection b", "line b/3 is down: no reason was told yet"),
                told(Verdict::Problem, "connection b", "2 of 3 lines are down (b/1 …): refused"),
                told(Verdict::Problem, "connection c", "waits for its adapter: there is no plugin c"),
                told(Verdict::Problem, "connection d", "it does not answer the host: its adapter hangs"),
            ]
        );
    }

    #[test]
    fn a_line_that_waits_for_its_first_client_is_no_fault() {
        let waits = json!({ "line": "a/2", "state": "notStarted", "waitsForClient": true });
        let host =
            json!({ "connections": [{ "connection": "a", "lines": [{ "line": "a/1", "state": "up" }, waits] }] });
        let found: Vec<_> = connections(&host).into_iter().map(|f| (f.verdict, f.text)).collect();
        assert_eq!(found, [(Verdict::Ok, "1 of 2 lines are up, 1 wait for their first client".to_owned())]);
    }

    #[test]
    fn a_login_that_is_refused_has_a_next_step_of_its_own() {
        use jackfield_plugin_api::ErrorCode;
        let step = |code: ErrorCode| next_step(serde_json::to_value(code).unwrap().as_str().unwrap());
        assert!(step(ErrorCode::AuthenticationFailed).starts_with("check user and password"));
        assert!(step(ErrorCode::Forbidden).starts_with("give the user"));
        for code in
            [ErrorCode::ConfigInvalid, ErrorCode::TlsFailed, ErrorCode::AdapterFault, ErrorCode::AdapterLoadFailed]
        {
            assert!(!step(code).starts_with("see \"When"), "{code:?}");
        }
        assert!(step(ErrorCode::ConnectionFailed).starts_with("see \"When"));
    }
}
