//! Requests and their answers: each is answered once, by its driver or by the clock.

use std::time::Duration;

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, Host, LineId, ReleasedBy, Reply, Timestamp};

use super::pending::{Pending, Work, refusal};
use super::talk::Wish;
use super::{Machine, link};
use crate::asks::Request;
use crate::sys::constants::LINECALLPRIVILEGE_OWNER;
use crate::sys::names;
use crate::told::Given;

/// How long an answer that comes too late is still understood.
const LATE: Duration = Duration::from_secs(600);

impl Machine {
    pub(super) fn awaits_handle(&self) -> bool {
        self.pending.values().any(Pending::names_call)
    }

    /// The talk that a command for a conference wants to stay.
    pub(super) fn stays(&self, own: Option<u64>) -> Option<u64> {
        let own = own.and_then(|own| self.talks.get(&own))?;
        self.pending.values().find_map(|pending| match pending.work {
            Work::Merge { stays } => self.talks.get(&stays).filter(|talk| talk.line == own.line).map(|_| stays),
            _ => None,
        })
    }

    pub(super) fn returned(&mut self, request: u64, code: i32, given: Given, host: &mut Host<'_>) {
        if code > 0 {
            if let Some(pending) = self.pending.get_mut(&request) {
                pending.returned = true;
            }
            return;
        }
        self.replied(request, code, given, host);
    }

    pub(super) fn replied(&mut self, request: u64, code: i32, given: Given, host: &mut Host<'_>) {
        let Some(pending) = self.pending.remove(&request) else { return };
        if link::is_lost(code) && self.link.is_up() {
            self.fails(pending, code, host);
            let text = names::error(code);
            return self.lose(ErrorCode::ConnectionLost, text, host);
        }
        if code == 0 {
            self.succeeds(pending, given, host);
        } else {
            self.fails(pending, code, host);
        }
        self.replay_rest(host);
        self.let_idle_go(host);
    }

    fn fails(&mut self, mut pending: Pending, code: i32, host: &mut Host<'_>) {
        if self.drop_refused(&pending, code, host) {
            return;
        }
        match std::mem::replace(&mut pending.work, Work::Nothing) {
            Work::Ends { talks } => self.wish(&talks, None),
            Work::Park { talk } => self.wish(&[talk], None),
            Work::GiveUp { first, consult } => {
                self.wish(&[consult], None);
                if let Some(talk) = self.talks.get_mut(&first) {
                    talk.returns = false;
                }
            }
            // The consultation is there, and nobody to talk to: it goes.
            Work::Dial { talk } => self.drop_quietly(talk, host),
            Work::Digits { talk } => {
                if let Some(talk) = self.talks.get_mut(&talk) {
                    talk.sending = None;
                }
            }
            Work::Taken { or: Some(what) } => {
                if let (Some(id), Some(line)) = (pending.command, pending.line) {
                    let again = Pending::new(id, line, Work::Taken { or: None });
                    return self.request(what, again, host);
                }
            }
            Work::Taking { mut then, .. } => {
                then.function = pending.function;
                return self.fails(*then, code, host);
            }
            Work::AgentStatus => self.no_agent(pending.line, host),
            _ => {}
        }
        if let Some(talk) = pending.talk.and_then(|talk| self.talks.get_mut(&talk)) {
            talk.because = talk.because.filter(|because| Some(*because) != pending.command);
        }
        if let Some(command) = pending.command {
            host.refuse(command, refusal(pending.function, code));
        }
    }

    fn succeeds(&mut self, pending: Pending, given: Given, host: &mut Host<'_>) {
        let Pending { command, line, work, .. } = pending;
        let accept = |host: &mut Host<'_>, reply: Reply| {
            if let Some(command) = command {
                host.reply(command, reply);
            }
        };
        let handle = if let Given::Calls(calls) = &given { calls.last().copied().unwrap_or(0) } else { 0 };
        match work {
            Work::Nothing => {}
            Work::Owned { call } => {
                self.owns(call, given, host);
            }
            Work::CallSeen => {
                if let Given::Call(seen) = &given
                    && let Some(leg) = self.legs.get_mut(&seen.call)
                {
                    leg.learn(seen);
                    self.settle(seen.call, host);
                }
            }
            Work::Plain | Work::Ends { .. } | Work::GiveUp { .. } => accept(host, Reply::accepted()),
            Work::NewCall { to } => match line.and_then(|line| self.made(line, handle, command, to, None)) {
                Some(number) => {
                    accept(host, Reply::call(self.talks[&number].key.clone()));
                    self.shows_up(number, handle, host);
                }
                None => self.unwanted(handle, command, host),
            },
            Work::Taken { .. } => match line.and_then(|line| self.taken(line, handle, command)) {
                Some(number) => {
                    accept(host, Reply::call(self.talks[&number].key.clone()));
                    self.shows_up(number, handle, host);
                }
                None => self.unwanted(handle, command, host),
            },
            Work::Consult { parent, to } => {
                self.consulting(&given, parent, to, (line, command), host);
            }
            Work::Dial { talk } => match self.talks.get(&talk) {
                Some(talk) => accept(host, Reply::call(talk.key.clone())),
                None => {
                    if let Some(command) = command {
                        host.refuse(command, super::gone());
                    }
                }
            },
            Work::Park { .. } => {
                let slot = if let Given::Text(slot) = given { slot } else { String::new() };
                let reply = Reply::accepted();
                accept(host, if slot.is_empty() { reply } else { reply.value("slot", slot) });
            }
            Work::Merge { stays } => {
                accept(host, Reply::accepted());
                if let (true, Some(place)) = (handle != 0, self.place_of_talk(stays)) {
                    self.is_whole(handle, place);
                    self.replay(handle, host);
                    self.settle(handle, host);
                }
            }
            // Their end is LINE_GENERATE; the fact comes with it.
            Work::Digits { .. } => accept(host, Reply::accepted()),
            // Who wanted it waits no longer: it is not done any more.
            Work::Taking { then, .. } if then.command.is_none() => {}
            Work::Taking { what, then } => {
                let call = what.calls()[0];
                self.request(*what, *then, host);
                self.owns(call, given, host);
            }
            Work::Forwarding => {
                accept(host, Reply::accepted());
                if let Some(line) = line {
                    self.look_at_address(line, host);
                }
                // The call that was made for it, where there was one.
                if handle != 0 {
                    self.also(Request::Deallocate { call: handle }, host);
                }
            }
            Work::AddressStatus => {
                if let (Some(line), Given::Address(status)) = (line, given) {
                    self.address_looked_at(line, status, host);
                }
            }
            Work::AgentStatus
            | Work::AgentActivities
            | Work::AgentGroups { .. }
            | Work::AgentState { .. }
            | Work::AgentActivity { .. } => self.agent_answered(work, given, (line, command), host),
        }
    }

    /// A call is ours now, and more can be done with it.
    fn owns(&mut self, call: u32, given: Given, host: &mut Host<'_>) {
        let Some(leg) = self.legs.get_mut(&call) else { return };
        if let Given::Call(seen) = given {
            leg.learn(&seen);
        }
        let knows = leg.owned();
        leg.privilege = LINECALLPRIVILEGE_OWNER;
        if knows {
            return self.settle(call, host);
        }
        let mut look = Pending::housekeeping();
        look.work = Work::CallSeen;
        self.request(Request::LookAtCall { call }, look, host);
    }

    /// A call that came of a command nobody can be told of any more.
    fn unwanted(&mut self, handle: u32, command: Option<CommandId>, host: &mut Host<'_>) {
        if let Some(command) = command {
            let text = "the driver says that the call is made and gives no handle of it, or one of another call";
            host.refuse(command, CommandError::new(ErrorCode::CommandFailed, text));
        }
        if handle != 0 && !self.legs.contains_key(&handle) {
            self.also(Request::Deallocate { call: handle }, host);
        }
    }

    /// How these talks end if they end now.
    pub(super) fn wish(&mut self, talks: &[u64], wish: Option<Wish>) {
        for number in talks {
            if let Some(talk) = self.talks.get_mut(number) {
                talk.wish = wish;
            }
        }
    }

    fn drop_quietly(&mut self, number: u64, host: &mut Host<'_>) {
        if let Some(talk) = self.talks.get_mut(&number) {
            talk.wish = Some(Wish { cause: None, by: ReleasedBy::Local, because: None, after: None });
            let call = talk.main;
            self.also(Request::Drop { call }, host);
        }
    }

    /// Time is over for requests.
    pub(super) fn overdue(&mut self, now: Timestamp, host: &mut Host<'_>) {
        if let Some(stuck) = self.pending.values().find(|p| !p.returned && p.hangs <= now) {
            let function = stuck.function;
            return self.hang(function, host);
        }
        let seconds = self.config.request_timeout;
        let (mut without_agent, mut given_up) = (Vec::new(), Vec::new());
        for pending in self.pending.values_mut().filter(|pending| pending.deadline <= now && !pending.late) {
            pending.late = true;
            pending.deadline = now + LATE;
            if let (Work::AgentStatus, Some(line)) = (&pending.work, pending.line) {
                without_agent.push(line);
            }
            let Some(command) = pending.leave() else { continue };
            let wanted = if let Work::Ends { talks } = &pending.work { talks.as_slice() } else { &[] };
            given_up.push((wanted.to_vec(), command));
            if !wanted.is_empty() && wanted.iter().all(|talk| !self.talks.contains_key(talk)) {
                // It was done all the same.
                host.reply(command, Reply::accepted());
            } else {
                let text = format!("{}: the driver has not answered for {seconds} s", pending.function);
                host.refuse(command, CommandError::new(ErrorCode::Timeout, text).retryable());
            }
        }
        self.pending.retain(|_, pending| pending.deadline > now);
        for (talks, command) in given_up {
            self.drop_given_up(&talks, command);
        }
        for line in without_agent {
            self.show_line(line, host);
        }
        self.replay_rest(host);
        self.let_idle_go(host);
    }

    /// Refuses everything that waits.
    pub(super) fn refuse_all(&mut self, why: &str, host: &mut Host<'_>) {
        let mut pending = std::mem::take(&mut self.pending);
        let waiting = self.waiting_drops(None);
        for command in pending.values_mut().filter_map(Pending::leave).chain(waiting) {
            host.refuse(command, CommandError::new(ErrorCode::ConnectionLost, why).retryable());
        }
    }

    /// Refuses what waits on a line; its answers may still come.
    pub(super) fn refuse_line(&mut self, line: LineId, host: &mut Host<'_>) {
        let mut left = self.waiting_drops(Some(line));
        for pending in self.pending.values_mut().filter(|pending| pending.line == Some(line)) {
            pending.line = None;
            left.extend(pending.leave());
        }
        for command in left {
            host.refuse(command, CommandError::new(ErrorCode::Cancelled, "the line was closed"));
        }
    }

    /// Answers what waits for a talk that is over: a driver need not do so for a call that is gone.
    pub(super) fn refuse_talk(&mut self, number: u64, host: &mut Host<'_>) {
        for pending in self.pending.values_mut().filter(|pending| pending.talk == Some(number)) {
            match &pending.work {
                // Who hung up has got what he wanted.
                Work::Ends { talks } if pending.function == "lineDrop" => {
                    if talks.iter().all(|talk| !self.talks.contains_key(talk))
                        && let Some(command) = pending.leave()
                    {
                        host.reply(command, Reply::accepted());
                    }
                    continue;
                }
                // Its end may be what was asked for: the driver says so.
                Work::Ends { .. } | Work::Park { .. } | Work::GiveUp { .. } => continue,
                _ if !pending.returned => continue,
                _ => {}
            }
            if let Some(command) = pending.leave() {
                host.refuse(command, super::gone());
            }
        }
    }

    /// The device and the address of a talk.
    pub(super) fn place_of_talk(&self, number: u64) -> Option<(u32, u32)> {
        self.legs.get(&self.talks.get(&number)?.main).map(|leg| (leg.device, leg.info.address))
    }

    /// What can be said of a talk whose handle has just come.
    fn shows_up(&mut self, number: u64, handle: u32, host: &mut Host<'_>) {
        self.replay(handle, host);
        if self.talks.get(&number).is_some_and(|talk| !talk.told) {
            self.settle(handle, host);
        }
    }
}
