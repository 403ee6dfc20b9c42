//! The thread that waits for TAPI's messages. What a message is about is looked up at once: what is told belongs together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::functions::Functions;
use super::memory::Memory;
use super::request::Kept;
use super::requests::Answer;
use super::{AGAIN, Shared};
use crate::sys::constants::{
    LINE_ADDRESSSTATE, LINE_APPNEWCALL, LINE_CALLINFO, LINE_CALLSTATE, LINE_LINEDEVSTATE, LINE_REPLY,
    LINEERR_OPERATIONFAILED, error,
};
use crate::sys::structures::LINEMESSAGE;
use crate::sys::{names, read};
use crate::told::{Given, Heard, Told};

/// How long one wait for a message takes, in milliseconds.
const WAIT: u32 = 250;
/// How long a handle may come after its answer.
const OWED: Duration = Duration::from_millis(100);
/// The functions that look up a call.
const CALL: &str = "lineGetCallInfo or lineGetCallStatus";
/// What stands in a message that was not written.
const UNTOUCHED: u8 = 0xff;
/// Messages without anything in them, one after the other, until it is no TAPI.
const MOST_EMPTY: u32 = 3;
/// Waits that end at once, one after the other, until they are slowed down.
const MOST_HASTY: u32 = 50;

/// Reads until the application ends.
pub(super) fn read(functions: &Functions, app: u32, shared: &Shared, ending: &AtomicBool) {
    let over = || ending.load(Ordering::Acquire) || shared.over.load(Ordering::Acquire);
    let Some(get_message) = functions.get_message else { return };
    let (mut empty, mut hasty) = (0, 0);
    while !over() {
        let message = Memory::of(&[UNTOUCHED; size_of::<LINEMESSAGE>()]);
        let began = Instant::now();
        // SAFETY: the pointer is to memory of the size of a message, and lives for the call.
        let code = shared.read("lineGetMessage", || unsafe { get_message(app, message.pointer(), WAIT) });
        if over() {
            return;
        }
        if code == error(LINEERR_OPERATIONFAILED) {
            // Nothing came. A driver that does not wait must not take a whole processor.
            hasty = if began.elapsed() < Duration::from_millis(1) { hasty + 1 } else { 0 };
            if hasty > MOST_HASTY {
                thread::sleep(Duration::from_millis(u64::from(WAIT)));
            }
            continue;
        }
        if code != 0 {
            let text = format!("lineGetMessage: {}", names::error(code));
            return shared.tell(&Told::Ended { code, text });
        }
        let bytes = message.bytes();
        if bytes[..size_of::<LINEMESSAGE>()].iter().all(|byte| *byte == UNTOUCHED) {
            empty += 1;
            if empty >= MOST_EMPTY {
                let text = "lineGetMessage gives messages with nothing in them: it is a stub, no TAPI".to_owned();
                return shared.tell(&Told::Ended { code: 0, text });
            }
            continue;
        }
        empty = 0;
        heard(functions, shared, &bytes);
    }
}

fn heard(functions: &Functions, shared: &Shared, bytes: &[u8]) {
    let (device, id, [p1, p2, p3]) = read::message(bytes);
    if id == LINE_REPLY {
        return replied(shared, p1, p2.cast_signed());
    }
    let mut heard = Heard { device, id, p1, p2, p3, ..Heard::default() };
    match id {
        LINE_CALLSTATE | LINE_CALLINFO => heard.call = Some(shared.read(CALL, || functions.call_now(device))),
        LINE_APPNEWCALL => heard.call = Some(shared.read(CALL, || functions.call_now(p2))),
        LINE_LINEDEVSTATE if device != 0 => {
            heard.line = shared.read("lineGetLineDevStatus", || functions.line_now(device));
        }
        LINE_ADDRESSSTATE => heard.address = shared.read("lineGetAddressStatus", || functions.address_now(device, p1)),
        _ => {}
    }
    shared.tell(&Told::Message(heard));
}

/// What an answer gives. A driver that answers before it has written the handle is waited for, a little.
pub(super) fn given(shared: &Shared, kept: Kept) -> Given {
    let until = Instant::now() + OWED;
    while kept.is_owed() && Instant::now() < until {
        thread::sleep(AGAIN);
    }
    let given = kept.given();
    if kept.is_owed() {
        // It may come yet: where it is written to must stay.
        shared.requests().keep(kept);
    }
    given
}

fn replied(shared: &Shared, id: u32, code: i32) {
    let answer = shared.requests().answered(id, code);
    match answer {
        Answer::To(request, kept) => {
            let given = if code == 0 { given(shared, kept) } else { Given::Nothing };
            shared.tell(&Told::Replied { request, code, given });
        }
        Answer::Early => {}
        Answer::Stray => shared.tell(&Told::Stray { id, code }),
    }
}
