//! Load on a real Asterisk, recorded for as long as is wanted, played again in seconds.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Caller, PATIENCE, Pbx, Phone};
use jackfield_tests::client::Client;
use jackfield_tests::host::Setup;
use jackfield_tests::scenarios::show;
use serde_json::json;

use super::bed::{bytes, check, client_saw, events, folder, library};

const TOKEN: &str = "tests-token-0123456789";
const LINES: [&str; 4] = ["ast/101", "ast/102", "ast/103", "ast/104"];
/// Callers that talk at the same time; more wait for their turn.
const MOST_CALLERS: usize = 12;

/// How long calls are placed, in seconds; more by `JACKFIELD_HOUR`.
fn load_for() -> Duration {
    let seconds = std::env::var("JACKFIELD_HOUR").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(20);
    Duration::from_secs(seconds)
}

/// The n-th call: between outside and the phones, and between phones; talks, holds, tones, transfers, refusals.
fn place(pbx: &Pbx, n: u64) -> Result<jackfield_tests::asterisk::CallHandle, String> {
    let outside = format!("7916{n:07}");
    let talk_ms = 700 + u32::try_from(n * 7_919 % 2_500).unwrap_or_default();
    match n % 9 {
        0 => pbx.call(&outside, "5550101", Caller::Talks { ms: talk_ms }),
        1 => pbx.call("101", "102", Caller::Talks { ms: talk_ms }),
        2 => pbx.call(&outside, "5550102", Caller::Holds { talk_ms: 400, held_ms: talk_ms }),
        3 => pbx.call(&outside, "5550103", Caller::Refused),
        4 => pbx.call("103", "104", Caller::Holds { talk_ms: 300, held_ms: 500 }),
        5 => pbx.call(&outside, "5550104", Caller::GivesUp { ring_ms: 100 }),
        6 => pbx.call("101", "104", Caller::Transfers { talk_ms: 500, to: "102" }),
        7 => pbx.call("102", "101", Caller::SendsDtmf { talk_ms: 500 }),
        _ => pbx.call("102", "104", Caller::TransfersAfterAsking { talk_ms: 600, to: "101" }),
    }
}

/// What an agent does meanwhile: every call that is older than a while is hung up, by the command of its line.
struct Agent {
    seen: usize,
    up: HashMap<String, (String, Instant)>,
}

impl Agent {
    fn act(&mut self, client: &mut Client, oldest: Duration) {
        for event in &client.events[self.seen..] {
            let params = &event["params"];
            let id = params["data"]["call"]["callId"].as_str().unwrap_or_default().to_owned();
            match event["method"].as_str() {
                Some("commutationStarted") => {
                    let line = params["line"].as_str().unwrap_or_default().to_owned();
                    self.up.insert(id, (line, Instant::now()));
                }
                Some("callFinished") => drop(self.up.remove(&id)),
                _ => {}
            }
        }
        self.seen = client.events.len();
        let old: Vec<(String, String)> = self
            .up
            .iter()
            .filter(|(_, (_, since))| since.elapsed() > oldest)
            .map(|(id, (line, _))| (id.clone(), line.clone()))
            .collect();
        for (id, line) in old {
            self.up.remove(&id);
            // It may have ended just now.
            client.send("dropCall", &json!({ "line": line, "callId": id })).unwrap();
        }
    }
}

#[test]
fn load_on_a_real_asterisk_is_played_again_in_a_fraction_of_the_time() {
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let lines = serde_json::to_string(&LINES).unwrap();
    let config = format!(
        r#"
[[connection]]
id = "ast"
plugin = "asterisk"
[connection.record]
mib = 1024
[connection.settings]
host = "127.0.0.1"
port = {}
username = "{AMI_MIN_USER}"
password = "{AMI_MIN_SECRET}"
context = "internal"
[connection.lines]
device = "PJSIP/{{device}}"
[[user]]
name = "tests"
role = "admin"
token = "{TOKEN}"
lines = {lines}
"#,
        pbx.ami_port()
    );
    let mut host = Setup::new(config, &["asterisk"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    for line in LINES {
        client.named("initialized", line).unwrap();
    }
    let phones = [
        ("101", Phone::Answers { ring_ms: 200 }),
        ("102", Phone::Answers { ring_ms: 100 }),
        ("103", Phone::Busy),
        ("104", Phone::HangsUp { ring_ms: 400, talk_ms: 3_000 }),
    ];
    let _phones: Vec<_> =
        phones.into_iter().map(|(number, phone)| pbx.phone_for(number, phone, 1_000_000).unwrap()).collect();

    let (begun, until) = (Instant::now(), Instant::now() + load_for());
    let mut callers = VecDeque::new();
    let mut agent = Agent { seen: 0, up: HashMap::new() };
    let mut placed = 0;
    while Instant::now() < until {
        if callers.len() < MOST_CALLERS {
            callers.push_back((place(&pbx, placed).unwrap(), Instant::now()));
            placed += 1;
        }
        client.read_for(Duration::from_millis(400));
        agent.act(&mut client, Duration::from_secs(6));
        // How each ends is another test's business; one that hangs is put away.
        callers.retain_mut(|(caller, since)| !caller.is_done() && since.elapsed() < PATIENCE);
    }
    let recorded = begun.elapsed();
    drop(callers);
    pbx.cli("channel request hangup all").unwrap();
    let quiet = |client: &mut Client| {
        let call = client.call("queryActiveCallSnapshot", &json!({ "line": LINES[0] })).unwrap();
        call["activeCalls"].as_array().is_some_and(Vec::is_empty)
    };
    let deadline = Instant::now() + PATIENCE;
    while !quiet(&mut client) {
        assert!(Instant::now() < deadline, "calls do not end");
        client.read_for(Duration::from_millis(200));
    }
    let seen = std::mem::take(&mut client.events);
    assert!(host.stop().unwrap().success());

    let recording = folder(&host, "ast");
    let asterisk = library("asterisk");
    let playing = Instant::now();
    let all = check(&recording, &asterisk);
    let took = playing.elapsed();
    client_saw(&seen, &events(&recording, &asterisk));
    let calls = seen.iter().filter(|event| event["method"] == "callStarted").count();
    assert!(calls > 5, "there were {calls} calls");
    show(&format!(
        "| recorded for {:.0} s | {placed} calls placed | {all} events | {} bytes | checked in {:.2} s, {:.0} times as fast |",
        recorded.as_secs_f64(),
        bytes(&recording).len(),
        took.as_secs_f64(),
        recorded.as_secs_f64() / took.as_secs_f64(),
    ));
}
