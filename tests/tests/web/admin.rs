//! What administrators see and do; and that nobody else does.

use std::time::Instant;

use jackfield_tests::host::PATIENCE;

use super::*;

fn connection(host: &Host) -> Value {
    let answer = host.get("/api/v1/connections/sim", ADMIN).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Asks until it is so.
fn until(what: &str, ask: impl Fn() -> Value, is_so: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let now = ask();
        if is_so(&now) {
            return now;
        }
        assert!(Instant::now() < end, "{what}: {now}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn it_is_for_administrators() {
    let host = host();
    let all = [
        ("GET", "/api/v1/plugins"),
        ("GET", "/api/v1/connections"),
        ("GET", "/api/v1/connections/sim"),
        ("POST", "/api/v1/connections/sim/restart"),
        ("POST", "/api/v1/connections/sim/pause"),
        ("POST", "/api/v1/connections/sim/resume"),
        ("POST", "/api/v1/connections/sim/swap"),
        ("GET", "/api/v1/sessions"),
        ("GET", "/api/v1/numbers"),
        ("GET", "/api/v1/log-levels"),
        ("PUT", "/api/v1/log-levels"),
    ];
    let document = host.get("/api/openapi.json", "").unwrap().json();
    for (method, path) in all {
        let described = &document["paths"][path.replace("/sim", "/{connectionId}")][method.to_lowercase()];
        assert!(described["responses"]["403"].is_object(), "{method} {path}");
        for (token, status) in [("", 401), ("wrong-token-0123456789", 401), (ALICE, 403), (BOSS, 403)] {
            let answer = host.request(method, path, token, &[JSON], "{}").unwrap();
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
    }
    until("no deed was done", || connection(&host), |now| now["state"] == "up");
    assert!(!host.log().contains("by an administrator"));
    assert_eq!(host.get("/api/v1/connections/none", ADMIN).unwrap().status, 404);
    assert_eq!(post(&host, "/api/v1/connections/none/restart", ADMIN, &json!({})).status, 404);
}

#[test]
fn a_connection_is_paused_resumed_and_started_again() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let up = until("up", || connection(&host), |now| now["state"] == "up");
    let told = host.get("/api/v1/connections/sim", ADMIN).unwrap();
    assert_eq!(told.header("cache-control"), Some("no-store"));
    assert_eq!((&up["plugin"], &up["adapter"]["running"]), (&json!("simulator"), &json!(true)));
    assert_eq!(up["lines"].as_array().unwrap().len(), 2);
    assert!(up["since"].is_string() && up["adapter"]["version"].is_string(), "{up}");
    if up["adapter"]["isolation"] == "process" && cfg!(target_os = "linux") {
        assert!(up["adapter"]["memoryBytes"].as_u64().is_some_and(|bytes| bytes > 1024 * 1024), "{up}");
    }
    let paused = post(&host, "/api/v1/connections/sim/pause", ADMIN, &json!({})).json();
    assert_eq!((&paused["state"], &paused["adapter"]["running"]), (&json!("paused"), &json!(false)));
    assert!(paused["lastError"]["text"].as_str().unwrap().contains("paused by an administrator"), "{paused}");
    alice.named("disconnected", "sim/101").unwrap();
    // Neither a reload nor another look at the folder ends it.
    host.write_config(&config().replace("seed = 1", "seed = 2")).unwrap();
    assert!(host.command(&["reload"]).unwrap().status.success());
    assert_eq!(connection(&host)["state"], "paused");
    let status = String::from_utf8(host.command(&["status"]).unwrap().stdout).unwrap();
    assert!(status.contains("sim: paused"), "{status}");
    assert_eq!(post(&host, "/api/v1/connections/sim/pause", ADMIN, &json!({})).status, 200, "twice is once");
    assert_eq!(post(&host, "/api/v1/connections/sim/resume", ADMIN, &json!({})).status, 200);
    until("it goes on", || connection(&host), |now| now["state"] == "up");
    alice.named("initialized", "sim/101").unwrap();
    let before = connection(&host);
    assert_eq!(post(&host, "/api/v1/connections/sim/restart", ADMIN, &json!({})).status, 200);
    alice.named("initialized", "sim/101").unwrap();
    let after = until("up again", || connection(&host), |now| now["state"] == "up");
    assert_ne!(before["lines"][0]["epoch"], after["lines"][0]["epoch"]);
    host.wait_log_of(|line| line.contains("audit") && line.contains("restart") && line.contains("admin")).unwrap();
}

#[test]
fn an_adapter_is_swapped_in_the_middle_of_a_call() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let ring = json!({ "line": "sim/101", "name": "ring", "params": { "from": "+380441234567" } });
    alice.call("librarySpecificService", &ring).unwrap();
    let call = alice.named("callStarted", "sim/101").unwrap()["params"]["data"]["call"]["callId"].clone();
    let before = connection(&host);
    let told = post(&host, "/api/v1/connections/sim/swap", ADMIN, &json!({}));
    assert_eq!((told.status, &told.json()["outcome"]), (200, &json!("swapped")), "{}", told.body);
    let after = connection(&host);
    assert_eq!(after["lastSwap"]["outcome"], "swapped");
    assert_eq!(before["lines"][0]["epoch"], after["lines"][0]["epoch"], "no client has noticed");
    alice.call("answerCall", &json!({ "line": "sim/101", "callId": call })).unwrap();
    alice.named("commutationStarted", "sim/101").unwrap();
    let none = post(&host, "/api/v1/connections/sim/swap", ADMIN, &json!({ "version": "9.9.9" }));
    assert_eq!((none.status, none.header("content-type")), (409, Some("application/problem+json")), "{}", none.body);
    assert_eq!(post(&host, "/api/v1/connections/sim/swap", ADMIN, &json!({ "versoin": "1" })).status, 400);
    post(&host, "/api/v1/connections/sim/pause", ADMIN, &json!({}));
    assert_eq!(post(&host, "/api/v1/connections/sim/swap", ADMIN, &json!({})).status, 409, "it is paused");
}

#[test]
fn the_folder_is_told_with_what_is_refused() {
    let mut setup = Setup::new(config(), &["simulator"]);
    setup.files.push((format!("broken{}", std::env::consts::DLL_SUFFIX), b"no library".to_vec()));
    let host = setup.start().unwrap();
    let told = host.get("/api/v1/plugins", ADMIN).unwrap().json();
    let of = |state: &str| told["plugins"].as_array().unwrap().iter().find(|p| p["state"] == state).unwrap().clone();
    let (loaded, refused) = (of("loaded"), of("refused"));
    assert_eq!(loaded["library"]["name"], "simulator");
    assert_eq!(loaded["library"]["sha256"].as_str().unwrap().len(), 64);
    assert!(refused["why"].as_str().unwrap().contains("no complete shared library"), "{refused}");
    assert_eq!((&refused["library"], &told["trouble"]), (&Value::Null, &Value::Null));
}

#[test]
fn who_is_here_is_told_while_they_are() {
    let host = host();
    let list = |query: &str| host.get(&format!("/api/v1/sessions{query}"), ADMIN).unwrap().json();
    assert_eq!((&list("")["total"], list("")["sessions"].as_array().unwrap().len()), (&json!(0), 0));
    let (alice, mut admin) = (host.client(ALICE).unwrap(), host.client(ADMIN).unwrap());
    admin.call("subscribeRaw", &json!({})).unwrap();
    let told = until("both are here", || list(""), |told| told["total"] == 2);
    let of = |user: &str| told["sessions"].as_array().unwrap().iter().find(|s| s["user"] == user).unwrap().clone();
    let hers = of("alice");
    assert_eq!(
        (&hers["role"], &hers["lines"], &hers["raw"]),
        (&json!("agent"), &json!(["sim/101", "sim/102"]), &json!(false))
    );
    assert!(hers["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{hers}");
    assert_eq!((&of("admin")["raw"], &list("?limit=1")["total"]), (&json!(true), &json!(2)));
    assert_eq!(list("?user=alice")["sessions"].as_array().unwrap().len(), 1);
    for wrong in ["?limit=0", "?limit=1001", "?limit=x", "?who=alice"] {
        assert_eq!(host.get(&format!("/api/v1/sessions{wrong}"), ADMIN).unwrap().status, 400, "{wrong}");
    }
    drop(alice);
    until("she is gone", || list("?user=alice"), |told| told["total"] == 0);
}

#[test]
fn numbers_and_levels_of_the_log() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let ring = json!({ "line": "sim/101", "name": "ring", "params": { "from": "+380441234567" } });
    alice.call("librarySpecificService", &ring).unwrap();
    alice.named("callStarted", "sim/101").unwrap();
    let numbers = || host.get("/api/v1/numbers", ADMIN).unwrap().json();
    let told = until("counted", numbers, |n| n["connections"][0]["calls"] == 1);
    let sim = &told["connections"][0];
    assert_eq!((&sim["connection"], &sim["calls"], &sim["linesUp"]), (&json!("sim"), &json!(1), &json!(2)));
    // The simulator has no bytes whose way could be measured.
    assert_eq!((&told["latency"]["count"], &told["latency"]["p99"]), (&json!(0), &Value::Null));
    assert!(sim["events"].as_u64() > Some(3) && told["memoryBytes"].as_u64() > Some(1_000_000), "{told}");
    assert_eq!((&told["store"], &told["sessions"]), (&Value::Null, &json!(1)));
    let put = |body: &Value| host.request("PUT", "/api/v1/log-levels", ADMIN, &[JSON], &body.to_string()).unwrap();
    let set = put(&json!({ "connection": "sim", "level": "debug" }));
    assert_eq!((set.status, &set.json()["connections"]), (200, &json!({ "sim": "debug" })), "{}", set.body);
    for wrong in [json!({ "level": "loud" }), json!({ "connection": "none", "level": "debug" }), json!({ "levels": 1 })]
    {
        assert_eq!(put(&wrong).status, 400, "{wrong}");
    }
    put(&json!({ "level": null }));
    let levels = host.get("/api/v1/log-levels", ADMIN).unwrap().json();
    assert_eq!((&levels["host"], &levels["connections"]), (&Value::Null, &json!({})));
}
