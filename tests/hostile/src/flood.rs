//! Too much of everything that an adapter may give, and things of others.

use std::io::Write;
use std::time::Duration;

use jackfield_plugin_api::{
    CallFact, CallState, CommandError, CommandId, Direction, ErrorCode, ErrorFact, Host, HttpRequest, LineId, LogLevel,
    Party, Raw, RawDirection, Reply, RequestId, Severity, TimerId, TransportId, TransportSpec,
};

use crate::deeds::Surroundings;

const MILLION: u32 = 1_000_000;
/// What is written where 100 MB are to be written.
const HUNDRED_MB: usize = 100_000_000;
/// The first transport that is not the phone system's.
pub(crate) const NOBODYS: u32 = 1_000;
/// How many transports are opened.
const OPENS: u32 = 1_000;

/// Does a deed of this room.
pub(crate) fn deed(name: &str, around: &Surroundings, host: &mut Host<'_>) -> Option<String> {
    match name {
        "million-outputs" => (0..MILLION).for_each(|i| host.cancel_timer(TimerId(i))),
        "many-calls" => (0..MILLION / 5 * 2).for_each(|i| host.report(call(i))),
        // Within what one input may give, again and again.
        "thousand-calls" => (0..1_000).for_each(|_| {
            let key = u32::try_from(host.random() >> 32).unwrap_or(0);
            host.report(call(key));
        }),
        "calls-of-others" => (1..1_000).chain([u32::MAX]).for_each(|line| {
            host.report(CallFact::new(LineId(line), "not-mine", CallState::Alerting).direction(Direction::In));
        }),
        "long-texts" => long_texts(host),
        "output-of-100-mb" => host.log(LogLevel::Info, "x".repeat(HUNDRED_MB)),
        "send-100-mb" => host.send(TransportId(0), vec![b'x'; HUNDRED_MB]),
        "log-flood" => (0..10_000).for_each(|i| host.log(LogLevel::Error, format!("{i} {}", "flood ".repeat(30)))),
        "raw-flood" => (0..10_000).for_each(|i| {
            host.raw(&Raw::new(RawDirection::In, "text", format!("{i}"), "flood ".repeat(30)));
        }),
        "timers" => (0..100_000).for_each(|i| host.set_timer(TimerId(i + 1), Duration::from_micros(u64::from(i)))),
        "requests" => (0..1_000).for_each(|i| {
            let url = format!("http://{}:{}/", around.host, around.port);
            host.http(RequestId(i), &HttpRequest::new("GET", url));
        }),
        "replies-never-asked" => replies(host),
        "transports-of-nobody" => transports_of_nobody(host),
        "thousand-opens" => (0..OPENS).for_each(|i| {
            host.open(TransportId(NOBODYS + i), &TransportSpec::tcp(around.host.as_str(), around.port));
        }),
        "thousand-closes" => (0..OPENS).for_each(|i| host.close(TransportId(NOBODYS + i))),
        "post-flood" => return Some(post_flood(host)),
        _ => return None,
    }
    Some("done".to_owned())
}

fn call(key: u32) -> CallFact {
    CallFact::new(LineId(0), format!("flood-{key}"), CallState::Alerting)
        .direction(Direction::In)
        .caller(Party::new("666"))
}

/// A megabyte where a name should be.
fn long_texts(host: &mut Host<'_>) {
    let long = "\u{202e}x\0".repeat(200_000);
    host.report(call(1).native_id(long.as_str()).caller(Party::new(long.as_str()).name(long.as_str())));
    host.report(CallFact::new(LineId(0), long.as_str(), CallState::Alerting).direction(Direction::In));
    host.report(ErrorFact::new(ErrorCode::General, Severity::Warning, long.as_str()));
}

fn replies(host: &mut Host<'_>) {
    for id in (0..10_000).chain([u64::MAX]) {
        host.reply(CommandId(id), Reply::call(format!("never-{id}")));
        host.refuse(CommandId(id), CommandError::new(ErrorCode::General, "nobody asked"));
    }
}

fn transports_of_nobody(host: &mut Host<'_>) {
    for id in (NOBODYS..NOBODYS + 1_000).chain([1 << 31, u32::MAX]) {
        host.send(TransportId(id), b"hello?");
        host.send_text(TransportId(id), "hello?");
        host.send_binary(TransportId(id), b"hello?");
        host.reconnect(TransportId(id), "nobody's");
        host.close(TransportId(id));
    }
}

/// Posts from a thread for as long as there is an adapter.
fn post_flood(host: &Host<'_>) -> String {
    let Some(poster) = host.poster() else { return "no poster".to_owned() };
    let posting = move || {
        let mut refused = 0_u32;
        // `false` is "the adapter is gone", too; it is taken for that when it lasts.
        while refused < 100_000 {
            refused = if poster.post(&[0x55; 4_096]) { 0 } else { refused + 1 };
        }
    };
    match std::thread::Builder::new().spawn(posting) {
        Ok(_) => "it posts".to_owned(),
        Err(error) => format!("no thread: {error}"),
    }
}

/// 100 MB to each of standard output and standard error.
pub(crate) fn standard_streams() -> String {
    let chunk = [b"flood ".repeat(100), b"\n".to_vec()].concat();
    let flood = |stream: &mut dyn Write| {
        let mut written = 0;
        while written < HUNDRED_MB {
            match stream.write(&chunk) {
                Ok(0) | Err(_) => break,
                Ok(count) => written += count,
            }
        }
        written
    };
    format!("stdout={} stderr={}", flood(&mut std::io::stdout()), flood(&mut std::io::stderr()))
}

/// Where what a library prints goes.
pub(crate) fn print(secret: &str) -> String {
    let text = format!("the password is {secret}\n");
    let printed = [
        std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()),
        std::io::stderr().write_all(text.as_bytes()),
    ];
    if printed.iter().all(Result::is_ok) { "printed".to_owned() } else { format!("{printed:?}") }
}
