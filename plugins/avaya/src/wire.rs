//! Requests go out, and messages are shown to who looks for a fault.

use jackfield_csta::dialect::AVAYA;
use jackfield_csta::{Message, frame};
use jackfield_plugin_api::{Host, Raw, RawDirection};

use crate::agenda::Task;
use crate::config::Config;
use crate::net::{Ask, Net, Waiting};

/// What the handling of one message may use.
pub(crate) struct Scene<'a, 'h> {
    pub(crate) config: &'a Config,
    pub(crate) net: &'a mut Net,
    pub(crate) host: &'a mut Host<'h>,
}

impl Scene<'_, '_> {
    /// Sends a request. `false`: it could not be sent (too many wait, or it is too long), and nothing will come of it.
    pub(crate) fn ask(&mut self, ask: Ask, request: impl Into<Message>) -> bool {
        let request = request.into();
        let waiting = Waiting { ask, service: request.name().to_owned() };
        let Some(invoke) = self.net.pending.add(waiting) else { return false };
        if !self.send(invoke, &request) {
            self.net.pending.take(invoke);
            return false;
        }
        let deadline = self.host.now() + self.config.answer_timeout();
        self.net.agenda.set(Task::Answer(invoke), deadline);
        true
    }

    /// Sends a request whose answer nobody waits for: its id is free again at once, however many there are.
    pub(crate) fn say(&mut self, request: impl Into<Message>) {
        let request = request.into();
        let waiting = Waiting { ask: Ask::Nothing, service: request.name().to_owned() };
        let Some(invoke) = self.net.pending.add(waiting) else { return };
        self.send(invoke, &request);
        self.net.pending.take(invoke);
    }

    /// Sends a message under an invoke id.
    pub(crate) fn send(&mut self, invoke: u16, message: &Message) -> bool {
        let text = message.write(&AVAYA);
        let Ok(bytes) = frame::encode(invoke, &text) else { return false };
        if self.config.raw {
            self.show(RawDirection::Out, invoke, message.name(), &text);
        }
        self.host.send(self.net.transport(), bytes);
        true
    }

    /// Shows a message, without passwords.
    pub(crate) fn show(&mut self, direction: RawDirection, invoke: u16, name: &str, text: &str) {
        let summary = format!("{invoke:04} {name}");
        self.host.raw(&Raw::new(direction, "csta-xml", summary, masked(text)));
    }
}

/// A text without what stands in elements called `password` (or `agentPassword`), whatever their prefix.
pub(crate) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        let Some(end) = tag.find('>') else { break };
        shown.push_str(before);
        let (tag, after) = tag.split_at(end + 1);
        shown.push_str(tag);
        rest = after;
        let name = tag.trim_start_matches('<').split([' ', '>', '\t', '\r', '\n']).next().unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or_default();
        if matches!(local, "password" | "agentPassword") && !tag.starts_with("</") && !tag.ends_with("/>") {
            shown.push('…');
            rest = rest.find("</").map_or("", |end| &rest[end..]);
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let text = "<a><acx:password>Secret-1</acx:password><b/><password a='1'>31</password><passwordless>x</passwordless></a>";
        assert_eq!(
            masked(text),
            "<a><acx:password>…</acx:password><b/><password a='1'>…</password><passwordless>x</passwordless></a>"
        );
        assert_eq!(masked("<password>half"), "<password>…");
        assert_eq!(masked("no tag <"), "no tag <");
    }
}
