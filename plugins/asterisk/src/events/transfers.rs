//! Transfer, pickup, parking.

use jackfield_plugin_api::{CauseCode, Timestamp};

use crate::calls::{CallId, Ending, Origin};
use crate::pbx::{Pbx, Say};
use crate::table::{ChannelId, Ident};
use crate::wire::fields::{Fields, Key};

impl Pbx {
    /// The transferer leaves, the transferee goes on and dials anew.
    pub(crate) fn blind_transfer(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        if !f.is(Key::Result, "Success") {
            // What a command said would end does not.
            let transferer = self.table.find(f.bytes(Key::TransfererUniqueid));
            for call in transferer.and_then(|t| self.table.channel(t)).map(|t| t.calls.clone()).unwrap_or_default() {
                if let Some(call) = self.calls.get_mut(call) {
                    call.ending = None;
                }
            }
            return;
        }
        let to = Ident::new(&f.string(Key::Extension), "");
        let Some(transferer) = self.table.find(f.bytes(Key::TransfererUniqueid)) else { return };
        let own = self.own_number(transferer);
        for call in self.table.channel(transferer).map(|c| c.calls.clone()).unwrap_or_default() {
            self.may_come_back(call, say.now);
        }
        self.transferred(transferer, &to);
        if let Some(transferee) = self.table.find(f.bytes(Key::TransfereeUniqueid)) {
            self.redirected(transferee, &own);
        }
    }

    pub(crate) fn attended_transfer(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let first = self.table.find(f.bytes(Key::OrigTransfererUniqueid));
        let second = self.table.find(f.bytes(Key::SecondTransfererUniqueid));
        if !f.is(Key::Result, "Success") || f.is(Key::DestType, "Fail") {
            // Two calls that were about to be joined are not.
            for call in first.and_then(|c| self.table.channel(c)).map(|c| c.calls.clone()).unwrap_or_default() {
                if let Some(call) = self.calls.get_mut(call) {
                    call.merging = false;
                }
            }
            return;
        }
        let (Some(first), Some(second)) = (first, second.or(first)) else { return };
        if f.is(Key::DestType, "Threeway") {
            return self.became_three(first, say);
        }
        // Each call ends towards the other one's party.
        let last = |pbx: &Self, id: ChannelId| {
            let call = pbx.table.channel(id)?.calls.last().copied()?;
            pbx.calls.get(call).map(|c| if c.remote.is_known() { c.remote.clone() } else { c.called.clone() })
        };
        let (to, back) = (last(self, second).unwrap_or_default(), last(self, first).unwrap_or_default());
        let own = self.own_number(first);
        self.transferred(first, &to);
        if second != first {
            self.transferred(second, &back);
        }
        self.waits_at_target(first, second, say.now);
        // The target is not always named: who was heard last by the two calls is meant.
        let named = [Key::TransfereeUniqueid, Key::TransferTargetUniqueid].map(|key| self.table.find(f.bytes(key)));
        let calls = [first, second].into_iter().filter_map(|c| self.table.channel(c)).flat_map(|c| &c.calls);
        let heard = calls.filter_map(|c| self.calls.get(*c)).flat_map(|c| c.present.clone());
        let mut staying: Vec<ChannelId> = named.into_iter().flatten().chain(heard).collect();
        staying.sort_unstable();
        staying.dedup();
        for staying in staying {
            self.redirected(staying, &own);
        }
        // While the target rings, Asterisk keeps the leg, to call the user back if nobody answers: a new call then.
        // Of two legs the one that is held goes first, so that its call never takes the other's place.
        let held =
            |leg: ChannelId| self.table.channel(leg).is_some_and(|c| c.calls.iter().any(|call| self.is_held(*call)));
        let legs = if second != first && held(second) && !held(first) { [second, first] } else { [first, second] };
        for leg in legs {
            self.over(leg, say);
        }
    }

    /// A transfer to a target that has not answered: the party of the first call waits for it now, and the call may come
    /// back.
    fn waits_at_target(&mut self, first: ChannelId, second: ChannelId, now: Timestamp) {
        let call_of = |pbx: &Self, leg: ChannelId, last: bool| {
            let calls = &pbx.table.channel(leg)?.calls;
            if last { calls.last().copied() } else { calls.first().copied() }
        };
        let (Some(call), Some(asked)) = (call_of(self, first, false), call_of(self, second, true)) else { return };
        let Some(asked) = self.calls.get(asked).filter(|asked| !asked.connected) else { return };
        let legs = asked.rings_at.iter().filter_map(|leg| self.table.channel(*leg));
        let ringing: Vec<CallId> = legs.flat_map(|leg| leg.calls.iter().copied()).collect();
        let waiting = self.calls.get(call).and_then(|c| c.present.first().copied());
        for id in ringing {
            if let Some(call) = self.calls.get_mut(id) {
                call.transferee = waiting;
            }
        }
        self.may_come_back(call, now);
    }

    /// Somebody was transferred here or away by `by`: its own calls, and those beyond a wire.
    fn redirected(&mut self, id: ChannelId, by: &Ident) {
        if let Some(channel) = self.table.channel_mut(id) {
            channel.redirected_by = by.clone();
        }
        let mut calls = self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default();
        let beyond = self.table.channel(id).filter(|c| c.local).and_then(|c| c.partner);
        if let Some(bridge) = beyond.and_then(|b| self.table.channel(b)?.bridge).and_then(|b| self.table.bridge(b)) {
            calls.extend_from_slice(&bridge.calls);
        }
        let dialled = beyond.and_then(|b| self.table.channel(b)).map(|b| b.dialling.clone()).unwrap_or_default();
        calls.extend(
            dialled.iter().filter_map(|leg| self.table.channel(*leg)).flat_map(|leg| leg.calls.iter().copied()),
        );
        for call in calls {
            if let Some(call) = self.calls.get_mut(call) {
                call.redirecting = by.clone();
            }
            self.dirty(call);
        }
    }

    fn own_number(&self, id: ChannelId) -> Ident {
        let Some(channel) = self.table.channel(id) else { return Ident::default() };
        match channel.line.and_then(|l| self.lines.get(l)) {
            Some(line) => Ident::new(&line.number, &channel.own.name),
            None => channel.own.clone(),
        }
    }

    /// A leg that dialled a code (or that we called for it) takes a call that rings elsewhere: for it that call is an
    /// incoming one, and where it rang it was taken away.
    pub(crate) fn pickup(&mut self, f: &Fields<'_>, _: &mut Say<'_, '_>) {
        let Some(picker) = self.known(f, Key::Uniqueid) else { return };
        let target = self.table.find(f.bytes(Key::TargetUniqueid));
        let of_target = target.and_then(|t| self.table.channel(t));
        let dialler = of_target.map(|t| t.dialler).unwrap_or_default();
        let caller = of_target.map(|t| t.connected.clone()).unwrap_or_default();
        let root = target.and_then(|t| self.table.root(t)).and_then(|r| self.table.channel(r));
        let called = root.map(|r| crate::calls::numberlike(&r.dialled).to_owned()).unwrap_or_default();
        let queue = of_target.map(|t| t.called_by_queue.clone()).unwrap_or_default();
        for id in of_target.map(|t| t.calls.clone()).unwrap_or_default() {
            if let Some(call) = self.calls.get_mut(id) {
                call.ending = Some(Ending { cause: CauseCode::PickedUpElsewhere, to: Ident::default() });
            }
        }
        let Some(channel) = self.table.channel_mut(picker) else { return };
        channel.dialler = dialler;
        for id in channel.calls.clone() {
            let Some(call) = self.calls.get_mut(id) else { continue };
            call.hidden_until = None;
            call.queue.clone_from(&queue);
            if call.reported.is_none() || call.incoming {
                call.incoming = true;
                if call.origin != Origin::Originated {
                    call.origin = Origin::Called;
                }
                call.called = Ident::new(&called, "");
                if caller.is_known() {
                    call.remote = caller.clone();
                    call.first_remote = caller.clone();
                }
            }
            self.dirty(id);
        }
    }

    /// The parkee is put into a slot; the parker's leg stays up a while longer, to be told the slot.
    pub(crate) fn parked(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let parkee = f.string(Key::ParkeeUniqueid);
        let Some(line) = f.text(Key::ParkerDialString).and_then(|d| self.lines.of_device(&d)) else { return };
        let slot = f.string(Key::ParkingSpace);
        let parker = self.calls.of_line(line).find(|(_, c)| c.participants.contains(&parkee)).map(|(id, _)| id);
        let Some(parker) = parker else { return };
        let Some(call) = self.calls.get_mut(parker) else { return };
        call.ending = Some(Ending { cause: CauseCode::Parked, to: Ident::new(&slot, "") });
        let leg = call.channel;
        self.may_come_back(parker, say.now);
        self.parked_by_command(parker, &slot, say);
        if let Some(leg) = leg {
            self.over(leg, say);
        }
    }
}
