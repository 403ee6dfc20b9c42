//! What is told of calls besides their states: data, digits, the queue they wait in.

use jackfield_csta::types::{UserData, number};
use jackfield_csta::{CallInformationEvent, DigitsGeneratedEvent, EnteredDigitsEvent, Message};
use jackfield_plugin_api::{Direction, DtmfFact, Side};

use super::{LONGEST_ID, is_digit, keep, known, usable};
use crate::fact::show;
use crate::line::Line;
use crate::uui;
use crate::wire::Scene;

pub(super) fn information(line: &mut Line, event: &CallInformationEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let Some(call) = line.by_key_mut(&key) else { return };
    if let Some(ucid) =
        event.linkage.as_ref().and_then(|linkage| linkage.ucid()).filter(|ucid| ucid.len() <= LONGEST_ID)
    {
        call.add_ucid(ucid);
    }
    let bytes = event.user_data.as_ref().and_then(UserData::bytes);
    if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty() && bytes.len() <= 1_024) {
        call.data.extend(uui::data(&bytes));
    }
    if call.direction == Direction::In && call.caller.is_none() {
        call.caller = event.calling.as_ref().and_then(|device| keep(device.number()));
    }
    show(line, &key, scene);
}

pub(super) fn digits_generated(line: &mut Line, event: &DigitsGeneratedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let digits: String = event.digits.chars().filter(|c| is_digit(*c)).take(64).collect();
    let own = line.is(event.connection.device_id());
    let sent = line.digits.take_if(|(native, sent, _)| *native == event.connection.call && *sent == digits);
    // What was sent from here was told when the switch took it.
    if digits.is_empty() || sent.is_some_and(|(_, _, until)| until >= scene.host.now()) {
        return;
    }
    let side = if own { Side::Local } else { Side::Remote };
    scene.host.report(DtmfFact::new(line.id, key, digits, side));
}

pub(super) fn digits_entered(line: &mut Line, event: &EnteredDigitsEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let digits: String = event.digits.chars().filter(|c| is_digit(*c)).take(64).collect();
    if !digits.is_empty() && line.by_key(&key).is_some_and(|call| call.reported.is_some()) {
        scene.host.report(DtmfFact::new(line.id, key, digits, Side::Remote));
    }
}

/// A queue's events, by a monitor of a VDN: where a call waits, before it rings anywhere.
pub(crate) fn at_vdn(message: &Message, scene: &mut Scene<'_, '_>) {
    match message {
        Message::QueuedEvent(event) if usable(&event.connection.call) => {
            if let Some(queue) = event.queue.id().map(number).filter(|queue| usable(queue)) {
                scene.net.add_queued(&event.connection.call, queue);
            }
        }
        Message::CallClearedEvent(event) => {
            scene.net.queued.retain(|(native, _)| *native != event.connection.call);
        }
        _ => {}
    }
}
