//! How much an adapter may write into the log: a flood of lines would hide everybody else's.

use std::time::Duration;

use tokio::time::Instant;

/// Lines that may come at once.
const BURST: u32 = 500;
/// After that, one in so much time.
const EACH: Duration = Duration::from_millis(20);
/// The longest line, in bytes.
const MOST_LINE: usize = 4_096;

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    Line(&'a str),
    /// The first one after some that were left out.
    After {
        left_out: u64,
        text: &'a str,
    },
    TooMuch,
}

/// An adapter's allowance.
#[derive(Debug, Default)]
pub(super) struct Loudness {
    /// When all of the burst is free again.
    full: Option<Instant>,
    left_out: u64,
}

impl Loudness {
    /// Whether a line is heard, and what of it.
    pub(super) fn hear<'a>(&mut self, now: Instant, text: &'a str) -> Heard<'a> {
        let full = self.full.map_or(now, |full| full.max(now)) + EACH;
        if full > now + EACH * BURST {
            self.left_out += 1;
            return Heard::TooMuch;
        }
        self.full = Some(full);
        let text = &text[..text.floor_char_boundary(MOST_LINE)];
        match std::mem::take(&mut self.left_out) {
            0 => Heard::Line(text),
            left_out => Heard::After { left_out, text },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_is_heard_a_flood_is_not_and_what_was_left_out_is_said() {
        let (mut loudness, now) = (Loudness::default(), Instant::now());
        for _ in 0..BURST {
            assert_eq!(loudness.hear(now, "line"), Heard::Line("line"));
        }
        for _ in 0..1_000 {
            assert_eq!(loudness.hear(now, "line"), Heard::TooMuch);
        }
        let later = now + EACH;
        assert_eq!(loudness.hear(later, "again"), Heard::After { left_out: 1_000, text: "again" });
        assert_eq!(loudness.hear(later, "again"), Heard::TooMuch);
        let much_later = now + EACH * BURST * 2;
        assert_eq!(loudness.hear(much_later, "again"), Heard::After { left_out: 1, text: "again" });
        assert_eq!(loudness.hear(much_later, "again"), Heard::Line("again"));
    }

    #[tokio::test]
    async fn a_line_is_cut_between_characters() {
        let long = "ї".repeat(MOST_LINE);
        let Heard::Line(text) = Loudness::default().hear(Instant::now(), &long) else { panic!("not heard") };
        assert_eq!(text.len(), MOST_LINE);
    }
}
