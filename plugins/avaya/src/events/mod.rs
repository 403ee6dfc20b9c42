//! What happens to calls at a station.

mod besides;
mod ending;
mod outgoing;
mod talking;

use std::borrow::Cow;

use jackfield_csta::private::CallData;
use jackfield_csta::services::ServicesPermitted;
use jackfield_csta::types::{ConnectionId, LocalState, Subject, UserData};
use jackfield_csta::{
    BridgedEvent, CallClearedEvent, ConferencedEvent, ConnectionClearedEvent, DeliveredEvent, DivertedEvent,
    EstablishedEvent, FailedEvent, HeldEvent, Message, NetworkReachedEvent, OriginatedEvent, QueuedEvent,
    RetrievedEvent, ServiceInitiatedEvent, TransferedEvent,
};
use jackfield_plugin_api::{CallKey, Direction};

pub(crate) use besides::at_vdn;
pub(crate) use ending::unreached;

use crate::call::Call;
use crate::fact::show;
use crate::line::Line;
use crate::merge;
use crate::permitted;
use crate::setup::look;
use crate::uui;
use crate::wire::Scene;

/// A call's id is no longer.
const LONGEST_ID: usize = 64;

/// Whether a call's id can be used.
pub(crate) fn usable(native: &str) -> bool {
    !native.is_empty() && native.len() <= LONGEST_ID
}

/// What most events say besides.
pub(crate) trait Said {
    fn local(&self) -> Option<LocalState>;
    fn cause_word(&self) -> Cow<'_, str>;
    fn ucid(&self) -> Option<&str>;
    fn data(&self) -> Option<&CallData>;
    fn uui(&self) -> Option<&UserData>;
    fn services(&self) -> Option<&ServicesPermitted>;
}

macro_rules! said {
    ($($T:ident)*) => {$(
        impl Said for $T {
            fn local(&self) -> Option<LocalState> {
                self.local
            }
            fn cause_word(&self) -> Cow<'_, str> {
                let word = self.cause.as_deref().unwrap_or_default();
                if word.len() <= 64 { Cow::Borrowed(word) } else { Cow::Owned(word.chars().take(64).collect()) }
            }
            fn ucid(&self) -> Option<&str> {
                let linkage = self.linkage.as_ref().and_then(|linkage| linkage.ucid());
                linkage.or_else(|| self.extensions.as_ref()?.ucid()).filter(|ucid| ucid.len() <= LONGEST_ID)
            }
            fn data(&self) -> Option<&CallData> {
                self.extensions.as_ref()?.call()
            }
            fn uui(&self) -> Option<&UserData> {
                self.user_data.as_ref()
            }
            fn services(&self) -> Option<&ServicesPermitted> {
                self.services.as_ref()
            }
        }
    )*};
}
said! {
    BridgedEvent CallClearedEvent ConferencedEvent ConnectionClearedEvent DeliveredEvent DivertedEvent EstablishedEvent
    FailedEvent HeldEvent NetworkReachedEvent OriginatedEvent QueuedEvent RetrievedEvent ServiceInitiatedEvent
    TransferedEvent
}

/// An event of a line's monitor.
pub(crate) fn event(line: &mut Line, message: &Message, scene: &mut Scene<'_, '_>) {
    match message {
        Message::ServiceInitiatedEvent(event) => outgoing::service_initiated(line, event, scene),
        Message::OriginatedEvent(event) => outgoing::originated(line, event, scene),
        Message::DeliveredEvent(event) => talking::delivered(line, event, scene),
        Message::NetworkReachedEvent(event) => outgoing::network_reached(line, event, scene),
        Message::EstablishedEvent(event) => talking::established(line, event, scene),
        Message::HeldEvent(event) => talking::holds(line, &event.connection, LocalState::Hold, event.as_ref(), scene),
        Message::RetrievedEvent(event) => {
            talking::holds(line, &event.connection, LocalState::Connected, event.as_ref(), scene);
        }
        Message::QueuedEvent(event) => outgoing::queued(line, event, scene),
        Message::DivertedEvent(event) => ending::diverted(line, event, scene),
        Message::FailedEvent(event) => ending::failed(line, event, scene),
        Message::BridgedEvent(event) => ending::bridged(line, event, scene),
        Message::ConferencedEvent(event) => merge::conferenced(line, event, scene),
        Message::TransferedEvent(event) => merge::transferred(line, event, scene),
        Message::ConnectionClearedEvent(event) => ending::cleared(line, event, scene),
        Message::CallClearedEvent(event) => ending::call_cleared(line, event, scene),
        Message::CallInformationEvent(event) => besides::information(line, event, scene),
        Message::DigitsGeneratedEvent(event) => besides::digits_generated(line, event, scene),
        Message::EnteredDigitsEvent(event) => besides::digits_entered(line, event, scene),
        _ => {}
    }
    // What can be done with a pair of calls is told with one of them.
    if line.calls.iter().any(|call| call.permits.is_some()) {
        let keys: Vec<CallKey> = line.calls.iter().map(|call| call.key.clone()).collect();
        keys.iter().for_each(|key| show(line, key, scene));
    }
}

/// What an event says of a call besides its state.
pub(crate) fn learn(call: &mut Call, said: &impl Said) {
    if let Some(ucid) = said.ucid() {
        call.add_ucid(ucid);
    }
    // An event that says nothing of it leaves nothing known of what is allowed after it.
    call.permits = said.services().map(permitted::features);
    if let Some(bytes) = said.uui().and_then(UserData::bytes).filter(|bytes| !bytes.is_empty() && bytes.len() <= 1_024)
    {
        call.data.extend(uui::data(&bytes));
    }
    let Some(data) = said.data() else { return };
    let short = |text: &str| text.chars().take(LONGEST_ID).collect::<String>();
    if let Some(group) = data.acd_group.as_ref().map(|group| group.number()).filter(|group| !group.is_empty()) {
        call.queue = Some(short(group));
    }
    let distributing = |device: &Option<Subject>| device.as_ref().and_then(|device| device.number().map(short));
    if let Some(vdn) = distributing(&data.distributing_vdn) {
        call.data.insert("vdn".to_owned(), vdn);
    }
    if let Some(trunk) = data.trunk_group.as_deref().filter(|trunk| !trunk.is_empty() && *trunk != "0") {
        call.external = true;
        call.data.insert("trunk".to_owned(), short(trunk));
    }
    let digits = data.entered.as_ref().and_then(|entered| entered.data.as_deref());
    if let Some(digits) = digits.filter(|digits| !digits.is_empty()) {
        call.data.insert("collectedDigits".to_owned(), short(digits));
    }
    if let Some(original) = &data.original {
        let bytes = original.user_data.as_ref().and_then(UserData::bytes);
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty() && bytes.len() <= 1_024) {
            for (name, value) in uui::data(&bytes) {
                call.data.entry(name).or_insert(value);
            }
        }
        if let Some(calling) = original.calling.as_ref().and_then(|device| device.number()) {
            call.data.insert("originalCaller".to_owned(), short(calling));
        }
    }
}

/// The state of our end, where an event tells it.
pub(crate) fn apply_local(call: &mut Call, local: Option<LocalState>) {
    use LocalState as S;
    match local {
        Some(state @ (S::Connected | S::Hold)) => {
            call.state = state;
            // Whom it rings at has answered; whom we call has not, for all that.
            call.answered |= call.direction == Direction::In;
        }
        Some(state @ (S::Initiated | S::Alerting)) if !call.answered => call.state = state,
        Some(S::Fail) if !call.answered => call.state = S::Fail,
        _ => {}
    }
}

/// Our end of a call is gone, as an event tells it of our end.
fn is_gone(local: Option<LocalState>) -> bool {
    local == Some(LocalState::Null)
}

fn keep(text: Option<&str>) -> Option<String> {
    text.filter(|text| text.len() <= 128).map(str::to_owned)
}

/// A call of which an event speaks, by its key.
fn known(line: &mut Line, connection: &ConnectionId) -> Option<CallKey> {
    line.touch(&connection.call);
    line.call(&connection.call).map(|call| call.key.clone())
}

/// An event speaks of a call that is not known. Right after a call's end it is late; else something was missed, and the
/// switch is asked.
fn missed(line: &mut Line, connection: &ConnectionId, scene: &mut Scene<'_, '_>) {
    if usable(&connection.call) && !line.is_just_over(&connection.call, scene.host.now()) {
        look(line, scene);
    }
}

/// Whether a character can be dialled.
pub(crate) fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || "*#ABCDabcd".contains(c)
}
