//! 500 operators on one connection, all of them in calls.

use std::collections::BTreeMap;

use jackfield_tests::host::Setup;
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use crate::bed::{BOSS, TOKEN, story};

const OPERATORS: u32 = 500;

fn number(operator: u32) -> u32 {
    2_000 + operator
}

/// Operators by pairs: one calls, the other answers, holds, takes back, and the first ends it.
fn everybody_talks(isolation: &'static str) {
    let operators: Vec<String> = (0..OPERATORS).map(|one| format!("{{ id = \"{}\" }}", number(one))).collect();
    let phones = format!("queues = []\nscripts = []\noperators = [{}]\n", operators.join(", "));
    let mut callway = Sim::start("callway", &phones).unwrap();
    let (_, port) = callway.url().rsplit_once(':').unwrap();
    let mut config = format!(
        "[[connection]]\nid = \"cw\"\nplugin = \"callway\"\nisolation = \"{isolation}\"\n[connection.settings]\nhost = \
         \"127.0.0.1\"\nport = {port}\nlogin = \"integration\"\npassword = \"Secret1\"\nanswer_timeout = 120\n"
    );
    for one in 0..OPERATORS {
        config += &format!("[[line]]\nname = \"cw/{}\"\n", number(one));
    }
    config += &format!("[[user]]\nname = \"crm\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"cw/*\"]\n");
    config += &format!("[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n");
    let host = Setup::new(config, &["callway"]).start().unwrap();
    host.wait_metric(BOSS, &format!("cti_lines_up{{connection=\"cw\"}} {OPERATORS}")).unwrap();
    let mut client = host.client(TOKEN).unwrap();

    // Every second one is asked for by command, at once; the phones do the rest.
    let line = |one: u32| format!("cw/{}", number(one));
    for one in (0..OPERATORS).step_by(2) {
        callway
            .tell(&json!({"do": "call", "from": number(one).to_string(), "to": number(one + 1).to_string()}))
            .unwrap();
    }
    for deed in ["answer", "hold", "unhold", "hangup"] {
        for one in (1..OPERATORS).step_by(2) {
            callway.tell(&json!({"do": deed, "number": number(one).to_string()})).unwrap();
        }
    }
    let mut ends = 0;
    while ends < OPERATORS {
        client.event(|e| e["method"] == "callFinished").unwrap();
        ends += 1;
    }
    let mut by_line: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in &client.events {
        let Some(name) = event["params"]["line"].as_str() else { continue };
        by_line.entry(name.to_owned()).or_default().push(event.clone());
    }
    for one in 0..OPERATORS {
        let name = line(one);
        let mut told = story(&by_line[&name], &name);
        told.retain(|text| text.ends_with(')') && !text.starts_with("L(") && !text.starts_with("agent"));
        let wanted: &[&str] = if one % 2 == 1 {
            &["callStarted(A)", "commutationStarted(A)", "hold(A)", "unhold(A)", "callFinished(A,normalClearing)"]
        } else {
            &["callStarted(A)", "commutationStarted(A)", "callFinished(A,normalClearing)"]
        };
        assert_eq!(told, wanted, "{name}");
    }
    assert_eq!(callway.visits("integration").unwrap(), ["login"]);
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn five_hundred_operators_on_one_connection_isolated() {
    everybody_talks("process");
}

#[test]
fn five_hundred_operators_on_one_connection_in_the_host() {
    everybody_talks("host");
}
