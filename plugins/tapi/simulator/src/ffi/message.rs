//! Messages, read one by one.
#![allow(unsafe_code, reason = "exported names")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::{memory, refuse};
use crate::constants::*;
use crate::exchange::Refusal;
use crate::layout::LINEMESSAGE;
use crate::service::{self, RANG};

/// "For ever" among times of Windows.
const INFINITE: u32 = 0xFFFF_FFFF;

// SAFETY: the name is TAPI's own, and nothing else in this library has it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn lineGetMessage(hLineApp: u32, lpMessage: usize, dwTimeout: u32) -> i32 {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let plan = service::lock().service().plan("lineGetMessage");
        plan.befall()?;
        if service::lock().service().config.quirks.stub {
            return Ok(());
        }
        let message = wait(hLineApp, dwTimeout)?;
        memory::put_bytes(lpMessage, &message.bytes())
    }));
    match outcome {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => refuse(error),
        Err(_) => refuse(LINEERR_OPERATIONFAILED),
    }
}

/// Waits for a program's next message. Its end wakes who waits.
fn wait(id: u32, milliseconds: u32) -> Result<LINEMESSAGE, Refusal> {
    let end = (milliseconds != INFINITE).then(|| Instant::now() + Duration::from_millis(milliseconds.into()));
    let mut held = service::lock();
    loop {
        let program = held.service().programs.get_mut(&id).ok_or(LINEERR_INVALAPPHANDLE)?;
        if let Some(message) = program.queue.pop_front() {
            program.signal.taken(program.queue.is_empty());
            return Ok(message);
        }
        let left = match end {
            Some(end) => end.saturating_duration_since(Instant::now()),
            None => Duration::from_secs(3600),
        };
        if left.is_zero() {
            return Err(LINEERR_OPERATIONFAILED);
        }
        held = held.wait(&RANG, left);
    }
}
