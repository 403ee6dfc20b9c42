//! What a device's snapshot says of the state of a call.

use crate::types::LocalState;
use crate::{CallState, DeviceInfo};

/// The state of our end of a call, and whether somebody at the other end has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Our end.
    pub local: LocalState,
    /// The other end's, where it is told.
    pub remote: Option<LocalState>,
}

/// The states of a call in a device's snapshot. `None`: none is told.
#[must_use]
pub fn found(info: &DeviceInfo) -> Option<Found> {
    let CallState { compound, simple } = info.state.as_ref()?;
    if let Some(compound) = compound {
        let mut states = compound.states.iter().copied();
        // Our end comes first, the others after it (inferred from ECMA-269).
        let local = states.next()?;
        return Some(Found { local, remote: states.next() });
    }
    let (local, remote) = match simple.as_deref()? {
        "callNull" => (LocalState::Null, None),
        "callPending" => (LocalState::Initiated, None),
        "callOriginated" => (LocalState::Connected, None),
        "callDelivered" => (LocalState::Connected, Some(LocalState::Alerting)),
        "callDeliveredHeld" => (LocalState::Hold, Some(LocalState::Alerting)),
        "callReceived" => (LocalState::Alerting, Some(LocalState::Connected)),
        "callReceivedOnHold" => (LocalState::Alerting, Some(LocalState::Hold)),
        "callEstablished" => (LocalState::Connected, Some(LocalState::Connected)),
        // Which of the two is our hold is inferred: "held" by the other side, "on hold" by us.
        "callEstablishedHeld" => (LocalState::Connected, Some(LocalState::Hold)),
        "callEstablishedOnHold" => (LocalState::Hold, Some(LocalState::Connected)),
        "callQueued" => (LocalState::Connected, Some(LocalState::Queued)),
        "callQueuedHeld" => (LocalState::Hold, Some(LocalState::Queued)),
        "callFailed" | "callBlocked" => (LocalState::Connected, Some(LocalState::Fail)),
        "callFailedHeld" => (LocalState::Hold, Some(LocalState::Fail)),
        _ => (LocalState::Unknown, None),
    };
    Some(Found { local, remote })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CompoundState;

    #[test]
    fn both_ways_of_telling_a_state_are_read() {
        let of = |state| found(&DeviceInfo { state: Some(state), ..DeviceInfo::default() });
        let compound = CompoundState { states: vec![LocalState::Hold, LocalState::Connected] };
        let held = Found { local: LocalState::Hold, remote: Some(LocalState::Connected) };
        assert_eq!(of(CallState { compound: Some(compound), simple: None }), Some(held));
        assert_eq!(of(CallState { compound: None, simple: Some("callEstablishedOnHold".to_owned()) }), Some(held));
        assert_eq!(of(CallState::default()), None);
        assert_eq!(found(&DeviceInfo::default()), None);
    }
}
