//! Replacing an adapter again and again while a conversation goes on, so that nobody notices.

use std::fmt::Debug;

use super::driver::{DriveError, Driver};
use super::secrets;
use crate::adapter::Adapter;

/// When a [`Driver`] replaces its adapter by itself, and how it cuts what comes on streams.
///
/// A replacement is what a hot swap does: the adapter is saved, thrown away, restored from the bytes, and given the
/// settings of its lines. It must say nothing to that, and the saved state must not hold a secret of the settings; else
/// the input that came before it fails with [`DriveError::Swap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swaps {
    /// After every input whose number this divides; 0: never.
    every: u64,
    /// The longest piece of a read; 0: reads are not cut.
    cut: usize,
}

impl Swaps {
    /// No replacement, reads as they come.
    pub const NEVER: Self = Self { every: 0, cut: 0 };
    /// A replacement after every input.
    pub const EACH_INPUT: Self = Self { every: 1, cut: 0 };
    /// Reads come byte by byte, with a replacement after each: in the middle of everything.
    pub const EACH_BYTE: Self = Self { every: 1, cut: 1 };

    /// A replacement after every `n`th input. For conversations that are too long for one after each; with a prime
    /// number the places differ from message to message.
    #[must_use]
    pub const fn every(n: u64) -> Self {
        Self { every: n, cut: 0 }
    }

    /// Reads are cut into pieces of at most `bytes`; each is an input.
    #[must_use]
    pub const fn cut(mut self, bytes: usize) -> Self {
        self.cut = bytes;
        self
    }

    /// The same cuts without a replacement: what to compare with.
    #[must_use]
    pub const fn without(mut self) -> Self {
        self.every = 0;
        self
    }

    pub(super) fn cut_at(self) -> usize {
        if self.cut == 0 { usize::MAX } else { self.cut }
    }
}

impl<A: Adapter> Driver<A> {
    /// From now on the adapter is replaced by itself. An adapter that does not save its state never is.
    #[must_use]
    pub fn swapping(mut self, swaps: Swaps) -> Self {
        self.swaps = swaps;
        self
    }

    /// How often the adapter was replaced. A test that compares sees by it that there was something to compare.
    #[must_use]
    pub fn swapped(&self) -> u64 {
        self.swapped
    }

    /// A replacement after an input, if one is due; the input's outputs stay.
    pub(super) fn maybe_swap(&mut self) -> Result<(), DriveError> {
        let Swaps { every, .. } = self.swaps;
        if every == 0 || !self.inputs.is_multiple_of(every) {
            return Ok(());
        }
        let input = self.inputs;
        let wrong = |text| DriveError::Swap { input, text };
        let Some(saved) = self.save()? else { return Ok(()) };
        if let Some(place) = secrets::in_state(self, &saved) {
            return Err(wrong(format!("the saved state holds the secret of the setting `{place}`")));
        }
        let mut next = self.restored(&self.settings, &saved).map_err(|error| wrong(error.to_string()))?;
        if !next.out.is_empty() {
            return Err(wrong(format!("a restore says nothing, and this one said {:?}", next.rendered())));
        }
        next.swapped += 1;
        next.secrets = self.secrets.take();
        std::mem::swap(&mut next.out, &mut self.out);
        *self = next;
        Ok(())
    }
}

/// Runs a conversation with and without replacements and compares what comes of it: for each of `modes`, `run` with
/// the mode and with the mode [without](Swaps::without) replacements. `run` makes a driver, lets it be
/// [swapping](Driver::swapping) and returns whatever is to be compared, usually all outputs in their order.
///
/// # Errors
/// The first difference, and the mode in which it was.
pub fn same_with_swaps<T: PartialEq + Debug>(modes: &[Swaps], run: impl Fn(Swaps) -> Vec<T>) -> Result<(), String> {
    let mut plain: Option<(Swaps, Vec<T>)> = None;
    for mode in modes {
        let without = mode.without();
        let expected = match plain.take() {
            Some((of, expected)) if of == without => expected,
            _ => run(without),
        };
        let swapped = run(*mode);
        if swapped != expected {
            let at = expected.iter().zip(&swapped).take_while(|(a, b)| a == b).count();
            return Err(format!(
                "{mode:?}: without replacements\n    {:?}\nand with them\n    {:?}\n(at {at} of {})",
                expected.get(at),
                swapped.get(at),
                expected.len()
            ));
        }
        plain = Some((without, expected));
    }
    Ok(())
}
