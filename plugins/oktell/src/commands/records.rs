//! Recordings of a call: where they lie, and the password that opens them for a short while.

use jackfield_plugin_api::{CommandId, ErrorCode, Reply};
use serde_json::{Value, json};

use super::Then;
use crate::line::{Line, Say};
use crate::wire::fields::{Body, Fields};
use crate::wire::message::Message;

/// Recordings of one call that are named.
const MOST: usize = 50;

impl Line {
    pub(super) fn query_records(&mut self, id: CommandId, native_id: &str, say: &mut Say<'_, '_>) {
        // A call's native id is its chain and its number.
        let chain = native_id.split(':').next().unwrap_or_default();
        if chain.is_empty() {
            return self.refuse(id, ErrorCode::RecordNotFound, "the call has no handling chain", say);
        }
        let filter = json!({"idchain": chain, "showcallcenter": true});
        self.request(id, Message::new("getpbxcalljournal").with("filter", filter), Then::Journal, say);
    }

    pub(super) fn records_listed(&mut self, id: CommandId, body: &Body, say: &mut Say<'_, '_>) {
        // A link to another server would carry the password there.
        let own = |link: &String| link.starts_with('/') && !link.chars().any(|c| c.is_control() || c == ' ');
        let links: Vec<String> =
            body.objects("data").filter_map(|row| row.text("recordlink")).filter(own).take(MOST).collect();
        if links.is_empty() {
            return self.refuse(id, ErrorCode::RecordNotFound, "Oktell has no recording of this call", say);
        }
        self.request(id, Message::new("gettemphttppass"), Then::Password(links), say);
    }

    pub(super) fn records_found(&self, id: CommandId, links: &[String], body: &Body, say: &mut Say<'_, '_>) {
        let web = say.common.config.web(self.version.web_port);
        let (Some(password), Some(web)) = (body.text("password"), web) else {
            let text = "Oktell gave no password for fetching the recording";
            return self.refuse(id, ErrorCode::CommandFailed, text, say);
        };
        let password = encoded(&password);
        let url = |link: &String| {
            let mark = if link.contains('?') { '&' } else { '?' };
            Value::from(format!("{web}{link}{mark}temppass={password}"))
        };
        let urls: Vec<Value> = links.iter().map(url).collect();
        say.host.reply(id, Reply::accepted().value("urls", urls));
    }
}

/// A text as a value in the query of an address.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
