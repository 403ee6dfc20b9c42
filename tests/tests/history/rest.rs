//! What can be asked, and by whom.

use jackfield_tests::client::Client;
use serde_json::{Value, json};

use super::*;

const WORD: (&str, &str) = ("Content-Type", "application/merge-patch+json");

/// A host with calls on two lines: alice's, bob's.
fn two_lines() -> (Host, Client, String, String) {
    let host = host();
    let (mut alice, mut bob) = (host.client(ALICE).unwrap(), host.client(BOB).unwrap());
    let hers = talk(&mut alice, "sim/101", "+380441234567");
    let his = talk(&mut bob, "sim/102", "+380507654321");
    saved(&mut alice, &hers);
    saved(&mut bob, &his);
    (host, alice, hers, his)
}

fn ids(page: &Value) -> Vec<&str> {
    page["calls"].as_array().unwrap().iter().map(|call| call["callId"].as_str().unwrap()).collect()
}

#[test]
fn everybody_sees_the_calls_of_their_lines_and_no_others() {
    let (host, _, hers, his) = two_lines();
    let list = |token: &str| host.get("/api/v1/calls", token).unwrap().json();
    assert_eq!(ids(&list(ALICE)), [hers.as_str()]);
    assert_eq!(ids(&list(BOB)), [his.as_str()]);
    assert_eq!(ids(&list(BOSS)), [his.as_str(), hers.as_str()]);
    assert_eq!(ids(&list(ADMIN)), [his.as_str(), hers.as_str()]);
    // Somebody else's call, and one that never was: the same answer.
    let nothing = "01a00000-0000-7000-8000-000000000000";
    let of = |id: &str| host.get(&format!("/api/v1/calls/{id}"), ALICE).unwrap();
    assert_eq!((of(&his).status, of(&his).body), (404, of(nothing).body));
    let edit = |id: &str| {
        host.request("PATCH", &format!("/api/v1/calls/{id}"), ALICE, &[WORD, ("If-Match", "*")], "{}").unwrap()
    };
    assert_eq!((edit(&his).status, edit(&his).body), (404, edit(nothing).body));
    let asked = host.get("/api/v1/calls?line=sim/102", ALICE).unwrap().json();
    assert_eq!(ids(&asked), Vec::<&str>::new());
    for path in ["/api/v1/calls.csv", "/api/v1/calls.ndjson", "/api/v1/statistics/calls?by=line"] {
        let body = host.get(path, ALICE).unwrap().body;
        assert!(body.contains("sim/101") && !body.contains("sim/102"), "{path}: {body}");
    }
    for token in ["", "wrong-token-0123456789"] {
        let answer = host.get("/api/v1/calls", token).unwrap();
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
    }
}

#[test]
fn an_edit_is_told_to_clients_and_needs_the_revision_that_it_means() {
    let (host, mut alice, id, _) = two_lines();
    let path = format!("/api/v1/calls/{id}");
    let tag = host.get(&path, ALICE).unwrap().header("etag").unwrap().to_owned();
    let patch = |token: &str, tag: &str, body: &str| {
        host.request("PATCH", &path, token, &[WORD, ("If-Match", tag)], body).unwrap()
    };
    let body = r#"{"comment":"call back","result":"failed","links":[{"kind":"Case","id":"7","title":"Broken"}]}"#;
    let edited = patch(ALICE, &tag, body);
    assert_eq!(edited.status, 200, "{}", edited.body);
    let told = alice
        .event(|e| {
            e["method"] == "callSaved" && e["params"]["data"]["callId"] == id.as_str() && {
                format!("\"{}\"", e["params"]["data"]["revision"]) != tag
            }
        })
        .unwrap();
    assert_eq!(edited.header("etag"), Some(format!("\"{}\"", told["params"]["data"]["revision"]).as_str()));
    let now = host.get(&path, ALICE).unwrap().json();
    assert_eq!(
        (&now["comment"], &now["result"], &now["editedBy"]),
        (&json!("call back"), &json!("failed"), &json!("alice"))
    );
    assert_eq!(now["links"][0]["id"], "7");
    let late = patch(ALICE, &tag, body);
    assert_eq!((late.status, late.header("content-type")), (412, Some("application/problem+json")));
    let without = host.request("PATCH", &path, ALICE, &[WORD], body).unwrap();
    assert_eq!(without.status, 428, "{}", without.body);
    assert_eq!(patch(BOSS, "*", "{}").status, 403, "a supervisor sees, and does not edit");
    for (body, said) in [
        ("", "not understood"),
        ("[]", "not understood"),
        (r#"{"coment":"x"}"#, "coment"),
        (r#"{"result":"gone"}"#, "gone"),
        (r#"{"links":[{"kind":"","id":"7","title":"x"}]}"#, "characters"),
    ] {
        let answer = patch(ALICE, "*", body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{body}: {}", answer.body);
    }
    assert_eq!(patch(ALICE, "*", &" ".repeat(70_000)).status, 413);
    let unchanged =
        host.request("GET", &path, ALICE, &[("If-None-Match", edited.header("etag").unwrap())], "").unwrap();
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
}

#[test]
fn links_of_a_call_that_is_up_are_news_of_the_call() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let id = ring(&mut alice, "sim/101", "+380441234567", "Olena K.");
    let path = format!("/api/v1/calls/{id}");
    wait_for("the call is kept", || match host.get(&path, ALICE)?.status {
        200 => Ok(()),
        other => Err(other.to_string()),
    });
    let body = r#"{"links":[{"kind":"Contact","id":"42","title":"Olena"}]}"#;
    let edited = host.request("PATCH", &path, ALICE, &[WORD, ("If-Match", "*")], body).unwrap();
    assert_eq!(edited.status, 200, "{}", edited.body);
    let told = alice.named("callInfoChanged", "sim/101").unwrap();
    assert_eq!(told["params"]["data"]["changed"], json!(["links"]));
    assert_eq!(told["params"]["data"]["call"]["links"][0]["title"], "Olena");
}

#[test]
fn pages_follow_each_other_and_exports_have_everything() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let mut all: Vec<String> = (0..7).map(|n| talk(&mut alice, "sim/101", &format!("+38044123456{n}"))).collect();
    saved(&mut alice, all.last().unwrap());
    all.reverse();
    let mut seen: Vec<String> = Vec::new();
    let mut path = "/api/v1/calls?limit=3".to_owned();
    loop {
        let page = host.get(&path, ALICE).unwrap().json();
        seen.extend(ids(&page).iter().map(|id| (*id).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/calls?limit=3&cursor={next}");
    }
    assert_eq!(seen, all);
    let csv = host.get("/api/v1/calls.csv", ALICE).unwrap();
    assert_eq!(csv.body.lines().count(), 8, "a head and seven calls: {}", csv.body);
    let lines: Vec<Value> = host
        .get("/api/v1/calls.ndjson", ALICE)
        .unwrap()
        .body
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.iter().map(|l| l["callId"].as_str().unwrap()).collect::<Vec<_>>(), all);
    let found = host.get("/api/v1/calls?number=4565", ALICE).unwrap().json();
    assert_eq!(found["calls"][0]["caller"]["number"], "+380441234565");
    let counts = host.get("/api/v1/statistics/calls?by=day", ALICE).unwrap().json();
    assert_eq!((&counts["rows"][0]["calls"], &counts["rows"][0]["answered"]), (&json!(7), &json!(7)));
    for (query, said) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "invalid digit"),
        ("from=yesterday", "RFC 3339"),
        ("cursor=abc", "cursor"),
        ("number=12", "digits"),
        ("text=", "characters"),
        ("result=gone", "gone"),
        ("nummer=1234", "nummer"),
    ] {
        let answer = host.get(&format!("/api/v1/calls?{query}"), ALICE).unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/problem+json")), "{query}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{query}: {}", answer.body);
    }
}

#[test]
fn the_description_is_served_and_answers_are_as_it_says() {
    let (host, _, id, _) = two_lines();
    let document = host.get("/api/openapi.json", "").unwrap();
    assert_eq!((document.status, &document.json()["openapi"]), (200, &json!("3.1.0")));
    let document = document.json();
    for (path, asked) in [
        ("/api/v1/calls", "/api/v1/calls".to_owned()),
        ("/api/v1/calls/{callId}", format!("/api/v1/calls/{id}")),
        ("/api/v1/statistics/calls", "/api/v1/statistics/calls?by=queue".to_owned()),
    ] {
        let mut schema =
            document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let answer = host.get(&asked, ADMIN).unwrap().json();
        let wrong: Vec<String> =
            validator.iter_errors(&answer).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:?} in {answer}");
    }
}
