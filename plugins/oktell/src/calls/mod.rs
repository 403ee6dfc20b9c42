//! The calls of a line. The server has no list of them: it says who is there and who is held, and calls are made of
//! that by who it is and in which handling chain. A chain that changes renames a call and never makes a new one.

mod ending;
mod fact;
mod matching;
mod peer;

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::{CallFact, CommandId, Direction, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::info::{Before, LineInfo};
pub(crate) use ending::Ending;
pub(crate) use fact::Context;
pub(crate) use peer::{Conference, Member, Peer, members};

/// How long what a command announced explains what is seen.
const EXPLAINS: Duration = Duration::from_secs(10);
/// How long an event of the hold does.
const FLASH_EXPLAINS: Duration = Duration::from_secs(3);

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Level {
    /// Rings here.
    Ringing,
    /// The own phone rings for a call of ours.
    OwnRinging,
    /// The called side is being called.
    Dialing,
    Connected,
    Held,
}

impl Level {
    /// Not connected yet.
    pub(crate) const fn is_alerting(self) -> bool {
        matches!(self, Self::Ringing | Self::OwnRinging | Self::Dialing)
    }
}

/// What a command is to lead to: the first fact that shows it names the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Awaits {
    First,
    Connected,
    Held,
    Conferenced,
    Finished,
}

/// A call that is up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) key: String,
    pub(crate) chain: Option<String>,
    pub(crate) direction: Direction,
    pub(crate) level: Level,
    /// It has been connected.
    pub(crate) talked: bool,
    /// The server dials by itself; our own phone comes later.
    pub(crate) auto: bool,
    /// Who it began with.
    pub(crate) first: Peer,
    /// Who is there now.
    pub(crate) peer: Peer,
    pub(crate) conference: Option<Conference>,
    /// The call that it was made from.
    pub(crate) consults: Option<String>,
    pub(crate) user_data: BTreeMap<String, String>,
    /// When it was connected, by the server's count of seconds.
    pub(crate) connected_at: Option<Timestamp>,
    /// What will have ended it, when it is gone.
    pub(crate) ending: Option<(Ending, Timestamp)>,
    command: Option<(CommandId, Awaits, Timestamp)>,
    reported: Option<CallFact>,
}

/// A call that was asked for and has not been seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) key: String,
    pub(crate) number: String,
    pub(crate) consults: Option<String>,
    pub(crate) user_data: BTreeMap<String, String>,
    pub(crate) command: CommandId,
    pub(crate) until: Timestamp,
}

/// Two calls that become a conference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Merging {
    pub(crate) survivor: String,
    pub(crate) command: CommandId,
    pub(crate) until: Timestamp,
}

/// How sure an answer of the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Certainty {
    /// Nothing happened shortly before that could make it a passing state.
    pub(crate) settled: bool,
    /// Talk began or ended shortly before: even a ringing that is over may be one that was answered.
    pub(crate) talk: bool,
}

/// What comes of a look at the line.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// Facts, in order.
    pub(crate) facts: Vec<CallFact>,
    /// Something is not believed before it is seen again.
    pub(crate) doubt: bool,
    /// A call that was asked for is there: its command and key.
    pub(crate) made: Option<(CommandId, String)>,
    /// A conference whose members are to be asked for.
    pub(crate) conference: Option<String>,
}

/// The calls of one line, in the order of their start.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Calls {
    /// Keys must differ from those of every earlier life of this adapter.
    prefix: String,
    last: u64,
    pub(crate) calls: Vec<Call>,
    pub(crate) pending: Option<Pending>,
    pub(crate) merging: Option<Merging>,
    /// `phoneevent_acmcallstarted` came, and its end has not.
    pub(crate) acm: bool,
    /// A call was announced (a phone rings, the server dials) and has not been seen.
    pub(crate) announced: bool,
    /// The server says that the user is free again, since the newest call was there.
    pub(crate) freed: bool,
    /// The last `flashtypeid`, and when it came.
    pub(crate) flash: Option<(i64, Timestamp)>,
}

impl Calls {
    pub(crate) fn new(prefix: String) -> Self {
        Self { prefix, ..Self::default() }
    }

    /// A key that no call has had.
    pub(crate) fn next_key(&mut self) -> String {
        self.last += 1;
        format!("{}-{}", self.prefix, self.last)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.key == key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.key == key)
    }

    /// The call that is there and not held.
    pub(crate) fn current(&self) -> Option<&Call> {
        self.calls.iter().find(|call| call.level != Level::Held)
    }

    pub(crate) fn held(&self) -> Option<&Call> {
        self.calls.iter().find(|call| call.level == Level::Held)
    }

    /// A command that is to change this call.
    pub(crate) fn expect(&mut self, key: &str, command: CommandId, awaits: Awaits, now: Timestamp) {
        if let Some(call) = self.get_mut(key) {
            call.command = Some((command, awaits, now + EXPLAINS));
        }
    }

    /// What will have ended the call, when it is gone soon.
    pub(crate) fn ends_by(&mut self, key: &str, ending: Ending, now: Timestamp) {
        if let Some(call) = self.get_mut(key) {
            call.ending = Some((ending, now + EXPLAINS));
        }
    }

    /// A command will have no effect any more.
    pub(crate) fn forget_command(&mut self, command: CommandId) {
        for call in &mut self.calls {
            call.command = call.command.filter(|(of, _, _)| *of != command);
        }
        self.pending = self.pending.take().filter(|pending| pending.command != command);
        self.merging = self.merging.take().filter(|merging| merging.command != command);
    }

    /// What was going on is not known any more; the calls are, until the server says otherwise.
    pub(crate) fn link_lost(&mut self) {
        (self.pending, self.merging, self.flash) = (None, None, None);
        (self.acm, self.announced, self.freed) = (false, false, false);
        for call in &mut self.calls {
            call.ending = None;
            if let Some(conference) = &mut call.conference {
                conference.asked = false;
            }
        }
    }

    /// The last flash event, if it is fresh enough to explain something.
    fn flash_type(&self, now: Timestamp) -> Option<i64> {
        self.flash.filter(|(_, at)| now.since(*at) <= FLASH_EXPLAINS).map(|(flash, _)| flash)
    }

    fn before(&self) -> Before {
        Before {
            acm: self.acm,
            ready: self.current().is_none(),
            back_ring: self.current().is_some_and(|call| call.level == Level::OwnRinging),
        }
    }

    /// The server has said who is there: the calls follow.
    pub(crate) fn look(&mut self, info: &LineInfo, sure: Certainty, context: &Context<'_>) -> Looked {
        let mut looked = Looked::default();
        let seen = matching::seen(info, info.phone(self.before()));
        let ended = self.follow(&seen, info, sure, context, &mut looked);
        if self.calls.is_empty() && seen.is_empty() && sure.settled {
            (self.acm, self.announced) = (false, false);
        }
        self.report(ended, context, &mut looked);
        looked.conference = self.calls.iter().find_map(Call::unknown_conference);
        looked
    }

    /// Reports what changed without a look: members of a conference, what may be done.
    pub(crate) fn tell(&mut self, context: &Context<'_>) -> Vec<CallFact> {
        let mut looked = Looked::default();
        self.report(Vec::new(), context, &mut looked);
        looked.facts
    }

    /// All calls as they are, for a snapshot.
    pub(crate) fn snapshot(&mut self, context: &Context<'_>) -> Vec<CallFact> {
        let facts: Vec<CallFact> = self.calls.iter().map(|call| self.fact(call, context)).collect();
        for (call, fact) in self.calls.iter_mut().zip(&facts) {
            call.reported = Some(fact.clone());
        }
        facts
    }

    /// Reports in the order of the model's sequences: holds, merges, ends (consultations first), then what comes up.
    fn report(&mut self, ended: Vec<CallFact>, context: &Context<'_>, looked: &mut Looked) {
        let mut changed = Vec::new();
        for at in 0..self.calls.len() {
            let mut fact = self.fact(&self.calls[at], context);
            let call = &mut self.calls[at];
            if call.reported.as_ref() == Some(&fact) {
                continue;
            }
            let first = call.reported.is_none();
            call.reported = Some(fact.clone());
            call.command = call.command.filter(|(_, _, until)| *until > context.now);
            if let Some((command, awaits, _)) = call.command
                && awaits.shows_in(&fact, first)
            {
                fact.command = Some(command);
                call.command = None;
            }
            changed.push(fact);
        }
        let early = |fact: &CallFact| {
            use jackfield_plugin_api::CallState as State;
            matches!(fact.state, State::Held | State::Conferenced)
        };
        let (before, after): (Vec<_>, Vec<_>) = changed.into_iter().partition(early);
        looked.facts.extend(before);
        looked.facts.extend(ended);
        looked.facts.extend(after);
    }
}

impl Awaits {
    /// Whether this is the fact that the command was to lead to.
    fn shows_in(self, fact: &CallFact, first: bool) -> bool {
        use jackfield_plugin_api::CallState as State;
        match self {
            Self::First => first,
            Self::Connected => matches!(fact.state, State::Connected | State::Conferenced),
            Self::Held => fact.state == State::Held,
            Self::Conferenced => fact.state == State::Conferenced,
            Self::Finished => fact.state == State::Finished,
        }
    }
}

impl Call {
    /// The conference whose members were not asked for.
    fn unknown_conference(&self) -> Option<String> {
        self.conference.as_ref().filter(|c| !c.asked).map(|c| c.id.clone())
    }

    /// The command whose effect is this call's end.
    fn ended_by_command(&self, now: Timestamp) -> Option<CommandId> {
        let (command, awaits, until) = self.command?;
        (awaits == Awaits::Finished && until > now).then_some(command)
    }
}

/// Whether the line is out of service.
pub(crate) fn out_of_service(config: &Config, info: &LineInfo) -> bool {
    let is = |state: &str| info.state.eq_ignore_ascii_case(state);
    is("lsDisconnected") || config.out_of_service.iter().any(|state| is(state))
}
