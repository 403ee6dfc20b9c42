//! What was read of a recording, as its own.

use std::collections::VecDeque;

use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::frame::input::InputFrame;

use super::super::entry::{Answered, Checkpoint, Entry, Made, Published};
use super::super::reader::{Item, Reader};
use super::super::told::Told;

/// So many inputs are given at once.
const MOST_INPUTS: usize = 64;
/// Or so many bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// An input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Its number in the recording.
    pub(crate) number: u64,
    /// When it was given.
    pub(crate) at: Timestamp,
    /// The ABI's kind.
    pub(crate) kind: u32,
    /// The ABI's small number.
    pub(crate) arg: u32,
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// Bytes at its end that were never written: the recording ends here.
    pub(crate) held: usize,
}

impl Given {
    /// As the ABI has it.
    pub(crate) fn frame(&self) -> InputFrame<'_> {
        let Self { kind, arg, head, body, .. } = self;
        InputFrame { kind: *kind, arg: *arg, head: head.as_slice().into(), body: body.as_slice().into() }
    }
}

/// One thing that a recording has.
#[derive(Debug)]
pub(in super::super) enum Step {
    Break(Option<String>),
    Checkpoint(Box<Checkpoint>),
    Made(Box<Made>),
    Input(Given),
    Outputs { answered: Answered, frames: Vec<u8> },
    Failed { gone: bool, text: String },
    Told(Box<Told>),
    Events(Vec<Published>),
    End,
}

/// Some steps, in their order, with their times.
pub(in super::super) type Window = VecDeque<(Timestamp, Step)>;

/// Reads steps: as many as can be given to one adapter at once.
///
/// # Errors
/// The recording cannot be read.
pub(in super::super) fn window(reader: &mut Reader, window: &mut Window) -> Result<(), String> {
    let (mut inputs, mut bytes) = (0, 0);
    window.clear();
    while inputs < MOST_INPUTS && bytes < MOST_BYTES {
        let Some(item) = reader.next()? else { return Ok(()) };
        let (at, entry) = match item {
            Item::Break(why) => {
                window.push_back((Timestamp::default(), Step::Break(why)));
                return Ok(());
            }
            Item::Entry(at, entry) => (at, entry),
        };
        let step = match entry {
            Entry::Input { number, frame, held } => {
                inputs += 1;
                bytes += frame.body.len() + frame.head.len();
                let InputFrame { kind, arg, head, body } = frame;
                Step::Input(Given { number, at, kind, arg, head: head.into_owned(), body: body.into_owned(), held })
            }
            Entry::Outputs { answered, frames } => {
                bytes += frames.len();
                Step::Outputs { answered, frames: frames.to_vec() }
            }
            Entry::Told(told) => Step::Told(told),
            Entry::Events(events) => Step::Events(events),
            Entry::Failed { gone, text } => Step::Failed { gone, text },
            Entry::Checkpoint(checkpoint) => Step::Checkpoint(checkpoint),
            Entry::Made(made) => Step::Made(made),
            Entry::End => Step::End,
            Entry::File(_) | Entry::Tail { .. } | Entry::Unknown => continue,
        };
        // Another adapter is given nothing before the one before it was asked for all of its answers.
        let last = matches!(step, Step::Made(_) | Step::Checkpoint(_) | Step::Failed { gone: true, .. } | Step::End);
        window.push_back((at, step));
        if last {
            return Ok(());
        }
    }
    Ok(())
}
