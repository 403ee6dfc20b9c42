//! How drivers differ where the interface leaves them free.

use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Quirks {
    /// Whether a request's reply comes before or after what it changes.
    pub(crate) order: Order,
    /// What a call does when the other side has ended it.
    pub(crate) end: End,
    /// What a call does after it was busy.
    pub(crate) busy: AfterBusy,
    /// What a drop looks like to who did it.
    pub(crate) drop: Hanging,
    pub(crate) call_ids: CallIds,
    /// Handles of calls that are gone are used again for the next ones.
    pub(crate) reuse_handles: bool,
    /// A held call stays held when its consultation ends, and has to be taken back by hand.
    pub(crate) keep_held: bool,
    /// Digits that a program sends are also heard by its own monitor.
    pub(crate) echo_digits: bool,
    /// Every new call is `UNKNOWN` first.
    pub(crate) unknown_first: bool,
    /// States on the way that this driver does not tell, by their names (`DIALING`).
    pub(crate) skip_states: Vec<String>,
    /// `LINE_CALLINFO` for a call comes before the call's first state.
    pub(crate) info_first: bool,
    /// `lineInitializeEx` succeeds and does nothing, like Wine's: no handle, no lines, no messages.
    pub(crate) stub: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    #[default]
    ReplyFirst,
    StatesFirst,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum End {
    /// `DISCONNECTED`; `IDLE` after it is dropped, or by itself where nobody owns it.
    #[default]
    Drop,
    /// `DISCONNECTED`, and `IDLE` by itself right after.
    Both,
    /// `IDLE` alone.
    Idle,
    /// `DISCONNECTED`, and nothing after it, not even when it is dropped.
    Never,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AfterBusy {
    /// `BUSY`, then `DISCONNECTED` with the mode `BUSY`.
    #[default]
    Disconnected,
    /// `BUSY`, then `IDLE`.
    Idle,
    /// `BUSY` until it is dropped.
    Stay,
    /// `DISCONNECTED` with the mode `BUSY` alone.
    Only,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Hanging {
    /// `IDLE`.
    #[default]
    Idle,
    /// `DISCONNECTED`, then `IDLE`.
    Both,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CallIds {
    /// One id for all parties of a call.
    #[default]
    Shared,
    /// One for each party.
    Own,
    /// 0.
    None,
}
