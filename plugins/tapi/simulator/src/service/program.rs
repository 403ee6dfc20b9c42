//! Programs: who has called `lineInitializeEx`.

use std::collections::VecDeque;

use super::{RANG, Service, number};
use crate::constants::*;
use crate::exchange::Refusal;
use crate::layout::{LINEMESSAGE, Version};
use crate::signal::Signal;

/// The most messages that wait for a program that does not read.
const MOST_MESSAGES: usize = 1_000_000;
/// Where the handles of programs begin.
const FIRST: u32 = 0x0000_0100;

/// A program.
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) api: Version,
    pub(crate) queue: VecDeque<LINEMESSAGE>,
    pub(crate) signal: Signal,
}

impl Service {
    pub(crate) fn add_program(&mut self, name: String, api: Version, signal: Signal) -> u32 {
        let programs = &self.programs;
        let id = number(FIRST, &mut self.last_program, false, |id| programs.contains_key(&id));
        self.programs.insert(id, Program { name, api, queue: VecDeque::new(), signal });
        id
    }

    pub(crate) fn program(&self, id: u32) -> Result<&Program, Refusal> {
        self.programs.get(&id).ok_or(LINEERR_INVALAPPHANDLE)
    }

    /// A program ends: its lines are closed, its requests are never answered.
    pub(crate) fn remove_program(&mut self, id: u32) -> Result<Program, Refusal> {
        let program = self.programs.remove(&id).ok_or(LINEERR_INVALAPPHANDLE)?;
        let opens: Vec<u32> = self.opens.iter().filter(|(_, open)| open.program == id).map(|(id, _)| *id).collect();
        for open in opens {
            // It was there just now.
            let _ = self.close(open);
        }
        self.requests.retain(|_, request| request.program != id);
        self.late.retain(|(_, program, _)| *program != id);
        self.agreed.retain(|(program, _), _| *program != id);
        self.reinit &= !self.programs.is_empty();
        RANG.notify_all();
        Ok(program)
    }

    /// Puts a message into a program's queue.
    pub(crate) fn push(&mut self, program: u32, message: LINEMESSAGE) {
        if let Some(aside) = &mut self.aside {
            aside.push((program, message));
            return;
        }
        let Some(there) = self.programs.get_mut(&program) else { return };
        if there.queue.len() >= MOST_MESSAGES {
            return;
        }
        self.counters.messages += 1;
        there.signal.send(message, &mut there.queue);
        self.note(&message);
        RANG.notify_all();
    }
}

/// A message.
pub(crate) fn message(device: u32, id: u32, instance: usize, parameters: [usize; 3]) -> LINEMESSAGE {
    let [first, second, third] = parameters;
    LINEMESSAGE {
        hDevice: device,
        dwMessageID: id,
        dwCallbackInstance: instance,
        dwParam1: first,
        dwParam2: second,
        dwParam3: third,
    }
}
