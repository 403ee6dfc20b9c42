//! Calls that nobody made by hand: random ones, those of the settings, and what robots and outside parties do in them.

use jackfield_plugin_api::CauseCode;

use crate::calls::Shown;
use crate::config::{Ends, ScriptedCall, Way, micros};
use crate::exchange::{Exchange, Refused};
use crate::jobs::Job;
use crate::state::{ConversationId, Ending, LegId, LegState, Number, Outcome, Plan, Who};

const NAMES: [&str; 12] = [
    "Olena Koval",
    "Ben Carter",
    "Aiko Tanaka",
    "Lars Holm",
    "Maria Rossi",
    "Yusuf Demir",
    "Chloe Martin",
    "Jan Novak",
    "Priya Shah",
    "Tom Becker",
    "Sofia Lopez",
    "Nils Berg",
];

impl Exchange {
    /// Starts random calls (or none, with no mean time between them).
    pub(crate) fn run_traffic(&mut self, calls_per_minute: f64) {
        self.state.jobs.cancel(|job| *job == Job::Traffic);
        self.state.traffic = (calls_per_minute > 0.0).then(|| ((60e6 / calls_per_minute) as i64).max(1));
        self.next_random_call();
    }

    fn next_random_call(&mut self) {
        if let Some(mean) = self.state.traffic {
            let after = self.random(2 * mean.unsigned_abs()) as i64;
            self.later(after, Job::Traffic);
        }
    }

    pub(crate) fn schedule_scripted(&mut self) {
        for (index, at) in self.config.calls.iter().map(|call| micros(call.at)).enumerate().collect::<Vec<_>>() {
            self.later(at, Job::Scripted(index));
        }
    }

    fn chance(&mut self, share: f64) -> bool {
        (self.random(1_000_000) as f64) < share * 1e6
    }

    fn pick(&mut self, from: &[String]) -> Option<String> {
        let index = self.random(from.len() as u64) as usize;
        from.get(index).cloned()
    }

    /// A caller of the outside world: the same number always has the same name.
    pub(crate) fn stranger(&mut self) -> Who {
        let person = self.random(NAMES.len() as u64 * 8);
        let name = (person % 4 != 3).then(|| NAMES[(person % NAMES.len() as u64) as usize].to_owned());
        Who::Outside { number: format!("+38044{:07}", 2_000_000 + person * 7_919), name }
    }

    /// The time has come for a random call.
    pub(crate) fn random_call(&mut self) {
        self.next_random_call();
        let traffic = self.config.traffic.clone();
        let watched: Vec<String> = self.state.lines.values().map(|line| line.extension.clone()).collect();
        let free: Vec<String> = watched.iter().filter(|extension| self.is_free(extension)).cloned().collect();
        let robot = |e: &&String| self.state.extensions.get(*e).is_some_and(|e| e.robot);
        let robots: Vec<String> = free.iter().filter(robot).cloned().collect();
        let way = self.random(1_000_000) as f64 / 1e6;
        if way < traffic.incoming {
            let to_queue = self.chance(traffic.queue);
            let Some(line) = self.pick(if to_queue { &watched } else { &free }) else { return };
            let to = if to_queue { self.config.queue.number.clone() } else { line };
            let (who, plan) = (self.stranger(), self.random_plan(true));
            self.call_in(who, &to, plan, Shown::default());
        } else if way < traffic.incoming + traffic.internal {
            let Some(from) = self.pick(&robots) else { return };
            let others: Vec<String> = free.into_iter().filter(|extension| *extension != from).collect();
            let Some(to) = self.pick(&others) else { return };
            let plan = self.random_plan(true);
            self.call_out(&from, &to, plan, Shown::default());
        } else {
            let Some(from) = self.pick(&robots) else { return };
            let Who::Outside { number, .. } = self.stranger() else { return };
            let mut plan = self.random_plan(true);
            let fate = self.random(1_000_000) as f64 / 1e6;
            plan.callee = Some(if fate < traffic.busy {
                (1_000_000, Outcome::Fail(CauseCode::Busy))
            } else if fate < traffic.busy + traffic.no_answer {
                (25_000_000, Outcome::Fail(CauseCode::NoAnswer))
            } else {
                (self.random_time(traffic.ring), Outcome::Answer)
            });
            self.call_out(&from, &number, plan, Shown::default());
        }
    }

    /// What the parties of a random call have in mind. Without a robot at the line, only what the other side has.
    fn random_plan(&mut self, caller_waits: bool) -> Plan {
        let t = self.config.traffic.clone();
        let patience = caller_waits.then(|| self.random_time(t.patience));
        let talk = self.random_time(t.talk);
        let fate = self.random(1_000_000) as f64 / 1e6;
        let ring = self.random_time(t.ring);
        let ending = self.random(1_000_000) as f64 / 1e6;
        Plan {
            played: false,
            answer_after: (fate < t.answered).then_some(ring),
            reject_after: (fate >= t.answered && fate < t.answered + t.rejected).then_some(ring),
            callee: None,
            patience,
            talk: Some(talk),
            hold_after: self.chance(t.held).then_some(talk / 3),
            hold: self.random_time(t.hold).min(talk / 3),
            local_ends: self.chance(0.5),
            ending: if ending < t.transferred {
                Ending::Transfer
            } else if ending < t.transferred + t.consulted / 2.0 {
                Ending::ConsultAndComplete
            } else if ending < t.transferred + t.consulted {
                Ending::ConsultAndReturn
            } else {
                Ending::HangUp
            },
        }
    }

    /// Somebody outside calls a line, or the queue; their leg.
    pub(crate) fn call_in(&mut self, who: Who, to: &str, plan: Plan, shown: Shown) -> LegId {
        let conversation = self.new_conversation();
        let caller = self.number_of(&who);
        let leg = self.add_leg(conversation, who, LegState::Dialing, caller, Number::from(to));
        let patience = plan.patience;
        if let Some(conversation) = self.state.conversations.get_mut(&conversation) {
            (conversation.plan, conversation.data) = (Some(plan), shown.data);
        }
        self.route(conversation, to, None);
        if let Some(patience) = patience {
            self.later(patience, Job::GiveUp(leg));
        }
        leg
    }

    /// A line's own user (a robot, or the script) calls somebody.
    fn call_out(&mut self, from: &str, to: &str, plan: Plan, shown: Shown) {
        let leg = self.lift(from, LegState::Initiated);
        let patience = plan.patience;
        if let Some(conversation) = self.conversation(leg).and_then(|c| self.state.conversations.get_mut(&c)) {
            (conversation.plan, conversation.data) = (Some(plan), shown.data);
        }
        self.state.legs.entry(leg).and_modify(|leg| leg.called = Number::from(to));
        self.dial(leg, to);
        if let Some(patience) = patience {
            self.later(patience, Job::GiveUp(leg));
        }
    }

    /// A call of the settings.
    pub(crate) fn scripted_call(&mut self, index: usize) {
        let Some(call) = self.config.calls.get(index).cloned() else { return };
        if let Some(every) = call.every {
            self.later(micros(every), Job::Scripted(index));
        }
        let ScriptedCall { way, line, number, name, to, ring, patience, talk, hold_after, hold, ends, data, .. } = call;
        let mut plan = Plan {
            patience: patience.map(micros),
            talk: talk.map(micros),
            hold_after: hold_after.map(micros),
            hold: micros(hold.unwrap_or(5.0)),
            local_ends: ends == Ends::Local,
            played: true,
            ..Plan::default()
        };
        let shown = Shown { data, ..Shown::default() };
        match (way, number) {
            (Way::In, number) => {
                plan.answer_after = ring.map(micros);
                let who = match number {
                    Some(number) => Who::Outside { number, name },
                    None => self.stranger(),
                };
                let to = to.unwrap_or(line);
                self.call_in(who, &to, plan, shown);
            }
            (Way::Out, Some(number)) => {
                plan.callee = ring.map(|ring| (micros(ring), Outcome::Answer));
                if self.legs_of(&line, |leg| leg.state.active()).is_empty() && self.state.extensions.contains_key(&line)
                {
                    self.call_out(&line, &number, plan, shown);
                }
            }
            (Way::Out, None) => {}
        }
    }

    /// A leg of an extension has begun to ring: when its user answers, if they are played.
    pub(crate) fn plan_ringing(&mut self, conversation: ConversationId, leg: LegId) {
        let robot = self.extension_of(leg).and_then(|e| self.state.extensions.get(e)).is_some_and(|e| e.robot);
        if self.plan(conversation).is_none() && robot {
            let plan = self.random_plan(false);
            self.state.conversations.entry(conversation).and_modify(|c| c.plan = Some(plan));
        }
        let Some(plan) = self.plan(conversation).filter(|plan| robot || plan.played).cloned() else { return };
        if let Some(after) = plan.answer_after {
            self.later(after, Job::Answer(leg));
        } else if let Some(after) = plan.reject_after {
            self.later(after, Job::HangUp(leg));
        }
    }

    /// A conversation talks for the first time: who holds, transfers, ends it, and when.
    pub(crate) fn plan_talking(&mut self, conversation: ConversationId) {
        let Some(c) = self.state.conversations.get_mut(&conversation) else { return };
        if std::mem::replace(&mut c.planned, true) {
            return self.plan_anew(conversation);
        }
        let Some(plan) = c.plan.clone() else { return };
        let legs = self.legs(conversation);
        let (here, there): (Vec<_>, Vec<_>) = legs.into_iter().partition(|leg| self.extension_of(*leg).is_some());
        // Of two lines, the called one is played as the line, the calling one as the other party.
        let Some(local) = here.last().copied() else { return };
        let Some(remote) = there.first().or(here.first()).copied() else { return };
        let robot = self.extension_of(local).and_then(|e| self.state.extensions.get(e)).is_some_and(|e| e.robot);
        let played = robot || plan.played;
        if let Some(after) = plan.hold_after.filter(|_| played) {
            self.later(after, Job::Hold(local, plan.hold, None));
        }
        let Some(talk) = plan.talk else { return };
        match plan.ending {
            Ending::HangUp => {}
            Ending::Transfer if robot => self.later(talk * 3 / 4, Job::Transfer(local)),
            Ending::ConsultAndComplete if robot => self.later(talk * 3 / 4, Job::Consult(local, true)),
            Ending::ConsultAndReturn if robot => self.later(talk * 3 / 4, Job::Consult(local, false)),
            _ => {}
        }
        self.later(talk, Job::HangUp(if plan.local_ends && played { local } else { remote }));
    }

    /// The parties of a planned conversation are others now (a transfer): who of them ends it, and when.
    pub(crate) fn plan_anew(&mut self, conversation: ConversationId) {
        if self.plan(conversation).is_none_or(|plan| plan.talk.is_none()) {
            return;
        }
        let played =
            |leg: &LegId| self.extension_of(*leg).is_none_or(|e| self.state.extensions.get(e).is_some_and(|e| e.robot));
        if let Some(leg) = self.legs(conversation).into_iter().find(played) {
            let talk = self.random_time(self.config.traffic.talk);
            self.later(talk, Job::HangUp(leg));
        }
    }

    /// A party holds its call, or takes it back.
    pub(crate) fn hold_by_plan(&mut self, leg: LegId, time: i64, again: Option<i64>) {
        if self.leg_state(leg) == Some(LegState::Connected) {
            self.hold(leg);
            self.later(time, Job::Unhold(leg, again.map(|again| (again, time))));
        }
    }

    pub(crate) fn unhold_by_plan(&mut self, leg: LegId, again: Option<(i64, i64)>) -> Refused {
        let free = self.extension_of(leg).is_none_or(|e| self.legs_of(e, |leg| leg.state.active()).is_empty());
        if free && self.consult_of(leg).is_none() {
            self.unhold(leg)?;
        }
        if let Some((after, time)) = again.filter(|_| self.leg(leg).is_some()) {
            self.later(after, Job::Hold(leg, time, Some(after)));
        }
        Ok(())
    }

    fn colleague(&mut self, of: LegId) -> Option<String> {
        let own = self.extension_of(of)?.to_owned();
        let watched: Vec<String> = self.state.lines.values().map(|line| line.extension.clone()).collect();
        let free: Vec<String> = watched.into_iter().filter(|e| *e != own && self.is_free(e)).collect();
        self.pick(&free)
    }

    /// A robot transfers its call to a free colleague, if there is one.
    pub(crate) fn robot_transfers(&mut self, leg: LegId) -> Refused {
        let Some(to) = self.colleague(leg).filter(|_| self.talks_alone(leg)) else { return Ok(()) };
        self.blind_transfer(leg, &to)
    }

    /// A robot consults a free colleague, if there is one.
    pub(crate) fn robot_consults(&mut self, leg: LegId, completes: bool) -> Refused {
        let Some(to) = self.colleague(leg).filter(|_| self.talks_alone(leg)) else { return Ok(()) };
        let consult = self.consult(leg, &to)?;
        let after = self.random_time(self.config.traffic.hold).max(self.random_time(self.config.traffic.ring)) + 1;
        self.later(after, Job::EndConsult(leg, consult, completes));
        Ok(())
    }

    fn talks_alone(&self, leg: LegId) -> bool {
        self.leg_state(leg) == Some(LegState::Connected) && self.has_peer(leg) && {
            let extension = self.extension_of(leg).unwrap_or_default();
            self.legs_of(extension, |_| true) == [leg]
        }
    }

    pub(crate) fn robot_ends_consult(&mut self, first: LegId, consult: LegId, completes: bool) -> Refused {
        match (completes, self.leg_state(consult)) {
            (_, None) => self.unhold(first),
            (true, Some(LegState::Connected)) => self.transfer(first, consult),
            _ => self.cancel_consult(first, consult),
        }
    }
}
