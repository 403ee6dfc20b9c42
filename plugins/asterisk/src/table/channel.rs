//! A channel: one leg.

use jackfield_plugin_api::{LineId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BridgeId, ChannelId, Legs};
use crate::calls::CallIds;

/// `ChannelState` numbers.
pub(crate) mod state {
    /// The leg calls.
    pub(crate) const RING: u8 = 4;
    /// The leg is called and rings.
    pub(crate) const RINGING: u8 = 5;
    /// Answered.
    pub(crate) const UP: u8 = 6;
}
pub(crate) use state::UP;

/// How far a state is. Events of different topics overtake each other; a leg that is up never rings again.
pub(crate) fn rank(state: u8) -> u8 {
    match state {
        UP => 20,
        state if state < 8 => state,
        _ => 3,
    }
}

/// A number and a name, as Asterisk gives them; empty: unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Ident {
    pub(crate) number: String,
    pub(crate) name: String,
}

impl Ident {
    pub(crate) fn new(number: &str, name: &str) -> Self {
        Self { number: number.to_owned(), name: name.to_owned() }
    }

    pub(crate) fn is_known(&self) -> bool {
        !self.number.is_empty()
    }
}

/// Who dialled a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Dialler {
    /// Nobody that we know of: the leg itself calls.
    #[default]
    None,
    /// Asterisk itself (an originate).
    Core,
    /// Another leg.
    Channel(ChannelId),
}

/// What was heard of a leg that is being dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) enum Progress {
    /// Nothing.
    #[default]
    None,
    /// Early media.
    Early,
    /// It rings.
    Ringing,
}

/// A leg.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Channel {
    pub(crate) uid: String,
    pub(crate) name: String,
    /// Linkedids that it had, newest last.
    pub(crate) linked: Vec<String>,
    /// The line whose device it is a leg of.
    pub(crate) line: Option<LineId>,
    /// The calls of that line that are made of it: one, or two during a consultation.
    pub(crate) calls: CallIds,
    pub(crate) state: u8,
    /// This leg's own party.
    pub(crate) own: Ident,
    /// Whom it talks to.
    pub(crate) connected: Ident,
    /// What was dialled on it, as it was first told.
    pub(crate) dialled: String,
    /// The application it is in; only a snapshot tells.
    pub(crate) application: String,
    /// Context and extension where it entered its bridge.
    pub(crate) place: String,
    pub(crate) bridge: Option<BridgeId>,
    /// A half of a `Local/…` pair: a wire, never a device.
    pub(crate) local: bool,
    /// The pair's other half.
    pub(crate) partner: Option<ChannelId>,
    pub(crate) dialler: Dialler,
    /// The legs that it is dialling.
    pub(crate) dialling: Legs,
    /// What was heard of it while it was dialled.
    pub(crate) progress: Progress,
    /// How the dial to it ended (`DialStatus`).
    pub(crate) outcome: String,
    /// It asked to be hung up.
    pub(crate) hangup_requested: bool,
    /// Its calls were told to be over, though it is still up for a while: it makes no new ones.
    pub(crate) over: bool,
    /// It holds.
    pub(crate) holds: bool,
    /// The queue that it waits in.
    pub(crate) queue: String,
    /// The queue that called it.
    pub(crate) called_by_queue: String,
    /// Who sent it where it is now.
    pub(crate) redirected_by: Ident,
    /// When it began, if a snapshot told.
    pub(crate) since: Option<Timestamp>,
    /// A snapshot, or an event since its beginning, named it.
    pub(crate) listed: bool,
}

impl Channel {
    pub(crate) fn new(uid: &str, name: &str) -> Self {
        Self {
            uid: uid.to_owned(),
            name: name.to_owned(),
            local: name.starts_with("Local/"),
            listed: true,
            ..Self::default()
        }
    }

    /// The name that both halves of a `Local/…` pair have in common.
    pub(crate) fn pair(&self) -> Option<&str> {
        self.local.then(|| self.name.strip_suffix(";1").or_else(|| self.name.strip_suffix(";2"))).flatten()
    }

    /// Takes a Linkedid on; tells whether it is news. An older one that an overtaken event repeats is none.
    pub(crate) fn link(&mut self, linked: &[u8]) -> bool {
        if linked.is_empty() || self.linked.iter().any(|l| l.as_bytes() == linked) {
            return false;
        }
        self.linked.push(crate::wire::text::decode(linked).into_owned());
        if self.linked.len() > 8 {
            self.linked.remove(1);
        }
        true
    }

    /// What it heard or is: ringing, early media.
    pub(crate) fn heard(&self) -> Progress {
        if self.state == state::RINGING { Progress::Ringing } else { self.progress }
    }

    /// Somebody dialled it: it is called.
    pub(crate) fn is_called(&self) -> bool {
        self.dialler != Dialler::None || matches!(self.application.as_str(), "AppDial" | "AppDial2" | "AppQueue")
    }
}

/// The device of a leg: `PJSIP/101` of `PJSIP/101-0000000a`. A device's name may have dashes: the last one counts.
pub(crate) fn device_of(name: &str) -> Option<&str> {
    if name.ends_with('>') || name.starts_with("Local/") {
        return None;
    }
    name.rsplit_once('-').map(|(device, _)| device).filter(|device| device.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_may_have_dashes() {
        assert_eq!(device_of("PJSIP/101-0000000a"), Some("PJSIP/101"));
        assert_eq!(device_of("PJSIP/agent-berlin-1-0000000a"), Some("PJSIP/agent-berlin-1"));
        assert_eq!(device_of("Local/101@internal-00000001;1"), None);
        assert_eq!(device_of("PJSIP/101-0000000a<ZOMBIE>"), None);
        assert_eq!(device_of("OutgoingSpoolFailed"), None);
    }

    #[test]
    fn a_linkedid_that_comes_again_is_no_news() {
        let mut channel = Channel::new("2", "PJSIP/101-1");
        assert!(channel.link(b"2"));
        assert!(channel.link(b"1"));
        assert!(!channel.link(b"2"));
        assert_eq!(channel.linked, ["2", "1"]);
    }
}
