//! Texts: their length and their form.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value as Json;

use super::{Here, Judge, Misfit, describe, misfit};
use crate::config::finding::Finding;
use crate::config::source::At;
use crate::config::{duration, network, words};

/// The form of an address with its port, in this host's own schema.
pub(in crate::config) const ADDRESS: &str = "jackfield-address";
/// The form of an address or a network, in this host's own schema.
pub(in crate::config) const NETWORK: &str = "jackfield-network";
/// The form of a duration, in this host's own schema. (`duration` is another one: ISO 8601.)
pub(in crate::config) const DURATION: &str = "jackfield-duration";

impl Judge<'_> {
    pub(super) fn text(&self, schema: &Json, text: &str, here: &Here, out: &mut Vec<Misfit>) {
        // A secret that could not be looked up is told where that was tried.
        let length = text.chars().count();
        let too_short = size(schema, "minLength").is_some_and(|least| length < least);
        let too_long = size(schema, "maxLength").is_some_and(|most| length > most);
        let wrong_form = schema.get("format").and_then(Json::as_str).is_some_and(|form| !has_form(text, form));
        if !(too_short || too_long || wrong_form) {
            return;
        }
        let found = match self.is_hidden(here) {
            true if too_short || too_long => format!("a text of {length} characters"),
            true => "a text".to_owned(),
            false if text.is_empty() => "an empty text".to_owned(),
            false => format!("the text {}", words::quoted(text)),
        };
        let finding = Finding::other(here.path.clone(), found, describe::describe(self.root, schema));
        let hint = (!self.is_hidden(here)).then(|| better(schema, text)).flatten();
        // What has a form is explained by what is expected.
        let hint = hint.or_else(|| describe::purpose(self.root, schema).filter(|_| !wrong_form));
        out.push(misfit(finding.maybe_hint(hint), At::Value));
    }
}

fn size(schema: &Json, key: &str) -> Option<usize> {
    schema.get(key).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok())
}

fn has_form(text: &str, form: &str) -> bool {
    match form {
        ADDRESS => text.parse::<SocketAddr>().is_ok(),
        DURATION => duration::parse(text).is_some(),
        NETWORK => network::parse(text).is_some(),
        "ip" => text.parse::<IpAddr>().is_ok(),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        _ => true,
    }
}

/// What is expected of a text.
pub(super) fn expected(schema: &Json) -> String {
    let form = match schema.get("format").and_then(Json::as_str) {
        Some(ADDRESS) => "an address and a port (\"127.0.0.1:8080\", \"[::1]:8080\")",
        Some(DURATION) => "a duration: a whole number and a unit (\"200ms\", \"30s\", \"5m\", \"8h\")",
        Some(NETWORK) => "an IP address or a network (\"10.0.0.5\", \"10.0.0.0/8\")",
        Some("ip") => "an IP address",
        Some("ipv4") => "an IPv4 address",
        Some("ipv6") => "an IPv6 address",
        _ => "a text",
    };
    match (size(schema, "minLength").filter(|least| *least > 0), size(schema, "maxLength")) {
        (Some(1), None) => format!("{form} that is not empty"),
        (Some(least), None) => format!("{form} of {least} characters or more"),
        (None, Some(most)) => format!("{form} of at most {most} characters"),
        (Some(least), Some(most)) => format!("{form} of {least} to {most} characters"),
        (None, None) => form.to_owned(),
    }
}

/// What was probably meant.
pub(super) fn better(schema: &Json, text: &str) -> Option<String> {
    match schema.get("format").and_then(Json::as_str)? {
        ADDRESS if text.parse::<u16>().is_ok() => Some(format!("did you mean \"127.0.0.1:{text}\"?")),
        ADDRESS if text.parse::<Ipv6Addr>().is_ok() => Some(format!("a port is missing: \"[{text}]:8080\"")),
        ADDRESS if text.parse::<IpAddr>().is_ok() => Some(format!("a port is missing: \"{text}:8080\"")),
        ADDRESS => {
            let (host, port) = text.rsplit_once(':')?;
            let number: u32 = port.parse().ok()?;
            Some(match host {
                _ if number > 65_535 => "a port is at most 65535".to_owned(),
                "localhost" => format!("names are not looked up here; write \"127.0.0.1:{port}\""),
                "" | "*" => format!("for every address of this machine write \"0.0.0.0:{port}\" or \"[::]:{port}\""),
                _ => "write the address of this machine in numbers; names are not looked up here".to_owned(),
            })
        }
        DURATION => {
            let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
            let number: f64 = digits.parse().ok()?;
            let millis = match text[digits.len()..].trim().to_lowercase().as_str() {
                "" => {
                    return Some(format!(
                        "the unit is missing: \"{digits}s\" are seconds, \"{digits}ms\" milliseconds"
                    ));
                }
                "ms" | "msec" | "millis" | "milliseconds" => 1.0,
                "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
                "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
                "h" | "hr" | "hour" | "hours" => 3_600_000.0,
                "d" | "day" | "days" => 86_400_000.0,
                _ => return None,
            };
            let better = Duration::try_from_secs_f64((number * millis).round() / 1_000.0).ok()?;
            Some(format!("did you mean \"{}\"?", duration::text(better)))
        }
        _ => None,
    }
}
