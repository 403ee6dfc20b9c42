//! What the records of a recording say.

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::{Start, pack, unpack};
use jackfield_plugin_api::{CommandId, LineId, Timestamp};
use serde::{Deserialize, Serialize};

use super::life::OpenLine;
use super::record::{Record, begin, end, kinds};
use super::told::Told;
use crate::model::{Event, EventName, ReplyTo};

/// The version of the format. A reader takes this one; what it does not know of it, it skips.
pub(super) const FORMAT: u32 = 1;
/// Events of one record; no input makes nearly as many.
const MOST_EVENTS: usize = 1_000_000;

/// How a file begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileHead {
    /// What this is: [`MAGIC`].
    pub(super) magic: String,
    pub(super) format: u32,
    /// The version of the host that wrote it.
    pub(super) host: String,
    pub(super) connection: String,
    /// Which life of the recorder: files with the same one follow each other.
    pub(super) life: u64,
    /// Which file of that life.
    pub(super) part: u64,
    /// Whether numbers are pseudonyms.
    #[serde(default)]
    pub(super) numbers: bool,
}

/// The first word of every file.
pub(super) const MAGIC: &str = "jackfield recording";

/// An adapter that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) hash: String,
    /// From its settings alone, or from the state of another one: the ABI's kinds of a start.
    pub(super) kind: u32,
    pub(super) start: Start,
    /// When it was made, or what it goes on for was given its last input: an adapter does what is due whenever it is
    /// given anything.
    #[serde(default)]
    pub(super) at: Timestamp,
    /// The state it was made from.
    #[serde(default, with = "bytes")]
    pub(super) state: Vec<u8>,
    /// The lines that are open, whose settings it is told right after.
    #[serde(default)]
    pub(super) lines: Vec<OpenLine>,
}

/// Where everything is, so that one can begin here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    #[serde(with = "bytes")]
    pub(super) model: Vec<u8>,
    /// The adapter that runs, if it could tell its state.
    #[serde(default)]
    pub(super) adapter: Option<Made>,
    /// Whether one runs.
    #[serde(default)]
    pub(super) runs: bool,
    /// Transports whose login is over.
    #[serde(default)]
    pub(super) settled: Vec<u32>,
}

/// What belongs to an answer of the adapter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Answered {
    /// When the host tries again, while a transport is told to be closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retry_in_ms: Option<u64>,
    /// Who sent the commands that the facts name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) origins: Vec<(CommandId, ReplyTo)>,
}

impl Answered {
    /// Whether it is not worth a word.
    pub(super) fn is_plain(&self) -> bool {
        self.retry_in_ms.is_none() && self.origins.is_empty()
    }
}

/// An event that was published: which one, not what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(super) line: Option<LineId>,
    pub(super) epoch: Option<u64>,
    pub(super) seq: Option<u64>,
    pub(super) at: Timestamp,
    pub(super) name: EventName,
    /// The call that it carries.
    pub(super) call: Option<String>,
}

impl Published {
    /// What a recording keeps of an event.
    pub(super) fn of(event: &Event) -> Self {
        let call = event.body.call().map(|call| call.id.as_str().to_owned());
        let Event { line, epoch, seq, at, .. } = *event;
        Self { line, epoch, seq, at, name: event.name(), call }
    }
}

/// One record, understood.
#[derive(Debug)]
pub(super) enum Entry<'a> {
    File(FileHead),
    Checkpoint(Box<Checkpoint>),
    Made(Box<Made>),
    Input {
        number: u64,
        frame: InputFrame<'a>,
        held: usize,
    },
    Tail {
        number: u64,
        bytes: &'a [u8],
    },
    Outputs {
        answered: Answered,
        frames: &'a [u8],
    },
    Failed {
        gone: bool,
        text: String,
    },
    Told(Box<Told>),
    Events(Vec<Published>),
    End,
    /// Of a later version.
    Unknown,
}

impl<'a> Entry<'a> {
    /// Understands a record.
    ///
    /// # Errors
    /// Its payload does not fit its kind.
    pub(super) fn of(record: &Record<'a>) -> Result<Self, String> {
        let payload = record.payload;
        Ok(match record.kind {
            kinds::FILE => Self::File(unpack(payload)?),
            kinds::CHECKPOINT => Self::Checkpoint(Box::new(unpack(payload)?)),
            kinds::MADE => Self::Made(Box::new(unpack(payload)?)),
            kinds::INPUT => input(payload).ok_or("an input that is cut short")?,
            kinds::TAIL => {
                let (number, bytes) =
                    payload.split_first_chunk::<8>().ok_or("an end of an input without its number")?;
                Self::Tail { number: u64::from_le_bytes(*number), bytes }
            }
            kinds::OUTPUTS => {
                let (head, frames) = payload.split_at_checked(record.arg as usize).ok_or("an answer that is cut")?;
                let answered = if head.is_empty() { Answered::default() } else { unpack(head)? };
                Self::Outputs { answered, frames }
            }
            kinds::FAILED => {
                Self::Failed { gone: record.arg != 0, text: String::from_utf8_lossy(payload).into_owned() }
            }
            kinds::TOLD => match unpack::<Told>(payload) {
                Ok(told) => Self::Told(Box::new(told)),
                Err(why) => return Err(format!("a word of the host that is not understood: {why}")),
            },
            kinds::EVENTS => Self::Events(events(payload).ok_or("events that cannot be read")?),
            kinds::END => Self::End,
            _ => Self::Unknown,
        })
    }
}

/// Appends a record whose payload is MessagePack.
pub(super) fn put<T: Serialize>(out: &mut Vec<u8>, kind: u32, at: Timestamp, payload: &T) -> bool {
    put_bytes(out, kind, 0, at, &pack(payload))
}

/// Appends a record.
pub(super) fn put_bytes(out: &mut Vec<u8>, kind: u32, arg: u32, at: Timestamp, payload: &[u8]) -> bool {
    let start = begin(out, kind, arg, at.micros());
    out.extend_from_slice(payload);
    end(out, start)
}

/// Appends an input.
pub(super) fn put_input(out: &mut Vec<u8>, at: Timestamp, number: u64, frame: &InputFrame<'_>, held: usize) -> bool {
    let small = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    let start = begin(out, kinds::INPUT, 0, at.micros());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&frame.kind.to_le_bytes());
    out.extend_from_slice(&frame.arg.to_le_bytes());
    out.extend_from_slice(&small(held));
    out.extend_from_slice(&small(frame.head.len()));
    out.extend_from_slice(&frame.head);
    out.extend_from_slice(&frame.body);
    end(out, start)
}

fn input(payload: &[u8]) -> Option<Entry<'_>> {
    let (number, rest) = payload.split_first_chunk::<8>()?;
    let (words, rest) = rest.split_first_chunk::<16>()?;
    let word = |at: usize| u32::from_le_bytes([words[at], words[at + 1], words[at + 2], words[at + 3]]);
    let (head, body) = rest.split_at_checked(word(12) as usize)?;
    let frame = InputFrame { kind: word(0), arg: word(4), head: head.into(), body: body.into() };
    Some(Entry::Input { number: u64::from_le_bytes(*number), frame, held: word(8) as usize })
}

/// Appends what belongs to an answer, and what `frames` writes of it.
pub(super) fn put_outputs(out: &mut Vec<u8>, at: Timestamp, head: &[u8], frames: impl FnOnce(&mut Vec<u8>)) -> bool {
    let start = begin(out, kinds::OUTPUTS, u32::try_from(head.len()).unwrap_or(0), at.micros());
    out.extend_from_slice(head);
    frames(out);
    end(out, start)
}

/// Stands for a number that there is not.
const NONE: u64 = u64::MAX;

/// Appends what was published.
pub(super) fn put_events(out: &mut Vec<u8>, at: Timestamp, events: &[Event]) -> bool {
    let start = begin(out, kinds::EVENTS, 0, at.micros());
    for event in events {
        let line = event.line.map_or(NONE, |line| u64::from(line.0));
        for number in [line, event.epoch.unwrap_or(NONE), event.seq.unwrap_or(NONE)] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&event.at.micros().to_le_bytes());
        let call = event.body.call().map(|call| call.id.as_str()).unwrap_or_default();
        let call = &call.as_bytes()[..call.len().min(255)];
        let name = event.name().as_str();
        for text in [name.as_bytes(), call] {
            out.push(u8::try_from(text.len()).unwrap_or(0));
            out.extend_from_slice(text);
        }
    }
    end(out, start)
}

fn events(mut bytes: &[u8]) -> Option<Vec<Published>> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let (numbers, rest) = bytes.split_first_chunk::<32>()?;
        let number = |at: usize| numbers[at..at + 8].try_into().map(u64::from_le_bytes).ok();
        let some = |at: usize| number(at).filter(|number| *number != NONE);
        let (name, rest) = text(rest)?;
        let (call, rest) = text(rest)?;
        bytes = rest;
        events.push(Published {
            line: some(0).and_then(|line| u32::try_from(line).ok()).map(LineId),
            epoch: some(8),
            seq: some(16),
            at: Timestamp::from_micros(number(24)?.cast_signed()),
            name: EventName::from_name(name)?,
            call: Some(call.to_owned()).filter(|call| !call.is_empty()),
        });
        if events.len() > MOST_EVENTS {
            return None;
        }
    }
    Some(events)
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

/// Byte strings as MessagePack's `bin`.
mod bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        ::bytes::Bytes::deserialize(deserializer).map(|bytes| bytes.to_vec())
    }
}
