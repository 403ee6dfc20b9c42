//! The same with the simulated Oktell, which was written apart from the adapter: phones are moved by its control
//! channel, clients see what CRM authors see.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use jackfield_tests::build::{self, Version};
use serde_json::{Value, json};

use super::{BOSS, call_id, client, command, host_at};
use crate::server::OUTSIDE;

/// The simulator as a process. Killed when dropped.
pub(crate) struct Simulated {
    child: Child,
    pub(crate) url: String,
    control: BufReader<TcpStream>,
}

impl Simulated {
    pub(crate) fn start() -> Self {
        let program = build::jackfield(Version::Present).unwrap();
        let program = program.with_file_name(format!("jackfield-sim{}", std::env::consts::EXE_SUFFIX));
        let mut child = Command::new(program)
            .args(["oktell", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let url = line();
        let control = TcpStream::connect(line().trim_start_matches("control ")).unwrap();
        Self { child, url, control: BufReader::new(control) }
    }

    /// What happens at the phones.
    pub(crate) fn phones(&mut self, what: &Value) {
        writeln!(self.control.get_mut(), "{what}").unwrap();
        let mut answer = String::new();
        self.control.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["ok"], true, "{what}: {answer}");
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn two_agents(isolation: &str) {
    let mut oktell = Simulated::start();
    let host = host_at(&oktell.url, isolation, &["101", "102"], "op", 100);
    let mut client = client(&host);
    client.look_again();
    client.named("lineStateChanged", "okt/102").unwrap();

    // An outside call, asked about at the colleague's, and handed over.
    oktell.phones(&json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let first = call_id(&client.named("callStarted", "okt/101").unwrap());
    command(&mut client, "answerCall", json!({"callId": first}));
    client.named("commutationStarted", "okt/101").unwrap();
    let made = command(&mut client, "makeConsultCall", json!({"callId": first, "to": "102"}));
    let theirs = call_id(&client.named("callStarted", "okt/102").unwrap());
    oktell.phones(&json!({"do": "answer", "number": "102"}));
    client.named("commutationStarted", "okt/102").unwrap();
    let transfer = json!({"callId": first, "consultCallId": made["callId"]});
    // Both sides hear of the answer by themselves, in either order.
    client.look_again();
    client
        .event(|e| {
            let features = &e["params"]["data"]["features"];
            let joins = features.as_array().is_some_and(|f| f.contains(&json!("completeTransfer")));
            e["method"] == "lineStateChanged" && e["params"]["line"] == "okt/101" && joins
        })
        .unwrap();
    command(&mut client, "transferCall", transfer);
    client.look_again();
    client.event(|e| e["method"] == "callFinished" && call_id(e) == first).unwrap();
    client.look_again();
    let changed = client
        .event(|e| {
            e["method"] == "callInfoChanged"
                && call_id(e) == theirs
                && e["params"]["data"]["call"]["redirection"]["number"] == OUTSIDE
        })
        .unwrap();
    assert_eq!(changed["params"]["data"]["call"]["state"], "connected");

    // The colleague's link breaks in the call, and the call is the same afterwards.
    oktell.phones(&json!({"do": "cut", "number": "102"}));
    client.named("disconnected", "okt/102").unwrap();
    let back = client
        .event(|e| {
            e["method"] == "activeCallSnapshot"
                && e["params"]["line"] == "okt/102"
                && e["params"]["data"]["reason"] == "reconciled"
        })
        .unwrap();
    assert_eq!(back["params"]["data"]["activeCalls"][0]["callId"], theirs);
    oktell.phones(&json!({"do": "hangup", "number": OUTSIDE}));
    let finished = client.named("callFinished", "okt/102").unwrap();
    assert_eq!(call_id(&finished), theirs);
    assert_eq!(client.core("okt/102"), ["callStarted", "commutationStarted", "callFinished"]);
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn two_agents_hand_a_call_over_isolated() {
    two_agents("process");
}

#[test]
fn two_agents_hand_a_call_over_in_the_host() {
    two_agents("host");
}
