//! Things that are sent once, and that no server should send.

use serde::Deserialize;

use super::{
    Simulator,
    frame::{self, EVENT},
    write::{Node, csta},
};
use crate::Client;

/// Something that no client can read: it does not begin as a frame does.
pub(super) const RUBBISH: &[u8] = b"\x16\x03rubbish, not a frame\xff\xfe";

/// What is sent.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Prank {
    /// The header says a few bytes less than there are.
    TooShort,
    /// The header says a few bytes more.
    TooLong,
    /// The header says that there is no body.
    Empty,
    /// The header begins with another format.
    Format,
    /// A true event with 60 KB.
    Big,
    /// A text that is no UTF-8.
    InvalidUtf8,
    /// Entities that would become thousands of millions of letters.
    Entities,
    /// Elements in elements in elements.
    Deep,
    /// No XML.
    NoXml,
    /// An event that no standard has.
    Unknown,
    /// An answer to a question that nobody has asked.
    Answer,
}

/// Sends it.
pub(super) fn play(simulator: &mut Simulator, client: Client, prank: Prank) {
    let known = || csta("BackInServiceEvent").say("monitorCrossRefID", 0).say("text", "x".repeat(80));
    let text = |node: Node| node.document(super::config::Namespaces::Standard, false).into_bytes();
    let body = match prank {
        Prank::TooShort | Prank::TooLong | Prank::Empty | Prank::Format | Prank::Answer => text(known()),
        Prank::Big => {
            text(csta("VendorEvent").say("monitorCrossRefID", 0).say("text", "0123456789abcdef".repeat(3_750)))
        }
        Prank::InvalidUtf8 => b"<VendorEvent><text>\xc3\x28 \xff\xfe</text></VendorEvent>".to_vec(),
        Prank::Entities => {
            let mut bomb = String::from("<!DOCTYPE a [<!ENTITY e0 \"ha\">");
            for level in 1..30 {
                let before = format!("&e{};", level - 1).repeat(10);
                bomb += &format!("<!ENTITY e{level} \"{before}\">");
            }
            (bomb + "]><VendorEvent><text>&e29;</text></VendorEvent>").into_bytes()
        }
        Prank::Deep => [b"<a>".repeat(5_000), b"</a>".repeat(5_000)].concat(),
        Prank::NoXml => b"<VendorEvent><text>this does not end".to_vec(),
        Prank::Unknown => text(csta("VendorEvent").say("monitorCrossRefID", 0).say("text", "nobody knows this")),
    };
    let length = u16::try_from(body.len() + 8).unwrap_or(u16::MAX);
    let bytes = match prank {
        Prank::TooShort => frame::write_as(EVENT, &body, length - 30),
        Prank::TooLong => frame::write_as(EVENT, &body, length + 30),
        Prank::Empty => frame::write_as(EVENT, &body, 8),
        Prank::Format => {
            let mut bytes = frame::write_as(EVENT, &body, length);
            bytes[1] = 7;
            bytes
        }
        Prank::Answer => frame::write_as(8_765, &body, length),
        _ => frame::write_as(EVENT, &body, length),
    };
    simulator.send(client, bytes);
}
