//! How calls end, and what becomes of those who are left.

use super::{CallId, End, Exchange, Gone, Job, Notice, RECORDS, Refusal, Side, Stage, TalkId, refuse};

impl Exchange {
    /// A user hangs up, or refuses what rings.
    pub(crate) fn hang_up(&mut self, id: CallId) -> Result<(), Refusal> {
        let Some(call) = self.calls.get(&id) else { return refuse("Call not found") };
        let (first, second) = (call.talk, call.second);
        if let Some(second) = second {
            // The two others of a conference talk on.
            let others = [self.opposite(first, id), self.opposite(second, id)];
            self.end_talk(first);
            self.end_talk(second);
            self.finish(id);
            if let [Some(one), Some(other)] = others {
                self.connect([one, other], [false; 2]);
            }
            return Ok(());
        }
        let Some(talk) = self.talks.get(&first) else { return refuse("Call not found") };
        if talk.stage == Stage::Ringing && talk.side_of(id) == Some(Side::B) {
            self.fail(first);
            return Ok(());
        }
        let other = self.opposite(first, id);
        let rings = talk.stage != Stage::Talking;
        self.end_talk(first);
        self.finish(id);
        if let Some(End::User(other)) = other {
            if rings { self.finish(other) } else { self.lost(other, first) }
        }
        Ok(())
    }

    /// Somebody outside hangs up, or refuses what rings there.
    pub(crate) fn outside_leaves(&mut self, number: &str) -> Result<(), Refusal> {
        let here = End::Outside(number.to_owned());
        let found = self.talks.iter().rev().find(|(_, talk)| {
            talk.from_queue.is_none() && (talk.a == here || (talk.b == here && talk.stage != Stage::Dialling))
        });
        let found = found.or_else(|| self.talks.iter().rev().find(|(_, talk)| talk.a == here));
        let Some((&id, talk)) = found else { return refuse(format!("{number} is in no call")) };
        let other = if talk.a == here { talk.b.clone() } else { talk.a.clone() };
        let talks = talk.stage == Stage::Talking;
        self.end_talk(id);
        if let End::User(call) = other {
            if talks || self.calls.get(&call).is_some_and(|call| call.up) {
                self.lost(call, id);
            } else {
                self.finish(call);
            }
        }
        Ok(())
    }

    /// A talk does not come about, or is over by itself: who waits for it hears so.
    pub(super) fn fail(&mut self, id: TalkId) {
        let Some(talk) = self.talks.get(&id) else { return };
        let (a, b, queue) = (talk.a.clone(), talk.b.clone(), talk.from_queue);
        self.end_talk(id);
        if let End::User(called) = b {
            self.finish(called);
        }
        if let Some(queue) = queue.filter(|queue| self.talks.contains_key(queue)) {
            // The caller waits on.
            return self.after(super::queues::NEXT, Job::Distribute(queue));
        }
        if let End::User(caller) = a {
            self.lost(caller, id);
        }
    }

    /// The other end of a talk of this call is gone.
    pub(super) fn lost(&mut self, id: CallId, talk: TalkId) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(second) = call.second.take() else {
            self.finish(id);
            return;
        };
        // A conference of which two are left is a talk.
        let rest = if call.talk == talk { second } else { call.talk };
        call.talk = rest;
        if let Some(rest) = self.talks.get_mut(&rest) {
            rest.mark(now);
            rest.conference = false;
        }
    }

    /// Who is at the other end of a talk of this call.
    pub(super) fn opposite(&self, talk: TalkId, call: CallId) -> Option<End> {
        let talk = self.talks.get(&talk)?;
        let side = talk.side_of(call)?;
        Some(talk.end(side.other()).clone())
    }

    /// A talk is over, and with one that waits in a queue what the queue has made ring.
    pub(super) fn end_talk(&mut self, id: TalkId) {
        let now = self.now;
        let Some(mut talk) = self.talks.remove(&id) else { return };
        talk.mark(now);
        talk.stage = Stage::Ended;
        talk.ended = now;
        let waited = talk.queue.is_some();
        self.records.push_back((id, talk));
        if self.records.len() > RECORDS {
            self.records.pop_front();
        }
        if waited {
            self.stop_ringing_for(id);
        }
    }

    /// A call is over.
    pub(super) fn finish(&mut self, id: CallId) {
        let shown = self.calls.get(&id).map(|call| self.far_number(id, call));
        let (Some(call), Some(number)) = (self.calls.remove(&id), shown) else { return };
        self.notices.push(Notice::Call(id, call.user, 100));
        if self.config.returns
            && let Some(parent) = call.parent
        {
            self.come_back(parent);
        }
        if self.config.ended_ms > 0 {
            self.after(self.config.ended_ms, Job::Forget(id));
            self.gone.insert(id, Gone { user: call.user, call, number, at: self.now });
        }
    }

    /// Everybody hangs up.
    pub(crate) fn everybody_leaves(&mut self) {
        for id in self.talks.keys().copied().collect::<Vec<_>>() {
            self.end_talk(id);
        }
        for id in self.calls.keys().copied().collect::<Vec<_>>() {
            self.finish(id);
        }
    }
}
