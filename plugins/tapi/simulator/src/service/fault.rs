//! Faults that stand, and what they do to a call of a function.

use std::time::Duration;

use super::Service;
use crate::block::Spoil;
use crate::config::{Crash, Fault, Reply};
use crate::constants::error_named;
use crate::exchange::{LegId, Refusal};

/// A fault, and how often it has befallen somebody.
pub(crate) struct Standing {
    pub(crate) fault: Fault,
    passed: u32,
    done: u32,
}

/// What befalls one call of a function.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) error: Option<Refusal>,
    pub(crate) fails: Option<Refusal>,
    pub(crate) delay: u64,
    pub(crate) reply: Option<Reply>,
    pub(crate) slow: u64,
    pub(crate) hang: bool,
    pub(crate) crash: Option<Crash>,
    pub(crate) spoil: Option<Spoil>,
    /// The call that it is about.
    pub(crate) leg: Option<LegId>,
}

impl Standing {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { fault, passed: 0, done: 0 }
    }

    /// Whether it befalls this call of a function.
    fn befalls(&mut self, function: &str) -> bool {
        if self.fault.on != "*" && self.fault.on != function {
            return false;
        }
        if self.passed < self.fault.after {
            self.passed += 1;
            return false;
        }
        if self.fault.times.is_some_and(|times| self.done >= times) {
            return false;
        }
        self.done += 1;
        true
    }
}

impl Service {
    /// What befalls a call of `function`; counted.
    pub(crate) fn plan(&mut self, function: &str) -> Plan {
        let mut plan = Plan::default();
        for standing in &mut self.faults {
            if !standing.befalls(function) {
                continue;
            }
            let fault = &standing.fault;
            plan.error = plan.error.or(fault.error.as_deref().and_then(error_named));
            plan.fails = plan.fails.or(fault.fails.as_deref().and_then(error_named));
            plan.delay = plan.delay.max(fault.delay.unwrap_or(0));
            plan.reply = plan.reply.or(fault.reply);
            plan.slow = plan.slow.max(fault.slow.unwrap_or(0));
            plan.hang |= fault.hang;
            plan.crash = plan.crash.or(fault.crash);
            plan.spoil = plan.spoil.or(fault.structure);
        }
        plan
    }
}

impl Plan {
    /// Does what happens before the function does anything. Call it without the service's lock.
    pub(crate) fn befall(&self) -> Result<(), Refusal> {
        if let Some(crash) = self.crash {
            crash.now();
        }
        if self.hang {
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
        if self.slow > 0 {
            std::thread::sleep(Duration::from_millis(self.slow));
        }
        self.error.map_or(Ok(()), Err)
    }
}
