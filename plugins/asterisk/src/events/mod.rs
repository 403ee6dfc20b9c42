//! Events, and what they change.
//!
//! Events of one channel are in order; across channels, bridges, dials and devices the order is only roughly right. So
//! every handler only moves the table towards what the event says and looks again at the calls that may be concerned.

mod channels;
mod dials;
mod media;
mod transfers;

use crate::pbx::{Pbx, Say};
use crate::wire::fields::{Fields, event_name};

macro_rules! events {
    ($($(#[$meta:meta])* $text:literal => $handler:ident,)*) => {
        impl Pbx {
            /// Takes an event in. Of one that is not wanted only the name is read.
            pub(crate) fn event(&mut self, message: &[u8], say: &mut Say<'_, '_>) {
                let Some(name) = event_name(message) else { return };
                match name {
                    $($text => {
                        let fields = Fields::read(message);
                        self.note_time(&fields, say);
                        self.$handler(&fields, say);
                    })*
                    _ => return,
                }
                self.flush(say);
            }
        }
    };
}

events! {
    b"Newchannel" => new_channel,
    b"Newstate" => channel_changed,
    b"NewCallerid" => channel_changed,
    b"NewConnectedLine" => channel_changed,
    b"Rename" => renamed,
    b"HangupRequest" => hangup_requested,
    b"Hangup" => hangup,
    b"Hold" => hold,
    b"Unhold" => unhold,
    b"LocalBridge" => local_bridge,
    b"LocalOptimizationBegin" => optimisation_begins,
    b"LocalOptimizationEnd" => optimisation_ends,
    b"DialBegin" => dial_begin,
    b"DialState" => dial_state,
    b"DialEnd" => dial_end,
    b"BridgeCreate" => bridge_create,
    b"BridgeEnter" => bridge_enter,
    b"BridgeLeave" => bridge_leave,
    b"BridgeMerge" => bridge_merge,
    b"BridgeDestroy" => bridge_destroy,
    b"QueueCallerJoin" => queue_join,
    b"QueueCallerLeave" => queue_leave,
    b"QueueCallerAbandon" => queue_leave,
    b"AgentCalled" => agent_called,
    b"BlindTransfer" => blind_transfer,
    b"AttendedTransfer" => attended_transfer,
    b"Pickup" => pickup,
    b"ParkedCall" => parked,
    b"DTMFEnd" => dtmf,
    b"MixMonitorStart" => recording_started,
    b"MixMonitorStop" => recording_stopped,
    b"MixMonitorMute" => recording_paused,
    b"Status" => application_told,
    b"DeviceStateChange" => device_changed,
    b"QueueMemberAdded" => member_changed,
    b"QueueMemberStatus" => member_changed,
    b"QueueMemberPause" => member_changed,
    b"QueueMemberPaused" => member_changed,
    b"QueueMemberRemoved" => member_removed,
    b"OriginateResponse" => originate_response,
}
