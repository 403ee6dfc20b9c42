//! What the competitors of a conference are told, and how they are described.

use serde_json::{Value, json};

use super::{
    Exchange, Party,
    conference::{Member, State},
};
use crate::oktell::ids::Kind;

impl Exchange {
    pub(super) fn tell_gone(&mut self, conference: u64, party: &Party, state: State) {
        let names = self.conferences.get(&conference).map(|one| (one.id.clone(), one.chain.clone()));
        let (Party::User(user), Some((id, chain))) = (party, names) else { return };
        self.tell_left(*user, state, &id, &chain);
        self.dirty.insert(*user);
    }

    pub(super) fn tell_left(&mut self, user: usize, state: State, id: &str, chain: &str) {
        let line = &mut self.users[user];
        if state == State::Held {
            line.held = None;
        } else {
            line.current = None;
        }
        match state {
            State::Invited => self.tell(user, "phoneevent_ringstopped", json!({ "chainid": chain })),
            State::In => {
                let body = json!({ "chainid": chain, "isconference": true, "confid": id });
                self.tell(user, "phoneevent_commstopped", body);
            }
            State::Held => self.tell(user, "flashstatechanged", json!({ "flashtypeid": 4 })),
        }
    }

    pub(super) fn tell_conference(&mut self, conference: u64, user: usize) {
        let commutation = self.ids.next(Kind::Commutation);
        let Some(one) = self.conferences.get(&conference) else { return };
        let body = json!({
            "chainid": one.chain,
            "commutationid": commutation,
            "callerid": "",
            "isextline": false,
            "isconference": true,
            "confid": one.id,
        });
        self.tell(user, "phoneevent_commstarted", body);
    }

    pub(super) fn conference_id(&self, conference: u64) -> String {
        self.conferences.get(&conference).map(|one| one.id.clone()).unwrap_or_default()
    }

    /// The users who are told of changes.
    fn audience(&self, conference: u64) -> Vec<usize> {
        let members = self.conferences.get(&conference).map_or(&[][..], |one| &one.members);
        members.iter().filter_map(|it| if let Party::User(user) = it.party { Some(user) } else { None }).collect()
    }

    pub(super) fn composition_changed(&mut self, conference: u64) {
        let list = self.competitors(conference);
        let id = self.conference_id(conference);
        for user in self.audience(conference) {
            let body = json!({ "eventinfo": { "conferenceid": id, "competitorlist": list } });
            self.tell(user, "confcompositionchanged", body);
        }
    }

    pub(super) fn competitor_changed(&mut self, conference: u64, key: u64, state: &str) {
        let Some(member) =
            self.conferences.get(&conference).and_then(|one| one.members.iter().find(|it| it.key == key))
        else {
            return;
        };
        let mut competitor = self.competitor(member);
        competitor["confstatestr"] = state.into();
        let id = self.conference_id(conference);
        for user in self.audience(conference) {
            let body = json!({ "eventinfo": { "conference": { "id": id }, "competitor": competitor } });
            self.tell(user, "confcompetitorstatechanged", body);
        }
    }

    /// A competitor record. Of `confstatestr` only the names of those who are out are known; the others are ours.
    pub(super) fn competitor(&self, member: &Member) -> Value {
        let mut record = self.record(&member.party);
        let state = match member.state {
            State::Invited => "Invite",
            State::In => "Commutated",
            State::Held => "Flashed",
        };
        record.insert("competitorid".into(), member.id.clone().into());
        record.insert("confstatestr".into(), state.into());
        record.insert("iscreator".into(), member.creator.into());
        record.insert("isdirector".into(), member.creator.into());
        record.insert("isghost".into(), member.ghost.is_some().into());
        record.insert("isghostmajor".into(), member.ghost.is_some().into());
        record.insert("ishidden".into(), (member.ghost.as_deref() == Some("monitor")).into());
        Value::Object(record)
    }

    /// The competitors of a conference.
    pub(crate) fn competitors(&self, conference: u64) -> Vec<Value> {
        let members = self.conferences.get(&conference).map_or(&[][..], |one| &one.members);
        members.iter().map(|member| self.competitor(member)).collect()
    }

    /// The `conference` of `getconferenceinfo`.
    pub(crate) fn conference_info(&self, conference: u64) -> Value {
        self.conferences.get(&conference).map_or(Value::Null, |one| {
            json!({ "id": one.id, "name": one.name, "room": one.room, "accessmode": "free", "chainid": one.chain })
        })
    }
}
