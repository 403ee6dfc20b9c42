//! Messages for who looks for a fault, without what is secret in them.

use jackfield_plugin_api::{Host, LineId, Raw, RawDirection};
use serde_json::Value;

use crate::wire::message::Message;

/// What makes a login, here or at the phone, or opens a recording.
const SECRETS: [&str; 7] = ["password", "sessionid", "sippass", "newpwd", "newpwdmd5", "oldpwdmd5", "temppass"];

/// Shows a message.
pub(crate) fn diagnose(line: LineId, direction: RawDirection, message: &Message, host: &mut Host<'_>) {
    let mut body = Value::Object(message.body.clone());
    mask(&mut body);
    let text = format!("[{},{body}]", Value::String(message.name.clone()));
    let mut raw = Raw::new(direction, "oktell", message.name.as_str(), text);
    raw.line = Some(line);
    host.raw(&raw);
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                if SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(key)) {
                    *value = Value::from("(not shown)");
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_makes_a_login_is_not_shown() {
        let mut body = json!({"userlogin": "op1", "Password": "d6cb", "a": [{"SessionId": "s"}], "n": {"sippass": 1}});
        mask(&mut body);
        let hidden = "(not shown)";
        let shown =
            json!({"userlogin": "op1", "Password": hidden, "a": [{"SessionId": hidden}], "n": {"sippass": hidden}});
        assert_eq!(body, shown);
    }
}
