//! Dials and queues.

use super::channels::{is_place, set_place};
use crate::calls::{CallId, Origin, numberlike};
use crate::pbx::{Pbx, Say};
use crate::table::{ChannelId, Dialler, Ident, Progress};
use crate::wire::fields::{Fields, Key};

impl Pbx {
    /// A leg dials another; without a leg of its own Asterisk does (an originate).
    pub(crate) fn dial_begin(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let from = self.known(f, Key::Uniqueid);
        if let Some(from) = from {
            self.refresh(from, f, false, say);
            if let Some(channel) = self.table.channel_mut(from) {
                set_place(&mut channel.place, f);
            }
        }
        let Some(to) = self.table.find(f.bytes(Key::DestUniqueid)) else { return };
        self.dials(from, to);
        if let Some(from) = from {
            for call in self.table.dials_for(from) {
                if let Some(call) = self.calls.get_mut(call) {
                    call.busy = false;
                    call.outcome.clear();
                    call.outcome_cause = 0;
                }
                self.dirty(call);
            }
        }
        self.look_again(to);
        self.consider(to, say.now);
    }

    fn dials(&mut self, from: Option<ChannelId>, to: ChannelId) {
        let Some(dest) = self.table.channel_mut(to) else { return };
        let before = std::mem::replace(&mut dest.dialler, from.map_or(Dialler::Core, Dialler::Channel));
        dest.outcome.clear();
        let calls = dest.calls.clone();
        if let Dialler::Channel(before) = before
            && Some(before) != from
            && let Some(before) = self.table.channel_mut(before)
        {
            before.dialling.retain(|leg| *leg != to);
        }
        self.told_late(to, &calls, from.is_none());
        if let Some(from) = from.and_then(|f| self.table.channel_mut(f)) {
            if !from.dialling.contains(&to) {
                from.dialling.push(to);
            }
            let redirected = from.redirected_by.clone();
            for call in calls {
                if let Some(call) = self.calls.get_mut(call).filter(|c| c.incoming && !c.redirecting.is_known()) {
                    call.redirecting = redirected.clone();
                }
            }
        }
    }

    /// It rang before it was told who dials it.
    fn told_late(&mut self, to: ChannelId, calls: &[CallId], by_core: bool) {
        let root = self.table.root(to).and_then(|root| self.table.channel(root));
        let called = Ident::new(root.map_or("", |r| numberlike(&r.dialled)), "");
        for call in calls {
            let Some(call) = self.calls.get_mut(*call).filter(|c| c.origin == Origin::Called && !c.connected) else {
                continue;
            };
            if by_core {
                call.origin = Origin::Foreign;
            }
            if !call.called.is_known() {
                call.called.clone_from(&called);
            }
            call.hidden_until = None;
        }
    }

    pub(crate) fn dial_state(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(to) = self.table.find(f.bytes(Key::DestUniqueid)) else { return };
        let progress = match f.bytes(Key::DialStatus) {
            b"RINGING" => Progress::Ringing,
            b"PROGRESS" => Progress::Early,
            _ => return,
        };
        let Some(channel) = self.table.channel_mut(to).filter(|c| c.progress < progress) else { return };
        channel.progress = progress;
        let from = channel.dialler;
        self.look_again(to);
        if let Dialler::Channel(from) = from {
            for call in self.table.dials_for(from) {
                self.dirty(call);
            }
        }
        self.consider(to, say.now);
    }

    pub(crate) fn dial_end(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let from = self.known(f, Key::Uniqueid);
        let Some(to) = self.table.find(f.bytes(Key::DestUniqueid)) else { return };
        let status = f.string(Key::DialStatus);
        let answered = status == "ANSWER";
        let Some(dest) = self.table.channel_mut(to) else { return };
        // A leg's dial may be told to have ended twice; the first time is when it did.
        if dest.outcome.is_empty() {
            dest.outcome.clone_from(&status);
        }
        // A pickup answers a dial with a leg that it never named.
        if let (true, Some(from), Dialler::None) = (answered, from, dest.dialler) {
            dest.dialler = Dialler::Channel(from);
        }
        let from = from.or(match dest.dialler {
            Dialler::Channel(from) => Some(from),
            _ => None,
        });
        if let Some(from) = from.filter(|_| answered) {
            self.answered_elsewhere(from);
        }
        if let Some(from) = from {
            // Somebody else's Redirect of who dials: it is elsewhere in the dialplan already.
            let moved = self.table.channel(from).is_some_and(|c| !c.place.is_empty() && !is_place(&c.place, f));
            if status == "CANCEL" && moved {
                for call in self.table.channel(to).map(|c| c.calls.clone()).unwrap_or_default() {
                    if let Some(call) = self.calls.get_mut(call) {
                        call.sent_on = Some(f.string(Key::Exten));
                    }
                }
            }
            let still = self.table.channel_mut(from).is_some_and(|c| {
                c.dialling.retain(|leg| *leg != to);
                !c.dialling.is_empty()
            });
            for id in self.table.dials_for(from) {
                if let Some(call) = self.calls.get_mut(id).filter(|c| !c.connected) {
                    // Of several legs the last one's end counts, unless one was answered.
                    if answered || !still {
                        call.busy = status == "BUSY" && !call.incoming;
                        call.outcome.clone_from(&status);
                    }
                }
                self.dirty(id);
            }
        }
        self.look_again(to);
        self.consider(to, say.now);
    }

    pub(crate) fn queue_join(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        self.refresh(id, f, false, say);
        let queue = f.string(Key::Queue);
        if let Some(channel) = self.table.channel_mut(id) {
            channel.queue.clone_from(&queue);
        }
        for call in self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default() {
            if let Some(call) = self.calls.get_mut(call) {
                call.queue.clone_from(&queue);
            }
        }
        self.look_again(id);
    }

    pub(crate) fn queue_leave(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        self.refresh(id, f, false, say);
        if let Some(channel) = self.table.channel_mut(id) {
            channel.queue.clear();
        }
        self.look_again(id);
    }

    /// A queue calls a member.
    pub(crate) fn agent_called(&mut self, f: &Fields<'_>, _: &mut Say<'_, '_>) {
        let Some(id) = self.table.find(f.bytes(Key::DestUniqueid)) else { return };
        let queue = f.string(Key::Queue);
        let Some(channel) = self.table.channel_mut(id) else { return };
        channel.called_by_queue.clone_from(&queue);
        // A member that is reached through the dialplan: the leg beyond the wire comes later.
        let beyond = channel.partner.filter(|_| channel.local);
        if let Some(beyond) = beyond.and_then(|b| self.table.channel_mut(b)) {
            beyond.called_by_queue.clone_from(&queue);
        }
        for call in self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default() {
            if let Some(call) = self.calls.get_mut(call) {
                call.queue.clone_from(&queue);
            }
            self.dirty(call);
        }
    }
}
