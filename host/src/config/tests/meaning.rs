//! What the types cannot say: limits, names, lines.

use super::super::{Config, check};
use super::read;

const GOOD: &str = r#"
    [[connection]]
    id = "ast"
    plugin = "asterisk"
    isolation = "host"
    [connection.lines]
    device = "PJSIP/{device}"
    [[line]]
    name = "ast/102"
    settings = { device = "SIP/102" }
    [[user]]
    name = "alice"
    role = "agent"
    token = "alice-token-0123456789"
    lines = ["ast/101"]
"#;

fn config(text: &str) -> Result<Config, String> {
    let reading = read(text, &[]);
    let sound = reading.config.filter(|_| reading.findings.list.is_empty());
    sound.ok_or_else(|| reading.findings.to_string())
}

#[test]
fn lines_come_from_lines_and_users() {
    let config = config(GOOD).unwrap();
    let plans = check::line_plans(&config, &config.connections[0]);
    let seen: Vec<_> = plans.iter().map(|p| (p.name.as_str(), p.settings["device"].as_str().unwrap())).collect();
    assert_eq!(seen, [("ast/101", "PJSIP/101"), ("ast/102", "SIP/102")]);
}

#[test]
fn every_finding_is_told_at_once() {
    let bad = GOOD
        .replace("isolation = \"host\"", "isolated = true")
        .replace("alice-token-0123456789", "short")
        .replace("[\"ast/101\"]", "[\"ast/*\", \"as/101\", \"101\"]");
    let told = config(&bad).unwrap_err();
    for part in [
        "isolated: unknown key",
        "at least 16",
        "named one by one",
        "there is no connection `as`; there is `ast`\n    did you mean \"ast/101\"?",
        "did you mean \"ast/101\"?",
    ] {
        assert!(told.contains(part), "`{part}` is not in:\n{told}");
    }
}

#[test]
fn the_folder_is_looked_at_neither_for_ever_nor_never() {
    let told = |text: &str| config(&format!("[plugins]\n{text}")).map(drop);
    assert_eq!(told("scan = \"100ms\"\nsettle = \"1m\"\nwatch = false"), Ok(()));
    for bad in ["scan = \"0s\"", "scan = \"2h\"", "settle = \"0ms\"", "settle = \"61s\""] {
        let key = bad.split(' ').next().unwrap_or_default();
        assert!(told(bad).unwrap_err().contains(&format!("plugins.{key}: ")), "{bad}");
    }
}

#[test]
fn limits_are_as_they_are_said() {
    let told = |key: &str| config(&GOOD.replace("[connection.lines]", &format!("{key}\n[connection.lines]"))).map(drop);
    for good in ["reorder_window = \"200ms\"", "replay = 100000", "backoff = { first = \"30s\", most = \"30s\" }"] {
        assert_eq!(told(good), Ok(()));
    }
    for (bad, expected) in [
        ("reorder_window = \"201ms\"", "expected a duration from \"0s\" to \"200ms\""),
        ("replay = 100001", "expected at most 100000 events"),
        ("backoff = { first = \"31s\" }", "`first` (\"31s\") is longer than `most` (\"30s\")"),
        ("backoff = { first = \"0s\" }", "expected a duration above 0"),
    ] {
        assert!(told(bad).unwrap_err().contains(expected), "{bad}: {:?}", told(bad));
    }
}

#[test]
fn the_network_needs_encryption() {
    assert!(config("[server]\nlisten = \"0.0.0.0:8080\"").unwrap_err().contains("not loopback"));
    assert!(config("[server]\nlisten = \"0.0.0.0:8080\"\ninsecure = true").is_ok());
    assert!(config("[server]\nlisten = \"[::1]:8080\"").is_ok());
}

/// Tokens differ, and are long enough; the other findings do not hide that.
#[test]
fn a_wrong_key_hides_no_other_finding() {
    let bad = GOOD.replace("name = \"alice\"", "nmae = \"alice\"").replace("alice-token-0123456789", "short");
    let told = config(&bad).unwrap_err();
    assert!(told.contains("nmae: unknown key") && told.contains("token: found a text of 5 characters"), "{told}");
    // What stands in for the name is not judged.
    assert_eq!(told.matches("jackfield.toml:").count(), 2, "{told}");
}
