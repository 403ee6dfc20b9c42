//! The life of a call: begun by a leg, ended with it.

use std::time::Duration;

use jackfield_plugin_api::{CallFact, CallState, Cause, CauseCode, LineId, ReleasedBy, Timestamp};

use super::cause::{self, HangupInfo};
use super::{Awaits, Call, CallId, Ended, Ending, Origin};
use crate::pbx::{Pbx, Say};
use crate::table::{ChannelId, Dialler, Ident, Progress, UP, device_of, state};

/// How long a dialled code is kept back: it may turn out to be a pickup, which is an incoming call.
const CODE_DELAY: Duration = Duration::from_secs(1);

/// How long a phone that rings is kept back until it is told who dials it.
const DIAL_DELAY: Duration = Duration::from_millis(500);

/// How long the end of a call waits for the conference that it became a part of.
const CONFERENCE_DELAY: Duration = Duration::from_secs(5);

/// How long Asterisk takes from resuming the two legs of a phone's transfer to joining their far ends.
const JOIN_DELAY: Duration = Duration::from_millis(300);

impl Pbx {
    /// Looks whether a leg that has no call yet is one now.
    pub(crate) fn consider(&mut self, id: ChannelId, now: Timestamp) {
        let Some(channel) = self.table.channel(id) else { return };
        let Some(line) = channel.line.filter(|_| channel.calls.is_empty() && !channel.over) else { return };
        if let Some(call) = self.originated(id) {
            return self.bind(call, id);
        }
        let Some(channel) = self.table.channel(id) else { return };
        let rings = channel.heard() != Progress::None;
        let origin = match channel.dialler {
            Dialler::Channel(_) if rings || channel.state == UP => Origin::Called,
            Dialler::Core if rings || channel.state == UP => Origin::Foreign,
            Dialler::None if rings || (channel.state == UP && channel.is_called()) => Origin::Called,
            Dialler::None if matches!(channel.state, state::RING | UP) => Origin::Dialled,
            _ => return,
        };
        if origin == Origin::Called
            && let Some(call) = self.same_ring(id, line)
        {
            return self.join_ring(call, id);
        }
        self.begin(id, line, origin, now);
    }

    fn begin(&mut self, id: ChannelId, line: LineId, origin: Origin, now: Timestamp) {
        let Some(channel) = self.table.channel(id) else { return };
        let incoming = origin != Origin::Dialled;
        let mut call = Call {
            key: channel.uid.clone(),
            line: Some(line),
            origin,
            incoming,
            remote: channel.connected.clone(),
            first_remote: channel.connected.clone(),
            queue: channel.called_by_queue.clone(),
            recall_of: self.recalled(channel, line, now).filter(|_| incoming),
            started_at: channel.since,
            ..Call::default()
        };
        if incoming {
            let root = self.table.root(id).and_then(|root| self.table.channel(root));
            call.called = Ident::new(root.map_or("", |r| numberlike(&r.dialled)), "");
            if let Dialler::Channel(from) = channel.dialler {
                call.redirecting = self.table.channel(from).map(|c| c.redirected_by.clone()).unwrap_or_default();
            }
            // It rings, and who dials it has been overtaken on its way here.
            let untold = !channel.is_called() && channel.since.is_none() && channel.state != UP;
            call.hidden_until = untold.then(|| now + DIAL_DELAY);
        } else {
            let dialled = numberlike(&channel.dialled);
            let dialled = if dialled.is_empty() { channel.connected.number.as_str() } else { dialled };
            call.called = Ident::new(dialled, "");
            let code = dialled.starts_with(['*', '#']) && channel.state != UP;
            call.hidden_until = code.then(|| now + CODE_DELAY);
        }
        let call = self.calls.add(call);
        self.bind(call, id);
    }

    /// Makes a leg the leg of a call.
    pub(crate) fn bind(&mut self, call: CallId, id: ChannelId) {
        let (Some(of_call), Some(channel)) = (self.calls.get_mut(call), self.table.channel_mut(id)) else { return };
        of_call.channel = Some(id);
        of_call.native.clone_from(&channel.uid);
        of_call.bridge = channel.bridge;
        of_call.hold = channel.holds;
        channel.calls.push(call);
        if let Some(bridge) = channel.bridge.and_then(|b| self.table.bridge_mut(b)) {
            bridge.calls.push(call);
        }
        self.dirty(call);
    }

    /// Our own originate that this leg belongs to: by the id that we gave it, or, when the dialplan rings the phone,
    /// by the family.
    fn originated(&self, id: ChannelId) -> Option<CallId> {
        let channel = self.table.channel(id)?;
        let (call, _) = self.calls.iter().find(|(_, call)| {
            call.origin == Origin::Originated
                && call.channel.is_none()
                && call.line == channel.line
                && (call.key == channel.uid || channel.linked.contains(&call.key))
        })?;
        Some(call)
    }

    /// A call that rings on another contact of the same device, for the same caller.
    fn same_ring(&self, id: ChannelId, line: LineId) -> Option<CallId> {
        let channel = self.table.channel(id)?;
        let Dialler::Channel(from) = channel.dialler else { return None };
        let device = device_of(&channel.name);
        let found = self.calls.of_line(line).find(|(_, call)| {
            let leg = call.channel.and_then(|c| self.table.channel(c));
            call.origin == Origin::Called
                && !call.connected
                && leg.is_some_and(|c| c.dialler == Dialler::Channel(from) && device_of(&c.name) == device)
        });
        found.map(|(call, _)| call)
    }

    fn join_ring(&mut self, call: CallId, id: ChannelId) {
        if let (Some(of_call), Some(channel)) = (self.calls.get_mut(call), self.table.channel_mut(id)) {
            of_call.others.push(id);
            channel.calls.push(call);
        }
    }

    /// The line's leg holds this call.
    pub(crate) fn holds(&mut self, id: CallId, say: &mut Say<'_, '_>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.hold = true;
        call.resumes_at = None;
        let line = call.line;
        self.held_for_another(id, say);
        // A phone that resumes one call before it holds the other.
        let resumed = |(other, c): (CallId, &Call)| (c.line == line && c.resumes_at.is_some()).then_some(other);
        for other in self.calls.iter().filter_map(resumed).collect::<Vec<_>>() {
            self.report(id, say);
            if let Some(other) = self.calls.get_mut(other) {
                other.hold = false;
                other.resumes_at = None;
            }
            self.dirty(other);
        }
    }

    /// The line's leg resumes this call. While it talks on another leg that may be the beginning of a transfer by the
    /// phone: Asterisk resumes both legs before it joins the far ends. Then it never was resumed.
    pub(crate) fn resumes(&mut self, id: CallId, now: Timestamp) {
        let Some(call) = self.calls.get(id).filter(|c| c.hold) else { return };
        let talks = |(_, other): (CallId, &Call)| {
            other.line == call.line && other.channel != call.channel && other.connected && !other.hold
        };
        let talks_beside = self.calls.iter().any(talks);
        let Some(call) = self.calls.get_mut(id) else { return };
        if talks_beside {
            call.resumes_at = Some(now + JOIN_DELAY);
            self.dirty(id);
        } else {
            call.hold = false;
        }
    }

    /// Of several contacts that rang one went up: the call is on it.
    pub(crate) fn prefer(&mut self, id: ChannelId) {
        let Some(channel) = self.table.channel(id).filter(|c| c.state == UP) else { return };
        let uid = channel.uid.clone();
        for call in channel.calls.clone() {
            let Some(call) = self.calls.get_mut(call).filter(|c| !c.connected && c.others.contains(&id)) else {
                continue;
            };
            call.others.retain(|other| *other != id);
            call.others.extend(call.channel.replace(id));
            call.native.clone_from(&uid);
        }
    }

    /// A leg is gone, and the calls on it with it.
    pub(crate) fn hung_up(&mut self, id: ChannelId, mut info: HangupInfo, say: &mut Say<'_, '_>) {
        let Some(channel) = self.table.channel(id) else { return };
        info.outcome.clone_from(&channel.outcome);
        info.requested = channel.hangup_requested;
        info.up = channel.state == UP;
        info.dialler_requested = match channel.dialler {
            Dialler::Channel(from) => self.table.channel(from).is_none_or(|c| c.hangup_requested),
            _ => false,
        };
        info.waited_for = channel.calls.iter().filter_map(|c| self.calls.get(*c)).any(|c| c.is_waited_for(self));
        let touched = self.table.touched(id);
        let (calls, local) = (channel.calls.clone(), channel.local);
        // A consultation ends before the call that it was made from.
        for call in calls.iter().rev() {
            if self.goes_on_elsewhere(*call, id) {
                continue;
            }
            self.leg_ended(*call, &info, say);
        }
        if local {
            self.optimised(id);
        }
        self.table.remove(id);
        for call in touched {
            self.dirty(call);
        }
    }

    /// Another contact of the device still rings.
    fn goes_on_elsewhere(&mut self, call: CallId, id: ChannelId) -> bool {
        let Some(of_call) = self.calls.get_mut(call) else { return true };
        if of_call.channel != Some(id) {
            of_call.others.retain(|other| *other != id);
            return true;
        }
        let next = (!of_call.connected && !of_call.others.is_empty()).then(|| of_call.others.remove(0));
        let Some(next) = next else { return false };
        of_call.channel = Some(next);
        if let Some(leg) = self.table.channel(next) {
            of_call.native.clone_from(&leg.uid);
        }
        self.dirty(call);
        true
    }

    fn leg_ended(&mut self, id: CallId, info: &HangupInfo, say: &mut Say<'_, '_>) {
        let Some(call) = self.calls.get(id) else { return };
        // Who hangs up during a consultation joins the other two.
        let completes = call.ending.is_none()
            && match (call.consult, call.parent) {
                (Some(consult), _) => self.calls.get(consult).is_some() && self.has_company(id),
                (_, Some(parent)) => self.calls.get(parent).is_some() && self.has_company(parent),
                _ => false,
            };
        if completes {
            let to = call.consult.or(Some(id)).and_then(|c| self.calls.get(c)).map(|c| c.remote.clone());
            let pair = [Some(id), call.consult, call.parent];
            for member in pair.into_iter().flatten() {
                if let Some(call) = self.calls.get_mut(member) {
                    call.ending = Some(Ending { cause: CauseCode::Transferred, to: to.clone().unwrap_or_default() });
                }
            }
        }
        self.note_taken_away(id);
        let Some(call) = self.calls.get(id) else { return };
        if info.cause == 17 && call.origin == Origin::Dialled && !call.connected && !call.busy {
            self.report_busy(id, say);
        }
        let Some(call) = self.calls.get_mut(id) else { return };
        call.end_cause = info.cause;
        let cause = cause::of(call, info);
        let released = cause::released_by(call, info);
        let joined = call.joined;
        if self.ends_with_conference(id, &cause, released, say.now) {
            return;
        }
        // Of two calls whose far ends were joined the held one ends first, so that none takes the other's place.
        let together = joined.filter(|other| self.calls.get(*other).is_some_and(|c| c.ending.is_some()));
        let leg_of = |pbx: &Self, call: CallId| pbx.calls.get(call).and_then(|c| c.channel);
        if let Some(leg) = together.filter(|other| self.is_held(*other)).and_then(|other| leg_of(self, other)) {
            self.over(leg, say);
        }
        self.finish(id, cause, released, say);
        if let Some(leg) = together.and_then(|other| leg_of(self, other)) {
            self.over(leg, say);
        }
    }

    /// A call that becomes a part of another one loses its leg before the others are together in their room. Its end is
    /// told after that.
    fn ends_with_conference(&mut self, id: CallId, cause: &Cause, released: ReleasedBy, now: Timestamp) -> bool {
        let into = self.calls.get(id).filter(|_| cause.code == CauseCode::Conferenced).and_then(|c| c.merged_into);
        let Some(into) = into.and_then(|into| self.calls.get(into)) else { return false };
        if into.reported.as_ref().is_some_and(|fact| fact.state == CallState::Conferenced) {
            return false;
        }
        self.move_call(id, None);
        if let Some(call) = self.calls.get_mut(id) {
            call.channel = None;
            call.ended = Some(Ended { cause: cause.clone(), released, until: now + CONFERENCE_DELAY });
        }
        self.waiting.insert(id);
        true
    }

    /// Tells the ends that waited for this call to become a conference, or for nothing any more.
    pub(crate) fn tell_ends(&mut self, into: CallId, say: &mut Say<'_, '_>) {
        let ended = |(id, c): (CallId, &Call)| (c.merged_into == Some(into) && c.ended.is_some()).then_some(id);
        for id in self.calls.iter().filter_map(ended).collect::<Vec<_>>() {
            self.tell_end(id, say);
        }
    }

    /// Tells an end that waited.
    pub(crate) fn tell_end(&mut self, id: CallId, say: &mut Say<'_, '_>) {
        if let Some(ended) = self.calls.get_mut(id).and_then(|c| c.ended.take()) {
            self.finish(id, ended.cause, ended.released, say);
        }
    }

    /// Its partner is well and talks elsewhere: another program took it away (there is no event of its own for that).
    fn note_taken_away(&mut self, id: CallId) {
        let Some(call) = self.calls.get(id).filter(|c| c.connected && c.ending.is_none() && c.sent_on.is_none()) else {
            return;
        };
        let own = call.channel.and_then(|c| self.table.channel(c));
        let elsewhere = |peer: &ChannelId| {
            self.table
                .channel(*peer)
                .is_some_and(|p| !p.hangup_requested && p.bridge.is_some() && p.bridge != call.bridge)
        };
        let asked = call.released.is_some() || own.is_some_and(|c| c.hangup_requested || c.bridge.is_some());
        if !asked
            && call.left_by.is_some()
            && call.present.iter().all(|p| Some(*p) == call.left_by && elsewhere(p))
            && let Some(call) = self.calls.get_mut(id)
        {
            call.sent_on = Some(String::new());
        }
    }

    /// Somebody is in the bridge that this call waits in.
    fn has_company(&self, id: CallId) -> bool {
        let Some((call, channel)) = self.calls.get(id).and_then(|c| Some((c, c.channel?))) else { return false };
        call.merging || !self.table.view(channel, call.bridge).peers.is_empty()
    }

    /// The calls on this leg are over before the leg is: it is kept a while, to be told a slot, or in case the target of
    /// a transfer does not answer.
    pub(crate) fn over(&mut self, id: ChannelId, say: &mut Say<'_, '_>) {
        let Some(channel) = self.table.channel_mut(id) else { return };
        channel.over = true;
        // A consultation ends before the call that it was made from.
        for id in channel.calls.clone().into_iter().rev() {
            let Some(call) = self.calls.get(id) else { continue };
            let end = HangupInfo::default();
            let (cause, released) = (cause::of(call, &end), cause::released_by(call, &end));
            self.finish(id, cause, released, say);
        }
    }

    /// A phone that dialled a busy service never heard of a dial: its own end is the first that tells.
    fn report_busy(&mut self, id: CallId, say: &mut Say<'_, '_>) {
        if let Some(call) = self.calls.get_mut(id) {
            call.busy = true;
            call.hidden_until = None;
        }
        self.report(id, say);
    }

    /// Takes a call out, and out of the legs and the bridge that knew it.
    pub(crate) fn take_call(&mut self, id: CallId) -> Option<Box<Call>> {
        let call = self.calls.remove(id)?;
        self.waiting.remove(&id);
        if let Some(bridge) = call.bridge.and_then(|b| self.table.bridge_mut(b)) {
            bridge.calls.retain(|c| *c != id);
        }
        for leg in call.channel.into_iter().chain(call.others.iter().copied()) {
            if let Some(channel) = self.table.channel_mut(leg) {
                channel.calls.retain(|c| *c != id);
            }
        }
        Some(call)
    }

    /// Reports the end of a call and forgets it.
    pub(crate) fn finish(&mut self, id: CallId, cause: Cause, released: ReleasedBy, say: &mut Say<'_, '_>) {
        if self.calls.get(id).is_some_and(|c| c.reported.is_none() && c.hidden_until.is_some()) {
            // A dialled code that ended before it was clear what it was.
            if let Some(call) = self.calls.get_mut(id) {
                call.hidden_until = None;
            }
            self.report(id, say);
        }
        self.tell_ends(id, say);
        let Some(call) = self.take_call(id) else { return };
        for (other, back) in [(call.parent, true), (call.consult, false)] {
            if let Some(relative) = other.and_then(|o| self.calls.get_mut(o)) {
                if back {
                    relative.consult = None;
                } else {
                    relative.parent = None;
                }
                relative.merging = false;
            }
            if let Some(other) = other {
                self.dirty(other);
            }
        }
        if let (Some(last), Some(line)) = (&call.reported, call.line) {
            let code = cause.code;
            let mut fact = CallFact::finished(line, call.key.as_str(), cause).released_by(released);
            fact.direction = last.direction;
            fact.native_id = Some(call.native.clone()).filter(|n| !n.is_empty());
            let sent_on = call.sent_on.as_deref().map(|to| Ident::new(numberlike(to), ""));
            let to = call.ending.as_ref().map(|e| e.to.clone()).or(sent_on.filter(|_| code == CauseCode::Redirected));
            fact.redirection = to.and_then(|to| super::fact::party(&to));
            fact.native_time = say.native_time;
            fact.command = call.command.filter(|(_, awaits)| *awaits == Awaits::Finished).map(|(command, _)| command);
            self.say_call(fact, say);
        }
        self.call_gone(id, &call, say);
    }
}

/// An extension that says whom somebody called: not one of the dialplan's own (`s`, `s-BUSY`, `h`, `i`, `t`).
pub(crate) fn numberlike(exten: &str) -> &str {
    let own = matches!(exten, "s" | "h" | "i" | "t" | "T" | "o" | "a" | "e") || exten.starts_with("s-");
    if own { "" } else { exten }
}
