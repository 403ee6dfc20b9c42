//! Everything that is known of one Asterisk, and how news of it are told.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::{CallFact, CallState, Fact, Host, LineId, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};

use crate::asks::Asks;
use crate::calls::{Awaits, CallId, Calls, Look, Recall};
use crate::capabilities::Permissions;
use crate::commands::Effects;
use crate::config::Config;
use crate::lines::Lines;
use crate::queues::Queues;
use crate::table::Table;

/// Where outputs go while one input is handled.
pub(crate) struct Say<'a, 'h> {
    pub(crate) host: &'a mut Host<'h>,
    pub(crate) now: Timestamp,
    /// The time that Asterisk gave the message, if it gives times.
    pub(crate) native_time: Option<Timestamp>,
}

/// The state. What is not a setting is taken over by a hot swap.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pbx {
    #[serde(skip, default = "no_config")]
    pub(crate) config: Config,
    pub(crate) table: Table,
    pub(crate) calls: Calls,
    pub(crate) lines: Lines,
    pub(crate) queues: Queues,
    /// Device states, for lines that are opened later.
    pub(crate) devices: BTreeMap<String, bool>,
    pub(crate) asks: Asks,
    pub(crate) effects: Effects,
    pub(crate) permissions: Permissions,
    /// Facts are reported. Before the snapshot is complete they are not.
    pub(crate) live: bool,
    /// Calls that may have changed since they were reported.
    dirty: Vec<CallId>,
    /// Calls that change by time alone.
    pub(crate) waiting: BTreeSet<CallId>,
    /// Calls that were sent away and may come back.
    #[serde(default)]
    pub(crate) recalls: Vec<Recall>,
}

fn no_config() -> Config {
    Config::empty()
}

impl Pbx {
    pub(crate) fn new(config: Config, prefix: String) -> Self {
        Self {
            config,
            table: Table::default(),
            calls: Calls::default(),
            lines: Lines::default(),
            queues: Queues::default(),
            devices: BTreeMap::new(),
            asks: Asks::new(prefix),
            effects: Effects::default(),
            permissions: Permissions::default(),
            live: false,
            dirty: Vec::new(),
            waiting: BTreeSet::new(),
            recalls: Vec::new(),
        }
    }

    /// The call may have changed.
    pub(crate) fn dirty(&mut self, id: CallId) {
        if !self.dirty.contains(&id) {
            self.dirty.push(id);
        }
    }

    /// Reports what changed, oldest call first.
    pub(crate) fn flush(&mut self, say: &mut Say<'_, '_>) {
        if self.dirty.is_empty() {
            return;
        }
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        for id in dirty.drain(..) {
            self.report(id, say);
        }
        if self.dirty.is_empty() {
            self.dirty = dirty;
        }
    }

    /// Reports a call when it is not what was reported last.
    pub(crate) fn report(&mut self, id: CallId, say: &mut Say<'_, '_>) {
        if self.calls.get(id).is_some_and(|c| c.is_between() && c.reported.is_some()) {
            return;
        }
        let Some(news) = self.current(id, say.now).filter(|_| self.live) else { return };
        let Some(call) = self.calls.get_mut(id) else { return };
        let Some(fact) = call.reported.as_mut().filter(|_| news != News::None) else { return };
        let first = news == News::First;
        let late = call.command_until.is_some_and(|until| until < say.now);
        if late && call.command.is_some_and(|(_, awaits)| !matches!(awaits, Awaits::First | Awaits::Finished)) {
            call.command = None;
        }
        // What belongs to this one report is not kept.
        fact.command = call.command.take_if(|(_, awaits)| awaits.shows_in(fact, first)).map(|(command, _)| command);
        fact.native_time = say.native_time;
        say.host.report_call(fact);
        (fact.command, fact.native_time) = (None, None);
        let conference = fact.state == CallState::Conferenced;
        if first {
            self.call_shown(id, say);
        }
        if conference {
            self.tell_ends(id, say);
        }
    }

    /// Brings what is known of a call up to date, and its fact when facts are told. `None`: nothing to be shown yet.
    fn current(&mut self, id: CallId, now: Timestamp) -> Option<News> {
        let call = self.calls.get(id)?;
        let view = call.channel.map(|c| self.table.view(c, call.bridge)).unwrap_or_default();
        let level = self.level(id, &view, now);
        let call = self.calls.get(id)?;
        let waits =
            call.hidden_until.is_some() || call.resumes_at.is_some() || (call.up_since.is_some() && !call.connected);
        if waits {
            self.waiting.insert(id);
        } else {
            self.waiting.remove(&id);
        }
        let level = level?;
        self.note_present(id, &view);
        let call = self.calls.get_mut(id)?;
        let line = call.line.filter(|line| self.lines.get(*line).is_some())?;
        if !self.live {
            return Some(News::None);
        }
        let reported = call.reported.take();
        let call = self.calls.get(id)?;
        let first = reported.is_none();
        let mut fact = reported.unwrap_or_else(|| Box::new(CallFact::new(line, call.key.as_str(), level.state)));
        let changed = self.renew(id, call, level, &view, &mut fact);
        self.calls.get_mut(id)?.reported = Some(fact);
        Some(match changed {
            _ if first => News::First,
            true => News::Changed,
            false => News::None,
        })
    }

    pub(crate) fn say_call(&self, fact: CallFact, say: &mut Say<'_, '_>) {
        if self.live {
            say.host.report(Fact::Call(Box::new(fact)));
        }
    }

    /// Reports a fact that is no call's, once the line may be reported.
    pub(crate) fn say_fact(&self, fact: impl Into<Fact>, say: &mut Say<'_, '_>) {
        if self.live {
            say.host.report(fact);
        }
    }

    /// Reports all that is known of a line: after a (re)connect, and when it is opened.
    pub(crate) fn say_line(&mut self, line: LineId, say: &mut Say<'_, '_>) {
        let ids: Vec<CallId> = self.calls.of_line(line).map(|(id, _)| id).collect();
        let mut facts = Vec::new();
        for id in &ids {
            if self.current(*id, say.now).is_some() {
                facts.extend(self.calls.get(*id).and_then(|c| c.reported.as_deref()).cloned());
            }
        }
        say.host.report(Snapshot::new(line, facts));
        self.say_line_state(line, say);
        self.say_agent(line, say, true);
        for id in ids {
            self.call_shown(id, say);
        }
    }

    /// Calls whose time has come.
    pub(crate) fn time_passed(&mut self, say: &mut Say<'_, '_>) {
        for id in self.waiting.iter().copied().filter(|_| self.live).collect::<Vec<_>>() {
            self.look_what_answered(id, say);
            if self.calls.get(id).is_some_and(|c| c.ended.as_ref().is_some_and(|e| e.until <= say.now)) {
                self.tell_end(id, say);
            }
            self.dirty(id);
        }
        self.flush(say);
    }

    /// When a call changes by time alone.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        let of_call = |id: &CallId| {
            let call = self.calls.get(*id)?;
            let service = call.up_since.filter(|_| !call.connected).map(|since| match call.look {
                Look::Asked(until) => until,
                Look::NotYet | Look::Done => since + self.service_delay(),
            });
            let end = call.ended.as_ref().map(|ended| ended.until);
            call.hidden_until.into_iter().chain(call.resumes_at).chain(service).chain(end).min()
        };
        // While the connection is down nothing is told, and nobody can be asked.
        self.waiting.iter().filter(|_| self.live).filter_map(of_call).min()
    }
}

/// What a call's fact is to what was reported last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// The same.
    None,
    /// Nothing was reported.
    First,
    Changed,
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
