//! Recordings of the simulated Oktell through the host: the journal is asked, a password for the moment is had, and
//! the client sees neither.

use jackfield_tests::sim::Sim;
use jackfield_tests::web::Web;
use serde_json::json;

use super::{OUTSIDE, TOKEN, call_id, client, command, config_at};

#[test]
fn a_recording_is_fetched_with_a_password_that_the_client_never_sees() {
    let web = Web::start(|asked| match asked.target.split_once("?temppass=") {
        Some((path, password)) if path.starts_with("/download/rec/") && !password.is_empty() => {
            ("200 OK", vec![("Content-Type", "audio/mpeg".to_owned())], b"sound".to_vec())
        }
        _ => ("403 Forbidden", Vec::new(), Vec::new()),
    })
    .unwrap();
    let mut oktell = Sim::start("oktell", "").unwrap();
    let config = config_at(oktell.url(), "process", &["101", "102"], "op", 100)
        .replacen("[connection.settings]\n", &format!("[connection.settings]\nweb = \"{}\"\n", web.url()), 1)
        .replacen("[[line]]", &format!("[connection.recordings]\nurl = \"{}/download/\"\n[[line]]", web.url()), 1);
    let config = format!("[store]\nurl = \"sqlite://calls.db\"\n{config}");
    let host = jackfield_tests::host::Setup::new(config, &["oktell"]).start().unwrap();
    let mut client = client(&host);
    oktell.tell(&json!({"do": "call", "from": OUTSIDE, "to": "101"})).unwrap();
    let call = call_id(&client.named("callStarted", "okt/101").unwrap());
    command(&mut client, "answerCall", json!({"callId": call}));
    client.named("commutationStarted", "okt/101").unwrap();
    command(&mut client, "dropCall", json!({"callId": call}));
    let saved = |e: &serde_json::Value| e["method"] == "callSaved" && e["params"]["data"]["final"] == true;
    client.event(saved).unwrap();
    let told = command(&mut client, "queryCallRecords", json!({"callId": call}));
    let url = format!("/api/v1/calls/{}/recordings/1", call.as_str().unwrap());
    assert_eq!(told, json!({"urls": [url]}));
    let heard = host.get(&url, TOKEN).unwrap();
    assert_eq!((heard.status, heard.body.as_str(), heard.header("content-type")), (200, "sound", Some("audio/mpeg")));
    let asked = web.asked().pop().unwrap();
    assert!(asked.target.contains("temppass="), "{asked:?}");
    let shown = format!("{:?}", heard.headers);
    assert!(!shown.contains("temppass") && !host.log().contains("temppass"), "{shown}");
}
