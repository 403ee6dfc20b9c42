//! Which of the known calls is who is there now, which are new, and which are gone.

use jackfield_plugin_api::{CallFact, Direction, Timestamp};
use std::time::Duration;

use super::peer::digits;
use super::{Awaits, Call, Calls, Certainty, Conference, Context, Ending, Level, Looked, Member, Peer};
use crate::info::{Abonent, LineInfo, Party, Phone};

/// Calls that a line can have: one that is there and one that is held.
const AT_A_TIME: usize = 2;

/// Somebody on the line.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    party: Party,
    place: Place,
}

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Held,
    Here(Phone),
}

/// How well somebody fits a call; the stronger fit wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Conference,
    ChainAndNumber,
    Number,
    Chain,
    Replaced,
}

const FITS: [Fit; 5] = [Fit::Conference, Fit::ChainAndNumber, Fit::Number, Fit::Chain, Fit::Replaced];

/// Who is on the line: the held one first.
pub(super) fn seen(info: &LineInfo, phone: Phone) -> Vec<Seen> {
    let held = info.held.iter().map(|party| Seen { party: party.clone(), place: Place::Held });
    let mut all: Vec<Seen> = held.collect();
    if let Abonent::Party(party) = &info.abonent
        && !matches!(phone, Phone::Ready | Phone::Disconnected | Phone::Unchanged)
    {
        let same =
            |held: &Seen| !party.is_conference && held.party.chain == party.chain && held.party.number == party.number;
        // While the parties are being moved the server may name one twice.
        if !all.iter().any(same) {
            all.push(Seen { party: (**party).clone(), place: Place::Here(phone) });
        }
    }
    all
}

impl Calls {
    /// Brings the calls up to what was seen. Returns the last facts of those that are gone.
    pub(super) fn follow(
        &mut self,
        seen: &[Seen],
        info: &LineInfo,
        sure: Certainty,
        context: &Context<'_>,
        looked: &mut Looked,
    ) -> Vec<CallFact> {
        let mut taken: Vec<Option<usize>> = vec![None; seen.len()];
        for fit in FITS {
            for (at, one) in seen.iter().enumerate().filter(|(at, _)| taken[*at].is_none()).collect::<Vec<_>>() {
                let free = |call: &usize| !taken.contains(&Some(*call));
                let found = (0..self.calls.len()).filter(free).find(|call| self.fits(fit, one, *call, sure.settled));
                taken[at] = found;
            }
        }
        let silent = info.phone(self.before()) == Phone::Unchanged;
        let talk_began = info.talk_seconds.map(|seconds| before(context.now, seconds));
        let mut present: Vec<String> = Vec::new();
        for (one, call) in seen.iter().zip(taken) {
            let key = match call {
                Some(call) => Some(self.update(call, one, sure.settled, talk_began)),
                None => self.begin(one, talk_began, context, looked),
            };
            present.extend(key);
        }
        let in_conference = seen.iter().any(|one| one.party.is_conference);
        // What the server does not say tells nothing of who was there; who was held is told.
        let stays = |call: &Call| present.contains(&call.key) || (silent && call.level != Level::Held);
        let mut over: Vec<usize> = (0..self.calls.len()).filter(|at| !stays(&self.calls[*at])).collect();
        let (believed, doubted): (Vec<_>, Vec<_>) =
            over.drain(..).partition(|at| self.believed(&self.calls[*at], sure));
        // However parties are moved about, a line has no more than one that is there and one that is held.
        let room = AT_A_TIME.saturating_sub(present.len());
        let displaced = doubted.len().saturating_sub(room);
        looked.doubt |= doubted.len() > displaced;
        over.extend(believed.into_iter().chain(doubted.into_iter().take(displaced)));
        for at in &over {
            let call = &mut self.calls[*at];
            if in_conference && call.ending.is_none() && call.talked {
                call.ending = Some((Ending::Merged, context.now + Duration::from_secs(1)));
            }
        }
        self.provisional_members(&over);
        // Consultations end before the calls that they were made from.
        over.sort_by_key(|at| (self.calls[*at].consults.is_none(), *at));
        let facts = over.iter().map(|at| self.finish(&self.calls[*at], context.line, context.now)).collect();
        let over: Vec<String> = over.iter().map(|at| self.calls[*at].key.clone()).collect();
        self.calls.retain(|call| !over.contains(&call.key));
        self.merging = self.merging.take().filter(|merging| merging.until > context.now && !in_conference);
        facts
    }

    /// Who became part of the conference of another call is one of its members, until the server names them.
    fn provisional_members(&mut self, over: &[usize]) {
        let merged = |call: &&Call| matches!(call.ending, Some((Ending::Merged, _)));
        let others: Vec<Peer> =
            over.iter().map(|at| &self.calls[*at]).filter(merged).map(|call| call.peer.clone()).collect();
        for call in self.calls.iter_mut().filter(|_| !others.is_empty()) {
            let own = std::iter::once(&call.peer);
            if let Some(conference) = call.conference.as_mut().filter(|conference| conference.members.is_none()) {
                conference.members = Some(own.chain(&others).map(Member::from).collect());
            }
        }
    }

    fn fits(&self, fit: Fit, one: &Seen, at: usize, settled: bool) -> bool {
        let (call, party) = (&self.calls[at], &one.party);
        // One that has talked does not ring again: that is another call, once it is sure.
        let rings_again = matches!(one.place, Place::Here(Phone::Ring | Phone::BackRing | Phone::BackCall));
        if call.talked && rings_again && (settled || fit != Fit::ChainAndNumber) {
            return false;
        }
        let same_chain = party.chain.is_some() && party.chain == call.chain;
        let numbers = (digits(&party.number), digits(&call.peer.number));
        let same_number = numbers.0 == numbers.1;
        match fit {
            Fit::Conference => party.is_conference && self.is_in(call, party),
            Fit::ChainAndNumber => same_chain && same_number,
            Fit::Number => same_number && !numbers.0.is_empty(),
            // Until it is answered a call may be shown with another number: as dialled, as sent to the network, or none.
            Fit::Chain if !call.talked => same_chain && one.place != Place::Held,
            Fit::Chain => {
                let talks = matches!(one.place, Place::Held | Place::Here(Phone::Talk | Phone::Call));
                same_chain && (numbers.0.is_empty() || numbers.1.is_empty()) && talks
            }
            // The far end was transferred, or handed over by a service: somebody else is talked to, or somebody else
            // calls, and nothing has announced another call.
            Fit::Replaced => {
                let goes_on = match call.level {
                    Level::Connected => one.place == Place::Here(Phone::Talk),
                    Level::Ringing => one.place == Place::Here(Phone::Ring),
                    _ => false,
                };
                let alone = self.calls.len() == 1 && self.pending.is_none();
                goes_on && alone && (same_chain || !self.announced)
            }
        }
    }

    /// Whether a call is the one that is in this conference.
    fn is_in(&self, call: &Call, party: &Party) -> bool {
        if let Some(conference) = &call.conference {
            return party.conference.as_ref().is_none_or(|id| *id == conference.id);
        }
        if self.calls.iter().any(|other| other.conference.is_some()) {
            return false;
        }
        match &self.merging {
            Some(merging) => merging.survivor == call.key,
            None => call.talked,
        }
    }

    fn update(&mut self, at: usize, one: &Seen, settled: bool, talk_began: Option<Timestamp>) -> String {
        let call = &mut self.calls[at];
        let rings_again = matches!(one.place, Place::Here(Phone::Ring | Phone::BackRing | Phone::BackCall));
        if call.talked && rings_again && !settled {
            return call.key.clone();
        }
        let party = &one.party;
        if party.chain.is_some() {
            call.chain.clone_from(&party.chain);
        }
        if party.is_conference {
            let id = party.conference.clone().unwrap_or_default();
            if call.conference.as_ref().is_none_or(|known| known.id != id) {
                call.conference = Some(Conference { id, members: None, asked: false });
            }
        } else {
            call.conference = None;
            call.peer.learn(Peer::from(party));
            if call.first.number.is_empty() || !call.talked {
                call.first.learn(Peer::from(party));
            }
        }
        call.level = match (one.place, call.level) {
            (Place::Held, _) => Level::Held,
            (Place::Here(Phone::Talk), _) => Level::Connected,
            (Place::Here(_), _) if call.talked => Level::Connected,
            (Place::Here(Phone::BackRing), _) if call.direction != Direction::In => Level::OwnRinging,
            (Place::Here(_), level) if call.direction == Direction::In => level,
            (Place::Here(_), _) => Level::Dialing,
        };
        call.auto = one.place == Place::Here(Phone::BackCall);
        if matches!(call.level, Level::Held | Level::Connected) {
            if !call.talked && call.level == Level::Connected {
                call.connected_at = talk_began;
            }
            call.talked = true;
        }
        call.key.clone()
    }

    /// A call that was not known.
    fn begin(
        &mut self,
        one: &Seen,
        talk_began: Option<Timestamp>,
        context: &Context<'_>,
        looked: &mut Looked,
    ) -> Option<String> {
        let party = &one.party;
        let outgoing = matches!(one.place, Place::Here(Phone::BackRing | Phone::BackCall | Phone::Call));
        let asked = self.pending.take_if(|pending| {
            let (number, asked) = (digits(&party.number), digits(&pending.number));
            // With or without what is dialled for an outside line.
            let alike = number.ends_with(&asked) || (number.len() >= 3 && asked.ends_with(&number));
            outgoing || (one.place == Place::Here(Phone::Talk) && (number.is_empty() || alike))
        });
        let direction = match one.place {
            _ if asked.is_some() || outgoing => Direction::Out,
            Place::Here(Phone::Ring) => Direction::In,
            // Answered before anybody looked.
            Place::Here(_) if context.live => Direction::In,
            _ => Direction::Unknown,
        };
        let level = match one.place {
            Place::Held => Level::Held,
            Place::Here(Phone::Ring) => Level::Ringing,
            Place::Here(Phone::BackRing) => Level::OwnRinging,
            Place::Here(Phone::BackCall | Phone::Call) => Level::Dialing,
            Place::Here(_) => Level::Connected,
        };
        let mut peer = Peer::from(party);
        let (key, consults, user_data, command) = match asked {
            Some(asked) => {
                if peer.number.is_empty() {
                    peer.number.clone_from(&asked.number);
                }
                looked.made = Some((asked.command, asked.key.clone()));
                (asked.key, asked.consults, asked.user_data, Some(asked.command))
            }
            None => {
                let parent = self.calls.iter().find(|call| call.talked && direction == Direction::Out);
                (String::new(), parent.map(|call| call.key.clone()), Default::default(), None)
            }
        };
        let key = if key.is_empty() { self.next_key() } else { key };
        (self.freed, self.announced) = (false, false);
        let conference = party.is_conference.then(|| Conference {
            id: party.conference.clone().unwrap_or_default(),
            members: None,
            asked: false,
        });
        self.calls.push(Call {
            key: key.clone(),
            chain: party.chain.clone(),
            direction,
            level,
            talked: !level.is_alerting(),
            auto: one.place == Place::Here(Phone::BackCall),
            first: peer.clone(),
            peer,
            conference,
            consults,
            user_data,
            connected_at: talk_began.filter(|_| level == Level::Connected),
            ending: None,
            command: command.map(|id| (id, Awaits::First, context.now + super::EXPLAINS)),
            reported: None,
        });
        Some(key)
    }

    /// Whether a call that nobody shows is over, and not on its way from one place to another.
    fn believed(&self, call: &Call, sure: Certainty) -> bool {
        let rang = call.level == Level::Ringing && !sure.talk;
        sure.settled || self.freed || rang || call.ending.is_some()
    }
}

/// The time that many seconds before another.
fn before(now: Timestamp, seconds: u64) -> Timestamp {
    let micros = i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000);
    Timestamp::from_micros(now.micros().saturating_sub(micros))
}
