//! Ids that look like Oktell's GUIDs and come in the same order for the same seed.

/// The zero GUID: no chain, no line.
pub(crate) const ZERO: &str = "00000000-0000-0000-0000-000000000000";

/// What an id names; it stands in the GUID's third group, so that a reader of a trace sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    User,
    Line,
    Number,
    Chain,
    Commutation,
    Conference,
    Competitor,
    Event,
    Session,
    Message,
    Password,
}

/// Gives out GUIDs.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u32,
    last: u64,
}

impl Ids {
    pub(crate) fn new(seed: u32) -> Self {
        Self { seed, last: 0 }
    }

    /// A GUID that was not given out before.
    pub(crate) fn next(&mut self, kind: Kind) -> String {
        self.last += 1;
        self.of(kind, self.last)
    }

    /// The GUID of something that has a number of its own: a user, a line.
    pub(crate) fn of(&self, kind: Kind, number: u64) -> String {
        format!("{:08x}-{:04x}-4000-8000-{:012x}", self.seed, kind as u16 + 1, number & 0xffff_ffff_ffff)
    }
}
