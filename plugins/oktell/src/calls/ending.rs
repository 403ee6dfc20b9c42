//! Why a call that is gone has ended. The server does not say: what was asked for and what the last events were tells
//! what can be told, and the rest is not known.

use jackfield_plugin_api::{CallFact, Cause, CauseCode, LineId, Party, ReleasedBy, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Call, Calls, Level};

/// What a command will have ended a call by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    /// It was hung up from here.
    Dropped,
    /// It was declined from here.
    Declined,
    /// It was sent to this number.
    Transferred(String),
    /// It became part of a conference.
    Merged,
}

/// Values of `flashtypeid` that tell why something ended.
const FLASH_ABORT: i64 = 3;
const FLASH_LOST: i64 = 4;
const FLASH_SWITCHED: i64 = 5;

impl Calls {
    /// The last fact of a call that is gone.
    pub(super) fn finish(&self, call: &Call, line: LineId, now: Timestamp) -> CallFact {
        let flash = self.flash_type(now);
        let (code, by) = self.cause(call, flash, now);
        let mut cause = Cause::new(code);
        if let Some(flash) = flash.filter(|flash| (FLASH_ABORT..=FLASH_SWITCHED).contains(flash)) {
            cause = cause.native(json!({"flashtypeid": flash}));
        }
        let mut fact = CallFact::finished(line, call.key.as_str(), cause).released_by(by);
        if let Some((Ending::Transferred(to), _)) = &call.ending {
            fact = fact.redirection(Party::new(to.as_str()));
        } else if code == CauseCode::Transferred
            && let Some(other) = self.calls.iter().find(|other| other.key != call.key)
        {
            fact = fact.redirection(other.peer.party());
        }
        fact.command = call.ended_by_command(now);
        fact
    }

    fn cause(&self, call: &Call, flash: Option<i64>, now: Timestamp) -> (CauseCode, ReleasedBy) {
        let ending = call.ending.as_ref().filter(|(_, until)| *until > now).map(|(ending, _)| ending);
        match (ending, call.level) {
            (Some(Ending::Transferred(_)), _) => (CauseCode::Transferred, ReleasedBy::Local),
            (Some(Ending::Merged), _) => (CauseCode::Conferenced, ReleasedBy::Local),
            (Some(Ending::Declined), Level::Ringing) => (CauseCode::Rejected, ReleasedBy::Local),
            (Some(_), level) if level.is_alerting() => (CauseCode::Cancelled, ReleasedBy::Local),
            (Some(_), _) => (CauseCode::NormalClearing, ReleasedBy::Local),
            // Whether the caller gave up or the server did is not told; both make a missed call.
            (None, Level::Ringing) => (CauseCode::Cancelled, ReleasedBy::Unknown),
            (None, level) if level.is_alerting() => (CauseCode::NoAnswer, ReleasedBy::Unknown),
            (None, _) if flash == Some(FLASH_SWITCHED) && self.calls.len() > 1 => {
                (CauseCode::Transferred, ReleasedBy::Local)
            }
            (None, Level::Held) if flash == Some(FLASH_LOST) => (CauseCode::NormalClearing, ReleasedBy::Remote),
            (None, _) if flash == Some(FLASH_ABORT) => (CauseCode::NormalClearing, ReleasedBy::Local),
            (None, _) => (CauseCode::NormalClearing, ReleasedBy::Unknown),
        }
    }
}
