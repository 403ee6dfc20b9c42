//! Answers to `hello` and `subscribe`: each waits until every line it names was looked at.

use bytes::Bytes;
use serde_json::Value;

use super::{LineKey, frame};
use crate::rpc;

/// An answer that waits for views. What lines say of themselves is text from where it is known to the client: it is
/// put together here, not read.
#[derive(Debug)]
pub(super) struct Joining {
    id: Value,
    /// The answer without `lines`: a JSON object.
    answer: Vec<u8>,
    /// The lines in the order of the request, with their entries as they come.
    lines: Vec<(LineKey, Option<Vec<u8>>)>,
    /// How many have not come.
    missing: usize,
    /// What follows the answer: the views, and answers that came meanwhile.
    pub(super) after: Vec<Bytes>,
}

impl Joining {
    pub(super) fn new(id: Value, answer: Vec<u8>, lines: impl Iterator<Item = LineKey>) -> Self {
        let lines: Vec<_> = lines.map(|line| (line, None)).collect();
        Self { id, answer, missing: lines.len(), lines, after: Vec::new() }
    }

    /// Whether the line's view has not come.
    pub(super) fn waits_for(&self, line: LineKey) -> bool {
        self.lines.iter().any(|(of, entry)| *of == line && entry.is_none())
    }

    /// Takes a line's entry.
    pub(super) fn came(&mut self, line: LineKey, mut entry: Vec<u8>, resumed: bool) {
        let Some((_, place)) = self.lines.iter_mut().find(|(of, entry)| *of == line && entry.is_none()) else { return };
        rpc::add_member(&mut entry, "resumed", |out| out.extend_from_slice(if resumed { b"true" } else { b"false" }));
        *place = Some(entry);
        self.missing -= 1;
    }

    /// Whether every line has come.
    pub(super) fn is_whole(&self) -> bool {
        self.missing == 0
    }

    /// The answer, and what follows it.
    pub(super) fn frames(self) -> impl Iterator<Item = Bytes> {
        let mut result = self.answer;
        rpc::add_member(&mut result, "lines", |out| {
            let entries = self.lines.iter().filter_map(|(_, entry)| entry.as_deref());
            out.push(b'[');
            for (nth, entry) in entries.enumerate() {
                out.extend_from_slice(if nth == 0 { b"" } else { b"," });
                out.extend_from_slice(entry);
            }
            out.push(b']');
        });
        let mut answer = Vec::with_capacity(result.len() + 64);
        frame::push_text(&mut answer, |out| rpc::write_result(&self.id, &result, out));
        std::iter::once(answer.into()).chain(self.after)
    }
}
