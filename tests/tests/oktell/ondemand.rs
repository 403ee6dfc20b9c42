//! Lines that are opened on demand: who logs in at the phone system, and when.

use std::time::Duration;

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use super::{BOSS, TOKEN, call_id};
use crate::server::OUTSIDE;

/// Lines 101 and 102 are opened on demand, 103 at once.
fn config(url: &str, isolation: &str, linger: &str) -> String {
    let mut config = format!(
        "[[connection]]\nid = \"okt\"\nplugin = \"oktell\"\nisolation = \"{isolation}\"\nopen = \"on-demand\"\nlinger = \
         \"{linger}\"\nbackoff = {{ first = \"100ms\", most = \"300ms\" }}\n[connection.settings]\nurl = \"{url}\"\n"
    );
    for (number, more) in [(1, ""), (2, ""), (3, "open = \"always\"\n")] {
        config += &format!(
            "[[line]]\nname = \"okt/10{number}\"\n{more}[line.settings]\nlogin = \"op{number}\"\npassword = \"Secret1\"\n"
        );
    }
    config += &format!("[[user]]\nname = \"crm\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"okt/*\"]\n");
    config + &format!("[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n")
}

/// A client of line 101 alone, and what `hello` said of it.
fn client(host: &Host, resume: Value) -> (Client, Value) {
    let mut client = Client::connect(host.url(), Some(TOKEN)).unwrap();
    let hello = client.call("hello", &json!({ "lines": ["okt/101"], "resume": resume })).unwrap();
    (client, hello["lines"][0].clone())
}

fn up(client: &mut Client) -> Value {
    client.event(|e| e["method"] == "lineStateChanged" && e["params"]["line"] == "okt/101").unwrap();
    client.look_again();
    client.named("initialized", "okt/101").unwrap()
}

fn first_to_last(isolation: &str) {
    let mut oktell = Sim::start("oktell", "").unwrap();
    let host = Setup::new(config(oktell.url(), isolation, "0s"), &["oktell"]).start().unwrap();
    oktell.wait_visits("op3", &["login"]).unwrap();
    host.wait_metric(BOSS, "cti_lines_up{connection=\"okt\"} 1").unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"okt\"} 2").unwrap();
    assert!(oktell.visits("op1").unwrap().is_empty());

    // The first client: the line begins.
    let (mut one, hello) = client(&host, json!([]));
    assert_eq!(
        (&hello["state"], &hello["epoch"], &hello["seq"], &hello["resumed"]),
        (&json!("notStarted"), &json!(0), &json!(0), &json!(false))
    );
    let begun = up(&mut one);
    assert_eq!((&begun["params"]["seq"], &begun["params"]["resent"]), (&json!(1), &Value::Null), "{begun}");
    oktell.wait_visits("op1", &["login"]).unwrap();

    // A call is up while everybody goes: the line stays, and who comes back finds it.
    oktell.tell(&json!({"do": "call", "from": OUTSIDE, "to": "101"})).unwrap();
    let call = call_id(&one.named("callStarted", "okt/101").unwrap());
    oktell.tell(&json!({"do": "answer", "number": "101"})).unwrap();
    let answered = one.named("commutationStarted", "okt/101").unwrap();
    drop(one);
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(oktell.visits("op1").unwrap(), ["login"]);
    let seen = json!([{ "line": "okt/101", "epoch": answered["params"]["epoch"], "seq": answered["params"]["seq"] }]);
    let (mut two, hello) = client(&host, seen.clone());
    assert_eq!((&hello["state"], &hello["resumed"]), (&json!("up"), &json!(true)));
    oktell.tell(&json!({"do": "hangup", "number": OUTSIDE})).unwrap();
    assert_eq!(call_id(&two.named("callFinished", "okt/101").unwrap()), call);

    // The last one goes.
    drop(two);
    oktell.wait_visits("op1", &["login", "logout"]).unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"okt\"} 2").unwrap();
    let status: Value = serde_json::from_slice(&host.command(&["status", "--json"]).unwrap().stdout).unwrap();
    let line = &status["connections"][0]["lines"][0];
    assert_eq!(
        (&line["line"], &line["state"], &line["open"], &line["waitsForClient"]),
        (&json!("okt/101"), &json!("notStarted"), &json!("on-demand"), &json!(true))
    );
    let shown = String::from_utf8(host.command(&["status"]).unwrap().stdout).unwrap();
    assert!(shown.contains("okt/101 notStarted (opened when a client asks)\n"), "{shown}");

    // Who comes after that begins anew, whatever was seen before.
    let (mut three, hello) = client(&host, seen);
    assert_eq!((&hello["state"], &hello["resumed"]), (&json!("notStarted"), &json!(false)));
    let again = up(&mut three);
    assert!(again["params"]["epoch"].as_u64() > begun["params"]["epoch"].as_u64(), "{again}");
    oktell.wait_visits("op1", &["login", "logout", "login"]).unwrap();
    assert_eq!((oktell.visits("op2").unwrap().len(), oktell.visits("op3").unwrap().len()), (0, 1));
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn a_user_is_logged_in_from_the_first_client_to_the_last_isolated() {
    first_to_last("process");
}

#[test]
fn a_user_is_logged_in_from_the_first_client_to_the_last_in_the_host() {
    first_to_last("host");
}

/// Everybody is logged out when the host stops or the connection is no more, whatever Oktell has to say meanwhile.
fn last_words(isolation: &str) {
    let mut oktell = Sim::start("oktell", "").unwrap();
    let with = config(oktell.url(), isolation, "1h");
    let (_, users) = with.split_once("[[user]]").unwrap();
    let without = format!("[[user]]{}", users.replace("lines = [\"okt/*\"]\n", "").replace("service", "admin"));
    let mut host = Setup::new(with.clone(), &["oktell"]).start().unwrap();
    let (mut one, _) = client(&host, json!([]));
    up(&mut one);
    oktell.wait_visits("op3", &["login"]).unwrap();
    oktell.tell(&json!({"do": "call", "from": OUTSIDE, "to": "101"})).unwrap();
    one.named("callStarted", "okt/101").unwrap();
    host.write_config(&without).unwrap();
    assert!(host.command(&["reload"]).unwrap().status.success(), "{}", host.log());
    for user in ["op1", "op3"] {
        oktell.wait_visits(user, &["login", "logout"]).unwrap();
    }
    host.write_config(&with).unwrap();
    assert!(host.command(&["reload"]).unwrap().status.success(), "{}", host.log());
    oktell.wait_visits("op3", &["login", "logout", "login"]).unwrap();
    host.stop().unwrap();
    oktell.wait_visits("op3", &["login", "logout", "login", "logout"]).unwrap();
}

#[test]
fn everybody_is_logged_out_at_last_isolated() {
    last_words("process");
}

#[test]
fn everybody_is_logged_out_at_last_in_the_host() {
    last_words("host");
}

#[test]
fn who_comes_back_in_time_is_not_logged_out_and_a_reload_changes_when() {
    let mut oktell = Sim::start("oktell", "").unwrap();
    let url = oktell.url().to_owned();
    let host = Setup::new(config(&url, "process", "1h"), &["oktell"]).start().unwrap();
    let (mut one, _) = client(&host, json!([]));
    up(&mut one);
    one.call("unsubscribe", &json!({ "lines": ["okt/101"] })).unwrap();
    one.call("subscribe", &json!({ "lines": ["okt/101"] })).unwrap();
    drop(one);
    let (two, hello) = client(&host, json!([]));
    assert_eq!(hello["state"], "up");
    assert_eq!(oktell.visits("op1").unwrap(), ["login"]);

    // From now on nobody is waited for; line 102 is always open.
    let reload = |config: &str| {
        host.write_config(config).unwrap();
        let output = host.command(&["reload", "--json"]).unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["done"].clone()
    };
    let always = config(&url, "process", "0s").replace("\"okt/102\"\n", "\"okt/102\"\nopen = \"always\"\n");
    assert_eq!(
        reload(&always),
        json!([
            "connection `okt`: how long its lines wait for clients was changed",
            "connection `okt`: line okt/102: it is always open from now on",
        ])
    );
    oktell.wait_visits("op2", &["login"]).unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"okt\"} 0").unwrap();
    drop(two);
    oktell.wait_visits("op1", &["login", "logout"]).unwrap();

    // And on demand again, where nobody is: line 102 has no client, line 103 has one.
    let mut three = Client::connect(host.url(), Some(TOKEN)).unwrap();
    three.call("hello", &json!({ "lines": ["okt/103"] })).unwrap();
    let demand = config(&url, "process", "0s").replace("open = \"always\"\n", "");
    assert_eq!(
        reload(&demand),
        json!([
            "connection `okt`: line okt/102: it is opened on demand from now on",
            "connection `okt`: line okt/103: it is opened on demand from now on",
        ])
    );
    oktell.wait_visits("op2", &["login", "logout"]).unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"okt\"} 2").unwrap();
    assert_eq!(oktell.visits("op3").unwrap(), ["login"]);
    // A line that nobody has opened takes no commands, and says what to do.
    let refused = three.call("makeCall", &json!({ "line": "okt/101", "to": "102" })).unwrap_err();
    assert!(refused.contains("subscribe") && refused.contains("connectionFailed"), "{refused}");
    // Other settings of a line that is closed are for the next time.
    assert_eq!(
        reload(&demand.replace("login = \"op2\"", "login = \"op4\"")),
        json!(["connection `okt`: line okt/102: its settings were changed"])
    );
    three.call("subscribe", &json!({ "lines": ["okt/102"] })).unwrap();
    three.named("initialized", "okt/102").unwrap();
    oktell.wait_visits("op4", &["login"]).unwrap();
    // The last line's end is no fault of the connection.
    drop(three);
    oktell.wait_visits("op3", &["login", "logout"]).unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"okt\"} 3").unwrap();
    host.wait_metric(BOSS, "cti_connection_up{connection=\"okt\"} 1").unwrap();
    let (mut four, hello) = client(&host, json!([]));
    assert_eq!((&hello["state"], &hello["lastError"]), (&json!("notStarted"), &Value::Null));
    up(&mut four);
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn a_login_that_is_refused_is_told_to_who_asked_and_tried_again() {
    let mut oktell = Sim::start("oktell", "").unwrap();
    oktell.tell(&json!({"do": "desktop", "number": "101", "on": true})).unwrap();
    let host = Setup::new(config(oktell.url(), "process", "0s"), &["oktell"]).start().unwrap();
    let (mut one, _) = client(&host, json!([]));
    let error = one.event(|e| e["method"] == "error").unwrap();
    assert_eq!(error["params"]["data"]["code"], "deviceClaimed", "{error}");
    oktell.tell(&json!({"do": "desktop", "number": "101", "on": false})).unwrap();
    up(&mut one);
    drop(one);
    oktell.wait_for(&json!({"do": "visits"}), |a| a.to_string().contains("\"logout\"")).unwrap();
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}
