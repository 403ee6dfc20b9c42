//! What goes wrong on purpose, by the name of the function that it befalls.

use serde::Deserialize;

use crate::block::Spoil;
use crate::constants::error_named;

/// One fault. What it names befalls the functions `on`, `times` times, then it is over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fault {
    /// The function's name (`lineHold`), or `*` for all.
    pub(crate) on: String,
    /// How often; without it, until it is taken back.
    pub(crate) times: Option<u32>,
    /// So many calls of the function pass before the fault begins.
    pub(crate) after: u32,
    /// The function answers with this error at once, by its name without `LINEERR_`.
    pub(crate) error: Option<String>,
    /// The function works; its reply has this error, and nothing was done.
    pub(crate) fails: Option<String>,
    /// The reply comes so many milliseconds later.
    pub(crate) delay: Option<u64>,
    /// What becomes of the reply.
    pub(crate) reply: Option<Reply>,
    /// The function answers so many milliseconds later.
    pub(crate) slow: Option<u64>,
    /// The function never answers.
    pub(crate) hang: bool,
    /// The process ends here.
    pub(crate) crash: Option<Crash>,
    /// The structure that the function fills is spoilt.
    pub(crate) structure: Option<Spoil>,
}

impl Fault {
    /// Whether the names that it uses are there.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.on != "*" && !crate::ffi::NAMES.contains(&self.on.as_str()) {
            return Err(format!("there is no function `{}`", self.on));
        }
        for name in [&self.error, &self.fails].into_iter().flatten() {
            if error_named(name).is_none() {
                return Err(format!("there is no LINEERR_{name}"));
            }
        }
        Ok(())
    }
}

/// What becomes of a request's reply.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    /// What was asked for is done; no reply comes.
    Never,
    /// Nothing is done, and no reply comes.
    Lost,
    /// It comes twice.
    Twice,
    /// It comes with another request's number.
    WrongId,
    /// One with another request's number comes before it.
    StrangerFirst,
    /// What was asked for is done, and its reply comes when the call's handles are gone.
    AfterGone,
    /// What was asked for is done and its reply waits before the function has returned, brought by another thread.
    Early,
    /// The reply, and what the request changes, are brought by two threads at the same time.
    TwoThreads,
    /// The handle that it asked for is written after the reply.
    HandleLater,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Crash {
    Abort,
    /// Writes to address zero.
    Segv,
    Exit,
    /// A panic inside the library. It does not cross the boundary: the function answers `OPERATIONFAILED`.
    Panic,
}

impl Crash {
    /// Ends the process, or this call of a function.
    #[allow(unsafe_code, clippy::panic, reason = "crashing is what it is for")]
    pub(crate) fn now(self) {
        match self {
            Self::Abort => std::process::abort(),
            Self::Exit => std::process::exit(3),
            Self::Panic => panic!("a panic on command"),
            Self::Segv => {
                let nothing = std::ptr::without_provenance_mut::<u8>(8);
                // SAFETY: none. The process is to end here.
                unsafe { std::ptr::write_volatile(nothing, 1) };
            }
        }
    }
}
