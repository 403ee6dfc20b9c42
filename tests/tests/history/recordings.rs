//! Recordings through the host: found, heard in parts, and by nobody else.
#![cfg(unix)]

use jackfield_tests::http::Answer;
use jackfield_tests::web::Web;
use serde_json::{Value, json};

use super::*;

/// A host whose recordings lie where `place` says.
fn host_with(place: &str) -> Host {
    let place = format!("[connection.recordings]\n{place}\n[[user]]");
    let config = config("url = \"sqlite://calls.db\"").replacen("[[user]]", &place, 1);
    Setup::new(config, &["simulator"]).start().unwrap()
}

/// A recording that no two parts of are the same.
fn sound() -> Vec<u8> {
    (0..60_000u32).flat_map(u32::to_le_bytes).collect()
}

/// A call on alice's line that was recorded, as `rec-N.wav`. Its id.
fn recorded(alice: &mut Client) -> String {
    let id = ring(alice, "sim/101", "+380441234567", "Olena K.");
    let on_call = json!({ "line": "sim/101", "callId": id });
    alice.call("answerCall", &on_call).unwrap();
    for action in ["start", "stop"] {
        alice.call("recordCall", &json!({ "line": "sim/101", "callId": id, "action": action })).unwrap();
    }
    alice.call("dropCall", &on_call).unwrap();
    saved(alice, &id);
    id
}

fn path(id: &str, number: u32) -> String {
    format!("/api/v1/calls/{id}/recordings/{number}")
}

fn ask(host: &Host, path: &str, headers: &[(&str, &str)]) -> Answer {
    host.request("GET", path, ALICE, headers, "").unwrap()
}

#[test]
fn a_recording_is_heard_whole_and_in_parts_by_who_may_see_the_call() {
    let host = host_with("folder = \"monitor\"");
    let monitor = host.dir().join("monitor");
    std::fs::create_dir(&monitor).unwrap();
    std::fs::write(monitor.join("rec-1.wav"), sound()).unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let id = recorded(&mut alice);
    let one = path(&id, 1);
    let list = host.get(&format!("/api/v1/calls/{id}/recordings"), ALICE).unwrap();
    assert_eq!(list.json(), json!({ "recordings": [{ "number": 1, "url": one }] }));
    let call = host.get(&format!("/api/v1/calls/{id}"), ALICE).unwrap();
    assert_eq!(call.json()["recordings"], json!([one]));
    assert!(!call.body.contains("rec-1"), "what the phone system calls it is not told: {}", call.body);
    let told = alice.call("queryCallRecords", &json!({ "line": "sim/101", "callId": id })).unwrap();
    assert_eq!(told, json!({ "urls": [one] }));
    let native = call.json()["nativeId"].clone();
    let told = alice.call("queryCallRecords", &json!({ "line": "sim/101", "nativeId": native })).unwrap();
    assert_eq!(told, json!({ "urls": [one] }));

    let whole = ask(&host, &one, &[]);
    assert_eq!((whole.status, &whole.bytes), (200, &sound()));
    let name = format!("attachment; filename=\"{id}-1.wav\"");
    for (field, expected) in [
        ("content-type", "audio/wav"),
        ("content-length", "240000"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", &name),
    ] {
        assert_eq!(whole.header(field), Some(expected), "{field}");
    }
    let tag = whole.header("etag").unwrap().to_owned();
    let part = ask(&host, &one, &[("Range", "bytes=100000-199999")]);
    assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 100000-199999/240000")));
    assert_eq!(part.bytes, sound()[100_000..200_000]);
    let end = ask(&host, &one, &[("Range", "bytes=-4"), ("If-Range", &tag)]);
    assert_eq!((end.status, end.bytes.as_slice()), (206, &sound()[239_996..]));
    let changed = ask(&host, &one, &[("Range", "bytes=-4"), ("If-Range", "\"another\"")]);
    assert_eq!((changed.status, changed.bytes.len()), (200, 240_000));
    let since = whole.header("last-modified").unwrap().to_owned();
    let same = ask(&host, &one, &[("Range", "bytes=0-0"), ("If-Range", &since)]);
    assert_eq!((same.status, same.bytes.as_slice()), (206, &sound()[..1]));
    let beyond = ask(&host, &one, &[("Range", "bytes=240000-")]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */240000")));
    assert_eq!(beyond.header("content-type"), Some("application/problem+json"));
    let known = ask(&host, &one, &[("If-None-Match", &tag)]);
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let head = host.request("HEAD", &one, ALICE, &[("Range", "bytes=0-1")], "").unwrap();
    assert_eq!((head.status, head.bytes.len(), head.header("content-length")), (200, 0, Some("240000")));

    // Nobody else's: not the call, not its recordings, not whether there are any.
    let nothing = "01a00000-0000-7000-8000-000000000000";
    for of in [|id: &str| path(id, 1), |id: &str| format!("/api/v1/calls/{id}/recordings")] {
        let (theirs, none) = (host.get(&of(&id), BOB).unwrap(), host.get(&of(nothing), BOB).unwrap());
        assert_eq!((theirs.status, theirs.body), (404, none.body), "bob learns nothing");
        assert_eq!(host.get(&of(&id), "").unwrap().status, 401);
    }
    for user in [ADMIN, BOSS] {
        assert_eq!(host.get(&one, user).unwrap().bytes, sound());
    }
    let mut bob = host.client(BOB).unwrap();
    for params in [json!({ "line": "sim/102", "callId": id }), json!({ "line": "sim/102", "nativeId": native })] {
        let refused = bob.call("queryCallRecords", &params).unwrap_err();
        assert!(refused.contains("recordNotFound"), "{refused}");
    }
    for number in ["0", "2", "-1", "x", "99999999999999999999", "..%2f1", "%00"] {
        let answer = ask(&host, &format!("/api/v1/calls/{id}/recordings/{number}"), &[]);
        assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/problem+json")), "{number}");
    }
    let audit = host.wait_log("fetches a recording").unwrap();
    assert!(audit.contains("alice") && audit.contains(&id), "{audit}");
}

#[test]
fn what_lies_outside_of_the_folder_is_no_recording() {
    let host = host_with("folder = \"monitor\"");
    let monitor = host.dir().join("monitor");
    std::fs::create_dir(&monitor).unwrap();
    // The configuration holds everybody's token.
    std::os::unix::fs::symlink(host.config(), monitor.join("rec-1.wav")).unwrap();
    std::os::unix::fs::symlink("../jackfield.toml", monitor.join("rec-2.wav")).unwrap();
    std::fs::create_dir(monitor.join("rec-3.wav")).unwrap();
    let mut alice = host.client(ALICE).unwrap();
    for _ in 0..4 {
        let id = recorded(&mut alice);
        let answer = ask(&host, &path(&id, 1), &[]);
        assert_eq!(answer.status, 404, "{}", answer.body);
        assert!(!answer.body.contains("token") && !answer.body.contains("monitor"), "{}", answer.body);
    }
    host.wait_log("a recording is not there").unwrap();
}

#[test]
fn what_the_phone_system_records_by_itself_is_found_by_the_calls_ids() {
    let host = host_with("folder = \"monitor\"\nnames = [\"{nativeId}.mp3\"]");
    let monitor = host.dir().join("monitor");
    std::fs::create_dir(&monitor).unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let id = talk(&mut alice, "sim/101", "+380441234567");
    saved(&mut alice, &id);
    let list = || host.get(&format!("/api/v1/calls/{id}/recordings"), ALICE).unwrap().json();
    assert_eq!(list(), json!({ "recordings": [] }));
    let refused = alice.call("queryCallRecords", &json!({ "line": "sim/101", "callId": id })).unwrap_err();
    assert!(refused.contains("recordNotFound"), "{refused}");
    let native = host.get(&format!("/api/v1/calls/{id}"), ALICE).unwrap().json()["nativeId"].clone();
    std::fs::write(monitor.join(format!("{}.mp3", native.as_str().unwrap())), "sound").unwrap();
    assert_eq!(list()["recordings"].as_array().map(Vec::len), Some(1));
    let heard = ask(&host, &path(&id, 1), &[]);
    assert_eq!((heard.body.as_str(), heard.header("content-type")), ("sound", Some("audio/mpeg")));
}

#[test]
fn a_web_servers_recordings_are_fetched_and_its_address_is_nobodys_business() {
    let web = Web::start(|asked| {
        let recording = sound();
        if asked.header("authorization") != "Basic amFja2ZpZWxkOmdlaGVpbSE=" {
            return ("401 Unauthorized", vec![("WWW-Authenticate", "Basic".to_owned())], Vec::new());
        }
        let sound = ("Content-Type", "audio/x-wav".to_owned());
        match (asked.target.as_str(), asked.header("range")) {
            ("/calls/rec-1.wav", "bytes=10-19") => {
                let range = ("Content-Range", format!("bytes 10-19/{}", recording.len()));
                ("206 Partial Content", vec![sound, range], recording[10..20].to_vec())
            }
            ("/calls/rec-1.wav", _) => {
                ("200 OK", vec![sound, ("Set-Cookie", "a=b".to_owned()), ("ETag", "\"e\"".to_owned())], recording)
            }
            ("/calls/rec-2.wav", _) => ("302 Found", vec![("Location", "http://127.0.0.1:1/".to_owned())], Vec::new()),
            ("/calls/rec-3.wav", _) => {
                ("200 OK", vec![("Content-Type", "text/html".to_owned())], b"log in, please".to_vec())
            }
            ("/calls/rec-4.wav", _) => {
                // It breaks off.
                ("200 OK", vec![sound, ("Content-Length", "1000".to_owned())], vec![7; 10])
            }
            _ => ("404 Not Found", Vec::new(), Vec::new()),
        }
    })
    .unwrap();
    let host = host_with(&format!("url = \"{}/calls/\"\nuser = \"jackfield\"\npassword = \"geheim!\"", web.url()));
    let mut alice = host.client(ALICE).unwrap();
    let first = path(&recorded(&mut alice), 1);
    let whole = ask(&host, &first, &[]);
    assert_eq!((whole.status, &whole.bytes, whole.header("etag")), (200, &sound(), Some("\"e\"")));
    assert_eq!(whole.header("set-cookie"), None);
    let part = ask(&host, &first, &[("Range", "bytes=10-19"), ("If-Range", "\"e\"")]);
    assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 10-19/240000")));
    assert_eq!(part.bytes, sound()[10..20]);
    let asked = web.asked().pop().unwrap();
    assert_eq!((asked.method.as_str(), asked.header("if-range")), ("GET", "\"e\""));
    assert!(asked.headers.iter().all(|(name, value)| name != "cookie" && !value.contains(ALICE)), "{asked:?}");
    let head = host.request("HEAD", &first, ALICE, &[], "").unwrap();
    assert_eq!((head.status, head.header("content-length"), head.bytes.len()), (200, Some("240000"), 0));
    assert_eq!(web.asked().pop().unwrap().method, "HEAD");
    for (what, status) in [("a redirection", 503), ("a page", 503)] {
        let id = recorded(&mut alice);
        let answer = ask(&host, &path(&id, 1), &[]);
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert!(!answer.body.contains("127.0.0.1"), "{}", answer.body);
    }
    let broken = ask(&host, &path(&recorded(&mut alice), 1), &[]);
    assert!(broken.bytes.len() < 1_000, "it is not taken for complete");
    assert_eq!(ask(&host, &path(&recorded(&mut alice), 1), &[]).status, 404);
    assert!(!host.log().contains("geheim!"), "{}", host.log());
}

#[test]
fn recordings_without_a_place_are_not_served() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let id = recorded(&mut alice);
    let answer = ask(&host, &path(&id, 1), &[]);
    assert_eq!(answer.status, 404);
    assert!(answer.json()["detail"].as_str().unwrap().contains("[connection.recordings]"), "{}", answer.body);
    // The phone system's own word, as before.
    let told: Value = alice.call("queryCallRecords", &json!({ "line": "sim/101", "callId": id })).unwrap();
    assert!(told["urls"][0].as_str().unwrap().starts_with("https://recordings.invalid/"), "{told}");
}
