//! Infinity's own requests, and the address that its client opens when a call comes. What they say is not believed, as
//! anybody could have sent it: they are a reason to ask.

use jackfield_plugin_api::{Host, Webhook};

use crate::adapter::Infinity;
use crate::item::is_id;
use crate::schedule::Question;

impl Infinity {
    /// Infinity says that something has happened.
    pub(crate) fn hook(&mut self, hook: &Webhook<'_>, host: &Host<'_>) {
        let value = |name: &str| {
            hook.query.split('&').find_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                key.eq_ignore_ascii_case(name).then_some(value)
            })
        };
        let (user, extension) = (value("IDUser").or_else(|| value("userid")), value("Extension"));
        // As Infinity has it, and as its client has it.
        let call = value("IDCall").or_else(|| value("phoneid")).filter(|call| is_id(call));
        let named = user.is_some() || extension.is_some();
        let concerns = |line: &crate::line::Line| {
            !named
                || user.is_some_and(|user| line.user.as_deref() == Some(user))
                || extension.is_some_and(|extension| line.extension == extension)
        };
        let lines: Vec<_> = self.lines.values().filter(|line| concerns(line)).map(|line| line.id).collect();
        for line in lines {
            if let Some((line, call)) = self.lines.get_mut(&line).zip(call.filter(|_| named)) {
                line.name_call(call, host.now());
            }
            self.hurry(line, Question::Calls, host.now());
            self.hurry(line, Question::State, host.now());
        }
    }
}
