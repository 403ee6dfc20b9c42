//! One message: `["name", {fields}]`.

use serde_json::{Map, Value};

use super::fields::{Body, Fields};

/// A message, either way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    /// What it is: a request's, reply's or event's name.
    pub(crate) name: String,
    /// Its fields.
    pub(crate) body: Body,
}

/// The longest piece of a message that is shown when it cannot be read.
const SHOWN: usize = 80;

impl Message {
    /// A message without fields.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), body: Map::new() }
    }

    /// With a field.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.body.insert(key.to_owned(), value.into());
        self
    }

    /// Reads a message.
    ///
    /// # Errors
    /// What it is instead, in words.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let shown = || text.chars().take(SHOWN).collect::<String>().escape_debug().to_string();
        let value: Value = serde_json::from_str(text).map_err(|error| format!("{error} in `{}`", shown()))?;
        let Value::Array(parts) = value else { return Err(format!("no list of name and fields: `{}`", shown())) };
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next()) {
            (Some(Value::String(name)), Some(Value::Object(body))) => Ok(Self { name, body }),
            // Fields that are left out count as none.
            (Some(Value::String(name)), None | Some(Value::Null)) => Ok(Self { name, body: Map::new() }),
            _ => Err(format!("no name with fields: `{}`", shown())),
        }
    }

    /// The message as it travels.
    pub(crate) fn write(self) -> String {
        Value::Array(vec![Value::String(self.name), Value::Object(self.body)]).to_string()
    }

    /// What ties a reply to its request.
    pub(crate) fn qid(&self) -> Option<String> {
        self.body.text("qid")
    }
}

/// Why a reply is a refusal; `None`: it is a success. A reply without `result` and without an error counts as one.
pub(crate) fn refusal(reply: &Body) -> Option<Refusal> {
    let error = reply.number("error").filter(|code| *code != 0);
    let text = reply.text("errormsg");
    let failed = reply.maybe("result") == Some(false) || error.is_some();
    failed.then_some(Refusal { error, text })
}

/// What Oktell says when it does not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Its number.
    pub(crate) error: Option<i64>,
    /// Its words.
    pub(crate) text: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.error, &self.text) {
            (Some(error), Some(text)) => write!(f, "{text} (error {error})"),
            (Some(error), None) => write!(f, "error {error}"),
            (None, Some(text)) => f.write_str(text),
            (None, None) => f.write_str("it gave no reason"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let message = Message::new("login").with("userlogin", "op1").with("usewebrtc", false);
        assert_eq!(Message::read(&message.clone().write()), Ok(message));
        assert_eq!(Message::read(r#"["pong"]"#), Ok(Message::new("pong")));
    }

    #[test]
    fn what_is_no_message_is_refused_with_words() {
        for text in ["", "{}", "[]", "[1,{}]", r#"["a",[]]"#, "[\"a\"", r#"["a","b"]"#] {
            assert!(Message::read(text).is_err(), "{text}");
        }
        let long = Message::read(&"x".repeat(1000)).unwrap_err();
        assert!(long.len() < 200, "{long}");
    }

    #[test]
    fn a_reply_without_a_result_is_a_success() {
        let refused = |body: Value| refusal(body.as_object().unwrap()).map(|r| r.to_string());
        assert_eq!(refused(json!({"qid": "1"})), None);
        assert_eq!(refused(json!({"result": true, "error": 0})), None);
        assert_eq!(refused(json!({"result": 0})).as_deref(), Some("it gave no reason"));
        let licence = json!({"result": 0, "error": 50025, "errormsg": "online user limit"});
        assert_eq!(refused(licence).as_deref(), Some("online user limit (error 50025)"));
    }
}
