//! Every bound of the model, each with its reason. A phone system or an adapter gone wild must not fill the memory.

use std::sync::Arc;
use std::time::Duration;

/// Calls of one line at a time. An operator's console holds some dozens; more is an adapter that forgets to finish.
pub const MAX_CALLS: usize = 64;

/// Facts that wait for a line's snapshot (I1), or for their turn in the re-order window (I7). The oldest go first:
/// facts are levels, so the newest are worth most.
pub const MAX_WAITING_FACTS: usize = 1024;

/// Finished calls of a line that are still known by key, so that late facts do not revive them (I3) and a recall can
/// name its origin (R6). Late facts come within seconds; no agent finishes this many calls meanwhile.
pub const REMEMBERED_CALLS: usize = 32;

/// `callSaved` events that wait for the next epoch (M13.1): a full line's calls, saved once each.
pub const MAX_WAITING_SAVES: usize = MAX_CALLS;

/// Earlier native ids kept as aliases. A call is renamed a few times (masquerade, transfer), hardly more.
pub const MAX_NATIVE_IDS: usize = 16;

/// Global call ids kept, newest first: one per merge.
pub const MAX_GLOBAL_IDS: usize = 16;

/// Participants of one call: the largest conference bridge of an office phone system.
pub const MAX_PARTICIPANTS: usize = 128;

/// Entries of a call's user data.
pub const MAX_USER_DATA: usize = 128;

/// WebRTC sessions of one call over its whole life: one, and a few after reloads of the browser.
pub const MAX_WEBRTC_SESSIONS: usize = 8;

/// States an agent may choose from, reasons of one state, and queues of one agent.
pub const MAX_AGENT_LIST: usize = 256;

/// Forwardings of one line: one per kind, and room for kinds to come.
pub const MAX_FORWARDINGS: usize = 16;

/// Contacts and links of one call.
pub const MAX_CONTACTS: usize = 32;

/// Bytes of any text kept with a call, a line or an agent (names, numbers, ids). Longer text is cut.
pub const MAX_TEXT: usize = 1024;

/// Bytes of a message for people (errors). Longer text is cut.
pub const MAX_MESSAGE: usize = 4096;

/// Digits in one command or fact: a long card number with its control digits.
pub const MAX_DIGITS: usize = 64;

/// Bytes of a destination in a command: the longest SIP address in use.
pub const MAX_DESTINATION: usize = 256;

/// How long after `makeConsultCall` a new outgoing call without a role of its own counts as the consultation.
pub const CONSULT_EXPECTED_FOR: Duration = Duration::from_secs(30);

/// How long the end of a transferred primary waits for the end of its consultation (R6). Phone systems report both in
/// one breath; if the other does not come, the consultation was not part of the transfer.
pub const TRANSFER_PATIENCE: Duration = Duration::from_secs(1);

/// The largest re-order window (I7): more delay would be felt.
pub const MAX_REORDER_WINDOW: Duration = Duration::from_millis(200);

/// `text`, cut to [`MAX_TEXT`] bytes.
pub(super) fn clip(text: &str) -> Arc<str> {
    cut(text, MAX_TEXT).into()
}

/// The longest beginning of `text` of at most `max` bytes that does not split a character.
pub(super) fn cut(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
