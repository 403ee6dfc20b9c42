//! Callers who wait for an operator who is ready.

use super::{End, Exchange, Job, Stage, TalkId};
use crate::infinity::Millis;

/// How long a queue waits before it looks for an operator again.
pub(super) const NEXT: Millis = 500;
/// Ready for calls.
const READY: u32 = 300;

impl Exchange {
    /// A caller waits: in a talk with the queue, whose number is none.
    pub(super) fn enter_queue(&mut self, id: TalkId, queue: usize) {
        let name = format!("Queue:{}", self.config.queues[queue].name);
        if let Some(talk) = self.talks.get_mut(&id) {
            talk.queue = Some(queue);
            talk.b = End::Machine(name);
        }
        self.stage(id, Stage::Talking);
        self.distribute(id);
    }

    /// Looks for an operator; the first who is ready and has no call. Nobody: again in a while.
    pub(super) fn distribute(&mut self, id: TalkId) {
        let Some(talk) = self.talks.get(&id) else { return };
        let Some(queue) = talk.queue.filter(|_| !self.talks.values().any(|talk| talk.from_queue == Some(id))) else {
            return;
        };
        let (caller, seance, tried) = (talk.a.clone(), talk.seance, talk.tried.clone());
        let own = match caller {
            End::User(call) => self.calls.get(&call).map(|call| call.user),
            _ => None,
        };
        let members: Vec<usize> =
            self.config.queues[queue].members.iter().filter_map(|member| self.user_by_extension(member)).collect();
        let free = |user: &usize| {
            let idle = self.calls_of(*user).next().is_none();
            Some(*user) != own && idle && self.users[*user].state == READY && self.can_ring(*user)
        };
        let found = members.iter().find(|user| free(user) && !tried.contains(user));
        let found = found.or_else(|| members.iter().find(|user| free(user))).copied();
        let Some(user) = found else { return self.after(NEXT, Job::Distribute(id)) };
        if let Some(talk) = self.talks.get_mut(&id) {
            if talk.tried.contains(&user) {
                talk.tried.clear();
            }
            talk.tried.push(user);
        }
        let extension = self.users[user].extension.clone();
        let offer = self.new_talk(caller.clone(), &extension, seance);
        // The caller goes on waiting in the queue, not in what rings for it.
        if let End::User(call) = &caller
            && let Some(call) = self.calls.get_mut(call)
        {
            call.talk = id;
        }
        if let Some(offer) = self.talks.get_mut(&offer) {
            offer.from_queue = Some(id);
        }
        self.ring(offer, user);
    }

    /// What was made by a queue is answered: the caller is no longer in the queue.
    pub(super) fn leave_queue(&mut self, id: TalkId) {
        let Some(queue) = self.talks.get_mut(&id).and_then(|talk| talk.from_queue.take()) else { return };
        self.end_talk(queue);
        self.sit(id, super::Side::A);
    }

    /// The caller is gone: what rings for it is not to ring.
    pub(super) fn stop_ringing_for(&mut self, queue: TalkId) {
        let offers = self.talks.iter().filter(|(_, talk)| talk.from_queue == Some(queue));
        for (id, called) in offers.map(|(id, talk)| (*id, talk.b.clone())).collect::<Vec<_>>() {
            self.end_talk(id);
            if let End::User(called) = called {
                self.finish(called);
            }
        }
    }
}
