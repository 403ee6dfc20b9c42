//! What is shown of calls and talks.

use super::{Call, CallId, Direction, Exchange, Side, Stage, Talk, TalkId};
use crate::infinity::Millis;

/// What may be done with a call now.
pub(crate) mod can {
    pub(crate) const DROP: u16 = 1;
    pub(crate) const ANSWER: u16 = 2;
    pub(crate) const HOLD: u16 = 4;
    pub(crate) const UNHOLD: u16 = 8;
    pub(crate) const TRANSFER: u16 = 16;
    pub(crate) const FINISH: u16 = 32;
    pub(crate) const DIGITS: u16 = 64;
}

/// A call, as its operator sees it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) id: CallId,
    pub(crate) user: usize,
    pub(crate) direction: Direction,
    pub(crate) seance: u64,
    pub(crate) parent: Option<CallId>,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) dialed: String,
    pub(crate) state: u8,
    pub(crate) started: Millis,
    pub(crate) changed: Millis,
    pub(crate) info: String,
    pub(crate) can: u16,
    /// The talk that is being recorded.
    pub(crate) recorded: Option<TalkId>,
}

/// A talk, as records have it.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) id: TalkId,
    pub(crate) talk: &'a Talk,
    /// How long it waited, talked, was held and was part of a conference, as of now.
    pub(crate) spent: [Millis; 4],
    /// How long each end had part in it, as of now.
    pub(crate) full: Millis,
}

impl Exchange {
    /// The calls of a user, the oldest first.
    pub(crate) fn shown(&self, user: usize) -> Vec<Shown> {
        let gone = self.gone.iter().filter(|(_, gone)| gone.user == user).map(|(id, gone)| {
            let state = if self.now < gone.at + self.config.ended_ms / 2 { 99 } else { 100 };
            self.show(*id, &gone.call, &gone.number, state, 0)
        });
        let mut all: Vec<Shown> = gone.collect();
        for id in self.calls_of(user) {
            let call = &self.calls[&id];
            all.push(self.show(id, call, &self.far_number(id, call), self.state(id, call), self.features(id, call)));
        }
        all.sort_by_key(|shown| shown.id);
        all
    }

    fn show(&self, id: CallId, call: &Call, number: &str, state: u8, can: u16) -> Shown {
        let talk = self.talks.get(&call.talk).filter(|_| can > 0);
        Shown {
            id,
            user: call.user,
            direction: call.direction,
            seance: call.seance,
            parent: call.parent,
            number: number.to_owned(),
            name: match self.user_by_extension(number) {
                Some(user) => self.users[user].name.clone(),
                None => String::new(),
            },
            dialed: call.dialed.clone(),
            state,
            started: call.started,
            changed: call.changed,
            info: call.info.clone(),
            can,
            recorded: talk.filter(|talk| talk.recorded && talk.stage == Stage::Talking).map(|_| call.talk),
        }
    }

    /// The number of whoever is at the other end.
    pub(super) fn far_number(&self, id: CallId, call: &Call) -> String {
        // Of a talk that is over its numbers are left.
        let records = || self.records.iter().rev().find(|(talk, _)| *talk == call.talk).map(|(_, talk)| talk);
        let Some(talk) = self.talks.get(&call.talk).or_else(records) else { return call.dialed.clone() };
        match talk.side_of(id) {
            Some(Side::A) if talk.queue.is_some() => call.dialed.clone(),
            Some(Side::A) => talk.numbers[1].clone(),
            Some(Side::B) => talk.numbers[0].clone(),
            None => call.dialed.clone(),
        }
    }

    /// The number of a call's state.
    pub(super) fn state(&self, id: CallId, call: &Call) -> u8 {
        let Some(talk) = self.talks.get(&call.talk) else { return 99 };
        let Some(side) = talk.side_of(id) else { return 99 };
        match talk.stage {
            Stage::Dialling | Stage::Ringing if call.up && talk.held[side as usize] => 41,
            Stage::Dialling | Stage::Ringing if call.up => 21,
            Stage::Dialling => 12,
            Stage::Ringing if side == Side::B => 1,
            Stage::Ringing => 13,
            Stage::Talking if talk.queue.is_some() && !call.up => 13,
            Stage::Talking if talk.conference && call.second.is_some() => 31,
            Stage::Talking if talk.conference => 32,
            Stage::Talking if talk.held[side as usize] && talk.transferring => self.config.transfer_state,
            Stage::Talking if talk.held[side as usize] => 41,
            Stage::Talking if talk.held[side.other() as usize] => 42,
            Stage::Talking => 21,
            Stage::Ended => 99,
        }
    }

    fn features(&self, id: CallId, call: &Call) -> u16 {
        let Some(talk) = self.talks.get(&call.talk) else { return can::DROP };
        let rings = talk.stage == Stage::Ringing && talk.side_of(id) == Some(Side::B);
        let talks = talk.stage == Stage::Talking && !talk.conference && talk.queue.is_none();
        let held = talk.side_of(id).is_some_and(|side| talk.held[side as usize]);
        let paired = call.parent.is_some_and(|parent| self.calls.contains_key(&parent))
            || self.calls.values().any(|child| child.parent == Some(id));
        let room = self.check_room(call.user).is_ok();
        let mut all = can::DROP;
        for (able, flag) in [
            (rings, can::ANSWER),
            (talks && !held, can::HOLD | can::DIGITS),
            (talks && held, can::UNHOLD),
            (talks && room, can::TRANSFER),
            (talks && paired && self.config.inferred, can::FINISH),
        ] {
            if able {
                all |= flag;
            }
        }
        all
    }

    /// The talks of a call, the oldest first, and whether there is or was such a call.
    pub(crate) fn rows(&self, call: CallId) -> Option<Vec<Row<'_>>> {
        let over = self.records.iter().map(|(id, talk)| (*id, talk));
        let all = over.chain(self.talks.iter().map(|(id, talk)| (*id, talk)));
        let of = all.filter(|(_, talk)| talk.calls.contains(&call));
        let rows: Vec<Row<'_>> = of.map(|(id, talk)| self.row(id, talk)).collect();
        (!rows.is_empty() || self.calls.contains_key(&call)).then_some(rows)
    }

    fn row<'a>(&self, id: TalkId, talk: &'a Talk) -> Row<'a> {
        let mut spent = talk.spent;
        if let Some(on) = talk.spends() {
            spent[on] += self.now.saturating_sub(talk.marked);
        }
        let until = if talk.stage == Stage::Ended { talk.ended } else { self.now };
        Row { id, talk, spent, full: until.saturating_sub(talk.started) }
    }

    /// A recorded talk by its id, or the last one of a seance: how long it was recorded.
    pub(crate) fn recording(&self, id: Option<TalkId>, seance: Option<u64>) -> Option<Millis> {
        let wanted = |one: TalkId, talk: &Talk| {
            talk.recorded && (id == Some(one) || (id.is_none() && seance == Some(talk.seance)))
        };
        let live =
            self.talks.iter().rev().find(|(one, talk)| wanted(**one, talk)).map(|(id, talk)| self.row(*id, talk));
        let found = live.or_else(|| {
            self.records.iter().rev().find(|(one, talk)| wanted(*one, talk)).map(|(id, talk)| self.row(*id, talk))
        });
        found.map(|row| row.spent[1] + row.spent[2] + row.spent[3])
    }
}
