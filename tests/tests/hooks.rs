//! Requests that a phone system makes to the host: who may, how much, and that the adapter gets them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;

use jackfield_tests::build::Version;
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use serde_json::Value;

const CRM: &str = "crm-token-01234567890";
const BOSS: &str = "boss-token-0123456789";
const SECRET: &str = "hook-secret-0123456789";
/// Where one is sent that is not known.
const NOWHERE: &str = "/hooks/none/x";

fn config(hooks: &str) -> String {
    format!(
        "[[connection]]\nid = \"fix\"\nplugin = \"fixture\"\n[connection.settings]\ngreeting = \
         \"hello\"\n[connection.hooks]\n{hooks}\n[[user]]\nname = \"crm\"\nrole = \"service\"\ntoken = \
         \"{CRM}\"\nlines = [\"fix/101\"]\n[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n"
    )
}

fn start(hooks: &str) -> Host {
    let mut setup = Setup::new(config(hooks), &[]);
    setup.plugins.push(("fixture", Version::Present));
    setup.env.push(("JACKFIELD_LOG".to_owned(), "debug".to_owned()));
    setup.env.push(("HOOK_SECRET".to_owned(), SECRET.to_owned()));
    setup.start().unwrap()
}

/// What the adapter says of the next request that it got.
fn got(client: &mut Client) -> String {
    let heard = client.event(|e| {
        e["method"] == "error" && e["params"]["data"]["message"].as_str().is_some_and(|text| text.contains(" from "))
    });
    heard.unwrap()["params"]["data"]["message"].as_str().unwrap().to_owned()
}

/// The answer to a request less what differs from time to time.
fn asked(host: &Host, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let answer = host.request(method, path, "", headers, body).unwrap();
    (answer.status, answer.body)
}

#[test]
fn a_phone_system_calls_and_the_adapter_hears_it() {
    let host = start("allow = [\"127.0.0.1\", \"10.0.0.0/8\"]\nsecret = { env = \"HOOK_SECRET\" }\nbody_kib = 1");
    let mut client = host.client(CRM).unwrap();
    let forwarded = [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")];
    let path = format!("/hooks/fix/{SECRET}");
    let answer =
        host.request("GET", &format!("{path}/user/OnStateChanged/?IDUser=5&x=%2f"), "", &forwarded, "").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        got(&mut client),
        "GET /user/OnStateChanged/?IDUser=5&x=%2f from 127.0.0.1, forwarded for 203.0.113.9: "
    );
    for (method, rest) in [("POST", ""), ("PUT", "/"), ("DELETE", "/%2e%2e/x"), ("PROPFIND", "/a//b")] {
        assert_eq!(asked(&host, method, &format!("{path}{rest}"), &[], "{\"a\":1}"), (200, "{}".to_owned()));
        assert_eq!(got(&mut client), format!("{method} {rest}? from 127.0.0.1, forwarded for -: {{\"a\":1}}"));
    }

    // A body has an end, whether it says its length or not.
    let long = "x".repeat(1_025);
    assert_eq!(asked(&host, "POST", &path, &[], &long).0, 413);
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n{long}\r\n").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 413");

    // Whoever is wrong in anything finds nothing, and the same nothing.
    let nothing = asked(&host, "POST", NOWHERE, &[], "{}");
    assert_eq!(nothing.0, 404);
    let other = "hook-secret-0123456780";
    for path in [
        "/hooks/fix".to_owned(),
        "/hooks/fix/".to_owned(),
        format!("/hooks/fix/{other}/x"),
        format!("/hooks/fix/{}", &SECRET[1..]),
        format!("/hooks/fix/{SECRET}x/x"),
        format!("/hooks/fix//{SECRET}/x"),
        format!("/hooks/FIX/{SECRET}/x"),
        format!("/hooks/{SECRET}"),
        "/hooks/".to_owned(),
        "/hooks".to_owned(),
    ] {
        assert_eq!(asked(&host, "POST", &path, &[], "{}"), nothing, "{path}");
    }
    for (result, count) in [("taken", 5), ("body", 2), ("secret", 6), ("address", 0), ("rate", 0)] {
        host.wait_metric(BOSS, &format!("cti_hooks_total{{connection=\"fix\",result=\"{result}\"}} {count}")).unwrap();
    }
    let page = host.metrics(BOSS).unwrap();
    for secret in [SECRET, other] {
        assert!(!host.log().contains(secret) && !page.contains(secret), "a secret is shown");
    }
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn who_calls_is_looked_at_before_what_is_said_and_a_reload_changes_it() {
    let host = start("allow = [\"203.0.113.9\"]\nsecret = { env = \"HOOK_SECRET\" }");
    let nothing = asked(&host, "POST", NOWHERE, &[], "{}");
    let path = format!("/hooks/fix/{SECRET}/x");
    assert_eq!(
        asked(&host, "POST", &path, &[("X-Forwarded-For", "203.0.113.9"), ("X-Real-IP", "203.0.113.9")], "{}"),
        nothing
    );
    // Of a body that never ends not a byte is waited for.
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 404");
    host.wait_metric(BOSS, "cti_hooks_total{connection=\"fix\",result=\"address\"} 2").unwrap();

    // Without a secret the address alone decides; and no more than so many.
    let mut client = host.client(CRM).unwrap();
    host.write_config(&config("allow = [\"127.0.0.0/8\", \"::1\"]\nrate = 1")).unwrap();
    let output = host.command(&["reload", "--json"]).unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["done"][0], "connection `fix`: who may call its hooks was changed", "{report}");
    assert_eq!(asked(&host, "POST", "/hooks/fix/x", &[], "").0, 200);
    assert_eq!(got(&mut client), "POST /x? from 127.0.0.1, forwarded for -: ");
    let mut refused = 0;
    // On a machine that stands still for a second between two of them none is refused; not all the time.
    for _ in 0..200 {
        refused += usize::from(asked(&host, "POST", "/hooks/fix/x", &[], "").0 == 429);
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0, "200 requests, and none was too many");
    // Hooks that are taken away are gone.
    host.write_config(&config("allow = [\"127.0.0.1\"]").replace("[connection.hooks]\nallow = [\"127.0.0.1\"]", ""))
        .unwrap();
    assert!(host.command(&["reload"]).unwrap().status.success());
    assert_eq!(asked(&host, "POST", "/hooks/fix/x", &[], "{}"), nothing);
}
