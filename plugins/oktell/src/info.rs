//! What the server says of a line when it is asked (`getextendedlineinfo`): who is there, who is held, what the phone
//! does. Nothing here remembers anything.

use crate::wire::fields::{Body, Fields};

/// What the phone does, in the vendor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phone {
    /// No phone.
    Disconnected,
    /// Nobody is there (somebody may be held).
    Ready,
    /// The called side is being called; our own phone comes later.
    BackCall,
    /// The called side is being called.
    Call,
    /// Rings with a call for us.
    Ring,
    /// Rings because we called somebody.
    BackRing,
    /// Talks.
    Talk,
    /// Changes nothing.
    Unchanged,
}

/// A subscriber, as records of the server name one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Party {
    /// The number, else the caller id.
    pub(crate) number: String,
    pub(crate) name: Option<String>,
    /// The handling chain.
    pub(crate) chain: Option<String>,
    pub(crate) user_id: Option<String>,
    /// Whether it is outside; `None`: the record does not say.
    pub(crate) external: Option<bool>,
    pub(crate) ivr: bool,
    pub(crate) conference: Option<String>,
    pub(crate) is_conference: bool,
    /// It has put us on hold.
    pub(crate) holds_us: bool,
}

/// Who is on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Abonent {
    /// The server does not say: nothing has changed.
    NotSaid,
    /// Nobody.
    Nobody,
    /// This one.
    Party(Box<Party>),
}

/// The state flags of the subscriber that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Flags {
    ringing: bool,
    callback: bool,
    auto_call: bool,
    commutated: bool,
    waiting_for_answer: bool,
    dialled: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineInfo {
    pub(crate) state: String,
    pub(crate) abonent: Abonent,
    /// Who is held.
    pub(crate) held: Option<Party>,
    /// How long the talk has lasted, in seconds.
    pub(crate) talk_seconds: Option<u64>,
    flags: Flags,
}

/// What is known from before that a state depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Before {
    /// `phoneevent_acmcallstarted` came, and its end has not.
    pub(crate) acm: bool,
    /// Nobody was there.
    pub(crate) ready: bool,
    /// The own phone rang for a call of ours.
    pub(crate) back_ring: bool,
}

impl LineInfo {
    pub(crate) fn read(body: &Body) -> Self {
        let chain = body.id("chainid");
        let mut flags = Flags::default();
        let abonent = match body.object("abonent") {
            None => Abonent::NotSaid,
            Some(record) => {
                flags = Flags {
                    ringing: record.flag("isringing"),
                    callback: record.text("direction").is_some_and(|d| d.eq_ignore_ascii_case("acm_callback")),
                    auto_call: record.flag("isautocall"),
                    commutated: record.flag("iscommutated"),
                    waiting_for_answer: record.flag("iswaitingforanswer"),
                    dialled: record.text("extline").is_some() || record.text("number").is_some(),
                };
                party(record, chain.as_deref()).map_or(Abonent::Nobody, |party| Abonent::Party(Box::new(party)))
            }
        };
        let held = body.object("flashed").filter(|_| body.flag("isflashing"));
        let seconds = body.number("timertalklensec").and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0);
        Self {
            state: body.text("linestatestr").unwrap_or_default(),
            abonent,
            held: held.and_then(held_party),
            talk_seconds: seconds,
            flags,
        }
    }

    /// Who waits in a queue, by a record of its list.
    pub(crate) fn waiting(record: &Body) -> Option<Party> {
        party(record, None)
    }

    /// Everybody who is there or held.
    pub(crate) fn parties(&mut self) -> impl Iterator<Item = &mut Party> {
        let here = match &mut self.abonent {
            Abonent::Party(party) => Some(&mut **party),
            Abonent::NotSaid | Abonent::Nobody => None,
        };
        here.into_iter().chain(self.held.as_mut())
    }

    /// What the phone does: the first rule that fits.
    pub(crate) fn phone(&self, before: Before) -> Phone {
        let Flags { ringing, callback, auto_call, commutated, waiting_for_answer, dialled } = self.flags;
        let is = |state: &str| self.state.eq_ignore_ascii_case(state);
        if let Abonent::Party(party) = &self.abonent {
            // The vendor's client has no eye for who is dialled already; here it is what the record says.
            if before.acm && !auto_call && before.ready && !waiting_for_answer {
                return Phone::BackRing;
            }
            if auto_call {
                return Phone::BackCall;
            }
            if ringing {
                return if callback || before.back_ring || before.acm { Phone::BackRing } else { Phone::Ring };
            }
            let through = commutated || party.holds_us || party.is_conference;
            let service = is("lsCommutated") && party.ivr && !waiting_for_answer;
            if (!before.acm && through) || service {
                return Phone::Talk;
            }
            if dialled {
                return Phone::Call;
            }
        }
        if is("lsDisconnected") {
            Phone::Disconnected
        } else if is("lsReserved") || self.abonent == Abonent::NotSaid {
            Phone::Unchanged
        } else {
            Phone::Ready
        }
    }
}

/// The subscriber of a record; `None`: the record is empty, nobody is there.
fn party(record: &Body, chain: Option<&str>) -> Option<Party> {
    if record.is_empty() {
        return None;
    }
    let ivr = record.flag("isivr") || record.flag("isroutingivr");
    let number = record.text("number").or_else(|| record.text("callerid")).unwrap_or_default();
    let own = |key: &str| record.text(key).filter(|name| *name != number);
    let ivr_name = record.text("ivrname").filter(|_| ivr);
    let name = ["username", "name", "callername", "simplename", "caption"].into_iter().find_map(own).or(ivr_name);
    let external = match record.maybe("isextline") {
        Some(outside) => Some(outside),
        None if record.text("extline").is_some() => Some(true),
        None if record.id("userid").is_some() => Some(false),
        None => None,
    };
    let conference = record.id("conferenceid");
    Some(Party {
        name,
        chain: record.id("chainid").or_else(|| chain.map(ToOwned::to_owned)),
        user_id: record.id("userid"),
        external,
        ivr,
        is_conference: record.flag("isconference") || conference.is_some(),
        conference,
        holds_us: record.flag("iswaitinginflash"),
        number,
    })
}

/// Who is held: a subscriber, or a whole conference.
fn held_party(record: &Body) -> Option<Party> {
    let mut held = party(record, None)?;
    if held.is_conference {
        held.name = record.text("conferencename").or(held.name);
    }
    Some(held)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn info(abonent: &Value, state: &str) -> LineInfo {
        let body = json!({"linestatestr": state, "chainid": "c1", "abonent": abonent});
        LineInfo::read(body.as_object().unwrap())
    }

    #[test]
    fn the_first_rule_that_fits_tells_what_the_phone_does() {
        let none = Before::default();
        let acm = Before { acm: true, ready: true, back_ring: false };
        let back_ring = Before { back_ring: true, ..none };
        let talking = Before { acm: true, ..none };
        for (abonent, state, before, phone) in [
            (json!({"isringing": true}), "lsRinging", acm, Phone::BackRing),
            (json!({"number": "1", "isautocall": true}), "", acm, Phone::BackCall),
            (json!({"number": "1", "iswaitingforanswer": true}), "", acm, Phone::Call),
            (json!({"number": "1", "isringing": true, "direction": "acm_callback"}), "", none, Phone::BackRing),
            (json!({"number": "1", "isringing": true}), "", back_ring, Phone::BackRing),
            (json!({"number": "1", "isringing": true, "direction": "pstn"}), "", none, Phone::Ring),
            (json!({"number": "1", "iscommutated": true}), "lsCommutated", none, Phone::Talk),
            (json!({"number": "1", "iswaitinginflash": true}), "", none, Phone::Talk),
            (json!({"conferenceid": "c", "isconference": true}), "", none, Phone::Talk),
            (json!({"number": "1", "iscommutated": true}), "lsCommutated", talking, Phone::Call),
            (json!({"isivr": true, "ivrname": "Menu"}), "lsCommutated", none, Phone::Talk),
            (json!({"isivr": true, "iswaitingforanswer": true}), "lsCommutated", none, Phone::Ready),
            (json!({"extline": "00901"}), "", none, Phone::Call),
            (json!({}), "lsDisconnected", none, Phone::Disconnected),
            (json!({}), "lsReserved", none, Phone::Unchanged),
            (json!({}), "lsHookUp", none, Phone::Ready),
            (json!({}), "lsHookDown", acm, Phone::Ready),
            (Value::Null, "lsHookDown", none, Phone::Unchanged),
        ] {
            assert_eq!(info(&abonent, state).phone(before), phone, "{abonent} {state}");
        }
    }

    #[test]
    fn idle_is_nobody_and_no_chain() {
        let zero = "00000000-0000-0000-0000-000000000000";
        let body = json!({"linestatestr": "lsHookDown", "chainid": zero, "abonent": {}, "isflashing": false});
        let info = LineInfo::read(body.as_object().unwrap());
        assert_eq!((info.abonent, info.held), (Abonent::Nobody, None));
    }

    #[test]
    fn a_held_party_counts_only_while_the_line_flashes() {
        let flashed = json!({"number": "1", "chainid": "c9"});
        for flashing in [true, false] {
            let body = json!({"abonent": {}, "chainid": "c1", "isflashing": flashing, "flashed": flashed});
            let held = LineInfo::read(body.as_object().unwrap()).held;
            assert_eq!(held.and_then(|held| held.chain), flashing.then(|| "c9".to_owned()));
        }
    }
}
