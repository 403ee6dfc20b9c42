//! What an adapter with 500 lines costs: calls that come, are answered and end on all of them, event by event, each
//! with the looks that it leads to.
//!
//! `cargo bench -p jackfield-plugin-oktell --bench looks` prints the adapter's own time for an event, with all that
//! follows from it (the look, its answer, the facts), the best of all rounds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark")]

use std::cell::Cell;
use std::time::{Duration, Instant};

use jackfield_plugin_api::testing::{Driver, Output};
use jackfield_plugin_api::{Adapter, ConfigError, Fact, Host, Input, Manifest};
use jackfield_plugin_oktell::{Config, LineConfig, Oktell};
use serde_json::{Value, json};

const LINES: u32 = 500;

thread_local! {
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The adapter, with a look at the clock before and after each input.
struct Metered(Oktell);

impl Adapter for Metered {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        Oktell::manifest()
    }

    fn new(config: Config, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        Oktell::new(config, host).map(Self)
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        let begin = Instant::now();
        self.0.handle(input, host);
        SPENT.set(SPENT.get() + begin.elapsed());
    }
}

/// The events of a call, the user's state, and what the line is then.
fn course() -> [(&'static str, i64, Value); 5] {
    let zero = "00000000-0000-0000-0000-000000000000";
    let party = json!({"number": "79990000001", "callerid": "79990000001", "isextline": true, "extline": "00901"});
    let with = |state: &str, flag: &str| {
        let mut party = party.clone();
        party[flag] = json!(true);
        json!({"linestatestr": state, "chainid": "11111111-aaaa-4aaa-8aaa-000000000001", "abonent": party,
            "isflashing": false, "timertalklensec": 0})
    };
    let idle = json!({"linestatestr": "lsHookDown", "chainid": zero, "abonent": {}, "isflashing": false});
    [
        ("phoneevent_ringstarted", 1, with("lsRinging", "isringing")),
        ("userstatechanged", 5, with("lsRinging", "isringing")),
        ("phoneevent_commstarted", 5, with("lsCommutated", "iscommutated")),
        ("phoneevent_commstopped", 5, idle.clone()),
        ("userstatechanged", 1, idle),
    ]
}

/// Answers everything that was asked. How many looks that were, and how many facts of calls came.
fn serve(driver: &mut Driver<Metered>, info: &Value, user: i64) -> (u32, u32) {
    let (mut looks, mut facts) = (0, 0);
    let mut replies = Vec::new();
    for output in driver.outputs() {
        match output {
            Output::SendText { transport, text } => {
                let message: Value = serde_json::from_str(text).unwrap();
                let name = message[0].as_str().unwrap();
                looks += u32::from(name == "getextendedlineinfo");
                let mut reply = match name {
                    "getextendedlineinfo" => info.clone(),
                    "getuserstate" => json!({"userstateid": user, "oncallcenter": true}),
                    "getversion" => json!({"version": {"dated": 150_501, "build": "2.12"}}),
                    _ => json!({}),
                };
                reply["result"] = json!(1);
                reply["qid"] = message[1]["qid"].clone();
                replies.push((transport.0, json!([format!("{name}result"), reply]).to_string()));
            }
            Output::Fact(Fact::Call(_)) => facts += 1,
            _ => {}
        }
    }
    for (transport, reply) in replies {
        driver.text(transport, &reply).unwrap();
        let more = serve(driver, info, user);
        looks += more.0;
        facts += more.1;
    }
    (looks, facts)
}

fn main() {
    let mut driver = Driver::<Metered>::new(&json!({"url": "ws://oktell.example:4066"})).unwrap();
    driver.started().unwrap();
    let course = course();
    for line in 0..LINES {
        let settings = json!({"login": format!("op{line}"), "password": "Secret1"});
        driver.line(&format!("{line}"), &settings).unwrap();
        driver.opened(line).unwrap();
        serve(&mut driver, &course[4].2, 1);
    }
    let mut best = Duration::MAX;
    let (mut looks, mut facts, events) = (0, 0, LINES * u32::try_from(course.len()).unwrap());
    for _ in 0..20 {
        SPENT.set(Duration::ZERO);
        (looks, facts) = (0, 0);
        for (event, user, info) in &course {
            for line in 0..LINES {
                let text = json!([event, {"qid": "e", "userlogin": format!("op{line}"), "userstateid": user}]);
                driver.text(line, &text.to_string()).unwrap();
                let came = serve(&mut driver, info, *user);
                looks += came.0;
                facts += came.1;
            }
        }
        best = best.min(SPENT.get());
        // What is still to be looked at once more is not counted here: it comes with time.
        driver.advance(Duration::from_secs(1)).unwrap();
        serve(&mut driver, &course[4].2, 1);
    }
    let each = best.as_secs_f64() * 1e6 / f64::from(events);
    println!("{LINES} lines, {events} events, {looks} looks, {facts} facts of calls: {each:.1} µs of the adapter each");
}
