//! Messages for who looks for a fault, without what is secret in them.

use jackfield_plugin_api::{Raw, RawDirection};

use crate::pbx::Say;
use crate::wire::fields::lines;
use crate::wire::text;

/// What makes a login: nobody who may read diagnostics needs their values.
const SECRETS: &[&str] = &["Secret", "Key", "Challenge"];

/// Shows a message or an action.
pub(crate) fn diagnose(direction: RawDirection, message: &[u8], say: &mut Say<'_, '_>) {
    let (first, all) = readable(message);
    say.host.raw(&Raw::new(direction, "ami", first, all));
}

/// The first line, and all lines.
fn readable(message: &[u8]) -> (String, String) {
    let mut shown = String::with_capacity(message.len());
    for (key, value) in lines(message) {
        let key = text::decode(key);
        let secret = SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(key.trim()));
        let value = if secret { "(not shown)".into() } else { text::decode(value) };
        shown.extend([&*key, ": ", &*value, "\n"]);
    }
    (shown.lines().next().unwrap_or_default().to_owned(), shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_login_is_not_shown() {
        let action = b"Action: Login\r\nUsername: cti\r\nSecret: cti-secret\r\nkey : e4f2a3\r\nActionID: 1\r\n\r\n";
        let (first, all) = readable(action);
        assert_eq!(first, "Action: Login");
        assert_eq!(all, "Action: Login\nUsername: cti\nSecret: (not shown)\nkey : (not shown)\nActionID: 1\n");
    }
}
