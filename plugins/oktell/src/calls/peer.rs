//! Who is at the other end: one subscriber, a service, or a conference.

use serde::{Deserialize, Serialize};

use crate::info::Party;
use crate::wire::fields::{Body, Fields};

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) number: String,
    pub(crate) name: Option<String>,
    pub(crate) external: Option<bool>,
    pub(crate) ivr: bool,
    pub(crate) holds_us: bool,
}

/// A conference that a call is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Conference {
    pub(crate) id: String,
    /// Who is in it, as far as the server said.
    pub(crate) members: Option<Vec<Member>>,
    /// Its members were asked for.
    pub(crate) asked: bool,
}

/// A member of a conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) name: Option<String>,
    pub(crate) me: bool,
    /// Listens or helps, and does not take part.
    pub(crate) ghost: bool,
}

/// Members that are kept of one conference.
const MOST_MEMBERS: usize = 64;

/// The states of members that are not in the conference (any more).
const GONE: [&str; 7] = [
    "Exited",
    "MisInviteBusy",
    "MisInviteNotRespond",
    "MisInviteTimeout",
    "MisInviteStop",
    "MisInviteAbort",
    "MisInviteRefuse",
];

impl From<&Party> for Peer {
    fn from(party: &Party) -> Self {
        Self {
            number: party.number.clone(),
            name: party.name.clone(),
            external: party.external,
            ivr: party.ivr,
            holds_us: party.holds_us,
        }
    }
}

impl Peer {
    /// Takes over what is said now; what is not said any more stays known.
    pub(crate) fn learn(&mut self, new: Self) {
        let number = if new.number.is_empty() { std::mem::take(&mut self.number) } else { new.number };
        let name = new.name.or_else(|| self.name.take());
        let external = new.external.or(self.external);
        *self = Self { number, name, external, ivr: new.ivr, holds_us: new.holds_us };
    }
}

impl From<&Peer> for Member {
    fn from(peer: &Peer) -> Self {
        Self { id: peer.number.clone(), number: peer.number.clone(), name: peer.name.clone(), me: false, ghost: false }
    }
}

/// The members that the server lists under `key`. `me`: the user's id and number.
pub(crate) fn members(body: &Body, key: &str, me: (&str, &str)) -> Vec<Member> {
    let (my_id, my_number) = me;
    let here = |record: &&Body| {
        let state = record.text("confstatestr").unwrap_or_default();
        !GONE.iter().any(|gone| gone.eq_ignore_ascii_case(&state)) && !record.flag("ishidden")
    };
    let member = |record: &Body| {
        let number = record.text("number").unwrap_or_default();
        let user = record.id("userid");
        let id = record.id("competitorid").or_else(|| user.clone()).unwrap_or_else(|| number.clone());
        Member {
            me: match &user {
                Some(user) => user.eq_ignore_ascii_case(my_id),
                None => !number.is_empty() && number == my_number,
            },
            name: ["username", "name", "caption"].into_iter().find_map(|key| record.text(key)),
            ghost: record.flag("isghost") || record.flag("isghostmajor"),
            id,
            number,
        }
    };
    body.objects(key).filter(here).map(member).take(MOST_MEMBERS).collect()
}

/// A number for comparing: its digits without leading zeros, as call ids of the vendor's clients have it.
pub(crate) fn digits(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return number.to_owned();
    }
    let short = digits.trim_start_matches('0');
    if short.is_empty() { "0".to_owned() } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_compared_by_their_digits() {
        for (number, short) in
            [("+7 (999) 000-00-01", "79990000001"), ("00101", "101"), ("000", "0"), ("", ""), ("sip:a", "sip:a")]
        {
            assert_eq!(digits(number), short, "{number}");
        }
    }

    #[test]
    fn who_has_left_or_hides_is_no_member() {
        let list = json!({"competitors": [
            {"competitorid": "a", "userid": "U1", "number": "101", "confstatestr": "InConference"},
            {"competitorid": "b", "number": "102", "confstatestr": "exited"},
            {"competitorid": "c", "number": "103", "confstatestr": "MisInviteBusy"},
            {"number": "104"}, {"number": "105", "ishidden": 1}, "rubbish",
        ]});
        let members = members(list.as_object().unwrap(), "competitors", ("u1", "101"));
        let short: Vec<_> = members.iter().map(|m| (m.id.as_str(), m.number.as_str(), m.me)).collect();
        assert_eq!(short, [("a", "101", true), ("104", "104", false)]);
    }
}
