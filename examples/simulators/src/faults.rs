//! Faults that last: those of every phone system, and its own beside them in the same table.
//!
//! Those that happen once (a cut, half a message, rubbish) are commands of the control channel.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use serde_json::{Map, Value};

use crate::Millis;

/// What befalls the messages of any phone system on their way out. Times are in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WireFaults {
    /// Every message leaves so much later.
    pub delay_ms: Millis,
    /// Every n-th event is not sent; 0: all are.
    pub drop_events: u32,
    /// Every n-th reply is not sent; 0: all are.
    pub drop_replies: u32,
    /// Events change places in pairs.
    pub reorder: bool,
    /// Rubbish goes before every n-th message; 0: none does. Of HTTP: in the place of the answer.
    pub garbage: u32,
    /// Nothing is read or sent any more, and sockets stay open (half-open).
    pub silent: bool,
}

/// All faults of one phone system, written as one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults<Own> {
    /// What every phone system has.
    pub wire: WireFaults,
    /// What only this one has.
    pub own: Own,
}

/// The names of [`WireFaults`]' fields.
const NAMES: [&str; 6] = ["delay_ms", "drop_events", "drop_replies", "reorder", "garbage", "silent"];

// `flatten` and `deny_unknown_fields` do not go together, and a fault that is misspelt must not be taken for none.
impl<'de, Own: DeserializeOwned> Deserialize<'de> for Faults<Own> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = Map::deserialize(deserializer)?;
        let (wire, own): (Map<_, _>, Map<_, _>) = all.into_iter().partition(|(name, _)| NAMES.contains(&name.as_str()));
        Ok(Self {
            wire: WireFaults::deserialize(Value::Object(wire)).map_err(D::Error::custom)?,
            own: Own::deserialize(Value::Object(own)).map_err(D::Error::custom)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Own {
        late_ms: Millis,
    }

    #[test]
    fn both_kinds_stand_in_one_table() {
        let faults: Faults<Own> = toml::from_str("delay_ms = 5\nlate_ms = 7\nreorder = true").unwrap();
        assert_eq!((faults.wire.delay_ms, faults.wire.reorder, faults.own.late_ms), (5, true, 7));
        assert_eq!(toml::from_str::<Faults<Own>>("").unwrap(), Faults::default());
        for wrong in ["dely_ms = 5", "delay_ms = -1", "reorder = 3", "late_ms = \"x\""] {
            toml::from_str::<Faults<Own>>(wrong).unwrap_err();
        }
    }

    #[test]
    fn the_names_are_those_of_the_fields() {
        let Value::Object(fields) = serde_json::to_value(WireFaults::default()).unwrap() else { panic!("no table") };
        let mut names: Vec<&str> = NAMES.to_vec();
        names.sort_unstable();
        assert_eq!(fields.keys().map(String::as_str).collect::<Vec<_>>(), names);
    }
}
