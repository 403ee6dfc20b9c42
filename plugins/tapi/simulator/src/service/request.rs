//! Requests: what is answered by a number now and by `LINE_REPLY` later.

use std::sync::{Arc, Barrier};

use super::program::message;
use super::{Job, Plan, Service, lock};
use crate::block::Block;
use crate::config::{Order, Reply};
use crate::constants::*;
use crate::exchange::{Exchange, LegId, Refusal};
use crate::ffi::memory;
use crate::layout::LINEMESSAGE;

/// What a request does to the phone system when its time has come.
pub(crate) type Work = Box<dyn FnOnce(&mut Exchange) -> Result<Done, Refusal> + Send>;

/// What a request gives back, and where the program wants it. Addresses are the program's memory: it keeps them valid
/// until the reply, which is what the interface demands of it.
#[derive(Default)]
pub(crate) struct Done {
    /// New calls, and where their handles are written.
    pub(crate) calls: Vec<(usize, LegId)>,
    /// A structure, and where it is written.
    pub(crate) block: Option<(usize, Block)>,
}

impl Done {
    /// One new call.
    pub(crate) fn call(place: usize, leg: LegId) -> Self {
        Self { calls: vec![(place, leg)], block: None }
    }

    /// A structure.
    pub(crate) fn block(place: usize, block: Block) -> Self {
        Self { calls: Vec::new(), block: Some((place, block)) }
    }
}

/// Who asks, and through what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    program: u32,
    /// The open line; 0 where a function needs none.
    open: u32,
    device: u32,
    /// The handle through which it is asked: without it nobody waits for the answer.
    handle: Option<u32>,
}

impl Asker {
    pub(crate) fn through(self, handle: u32) -> Self {
        Self { handle: Some(handle), ..self }
    }
}

/// A request that was not answered yet.
pub(crate) struct Request {
    pub(crate) program: u32,
    pub(crate) open: u32,
    pub(crate) handle: Option<u32>,
    pub(crate) function: &'static str,
    plan: Plan,
    work: Work,
}

impl Service {
    /// Somebody who asks through an open line.
    pub(crate) fn asker(&self, open: u32) -> Result<Asker, Refusal> {
        let there = self.opened(open)?;
        Ok(Asker { program: there.program, open, device: there.device, handle: None })
    }

    /// Somebody who asks without one.
    pub(crate) fn asker_of(&self, program: u32, device: u32) -> Result<Asker, Refusal> {
        self.program(program)?;
        Ok(Asker { program, open: 0, device, handle: None })
    }

    /// Takes a request on; its number.
    pub(crate) fn ask(&mut self, function: &'static str, asker: Asker, plan: Plan, work: Work) -> Result<i32, Refusal> {
        let Asker { program, open, device, handle } = asker;
        if !self.exchange.has(device, function) {
            return Err(LINEERR_OPERATIONUNAVAIL);
        }
        self.last_request = if self.last_request >= 0x7FFF_0000 { 1 } else { self.last_request + 1 };
        let id = self.last_request;
        self.counters.requests += 1;
        let after = self.config.times.reply.saturating_add(plan.delay);
        self.requests.insert(id, Request { program, open, handle, function, plan, work });
        if plan.reply == Some(Reply::Early) {
            self.early = Some(id);
        } else {
            self.schedule(after, Job::Request(id));
        }
        Ok(i32::try_from(id).unwrap_or(1))
    }

    /// Carries a request out, and answers it.
    pub(crate) fn perform(&mut self, id: u32) {
        let Some(request) = self.requests.remove(&id) else { return };
        let Request { program, open, plan, work, .. } = request;
        let asked = Asked { id, program, open, plan };
        if plan.reply == Some(Reply::Lost) {
            return;
        }
        let result = if self.stopped { Err(LINEERR_SERVICE_NOT_RUNNING) } else { self.carry_out(&asked, work) };
        if plan.reply == Some(Reply::TwoThreads) {
            self.answer_apart(&asked, result);
            return;
        }
        if self.config.quirks.order == Order::StatesFirst {
            self.flush();
        }
        self.answer(&asked, result);
        self.flush();
    }

    /// What was asked for is done; the answer is still to be given.
    fn carry_out(&mut self, asked: &Asked, work: Work) -> Result<Written, Refusal> {
        if let Some(error) = asked.plan.fails {
            return Err(error);
        }
        self.exchange.now = self.now();
        let done = work(&mut self.exchange)?;
        let name = self.programs.get(&asked.program).map(|program| program.name.clone()).unwrap_or_default();
        let mut written = Written { last_call: None, later: Vec::new() };
        for (place, leg) in done.calls {
            if let Some(leg) = self.exchange.legs.get_mut(&leg) {
                leg.app_name.clone_from(&name);
            }
            let handle = self.add_handle(asked.open, leg, LINECALLPRIVILEGE_OWNER, false);
            written.last_call = Some(leg);
            if asked.plan.reply == Some(Reply::HandleLater) {
                written.later.push((place, handle));
            } else {
                memory::put_word(place, handle);
            }
        }
        if let Some((place, block)) = done.block {
            memory::put_block(place, block, asked.plan.spoil)?;
        }
        Ok(written)
    }

    /// Gives the answer, as the plan says.
    fn answer(&mut self, asked: &Asked, result: Result<Written, Refusal>) {
        let (error, written) = match result {
            Ok(written) => (0, Some(written)),
            Err(error) => (error, None),
        };
        let reply = self.reply_of(asked, asked.id, error);
        match asked.plan.reply {
            Some(Reply::Never) => {}
            Some(Reply::Twice) => {
                self.send_reply(asked, reply);
                self.send_reply(asked, reply);
            }
            Some(Reply::WrongId) => {
                let stranger = self.reply_of(asked, stranger(asked.id), error);
                self.send_reply(asked, stranger);
            }
            Some(Reply::StrangerFirst) => {
                let stranger = self.reply_of(asked, stranger(asked.id), error);
                self.send_reply(asked, stranger);
                self.send_reply(asked, reply);
            }
            Some(Reply::AfterGone) => match written.as_ref().and_then(|w| w.last_call).or(asked.plan.leg) {
                Some(leg) => self.late.push((leg, asked.program, reply)),
                None => self.send_reply(asked, reply),
            },
            _ => self.send_reply(asked, reply),
        }
        for (place, handle) in written.map(|written| written.later).unwrap_or_default() {
            memory::put_word(place, handle);
        }
    }

    /// The reply, and what was changed, by two threads at the same time.
    fn answer_apart(&mut self, asked: &Asked, result: Result<Written, Refusal>) {
        self.aside = Some(Vec::new());
        self.flush();
        let states = self.aside.replace(Vec::new()).unwrap_or_default();
        let error = result.err().unwrap_or(0);
        let reply = self.reply_of(asked, asked.id, error);
        self.send_reply(asked, reply);
        let replies = self.aside.take().unwrap_or_default();
        let together = Arc::new(Barrier::new(2));
        for messages in [states, replies] {
            let together = Arc::clone(&together);
            let thread = std::thread::Builder::new().spawn(move || {
                together.wait();
                for (program, message) in messages {
                    lock().service().push(program, message);
                }
            });
            self.threads.retain(|thread| !thread.is_finished());
            match thread {
                Ok(thread) => self.threads.push(thread),
                Err(e) => eprintln!("cti_tapisim: no thread could be started: {e}"),
            }
        }
    }

    fn reply_of(&self, asked: &Asked, id: u32, error: Refusal) -> LINEMESSAGE {
        let instance = self.opens.get(&asked.open).map_or(0, |open| open.instance);
        message(0, LINE_REPLY, instance, [id as usize, error as usize, 0])
    }

    fn send_reply(&mut self, asked: &Asked, reply: LINEMESSAGE) {
        self.counters.replies += 1;
        self.push(asked.program, reply);
    }
}

/// A request while it is carried out.
struct Asked {
    id: u32,
    program: u32,
    open: u32,
    plan: Plan,
}

/// What a request has brought.
struct Written {
    last_call: Option<LegId>,
    /// Handles that are written only after the reply.
    later: Vec<(usize, u32)>,
}

/// A request's number that nobody has.
fn stranger(id: u32) -> u32 {
    id.wrapping_add(0x0100_0000) & 0x7FFF_FFFF
}
