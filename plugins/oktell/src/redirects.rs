//! The user's redirection: one rule of the user's own, and a flag in the user's state that switches it on.

use jackfield_plugin_api::{CommandId, Forwarding, ForwardingKind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::wire::fields::{Body, Fields};
use crate::wire::message::Message;
use crate::wire::password::md5_hex;

/// What is known of the redirection.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Redirects {
    number: Option<String>,
    /// The command that changes it, until it is told.
    pub(crate) command: Option<(CommandId, Timestamp)>,
}

/// The name of the user's own rule: the MD5 of the user's id in lower case, written twice.
fn own_rule(user: &str) -> String {
    let user = user.to_lowercase();
    md5_hex(format!("{user}{user}").as_bytes())
}

impl Redirects {
    /// `getredirectrules`.
    pub(crate) fn learn(&mut self, body: &Body, user: &str) {
        let own = own_rule(user);
        let is_own = |rule: &&Body| rule.text("id").is_some_and(|id| id.replace('-', "").eq_ignore_ascii_case(&own));
        self.number = body.objects("redirectrules").find(is_own).and_then(|rule| rule.text("destinationnumber"));
    }

    /// Where the user's calls are redirected to, when that is switched on.
    pub(crate) fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    pub(crate) fn set(&mut self, number: Option<&str>) {
        self.number = number.map(ToOwned::to_owned);
    }

    /// The forwardings that are set.
    pub(crate) fn forwardings(&self, on: bool) -> Vec<Forwarding> {
        let number = self.number.as_deref().filter(|_| on);
        number.into_iter().map(|to| Forwarding::new(ForwardingKind::All, to)).collect()
    }

    /// The request that makes the rule, or deletes it.
    pub(crate) fn request(user: &str, to: Option<&str>) -> Message {
        match to {
            Some(to) => Message::new("saveredirectrules").with(
                "redirectrule",
                json!({"id": own_rule(user), "userid": user, "destinationnumber": to, "state": 2, "isenabled": true}),
            ),
            None => Message::new("deleteredirectrules").with("ids", json!([own_rule(user)])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_rule_is_told_from_others() {
        let own = own_rule("AA-1");
        assert_eq!(own, md5_hex(b"aa-1aa-1"));
        let rules = json!({"redirectrules": [
            {"id": "x", "destinationnumber": "1"}, {"id": own.to_uppercase(), "destinationnumber": "102"}
        ]});
        let mut redirects = Redirects::default();
        redirects.learn(rules.as_object().unwrap(), "aa-1");
        assert_eq!(redirects.forwardings(false), []);
        assert_eq!(redirects.forwardings(true), [Forwarding::new(ForwardingKind::All, "102")]);
    }
}
