//! What a line looks like from outside: the reply of `getextendedlineinfo`.

use serde_json::{Map, Value, json};

use super::{
    Exchange, Party, Place,
    call::{Seat, Side, Stage},
    conference::State,
};
use crate::oktell::ids::ZERO;

/// The number of the trunk over which the outside world comes.
const TRUNK: &str = "00901";

impl Exchange {
    /// A line's state now.
    pub(crate) fn line_info(&self, user: usize) -> Value {
        let line = &self.users[user];
        let mut info = Map::new();
        info.insert("isflashing".into(), line.held.is_some().into());
        info.insert("calledid".into(), "".into());
        info.insert("timertalklensec".into(), 0.into());
        if let Some(held) = line.held {
            info.insert("flashed".into(), self.held_record(user, held));
        }
        let (state, chain, abonent) = match line.current {
            _ if !line.phone => ("lsDisconnected", ZERO.to_owned(), Map::new()),
            // What a real line reports here is not known: this is what clients take for a hold.
            None if line.held.is_some() => ("lsHookUp", ZERO.to_owned(), Map::new()),
            None => ("lsHookDown", ZERO.to_owned(), Map::new()),
            Some(Place::Call(call)) => self.call_record(user, call, &mut info),
            Some(Place::Conference(conference)) => self.conference_record(user, conference),
        };
        info.insert("linestatestr".into(), state.into());
        info.insert("chainid".into(), chain.into());
        info.insert("abonent".into(), Value::Object(abonent));
        Value::Object(info)
    }

    fn call_record(
        &self,
        user: usize,
        call: u64,
        info: &mut Map<String, Value>,
    ) -> (&'static str, String, Map<String, Value>) {
        let Some(call) = self.calls.get(&call) else { return ("lsHookDown", ZERO.to_owned(), Map::new()) };
        let side = call.side_of(&Party::User(user)).unwrap_or(Side::Caller);
        let other = call.party(side.other());
        let mut record = self.record(other);
        let mut set = |names: &[&str]| record.extend(names.iter().map(|name| ((*name).to_owned(), true.into())));
        let state = match call.seat(side) {
            Seat::OwnRing if call.stage == Stage::OwnPhone => {
                record.clear();
                record.insert("isringing".into(), true.into());
                record.insert("direction".into(), "acm_callback".into());
                "lsRinging"
            }
            Seat::OwnRing => {
                set(&["isringing"]);
                record.insert("direction".into(), "acm_callback".into());
                "lsHookDown"
            }
            Seat::AutoCall => {
                set(&["isautocall"]);
                "lsHookDown"
            }
            Seat::Waiting => {
                set(&["iswaitingforanswer"]);
                "lsDialing"
            }
            Seat::Ring => {
                set(&["isringing"]);
                let outside = matches!(other, Party::Outside(_));
                record.insert("direction".into(), if outside { "pstn" } else { "oktell_pbx" }.into());
                "lsRinging"
            }
            Seat::InFlash => {
                set(&["iswaitinginflash"]);
                "lsCommutated"
            }
            Seat::Talk | Seat::Holding | Seat::Away => {
                let machine = matches!(other, Party::Script(_));
                set(if machine { &["isivr"] } else { &["iscommutated"] });
                if let Some(answered) = call.answered {
                    info.insert("timertalklensec".into(), (self.now.saturating_sub(answered) / 1_000).into());
                }
                "lsCommutated"
            }
        };
        info.insert("calledid".into(), self.number(&call.called).into());
        (state, call.chain.clone(), record)
    }

    fn conference_record(&self, user: usize, conference: u64) -> (&'static str, String, Map<String, Value>) {
        let Some(conference) = self.conferences.get(&conference) else {
            return ("lsHookDown", ZERO.to_owned(), Map::new());
        };
        let mut record = Map::from_iter([
            ("isconference".to_owned(), true.into()),
            ("conferenceid".to_owned(), conference.id.clone().into()),
            ("name".to_owned(), conference.name.clone().into()),
        ]);
        let member = conference.members.iter().find(|member| member.party == Party::User(user));
        let state = match member {
            Some(member) if member.state == State::Invited => {
                record.insert("isringing".into(), true.into());
                if member.creator || member.ghost.is_some() {
                    record.insert("direction".into(), "acm_callback".into());
                } else {
                    record.insert("number".into(), conference.room.clone().into());
                    record.insert("direction".into(), "oktell_pbx".into());
                }
                "lsRinging"
            }
            _ => {
                record.insert("iscommutated".into(), true.into());
                "lsCommutated"
            }
        };
        (state, conference.chain.clone(), record)
    }

    fn held_record(&self, user: usize, held: Place) -> Value {
        match held {
            Place::Call(id) => {
                let Some(call) = self.calls.get(&id) else { return json!({}) };
                let side = call.side_of(&Party::User(user)).unwrap_or(Side::Caller);
                let mut record = self.record(call.party(side.other()));
                record.insert("chainid".into(), call.chain.clone().into());
                Value::Object(record)
            }
            Place::Conference(id) => self.conferences.get(&id).map_or_else(
                || json!({}),
                |conference| {
                    json!({
                        "conferenceid": conference.id,
                        "conferencename": conference.name,
                        "conferenceroom": conference.room,
                    })
                },
            ),
        }
    }

    /// A party as an abonent record, without flags.
    pub(super) fn record(&self, party: &Party) -> Map<String, Value> {
        let number = self.number(party);
        let mut record =
            Map::from_iter([("number".to_owned(), number.clone().into()), ("callerid".to_owned(), number.into())]);
        match party {
            Party::User(user) => {
                let user = &self.users[*user];
                record.insert("isextline".into(), false.into());
                record.insert("userid".into(), user.id.clone().into());
                record.insert("username".into(), user.name.clone().into());
                record.insert("userlogin".into(), user.login.clone().into());
            }
            Party::Outside(_) => {
                record.insert("isextline".into(), true.into());
                record.insert("extline".into(), TRUNK.into());
                record.insert("callername".into(), "".into());
            }
            Party::Script(script) => {
                record.insert("ivrname".into(), self.config.scripts[*script].name.clone().into());
            }
            Party::Queue(_) => {}
        }
        record
    }

    /// The callers who wait for this user: `getcurrentqueue`.
    pub(crate) fn queue_of(&self, user: usize) -> Vec<Value> {
        let login = &self.users[user].login;
        let serves = |queue: usize| self.config.queues[queue].members.contains(login);
        let waiting = self.calls.values().filter(|call| call.waits().is_some_and(serves));
        waiting
            .map(|call| {
                let mut record = self.record(&call.caller);
                record.insert("chainid".into(), call.chain.clone().into());
                Value::Object(record)
            })
            .collect()
    }

    /// A party's name, as others see it.
    pub(super) fn name(&self, party: &Party) -> String {
        match party {
            Party::User(user) => self.users[*user].name.clone(),
            _ => String::new(),
        }
    }

    /// Id and number of the line that a party comes over.
    pub(super) fn line_of(&self, party: &Party) -> (String, String) {
        match party {
            Party::User(user) => (self.users[*user].line_id.clone(), format!("{:0>5}", self.users[*user].number)),
            Party::Outside(_) => (self.ids.of(crate::oktell::ids::Kind::Line, 901), TRUNK.to_owned()),
            Party::Queue(_) | Party::Script(_) => (ZERO.to_owned(), "00000".to_owned()),
        }
    }

    /// The chain of a user's current call, else of the held one.
    pub(crate) fn chain_of(&self, user: usize) -> Option<String> {
        let line = &self.users[user];
        match line.current.or(line.held)? {
            Place::Call(call) => self.calls.get(&call).map(|call| call.chain.clone()),
            Place::Conference(conference) => self.conferences.get(&conference).map(|one| one.chain.clone()),
        }
    }

    /// Everything that is going on, for the control channel.
    pub(crate) fn overview(&self) -> Value {
        let users = self.users.iter().enumerate().map(|(index, user)| {
            json!({
                "login": user.login,
                "number": user.number,
                "state": self.user_state(index),
                "line": self.line_info(index),
            })
        });
        let calls = self.calls.values().map(|call| {
            json!({
                "chain": call.chain,
                "caller": self.number(&call.caller),
                "called": self.number(&call.called),
                "stage": format!("{:?}", call.stage),
                "queue": call.queue.map(|queue| self.config.queues[queue].number.clone()),
            })
        });
        let conferences = self.conferences.values().map(|conference| {
            let members = conference.members.iter().map(|member| self.competitor(member));
            json!({ "id": conference.id, "members": members.collect::<Vec<_>>() })
        });
        json!({
            "users": users.collect::<Vec<_>>(),
            "calls": calls.collect::<Vec<_>>(),
            "conferences": conferences.collect::<Vec<_>>(),
        })
    }
}
