//! The one encoding: frames inside the envelope, over a runner's socket, in a recording. For the host; a vendor never
//! sees a frame.
//!
//! An output frame is `kind u32 · arg u32 · length u32 · payload` (little endian). An input is the same four things,
//! with its payload in two parts (`head` and `body`), so that raw bytes travel as they are. Payloads are MessagePack
//! with *named* fields: fields added later carry `#[serde(default)]`, an unknown field is ignored, an unknown kind is
//! skipped and counted. So both sides can grow without each other.

pub mod input;
pub mod output;
pub mod saved;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::command::Reply;
use crate::error::CommandError;
use crate::fact::{CallFact, Fact};
use crate::ids::CommandId;
use crate::output::LogLevel;

/// The bytes before a frame's payload.
pub const HEADER: usize = 12;

/// One output frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is: a constant of [`output`].
    pub kind: u32,
    /// A small number that most kinds have: transport, timer.
    pub arg: u32,
    /// The rest.
    pub payload: &'a [u8],
}

/// A frame that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The bytes end inside a frame.
    #[error("the output ends inside a frame: {left} bytes left, {needed} needed")]
    Truncated {
        /// What is left.
        left: usize,
        /// What the frame needs.
        needed: usize,
    },
    /// The payload does not fit the kind.
    #[error("frame of kind {kind}: {text}")]
    Payload {
        /// The kind.
        kind: u32,
        /// What does not fit.
        text: String,
    },
}

/// Reads frames one after the other; ends at the first error.
#[derive(Debug, Clone)]
pub struct Frames<'a>(&'a [u8]);

/// The frames in `bytes`.
#[must_use]
pub fn frames(bytes: &[u8]) -> Frames<'_> {
    Frames(bytes)
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0;
        if bytes.is_empty() {
            return None;
        }
        let parsed = bytes.split_first_chunk::<HEADER>().and_then(|(header, rest)| {
            let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
            let length = usize::try_from(word(8)).ok()?;
            let (payload, rest) = rest.split_at_checked(length)?;
            Some((Frame { kind: word(0), arg: word(4), payload }, rest))
        });
        let Some((frame, rest)) = parsed else {
            self.0 = &[];
            let needed = bytes
                .get(8..HEADER)
                .and_then(|l| l.try_into().ok())
                .map_or(HEADER, |l| HEADER.saturating_add(u32::from_le_bytes(l) as usize));
            return Some(Err(FrameError::Truncated { left: bytes.len(), needed }));
        };
        self.0 = rest;
        Some(Ok(frame))
    }
}

/// What a plugin gets when it is made (`head` of a start).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// For [`Host::random`](crate::Host::random). After a restore it goes on where the saved state says instead.
    pub seed: u64,
    /// The connection's id.
    #[serde(default)]
    pub connection: String,
    /// The connection's settings, as JSON.
    pub settings: String,
    /// The state version of the body of a restore: of the manifest of the plugin that saved it.
    #[serde(default)]
    pub state_version: u32,
    /// What the administrator granted of the manifest's `needs`.
    #[serde(default)]
    pub granted: Vec<String>,
}

/// Settings or state that a plugin refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which setting.
    #[serde(default)]
    pub path: String,
    /// Why.
    pub text: String,
}

/// A panic that was caught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultReport {
    /// Its message.
    pub text: String,
    /// Where: `src/call.rs:12`.
    #[serde(default)]
    pub place: String,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The command.
    pub id: CommandId,
    /// How it went.
    pub result: Result<Reply, CommandError>,
}

/// A line for the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How loud.
    pub level: LogLevel,
    /// What.
    pub text: String,
}

/// Appends a frame with a MessagePack payload.
pub(crate) fn put<T: Serialize>(out: &mut Vec<u8>, kind: u32, arg: u32, payload: &T) {
    let start = begin(out, kind, arg);
    let mut serializer = rmp_serde::Serializer::new(&mut *out).with_struct_map();
    if payload.serialize(&mut serializer).is_err() {
        // Only a map with a key that is no string could fail; none of our types has one.
        out.truncate(start);
        return;
    }
    end(out, start);
}

/// Appends a frame with raw bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, kind: u32, arg: u32, payload: &[u8]) {
    let start = begin(out, kind, arg);
    out.extend_from_slice(payload);
    end(out, start);
}

pub(crate) fn put_fact(out: &mut Vec<u8>, fact: &Fact) {
    match fact {
        Fact::Up(f) => put(out, output::UP, 0, f),
        Fact::Down(f) => put(out, output::DOWN, 0, f),
        Fact::Call(f) => put_call(out, f),
        Fact::Snapshot(f) => put(out, output::SNAPSHOT, f.line.0, f),
        Fact::Agent(f) => put(out, output::AGENT, f.line.0, f),
        Fact::Line(f) => put(out, output::LINE, f.line.0, f),
        Fact::Dtmf(f) => put(out, output::DTMF, f.line.0, f),
        Fact::Recording(f) => put(out, output::RECORDING, f.line.0, f),
        Fact::WebRtc(f) => put(out, output::WEB_RTC, f.line.0, f),
        Fact::WebRtcSignal(f) => put(out, output::WEB_RTC_SIGNAL, f.line.0, f),
        Fact::Error(f) => put(out, output::ERROR, 0, f),
    }
}

pub(crate) fn put_call(out: &mut Vec<u8>, fact: &CallFact) {
    put(out, output::CALL, fact.line.0, fact);
}

fn begin(out: &mut Vec<u8>, kind: u32, arg: u32) -> usize {
    let start = out.len();
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&arg.to_le_bytes());
    out.extend_from_slice(&0u32.to_le_bytes());
    start
}

fn end(out: &mut Vec<u8>, start: usize) {
    match u32::try_from(out.len() - start - HEADER) {
        Ok(length) => out[start + 8..start + HEADER].copy_from_slice(&length.to_le_bytes()),
        Err(_) => out.truncate(start),
    }
}

/// A value as MessagePack with named fields.
pub fn pack<T: Serialize>(value: &T) -> Vec<u8> {
    // Fails only for maps with keys that are no strings; none of our types has one.
    rmp_serde::to_vec_named(value).unwrap_or_default()
}

/// Reads a value from MessagePack.
///
/// # Errors
/// What does not fit, in words.
pub fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
}

/// Byte strings as MessagePack's `bin`, not as a list of numbers.
pub(crate) mod bytes {
    use serde::{Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}
