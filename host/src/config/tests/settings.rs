//! Settings of adapters, of every form that schemas have.

use super::{read, told, told_with};

fn with(settings: &str) -> String {
    let head = "[[connection]]\nid = \"a\"\nplugin = \"made-up\"\nisolation = \"host\"\n[connection.settings]\n";
    format!("{head}host = \"h\"\npassword = \"p\"\n{settings}")
}

#[test]
fn settings_are_judged_by_the_schema_of_their_adapter() {
    for good in [
        "",
        "port = 1",
        "ping = 5",
        "second_password = \"x\"",
        "login = { kind = \"anonymous\" }",
        "login = { kind = \"certificate\", file = \"f\", passphrase = \"p\" }",
        "weights = [[\"a\", 1], [\"b\", 1.5]]",
    ] {
        assert_eq!(told(&with(good)), "", "{good}");
    }
    for (wrong, expected) in [
        (
            "port = 65536",
            "8:8: connection `a`: settings.port: found the number 65536, expected a whole number from 0 to 65535",
        ),
        ("pign = 5", "8:1: connection `a`: settings.pign: unknown key\n    did you mean `ping`?"),
        (
            "ping = -5",
            "8:8: connection `a`: settings.ping: found the number -5, expected a whole number from 0 to 4294967295\n    \
             In seconds",
        ),
        (
            "second_password = 5",
            "8:19: connection `a`: settings.second_password: found a whole number, expected a text, { env = \"NAME\" } or \
             { file = \"PATH\" }",
        ),
        (
            "login = { kind = \"anonymus\" }",
            "8:18: connection `a`: settings.login.kind: found the text \"anonymus\", expected \"anonymous\" or \
             \"certificate\"\n    did you mean \"anonymous\"?",
        ),
        (
            "login = { kind = \"certificate\", passphrase = \"p\" }",
            "8:1: connection `a`: settings.login.file: missing, expected a text",
        ),
        ("login = {}", "8:1: connection `a`: settings.login.kind: missing, expected \"anonymous\" or \"certificate\""),
        (
            "weights = [[\"a\", \"b\"], [\"c\"]]",
            "8:18: connection `a`: settings.weights[0][1]: found the text \"b\", expected a number\n\
             jackfield.toml:8:24: connection `a`: settings.weights[1]: found a list of one, expected a list of a text and a number",
        ),
    ] {
        assert_eq!(told(&with(wrong)), format!("jackfield.toml:{expected}"), "{wrong}");
    }
}

#[test]
fn a_looked_up_value_is_never_shown() {
    let text = with("port = { env = \"PORT\" }\nlogin = { kind = { env = \"PORT\" } }");
    let said = told_with(&text, &[("PORT", "hunter2")]);
    assert!(said.contains("settings.port: found a text, expected"), "{said}");
    assert!(said.contains("settings.login.kind: found a text, expected"), "{said}");
    assert!(!said.contains("hunter2") && !said.contains("not set"), "{said}");
}

/// A reload compares what it read with what is running.
#[test]
fn where_something_stands_is_no_part_of_what_is_configured() {
    let config = |text: &str| read(text, &[]).config.unwrap();
    let text = with("port = 1");
    assert_eq!(config(&text), config(&format!("# A comment.\n\n{text}")));
    assert_ne!(config(&text), config(&with("port = 2")));
}
