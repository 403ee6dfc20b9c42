//! The pure parts, and the journal.

mod entry;
mod journal;
