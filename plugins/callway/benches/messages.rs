//! What a message of CallWay costs: bytes in, facts written for the host.
//!
//! `cargo bench -p jackfield-plugin-callway --bench messages`; CPU time of this thread, best of five.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for people at a terminal")]

use jackfield_plugin_api::serde_json::json;
use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_callway::Callway;
use rustix::time::{ClockId, clock_gettime};

const OPERATORS: u32 = 500;
const CALLS: u32 = 20_000;

/// Five messages for each call, of operators in turn.
fn stream() -> (Vec<u8>, u64) {
    let mut said = String::new();
    for call in 0..CALLS {
        let (operator, unique) = (1_000 + call % OPERATORS, format!("1380000000.{call}"));
        said += &format!(
            "Message: NewCall\r\nOperatorId: {operator}\r\nNumber: +38044{call:07}\r\nDirection: Incoming\r\nQueueId: 7\r\n\
             UniqueId: {unique}\r\n\r\n"
        );
        for state in ["Bridge", "Hold", "Unhold", "Hangup"] {
            said += &format!(
                "Message: CallStateChanged\r\nOperatorId: {operator}\r\nUniqueId: {unique}\r\nState: {state}\r\n\r\n"
            );
        }
    }
    (said.into_bytes(), u64::from(CALLS) * 5)
}

/// CPU time of this thread, in seconds.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn main() {
    let (said, messages) = stream();
    let mut best = f64::MAX;
    for _ in 0..5 {
        let mut driver =
            Driver::<Callway>::new(&json!({"host": "cw.example", "login": "cti", "password": "x"})).unwrap();
        driver.started().unwrap();
        for operator in 0..OPERATORS {
            driver.line(&(1_000 + operator).to_string(), &json!({})).unwrap();
        }
        driver.opened(0).unwrap();
        driver.received(0, "Message: AuthorizationResponse\r\nAuthorizationResult: Success\r\n\r\n").unwrap();
        let begin = cpu();
        for piece in said.chunks(2_048) {
            driver.received(0, piece).unwrap();
        }
        best = best.min(cpu() - begin);
    }
    println!("{messages} messages, {OPERATORS} operators: {:.0} messages a CPU second", messages as f64 / best);
}
