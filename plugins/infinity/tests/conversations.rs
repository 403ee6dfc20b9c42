//! The adapter in conversation with Infinity, without either Infinity or a host.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::serde_json::{Value, json};
use jackfield_plugin_api::testing::{Driver, damaged_states, script};
use jackfield_plugin_api::{Command, HttpResponse, RequestId};
use jackfield_plugin_infinity::Infinity;

#[test]
fn the_conversations_go_as_written() {
    let folder = format!("{}/tests/conversations", env!("CARGO_MANIFEST_DIR"));
    let mut played = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        script::check::<Infinity>(file.unwrap().path()).unwrap();
        played += 1;
    }
    assert!(played >= 4, "{played} conversations");
}

fn requests(driver: &Driver<Infinity>) -> Vec<RequestId> {
    let http = |output: &Output<'_>| if let Output::Http { request, .. } = output { Some(*request) } else { None };
    driver.outputs().iter().filter_map(http).collect()
}

/// So many requests does a server get in a minute of which nobody calls.
fn idle_minute(lines: u32, settings: &Value) -> usize {
    let mut driver = Driver::<Infinity>::new(settings).unwrap();
    driver.started().unwrap();
    let (mut open, mut asked) = (Vec::new(), 0);
    for line in 0..lines {
        driver.line(&(1_000 + line).to_string(), &json!({})).unwrap();
        open.extend(requests(&driver));
    }
    for _ in 0..60_000 / 5 {
        for request in std::mem::take(&mut open) {
            asked += 1;
            let response = HttpResponse::new(200, Vec::new(), br#"{"result":{"Data":[]}}"#);
            driver.give(&InputFrame::http(request, Ok(response))).unwrap();
            open.extend(requests(&driver));
        }
        driver.advance(std::time::Duration::from_millis(5)).unwrap();
        open.extend(requests(&driver));
    }
    asked
}

#[test]
fn idle_lines_cost_the_server_what_the_settings_say() {
    let url = "http://infinity.example:10080";
    // One line: every two seconds.
    let one = idle_minute(1, &json!({"url": url}));
    assert!((28..=31).contains(&one), "{one} requests of one line");
    // Five hundred: not more than a hundred a second, however long each waits for it.
    let many = idle_minute(500, &json!({"url": url}));
    assert!((5_900..=6_020).contains(&many), "{many} requests of 500 lines");
}

#[test]
fn damaged_states_do_no_harm() {
    let mut driver = Driver::<Infinity>::new(&json!({"url": "http://infinity.example:10080"})).unwrap();
    driver.started().unwrap();
    let line = driver.line("101", &json!({"user": "7"})).unwrap();
    let requests = requests(&driver);
    let calls = br#"{"result":{"Data":[{"ID":1,"Direction":"1","State":21},{"ID":2,"State":41,"ParentCallID":1}]}}"#;
    driver.give(&InputFrame::http(requests[0], Ok(HttpResponse::new(200, Vec::new(), calls)))).unwrap();
    let dial = Command::decode("makeCall", json!({"to": "55"})).unwrap().unwrap();
    driver.command(line, &dial).unwrap();
    damaged_states(&driver, 150, |driver| {
        for number in 0..6 {
            let answer =
                br#"{"result":{"Data":[{"ID":1,"State":99},{"ID":3,"State":21}],"IDUserState":300,"IDCall":3}}"#;
            let answer = HttpResponse::new(200, Vec::new(), answer);
            let _ = driver.give(&InputFrame::http(RequestId(number), Ok(answer)));
            let _ = driver.command(line, &dial);
            let _ = driver.advance(std::time::Duration::from_secs(3));
        }
    })
    .unwrap();
}
