//! The exported functions, under the names and with the parameters of TAPI's flat interface (the Unicode ones).
//!
//! A function that works at once returns 0, one that takes its time a number above 0 under which `LINE_REPLY` answers
//! later, and what fails a negative `LINEERR_`. No panic leaves this library: it becomes `LINEERR_OPERATIONFAILED`.
#![allow(
    non_snake_case,
    missing_docs,
    unreachable_pub,
    clippy::missing_safety_doc,
    reason = "the interface is Microsoft's, and exported by name"
)]

mod address;
mod agent;
mod call;
mod command;
mod conference;
mod digits;
mod line;
pub(crate) mod memory;
mod message;
mod names;
mod params;
mod rest;
mod shown;
mod start;
mod transfer;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use command::cti_tapisim_command;
pub use names::NAMES;

use crate::constants::*;
use crate::exchange::{Exchange, LegId, Refusal};
use crate::service::{self, Asker, Done, Plan, Service};

/// What a function works with.
pub(crate) struct Call<'a> {
    pub(crate) service: &'a mut Service,
    pub(crate) name: &'static str,
    pub(crate) plan: Plan,
}

/// What every exported function does around its own work.
pub(crate) fn entry(name: &'static str, work: impl FnOnce(&mut Call<'_>) -> Result<i32, Refusal>) -> i32 {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let plan = service::lock().service().plan(name);
        plan.befall()?;
        let (result, early) = {
            let mut held = service::lock();
            let service = held.service();
            let result = work(&mut Call { service, name, plan });
            service.flush();
            (result, service.early.take())
        };
        if let Some(id) = early {
            answer_now(id);
        }
        result
    }));
    match outcome {
        Ok(Ok(number)) => number,
        Ok(Err(error)) => refuse(error),
        Err(_) => refuse(LINEERR_OPERATIONFAILED),
    }
}

/// An error as functions return it.
pub(crate) fn refuse(error: Refusal) -> i32 {
    i32::from_ne_bytes(error.to_ne_bytes())
}

/// Another thread answers a request whose function has not returned yet, and its program gets time to see it.
fn answer_now(id: u32) {
    let thread = std::thread::Builder::new().spawn(move || service::lock().service().perform(id));
    if let Ok(thread) = thread {
        let _ = thread.join();
    } else {
        service::lock().service().perform(id);
    }
    std::thread::sleep(std::time::Duration::from_millis(5));
}

impl Call<'_> {
    /// Takes on a request about a call, for who owns it.
    pub(crate) fn ask_owned(
        &mut self,
        handle: u32,
        work: impl FnOnce(&mut Exchange, LegId) -> Result<Done, Refusal> + Send + 'static,
    ) -> Result<i32, Refusal> {
        let held = self.service.owned(handle)?;
        let (open, leg) = (held.open, held.leg);
        self.plan.leg = Some(leg);
        let asker = self.service.asker(open)?.through(handle);
        self.ask(asker, move |exchange| work(exchange, leg))
    }

    /// Takes on a request.
    pub(crate) fn ask(
        &mut self,
        asker: Asker,
        work: impl FnOnce(&mut Exchange) -> Result<Done, Refusal> + Send + 'static,
    ) -> Result<i32, Refusal> {
        self.service.ask(self.name, asker, self.plan, Box::new(work))
    }

    /// Refuses what a line's driver has not.
    pub(crate) fn offered(&self, device: u32) -> Result<(), Refusal> {
        if self.service.exchange.has(device, self.name) { Ok(()) } else { Err(LINEERR_OPERATIONUNAVAIL) }
    }

    /// Writes a structure, spoilt if a fault says so.
    pub(crate) fn give(&self, place: usize, block: crate::block::Block) -> Result<i32, Refusal> {
        memory::put_block(place, block, self.plan.spoil)?;
        Ok(0)
    }
}

/// Declares exported functions.
macro_rules! exported {
    ($(fn $name:ident($($argument:ident: $kind:ty),* $(,)?) |$call:ident| $work:block)*) => {
        $(
            // SAFETY: the name is TAPI's own, and nothing else in this library has it.
            #[unsafe(no_mangle)]
            pub unsafe extern "system" fn $name($($argument: $kind),*) -> i32 {
                $crate::ffi::entry(stringify!($name), |$call| $work)
            }
        )*
    };
}
pub(crate) use exported;
