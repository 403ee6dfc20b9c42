//! A held call and one that is talked to: joined, given up, swapped, made a conference.

use std::time::Duration;

use jackfield_plugin_api::{CommandId, ErrorCode};

use super::{Inviting, Then};
use crate::calls::{Awaits, Ending, Merging};
use crate::line::{Line, Say};
use crate::wire::fields::{Body, Fields};
use crate::wire::message::Message;

/// How long two calls may take to become a conference.
const MERGES: Duration = Duration::from_secs(10);

impl Line {
    /// Who hangs up with somebody on hold leaves the two others connected.
    pub(super) fn transfer(&mut self, id: CommandId, one: &str, other: &str, say: &mut Say<'_, '_>) {
        let number = |key: &str| self.calls.get(key).map(|call| call.peer.number.clone()).unwrap_or_default();
        let ends = vec![
            (one.to_owned(), Ending::Transferred(number(other))),
            (other.to_owned(), Ending::Transferred(number(one))),
        ];
        for key in [one, other] {
            self.calls.expect(key, id, Awaits::Finished, say.now);
        }
        self.request(id, Message::new("pbxabortcall"), Then::End(ends, None), say);
    }

    pub(super) fn cancel_transfer(&mut self, id: CommandId, one: &str, consult: &str, say: &mut Say<'_, '_>) {
        self.calls.expect(consult, id, Awaits::Finished, say.now);
        self.calls.expect(one, id, Awaits::Connected, say.now);
        let then = Then::End(vec![(consult.to_owned(), Ending::Dropped)], None);
        self.request(id, Message::new("pbxmakeflash").with("mode", "abort"), then, say);
    }

    pub(super) fn alternate(&mut self, id: CommandId, one: &str, other: &str, say: &mut Say<'_, '_>) {
        let held = self.calls.held().map(|held| held.key.clone());
        for key in [one, other] {
            let awaits = if held.as_deref() == Some(key) { Awaits::Connected } else { Awaits::Held };
            self.calls.expect(key, id, awaits, say.now);
        }
        self.flash(id, say);
    }

    pub(super) fn conference(&mut self, id: CommandId, survivor: &str, merged: &str, say: &mut Say<'_, '_>) {
        let then = Then::MayJoin { survivor: survivor.to_owned(), merged: merged.to_owned() };
        self.request(id, Message::new("checkcanconnecttogathertoconference"), then, say);
    }

    pub(super) fn may_join(
        &mut self,
        id: CommandId,
        survivor: &str,
        merged: String,
        body: &Body,
        say: &mut Say<'_, '_>,
    ) {
        if body.maybe("canconnecttogather") == Some(false) {
            let text = "Oktell cannot make a conference of these two calls now";
            return self.refuse(id, ErrorCode::InvalidCallState, text, say);
        }
        self.calls.expect(survivor, id, Awaits::Conferenced, say.now);
        self.calls.expect(&merged, id, Awaits::Finished, say.now);
        let until = say.now + MERGES;
        self.calls.merging = Some(Merging { survivor: survivor.to_owned(), command: id, until });
        self.request(id, Message::new("connecttogathertoconference"), Then::Join { merged }, say);
    }

    pub(super) fn joined(&mut self, id: CommandId, merged: &str, say: &mut Say<'_, '_>) {
        self.calls.ends_by(merged, Ending::Merged, say.now);
        self.accept(id, say);
    }

    /// The talk becomes a conference; who is to be invited is, once it is there.
    pub(super) fn built(&mut self, command: CommandId, number: String, say: &mut Say<'_, '_>) {
        let until = say.now + MERGES;
        if let Some(earlier) = self.inviting.replace(Inviting { command, number, until }) {
            self.refuse(earlier.command, ErrorCode::Cancelled, "somebody else was invited meanwhile", say);
        }
        self.look_after_command(say);
        self.invite(say);
    }

    /// Invites who waits for the conference, when it is there.
    pub(crate) fn invite(&mut self, say: &mut Say<'_, '_>) {
        let conference = self.calls.calls.iter().find_map(|call| call.conference.as_ref().map(|c| c.id.clone()));
        let Some(conference) = conference.filter(|id| !id.is_empty()) else { return };
        let Some(Inviting { command, number, .. }) = self.inviting.take() else { return };
        self.invite_to(command, &conference, &number, say);
    }

    pub(super) fn invite_to(&mut self, id: CommandId, conference: &str, number: &str, say: &mut Say<'_, '_>) {
        let message = Message::new("invitetoconference")
            .with("conferenceid", conference)
            .with("competitors", serde_json::json!([{"number": number}]));
        self.request(id, message, Then::Accept, say);
    }
}
