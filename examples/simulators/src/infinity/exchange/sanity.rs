//! What is true of the exchange at any moment between two inputs.

use super::{End, Exchange, Job, Side, Stage};

impl Exchange {
    /// Looks at everything; the error says what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (id, call) in &self.calls {
            let Some(talk) = self.talks.get(&call.talk) else {
                return Err(format!("call {id} is in no talk: {call:?}"));
            };
            if talk.side_of(*id).is_none() {
                return Err(format!("call {id} is no end of its talk {}: {talk:?}", call.talk));
            }
            match call.second {
                Some(second) => {
                    let there =
                        self.talks.get(&second).is_some_and(|talk| talk.conference && talk.side_of(*id).is_some());
                    if !there || !talk.conference {
                        return Err(format!("call {id} has a conference that is none: {call:?}"));
                    }
                }
                None if talk.conference => {
                    let owner = [Side::A, Side::B].into_iter().any(|side| {
                        matches!(talk.end(side), End::User(other) if self.calls.get(other).is_some_and(|o| o.second.is_some()))
                    });
                    if !owner {
                        return Err(format!("call {id} is in a conference that nobody has: {talk:?}"));
                    }
                }
                None => {}
            }
            if call.up && talk.stage == Stage::Ringing && talk.side_of(*id) == Some(Side::B) {
                return Err(format!("call {id} rings and has talked: {call:?}"));
            }
        }
        for user in 0..self.users.len() {
            let calls = self.calls_of(user).count();
            if calls > self.config.lines || (calls > 0 && !self.users[user].phone) {
                return Err(format!("{} has {calls} calls", self.users[user].login));
            }
            let speaks = self
                .calls_of(user)
                .filter(|id| matches!(self.state(*id, &self.calls[id]), 12 | 13 | 21 | 31 | 32 | 42));
            if speaks.count() > 1 {
                return Err(format!("{} talks in two calls", self.users[user].login));
            }
        }
        for (id, talk) in &self.talks {
            let mut ends = 0;
            for side in [Side::A, Side::B] {
                let End::User(call) = talk.end(side) else { continue };
                ends += 1;
                let Some(own) = self.calls.get(call) else {
                    return Err(format!("talk {id} has an end that is gone: {talk:?}"));
                };
                let waits = side == Side::A && talk.from_queue == Some(own.talk);
                if own.talk != *id && own.second != Some(*id) && !waits {
                    return Err(format!("talk {id} and call {call} do not agree: {talk:?}"));
                }
            }
            let by_itself = self.jobs.values().any(|job| match job {
                Job::Reach(one) | Job::Enough(one) | Job::GiveUp(one) | Job::Distribute(one) => one == id,
                _ => false,
            });
            let rings_for = self.talks.values().any(|talk| talk.from_queue == Some(*id));
            let must = ends == 0 || talk.stage != Stage::Talking || talk.queue.is_some();
            if must && !by_itself && !rings_for {
                return Err(format!("nothing moves talk {id}: {talk:?}"));
            }
        }
        Ok(())
    }
}
