//! What the host itself tells the model: what it found out, stored, or noticed.

use std::sync::Arc;

use jackfield_plugin_api::{CallKey, CallState, LineId, Timestamp};

use super::body::{Body, CallSaved, Fault, LossScope, RawMessage};
use super::call::{Call, Changed, Contact, Link, Text};
use super::config::Loss;
use super::event::{Event, ReplyTo};
use super::ids::CallId;
use super::leg::Leg;
use super::limits::{CONSULT_EXPECTED_FOR, MAX_CALLS, MAX_CONTACTS, MAX_WAITING_SAVES};
use super::lines::Model;
use super::repairs::Dropped;
use super::work::{Why, Work};

/// What the host found out about a call by itself. Absent: no news.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Enrichment {
    /// The id of its history row.
    pub database_id: Option<Text>,
    /// The caller's number in E.164.
    pub caller: Option<Text>,
    /// The called number in E.164.
    pub called: Option<Text>,
    /// What the directory found.
    pub contacts: Option<Vec<Contact>>,
    /// Records of the CRM tied to the call.
    pub links: Option<Vec<Link>>,
}

/// A call that an earlier life of the host left behind.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct KeptCall {
    /// The adapter's name for it.
    pub key: CallKey,
    /// The call as its last event told it; its state is the last one known, not `unknown` (unless it never was known).
    pub call: Call,
    /// When it was last known to live.
    pub last_seen: Timestamp,
    /// Whether its `callBusy` was sent (I6), whatever its last known state is.
    #[serde(default)]
    pub told_busy: bool,
}

impl Model {
    /// After a restart of the host: the calls that were up on a line when it died, in the order of their start, and
    /// the line's last epoch. To be told before the line's first epoch; the snapshot then decides what became of them
    /// (I15), so that every history row gets its end.
    pub fn restore(&mut self, line: LineId, last_epoch: u64, kept: Vec<KeptCall>) {
        self.shared.closed_epoch = self.shared.closed_epoch.max(last_epoch);
        let Some(line) = self.lines.get_mut(&line).filter(|line| !line.ever_up && line.legs.is_empty()) else { return };
        for kept in kept.into_iter().take(MAX_CALLS).filter(|kept| kept.call.state != CallState::Finished) {
            if kept.call.is_current || line.current.is_none() {
                line.current = Some(kept.call.id.clone());
            }
            line.legs.push(Leg::restored(kept));
        }
    }

    /// A `makeConsultCall` (or `setupTransferCall`) from this call has gone to the adapter: the next outgoing call
    /// without a role of its own is the consultation (R2).
    pub fn expect_consult(&mut self, now: Timestamp, line: LineId, primary: &CallId) {
        let until = self.clock(now) + CONSULT_EXPECTED_FOR;
        if let Some(line) = self.lines.get_mut(&line) {
            line.consult = Some((primary.clone(), until));
        }
    }

    /// The host has found something out about a call: `callInfoChanged` tells it.
    pub fn enrich(&mut self, now: Timestamp, line: LineId, call: &CallId, found: &Enrichment, out: &mut Vec<Event>) {
        let now = self.clock(now);
        let Some(line) = self.lines.get_mut(&line) else { return };
        let Some(index) = line.index(call) else { return };
        let changed = enrich(line.legs[index].edit(), found);
        Work::new(&mut self.shared, line, now, out).enriched(index, changed);
    }

    /// A call was written to the history: `callSaved`, now or (while the line is down) in the next epoch (M13.1).
    /// The host calls it only for calls that this line had (I14).
    pub fn saved(&mut self, now: Timestamp, line: LineId, saved: CallSaved, out: &mut Vec<Event>) {
        let now = self.clock(now);
        let Some(line) = self.lines.get_mut(&line) else { return };
        if let Some(index) = line.index(&saved.call) {
            line.legs[index].edit().database_id = Some(saved.database_id.clone());
        }
        if line.up {
            Work::new(&mut self.shared, line, now, out).emit(&Why::default(), Body::CallSaved(saved));
            return;
        }
        if line.saves.len() == MAX_WAITING_SAVES {
            line.saves.pop_front();
            self.shared.repairs.drop_for(Dropped::TooManySaves);
        }
        line.saves.push_back(saved);
    }

    /// A fault that the host noticed; of the connection as a whole when the line is not up.
    pub fn fault(&mut self, now: Timestamp, line: Option<LineId>, fault: Fault, out: &mut Vec<Event>) {
        let now = self.clock(now);
        self.emit_fault(now, line, None, fault, out);
    }

    /// A raw message as an event, of a line or of the connection as a whole. It uses no number and changes nothing
    /// (I18). `None`: there is no such line.
    #[must_use]
    pub fn raw(&self, now: Timestamp, line: Option<LineId>, raw: RawMessage) -> Option<Event> {
        let event = self.connection_event(now.max(self.now), Body::RawMessage(Box::new(raw)));
        let Some(line) = line else { return Some(event) };
        let line = self.lines.get(&line)?;
        Some(Event {
            line: Some(line.id),
            place: Arc::clone(&line.place),
            epoch: Some(line.epoch),
            current: line.current.clone(),
            ..event
        })
    }

    pub(super) fn emit_fault(
        &mut self,
        now: Timestamp,
        line: Option<LineId>,
        origin: Option<&ReplyTo>,
        fault: Fault,
        out: &mut Vec<Event>,
    ) {
        let Some(line) = line.and_then(|line| self.lines.get_mut(&line)) else {
            return self.emit_connection(now, origin, Body::Error(fault), out);
        };
        if line.up {
            let why = Why { origin, ..Why::default() };
            Work::new(&mut self.shared, line, now, out).emit(&why, Body::Error(fault));
        } else {
            // Between two epochs a line is silent (M13.1); its status remembers why it cannot come up.
            let loss = Loss { native: fault.native.clone(), ..Loss::new(fault.code, fault.message.to_string()) };
            line.loss = Some((loss, LossScope::Line));
            self.emit_connection(now, origin, Body::Error(fault), out);
        }
    }

    pub(super) fn emit_connection(&self, now: Timestamp, origin: Option<&ReplyTo>, body: Body, out: &mut Vec<Event>) {
        out.push(Event { reply_to: origin.cloned(), ..self.connection_event(now, body) });
    }

    fn connection_event(&self, now: Timestamp, body: Body) -> Event {
        Event {
            line: None,
            place: Arc::clone(&self.shared.place),
            epoch: None,
            seq: None,
            at: now,
            src_at: None,
            synthetic: false,
            resent: false,
            cause: None,
            reply_to: None,
            current: None,
            body,
        }
    }
}

fn enrich(call: &mut Call, found: &Enrichment) -> Changed {
    let mut changed = Changed::NONE;
    if found.database_id.is_some() && call.database_id != found.database_id {
        call.database_id.clone_from(&found.database_id);
        changed |= Changed::DATABASE_ID;
    }
    for (number, normalized, flag) in
        [(&mut call.caller, &found.caller, Changed::CALLER), (&mut call.called, &found.called, Changed::CALLED)]
    {
        if let (Some(number), Some(_)) = (number, normalized)
            && number.normalized != *normalized
        {
            number.normalized.clone_from(normalized);
            changed |= flag;
        }
    }
    if let Some(contacts) = &found.contacts
        && call.contacts.as_deref() != Some(contacts.as_slice())
    {
        call.contacts = Some(contacts.iter().take(MAX_CONTACTS).cloned().collect());
        changed |= Changed::CONTACTS;
    }
    if let Some(links) = &found.links
        && call.links.as_deref() != Some(links.as_slice())
    {
        call.links = Some(links.iter().take(MAX_CONTACTS).cloned().collect());
        changed |= Changed::LINKS;
    }
    changed
}
