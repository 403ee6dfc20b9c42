//! The user's state: what the server has in six flags, as one state with a code and a reason.

use jackfield_plugin_api::{AgentFact, AgentState, LineId, Reason, SelectableState};
use serde::{Deserialize, Serialize};

use crate::wire::fields::{Body, Fields};
use crate::wire::message::Message;

/// Values of `userstateid`.
mod id {
    pub(super) const DISCONNECTED: i64 = 0;
    pub(super) const READY: i64 = 1;
    pub(super) const BREAK: i64 = 2;
    pub(super) const OFF: i64 = 3;
    pub(super) const BUSY: i64 = 5;
    pub(super) const RESERVED: i64 = 6;
    pub(super) const NO_PHONE: i64 = 7;
}

/// Reasons for a break that are kept.
const MOST_REASONS: usize = 100;

/// The user's state as the server has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct UserState {
    id: i64,
    pub(crate) call_centre: bool,
    lunch: bool,
    manual: bool,
    pub(crate) redirect: bool,
    reason: Option<String>,
}

/// What is known of the user.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) state: Option<UserState>,
    reasons: Vec<(String, Option<String>)>,
    /// What was reported last.
    reported: Option<AgentFact>,
}

impl UserState {
    /// Takes over what a message says; what it does not say stays.
    fn learn(&mut self, body: &Body) {
        let id = body.number("userstateid").or_else(|| body.number("userstate"));
        self.id = id.unwrap_or(self.id);
        for (flag, key) in [
            (&mut self.call_centre, "oncallcenter"),
            (&mut self.lunch, "onlunch"),
            (&mut self.manual, "onccmanual"),
            (&mut self.redirect, "onredirect"),
        ] {
            *flag = body.maybe(key).unwrap_or(*flag);
        }
        self.reason = body.text("lunchreasonid").or_else(|| self.reason.take());
    }

    /// Whether the user is in a call, or one is coming.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.id, id::BUSY | id::RESERVED)
    }

    /// Whether the user has no phone that works.
    pub(crate) fn is_out(&self) -> bool {
        matches!(self.id, id::DISCONNECTED | id::NO_PHONE)
    }

    /// The state, and the name that the vendor's newer clients have for it.
    fn named(&self) -> (AgentState, &'static str) {
        match self.id {
            id::DISCONNECTED => (AgentState::LoggedOut, "disconnected"),
            id::READY if self.redirect => (AgentState::NotReady, "redirect"),
            id::READY if self.call_centre && self.manual => (AgentState::Ready, "readyCCManual"),
            id::READY if self.call_centre => (AgentState::Ready, "readyCC"),
            id::READY => (AgentState::Ready, "ready"),
            id::BREAK => (AgentState::NotReady, "break"),
            id::OFF if self.redirect => (AgentState::NotReady, "redirect"),
            id::OFF => (AgentState::NotReady, "dnd"),
            id::BUSY if self.lunch => (AgentState::Busy, "busyBreak"),
            id::BUSY => (AgentState::Busy, "busy"),
            id::RESERVED => (AgentState::Reserved, "reserved"),
            id::NO_PHONE => (AgentState::NotReady, "noPhone"),
            _ => (AgentState::Unknown, "unknown"),
        }
    }
}

impl Agent {
    /// `cc_getlunchtypes`.
    pub(crate) fn learn_reasons(&mut self, body: &Body) {
        let one = |item: &Body| Some((item.text("id")?, item.text("name")));
        self.reasons = body.objects("items").filter_map(one).take(MOST_REASONS).collect();
    }

    pub(crate) fn has_reason(&self, code: &str) -> bool {
        self.reasons.iter().any(|(id, _)| id == code)
    }

    pub(crate) fn has_reasons(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// Takes over a state. Whether the user has become free by it.
    pub(crate) fn learn(&mut self, body: &Body) -> bool {
        let was_busy = self.state.as_ref().is_some_and(UserState::is_busy);
        let state = self.state.get_or_insert_default();
        state.learn(body);
        was_busy && !state.is_busy()
    }

    /// The fact, when it is not what was reported last; `all`: in any case.
    pub(crate) fn fact(&mut self, line: LineId, user: &str, forwards: bool, all: bool) -> Option<AgentFact> {
        let state = self.state.as_ref()?;
        let (normal, code) = state.named();
        let mut fact = AgentFact::new(line, normal, code).agent_id(user).call_centre(state.call_centre);
        if (code == "break" || code == "busyBreak")
            && let Some(reason) = &state.reason
        {
            fact = fact.reason(self.reason(reason));
        }
        fact.selectable = self.selectable(forwards);
        if !all && self.reported.as_ref() == Some(&fact) {
            return None;
        }
        self.reported = Some(fact.clone());
        Some(fact)
    }

    fn reason(&self, code: &str) -> Reason {
        let label = self.reasons.iter().find(|(id, _)| id == code).and_then(|(_, name)| name.clone());
        match label {
            Some(label) => Reason::new(code).label(label),
            None => Reason::new(code),
        }
    }

    fn selectable(&self, forwards: bool) -> Vec<SelectableState> {
        let mut on_break = SelectableState::new("break", AgentState::NotReady);
        on_break.reasons = self.reasons.iter().map(|(id, _)| self.reason(id)).collect();
        let ready = |code| SelectableState::new(code, AgentState::Ready);
        let mut all = vec![ready("ready"), ready("readyCC"), ready("readyCCManual"), on_break];
        all.push(SelectableState::new("dnd", AgentState::NotReady));
        if forwards {
            all.push(SelectableState::new("redirect", AgentState::NotReady));
        }
        all.push(SelectableState::new("busy", AgentState::Busy));
        all
    }

    /// The request that sets a state; `None`: there is no such state. Flags that are right already are left out, but
    /// for the redirection.
    pub(crate) fn set(&self, code: &str, reason: Option<&str>) -> Option<Message> {
        let now = self.state.clone().unwrap_or_default();
        let known = self.state.is_some();
        let (id, call_centre, manual, redirect) = match code {
            "ready" => (id::READY, Some(false), Some(false), false),
            "readyCC" => (id::READY, Some(true), Some(false), false),
            "readyCCManual" => (id::READY, Some(true), Some(true), false),
            "break" => (id::BREAK, Some(true), None, false),
            "dnd" => (id::OFF, Some(false), None, false),
            "redirect" => (id::OFF, Some(false), None, true),
            "busy" => (id::BUSY, None, None, false),
            _ => return None,
        };
        let mut message = Message::new("setuserstate").with("userstateid", id).with("onredirect", redirect);
        if let Some(on) = call_centre.filter(|on| !known || *on != now.call_centre) {
            message = message.with("oncallcenter", on);
        }
        if let Some(on) = manual.filter(|on| !known || *on != now.manual) {
            message = message.with("onccmanual", on);
        }
        if let Some(reason) = reason.filter(|_| code == "break") {
            message = match reason.parse::<i64>() {
                Ok(id) => message.with("lunchreasonid", id),
                Err(_) => message.with("lunchreasonid", reason),
            };
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn agent(state: &Value) -> Agent {
        let mut agent = Agent::default();
        agent.learn(state.as_object().unwrap());
        agent
    }

    #[test]
    fn states_are_named_as_the_vendors_clients_name_them() {
        for (state, named) in [
            (json!({"userstateid": 1}), (AgentState::Ready, "ready")),
            (json!({"userstateid": 1, "oncallcenter": true}), (AgentState::Ready, "readyCC")),
            (json!({"userstateid": 1, "oncallcenter": 1, "onccmanual": 1}), (AgentState::Ready, "readyCCManual")),
            (json!({"userstateid": 2, "onlunch": true}), (AgentState::NotReady, "break")),
            (json!({"userstateid": 3}), (AgentState::NotReady, "dnd")),
            (json!({"userstateid": 3, "onredirect": true}), (AgentState::NotReady, "redirect")),
            (json!({"userstate": "5"}), (AgentState::Busy, "busy")),
            (json!({"userstateid": 5, "onlunch": true}), (AgentState::Busy, "busyBreak")),
            (json!({"userstateid": 7}), (AgentState::NotReady, "noPhone")),
            (json!({"userstateid": 4}), (AgentState::Unknown, "unknown")),
        ] {
            assert_eq!(agent(&state).state.unwrap().named(), named, "{state}");
        }
    }

    #[test]
    fn what_a_message_does_not_say_stays() {
        let mut agent = agent(&json!({"userstateid": 5, "oncallcenter": true}));
        assert!(agent.learn(json!({"userstateid": 1}).as_object().unwrap()), "free again");
        assert_eq!(agent.state.as_ref().map(|s| s.named().1), Some("readyCC"));
        assert!(!agent.learn(&Body::new()));
    }

    #[test]
    fn a_state_is_set_by_what_differs() {
        let ready = agent(&json!({"userstateid": 1, "oncallcenter": false, "onccmanual": false}));
        let set = |agent: &Agent, code: &str, reason| Value::Object(agent.set(code, reason).unwrap().body);
        let call_centre = json!({"userstateid": 1, "oncallcenter": true, "onredirect": false});
        assert_eq!(set(&ready, "readyCC", None), call_centre);
        let centre = agent(&json!({"userstateid": 1, "oncallcenter": true}));
        let on_break = json!({"userstateid": 2, "onredirect": false, "lunchreasonid": 2});
        assert_eq!(set(&centre, "break", Some("2")), on_break);
        assert_eq!(ready.set("noPhone", None), None);
    }
}
