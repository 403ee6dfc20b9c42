//! What users say of themselves, and what their lines make of it.

use serde_json::{Map, Value, json};

use super::{Exchange, Notice, Refusal, refuse};

const DISCONNECTED: u8 = 0;
pub(super) const READY: u8 = 1;
const BREAK: u8 = 2;
/// Do not disturb.
const OFF: u8 = 3;
pub(super) const BUSY: u8 = 5;
const NO_PHONE: u8 = 7;

/// The state that a user has chosen.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    chosen: u8,
    pub(crate) call_centre: bool,
    manual: bool,
    pub(crate) redirect: bool,
    reason: Option<u64>,
}

impl Default for Agent {
    fn default() -> Self {
        Self { chosen: READY, call_centre: false, manual: false, redirect: false, reason: None }
    }
}

impl Exchange {
    /// The state's number: the line's business comes before the user's wish.
    pub(super) fn state_id(&self, user: usize) -> u8 {
        let user = &self.users[user];
        if !user.phone {
            NO_PHONE
        } else if user.current.is_some() || user.held.is_some() {
            BUSY
        } else {
            user.agent.chosen
        }
    }

    /// The fields of `getuserstate` and `userstatechanged`.
    pub(crate) fn user_state(&self, user: usize) -> Map<String, Value> {
        let agent = &self.users[user].agent;
        let state = self.state_id(user);
        let mut body = Map::new();
        body.insert("userstateid".into(), state.into());
        // Whether a real server says it twice is not known; some clients read it.
        body.insert("userstate".into(), state.into());
        body.insert("oncallcenter".into(), agent.call_centre.into());
        body.insert("onlunch".into(), (agent.chosen == BREAK).into());
        body.insert("onccmanual".into(), agent.manual.into());
        body.insert("onredirect".into(), agent.redirect.into());
        if let Some(reason) = agent.reason {
            body.insert("lunchreasonid".into(), reason.into());
        }
        body
    }

    /// `setuserstate`: what is left out stays as it is.
    pub(crate) fn set_user_state(&mut self, user: usize, wish: &Map<String, Value>) -> Result<(), Refusal> {
        let mut agent = self.users[user].agent.clone();
        if let Some(state) = wish.get("userstateid") {
            match state.as_u64() {
                Some(state @ (1 | 2 | 3 | 5)) => agent.chosen = state as u8,
                _ => return refuse(4002, "This user state cannot be set"),
            }
        }
        let flag = |name: &str, old: bool| wish.get(name).and_then(Value::as_bool).unwrap_or(old);
        agent.call_centre = flag("oncallcenter", agent.call_centre);
        agent.manual = flag("onccmanual", agent.manual) && agent.call_centre;
        agent.redirect = flag("onredirect", agent.redirect);
        if let Some(reason) = wish.get("lunchreasonid").and_then(Value::as_u64) {
            if reason == 0 || reason > self.config.lunch_reasons.len() as u64 {
                return refuse(4002, "There is no such reason for a break");
            }
            agent.reason = Some(reason);
        }
        self.users[user].agent = agent;
        self.users[user].told = u8::MAX;
        self.tell_state(user);
        if self.is_free(user) {
            self.serve_queues();
        }
        Ok(())
    }

    /// Tells a user's state, if it is another than the one that was told last.
    pub(super) fn tell_state(&mut self, user: usize) {
        let state = self.state_id(user);
        if self.users[user].told == state {
            return;
        }
        self.users[user].told = state;
        let body = self.user_state(user);
        self.tell(user, "userstatechanged", Value::Object(body));
        let numbers = json!([{ "num": self.users[user].number, "numstateid": self.number_state(user) }]);
        let body = Map::from_iter([("numbers".to_owned(), numbers)]);
        self.notices.push(Notice { user: None, name: "pbxnumberstatechanged", body });
    }

    /// A number's state: 0 off, 1 ready, 2 break, 3 do not disturb, 5 busy.
    pub(crate) fn number_state(&self, user: usize) -> u8 {
        match self.state_id(user) {
            NO_PHONE => DISCONNECTED,
            state => state,
        }
    }

    /// Calls are let through to the user.
    pub(super) fn takes_calls(&self, user: usize) -> bool {
        self.is_free(user) && !matches!(self.users[user].agent.chosen, OFF | BUSY)
    }

    /// A queue may give the user a call.
    pub(super) fn takes_queue_calls(&self, user: usize) -> bool {
        let agent = &self.users[user].agent;
        self.is_free(user) && agent.chosen == READY && agent.call_centre && !agent.manual
    }

    /// Where the user's calls are to go instead, if anywhere.
    pub(super) fn redirected(&self, user: usize) -> Option<String> {
        let user = &self.users[user];
        let on = |rule: &&Value| rule["state"].as_u64() == Some(2) && rule["isenabled"].as_bool() != Some(false);
        let rule = user.redirects.values().find(on).filter(|_| user.agent.redirect)?;
        rule["destinationnumber"].as_str().filter(|number| !number.is_empty()).map(str::to_owned)
    }
}
