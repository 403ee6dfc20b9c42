//! Getting in: a code is good once and soon, a token ends, and nobody guesses.

use jackfield_tests::client::Client;

use super::*;

#[test]
fn a_code_gives_a_token_once_and_the_token_is_as_good_as_the_users_own() {
    let host = host();
    let code = code(&host, "alice");
    let got = post(&host, "/api/v1/login", "", &json!({ "code": code }));
    assert_eq!((got.status, got.header("cache-control")), (200, Some("no-store")), "{}", got.body);
    let got = got.json();
    assert_eq!(
        (&got["user"], &got["lines"]),
        (&json!({"name":"alice","role":"agent"}), &json!(["sim/101", "sim/102"]))
    );
    assert!((3_590..=3_600).contains(&got["expiresIn"].as_u64().unwrap()), "{got}");
    let again = post(&host, "/api/v1/login", "", &json!({ "code": code }));
    assert_eq!((again.status, again.header("content-type")), (401, Some("application/problem+json")));
    let token = got["token"].as_str().unwrap();
    let protocols = format!("jackfield.v1, bearer.{token}");
    let mut client = Client::with_headers(host.url(), &[("sec-websocket-protocol", &protocols)]).unwrap();
    let hello = client.call("hello", &json!({})).unwrap();
    assert_eq!((&hello["user"]["name"], hello["lines"].as_array().unwrap().len()), (&json!("alice"), 2));
    assert_eq!(host.get("/metrics", token).unwrap().status, 403, "an agent is an agent");
    let log = host.log();
    assert!(log.contains("logged in") && !log.contains(&code) && !log.contains(token), "{log}");
}

#[test]
fn a_configured_token_is_exchanged_too_and_a_login_does_not_renew_itself_for_ever() {
    let host = host();
    let got = post(&host, "/api/v1/login", "", &json!({ "token": ALICE })).json();
    let token = got["token"].as_str().unwrap();
    assert_eq!(post(&host, "/api/v1/login", "", &json!({ "token": token })).status, 401, "it would begin a new login");
    let renewed = post(&host, "/api/v1/token", token, &json!({}));
    assert_eq!(renewed.status, 200);
    let renewed = renewed.json();
    assert_eq!(renewed["loginEndsAt"], got["loginEndsAt"]);
    let mut client = host.client(token).unwrap();
    client.call("authenticate", &json!({ "token": renewed["token"] })).unwrap();
    assert_eq!(post(&host, "/api/v1/token", ALICE, &json!({})).status, 400, "it has no end");
    assert_eq!(post(&host, "/api/v1/token", "", &json!({})).status, 401);
    let boss = log_in(&host, "boss");
    let other = client.call("authenticate", &json!({ "token": boss["token"] })).unwrap_err();
    assert!(other.contains("another user"), "{other}");
}

#[test]
fn who_logs_out_is_out_with_every_socket_and_others_are_not() {
    let host = host();
    let (one, two) = (log_in(&host, "alice"), log_in(&host, "alice"));
    let (one, two) = (one["token"].as_str().unwrap(), two["token"].as_str().unwrap());
    let renewed = post(&host, "/api/v1/token", one, &json!({})).json();
    let mut socket = host.client(one).unwrap();
    let (mut other, mut configured) = (host.client(two).unwrap(), host.client(ALICE).unwrap());
    assert_eq!(host.request("DELETE", "/api/v1/token", one, &[], "").unwrap().status, 204);
    assert_eq!(socket.until_closed().unwrap().0, 4401);
    for token in [one, renewed["token"].as_str().unwrap()] {
        assert_eq!(post(&host, "/api/v1/token", token, &json!({})).status, 401);
        assert!(host.client(token).unwrap_err().contains("authenticationFailed"));
    }
    for client in [&mut other, &mut configured] {
        client.call("getCapabilities", &json!({ "line": "sim/101" })).unwrap();
    }
}

#[test]
fn a_login_outlives_a_restart_of_the_host_and_not_a_change_of_the_users_token() {
    let mut host = host();
    let token = log_in(&host, "alice")["token"].as_str().unwrap().to_owned();
    host.stop().unwrap();
    host.start_again().unwrap();
    let mut client = host.client(&token).unwrap();
    host.write_config(&config().replace(ALICE, "alice-token-that-is-another")).unwrap();
    assert!(host.command(&["reload"]).unwrap().status.success());
    assert_eq!(client.until_closed().unwrap().0, 4401);
    assert!(host.client(&token).unwrap_err().contains("authenticationFailed"));
}

#[test]
fn who_guesses_is_made_to_wait_and_what_is_no_login_is_told_so() {
    let host = host();
    let wrong = |body: &str| host.request("POST", "/api/v1/login", "", &[JSON], body).unwrap();
    for body in ["", "[]", "{}", "{\"code\":1}", "{\"code\":\"a\",\"token\":\"b\"}", "{\"secret\":\"b\"}", "\u{1}"] {
        assert_eq!(wrong(body).status, 400, "{body}");
    }
    assert!(!wrong("{\"code\":[\"very-secret\"]}").body.contains("very-secret"));
    assert_eq!(wrong(&format!("{{\"code\":\"{}\"}}", "x".repeat(5_000))).status, 413);
    assert_eq!(host.request("POST", "/api/v1/login", "", &[], "{\"code\":\"x\"}").unwrap().status, 415);
    let mut refused = 0;
    let last = loop {
        let answer = wrong(&json!({ "code": format!("guess-{refused}") }).to_string());
        match answer.status {
            401 => refused += 1,
            _ => break answer,
        }
        assert!(refused < 30, "nobody stops it");
    };
    assert_eq!(last.status, 429);
    assert!(refused >= 10, "{refused}");
    assert!((1..=7).contains(&last.header("retry-after").unwrap().parse::<u64>().unwrap()));
    let right = post(&host, "/api/v1/login", "", &json!({ "token": ALICE }));
    assert!([200, 429].contains(&right.status), "a moment later one more may try: {}", right.status);
    host.wait_log("too many wrong ones").unwrap();
    assert!(host.client(ALICE).is_ok(), "a token needs no login");
}

#[test]
fn an_address_is_made_for_users_that_there_are() {
    let host = host();
    let nobody = host.command(&["login", "nobody"]).unwrap();
    let error = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert!(!nobody.status.success() && error.contains("there are: admin, alice, boss"), "{error}");
    let output = host.command(&["login", "admin", "--at", "https://cti.example/"]).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("https://cti.example/#login=") && text.contains("https://cti.example/admin/#login="),
        "{text}"
    );
    let agent = String::from_utf8(host.command(&["login", "alice"]).unwrap().stdout).unwrap();
    assert!(!agent.contains("/admin/"), "{agent}");
    assert_eq!(host.command(&["login", "alice", "--at", "cti.example"]).unwrap().status.code(), Some(2));
}

/// Whoever sends a body byte by byte is let go; else a few thousand of them would be all that there is room for.
#[test]
fn a_body_that_does_not_come_ends_the_request() {
    use std::io::{Read, Write};
    let host = host();
    let mut stream = std::net::TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(jackfield_tests::host::PATIENCE)).unwrap();
    let head =
        "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let mut drips = stream.try_clone().unwrap();
    let dripping = std::thread::spawn(move || {
        // A byte now and then, until nobody takes it any more.
        while drips.write_all(b" ").is_ok() {
            std::thread::sleep(std::time::Duration::from_secs(2));
        }
    });
    let mut answer = [0; 1024];
    let count = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("did not come within"), "{answer}");
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "and the connection is closed");
    dripping.join().unwrap();
}
