//! What a line's client is told: made from the phone system's state, and told when it differs from what was told last.

use jackfield_plugin_api::{
    CallFact, CallState, Cause, CauseCode, DeviceState, Direction, Fact, Forwarding, ForwardingKind, LineFact, LineId,
    Participant, Party, PartyRole, PartyState, Phase, Queue, ReleasedBy, Role, Scope, Snapshot, Timestamp, Up,
    WebRtcFact, WebRtcState,
};

use crate::exchange::{Exchange, News};
use crate::state::{Leg, LegId, LegState, Number, Who};

impl Exchange {
    /// Tells a fact, if anybody hears.
    pub(crate) fn tell(&mut self, fact: impl Into<Fact>) {
        if self.state.linked {
            self.news.push(News::Fact(fact.into()));
        }
    }

    /// The lines that watch an extension.
    pub(crate) fn watchers(&self, extension: &str) -> Vec<LineId> {
        let extension = self.state.extensions.get(extension);
        extension.map(|e| e.watchers.iter().copied().map(LineId).collect()).unwrap_or_default()
    }

    /// Tells what is new of all that was touched.
    pub(crate) fn tell_news(&mut self) {
        while let Some(extension) = self.touched.pop_first() {
            for leg in self.legs_of(&extension, |_| true) {
                self.tell_leg(leg);
            }
            self.refresh_agent(&extension);
            for line in self.watchers(&extension) {
                self.tell_agent(line);
                self.tell_line(line);
            }
        }
    }

    /// Tells how a leg is now: called where the order matters, `tell_news` does the rest.
    pub(crate) fn tell_leg(&mut self, id: LegId) {
        let Some(extension) = self.extension_of(id).map(str::to_owned) else { return };
        for line in self.watchers(&extension) {
            let Some(view) = self.view(line, id) else { return };
            let Some(watched) = self.state.lines.get_mut(&line.0) else { continue };
            if !self.state.linked {
                continue;
            }
            let told = watched.calls.insert(id, view.clone());
            if told.as_ref() == Some(&view) {
                continue;
            }
            let first_connected = view.connected_at.is_some() && told.as_ref().is_none_or(|t| t.connected_at.is_none());
            let mut fact = difference(view, told.as_ref());
            fact.command = self.doing.filter(|(_, of)| *of == line).map(|(command, _)| command);
            self.tell(fact);
            if first_connected && self.leg(id).is_some_and(|leg| leg.web_rtc) {
                let started = WebRtcFact::new(line, self.key(id), format!("w-{id}"), WebRtcState::Started);
                self.tell(started.media(vec!["audio".to_owned()]));
            }
        }
    }

    /// Tells that a leg is over.
    pub(crate) fn tell_end(&mut self, id: LegId, cause: CauseCode, by: ReleasedBy) {
        let Some(extension) = self.extension_of(id).map(str::to_owned) else { return };
        for line in self.watchers(&extension) {
            if !self.state.linked {
                continue;
            }
            // A call of one instant is told all the same: a finish alone would be a riddle.
            if self.state.lines.get(&line.0).is_some_and(|watched| !watched.calls.contains_key(&id)) {
                self.tell_leg(id);
            }
            let Some(view) = self.view(line, id) else { return };
            let told = self.state.lines.get_mut(&line.0).and_then(|watched| watched.calls.remove(&id));
            let connected = view.connected_at.is_some();
            let mut fact = CallFact::finished(line, self.key(id), Cause::new(cause))
                .released_by(by)
                .native_time(Timestamp::from_micros(self.now()));
            let told = told.as_ref();
            fact.redirecting = view.redirecting.filter(|r| told.and_then(|t| t.redirecting.as_ref()) != Some(r));
            fact.redirection = view.redirection.filter(|r| told.and_then(|t| t.redirection.as_ref()) != Some(r));
            fact.command = self.doing.filter(|(_, of)| *of == line).map(|(command, _)| command);
            if connected && self.leg(id).is_some_and(|leg| leg.web_rtc) {
                self.tell(WebRtcFact::new(line, self.key(id), format!("w-{id}"), WebRtcState::Destroyed));
            }
            self.tell(fact);
        }
    }

    /// Everything of a line, after it was opened or the link came back.
    pub(crate) fn tell_all(&mut self, line: LineId) {
        if !self.state.linked {
            return;
        }
        let Some(watched) = self.state.lines.get(&line.0) else { return };
        let extension = watched.extension.clone();
        let views: Vec<_> = self
            .legs_of(&extension, |_| true)
            .into_iter()
            .filter_map(|leg| Some((leg, self.view(line, leg)?)))
            .collect();
        let calls = views.iter().map(|(_, view)| difference(view.clone(), None)).collect();
        self.tell(Snapshot::new(line, calls));
        if let Some(watched) = self.state.lines.get_mut(&line.0) {
            watched.calls = views.into_iter().collect();
            (watched.agent, watched.fact) = (None, None);
        }
        self.touched.insert(extension);
    }

    pub(crate) fn tell_up(&mut self) {
        self.tell(Up::new(
            format!("Jackfield simulator {}", env!("CARGO_PKG_VERSION")),
            crate::features::capabilities(&self.config),
        ));
    }

    fn tell_line(&mut self, line: LineId) {
        let Some(extension) = self.state.lines.get(&line.0).map(|watched| watched.extension.clone()) else { return };
        let forwarding = self.state.extensions.get(&extension).map(|e| {
            ForwardingKind::ALL.iter().filter_map(|kind| Some(Forwarding::new(*kind, e.forwarded(*kind)?))).collect()
        });
        let mut fact = LineFact::new(line)
            .device_state(DeviceState::InService)
            .features(self.line_features(&extension))
            .agent_features(self.agent_features(&extension));
        fact.forwarding = forwarding;
        if !self.state.linked {
            return;
        }
        let Some(watched) = self.state.lines.get_mut(&line.0) else { return };
        if watched.fact.as_ref() != Some(&fact) {
            watched.fact = Some(fact.clone());
            fact.command = self.doing.filter(|(_, of)| *of == line).map(|(command, _)| command);
            self.tell(fact);
        }
    }

    /// A leg as its line sees it.
    fn view(&self, line: LineId, id: LegId) -> Option<CallFact> {
        let leg = self.leg(id)?;
        let conversation = self.state.conversations.get(&leg.conversation)?;
        let state = match leg.state {
            LegState::Connected if self.is_conference(id) => CallState::Conferenced,
            LegState::Connected => CallState::Connected,
            LegState::Held => CallState::Held,
            LegState::Busy => CallState::Busy,
            _ => CallState::Alerting,
        };
        let mut view = CallFact::new(line, self.key(id), state)
            .native_id(Self::native(leg.conversation))
            .global_ids(conversation.global.clone())
            .direction(if leg.outgoing { Direction::Out } else { Direction::In })
            .phase(if state == CallState::Alerting { leg.phase } else { Phase::None })
            .caller(party(&leg.caller))
            .participants(self.participants(id, leg))
            .features(self.call_features(id))
            .muted(leg.muted)
            .video(leg.video)
            .recording(leg.recording.is_some() && !leg.recording_paused)
            .user_data(conversation.data.clone())
            .native_time(Timestamp::from_micros(leg.since))
            .started_at(Timestamp::from_micros(leg.started));
        if !leg.called.number.is_empty() {
            view.called = Some(party(&leg.called));
        }
        if leg.state == LegState::Busy {
            view.cause = Some(Cause::new(CauseCode::Busy));
        }
        view.scope = self.scope(id);
        view.redirecting = leg.redirecting.as_ref().map(party);
        view.redirection = leg.redirection.as_ref().map(party);
        view.connected_at = leg.connected.map(Timestamp::from_micros);
        view.parent = leg.parent.map(|parent| self.key(parent));
        view.role = leg.consult.then_some(Role::Consult);
        view.queue = leg.queued.then(|| Queue::new(&*self.config.queue.id).name(&*self.config.queue.name));
        Some(view)
    }

    /// Three or more talk.
    pub(crate) fn is_conference(&self, id: LegId) -> bool {
        let talks = |leg: &LegId| matches!(self.leg_state(*leg), Some(LegState::Connected | LegState::Held));
        self.others(id).iter().filter(|leg| talks(leg)).count() >= 2
    }

    fn scope(&self, id: LegId) -> Option<Scope> {
        let others = self.others(id);
        let outside = |leg: &LegId| self.leg(*leg).is_some_and(|leg| matches!(leg.who, Who::Outside { .. }));
        match others.is_empty() {
            true => None,
            false if others.iter().any(outside) => Some(Scope::External),
            false => Some(Scope::Internal),
        }
    }

    fn participants(&self, id: LegId, leg: &Leg) -> Vec<Participant> {
        let one = |other: LegId| {
            let leg = self.leg(other)?;
            // A caller may show another number to the others, or none.
            let shown = if leg.outgoing && other != id { leg.caller.clone() } else { self.number_of(&leg.who) };
            let Number { number, name } = shown;
            let state = match leg.state {
                LegState::Initiated | LegState::OwnRinging => PartyState::Initiated,
                LegState::Dialing | LegState::Connected => PartyState::Connected,
                LegState::Queued => PartyState::Queued,
                LegState::Ringing => PartyState::Alerting,
                LegState::Held => PartyState::Held,
                LegState::Busy => PartyState::Failed,
            };
            let mut participant = Participant::new(format!("p{other}"), number, other == id, state);
            participant.name = name;
            if matches!(leg.who, Who::Service { .. }) {
                participant.role = PartyRole::Ivr;
            }
            Some(participant)
        };
        self.legs(leg.conversation).into_iter().filter_map(one).collect()
    }
}

fn party(number: &Number) -> Party {
    let mut party = Party::new(&*number.number);
    party.name.clone_from(&number.name);
    party
}

/// What a view says beyond what was told. State and features are always said.
fn difference(mut view: CallFact, told: Option<&CallFact>) -> CallFact {
    let Some(told) = told else {
        view.user_data = view.user_data.filter(|data| !data.is_empty());
        return view;
    };
    macro_rules! only_news {
        ($($field:ident)*) => { $(if view.$field == told.$field { view.$field = None; })* };
    }
    only_news! {
        native_id global_ids direction scope phase caller called redirecting redirection role parent participants muted
        video recording queue user_data cause native_time started_at connected_at
    }
    view
}
