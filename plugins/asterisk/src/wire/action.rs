//! Writing actions.

/// The longest line that Asterisk takes is 1024 bytes with its end; a longer one is thrown away and answered without
/// the action's id. So it is never sent.
pub(crate) const MAX_LINE: usize = 1000;

/// A line that may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadLine(pub(crate) &'static str);

impl std::fmt::Display for BadLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the value for Asterisk's `{}` is longer than {MAX_LINE} bytes", self.0)
    }
}

/// An action that is being written.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    name: &'static str,
    bytes: Vec<u8>,
    bad: Option<BadLine>,
}

impl Action {
    /// The action `name`.
    pub(crate) fn new(name: &'static str) -> Self {
        let mut action = Self { name, bytes: Vec::with_capacity(160), bad: None };
        action.put("Action", name);
        action
    }

    /// The action's name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// With a field. CR, LF and NUL never get out: they would end the line and begin another action.
    pub(crate) fn with(mut self, key: &'static str, value: &str) -> Self {
        self.put(key, value);
        self
    }

    fn put(&mut self, key: &'static str, value: &str) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend(value.bytes().filter(|b| !matches!(b, b'\r' | b'\n' | 0)));
        if self.bytes.len() - start > MAX_LINE {
            self.bytes.truncate(start);
            self.bad = self.bad.or(Some(BadLine(key)));
            return;
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The bytes to send, with the action's id.
    pub(crate) fn finish(mut self, id: &str) -> Result<Vec<u8>, BadLine> {
        self.put("ActionID", id);
        self.bytes.extend_from_slice(b"\r\n");
        match self.bad {
            None => Ok(self.bytes),
            Some(bad) => Err(bad),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_begin_another_action() {
        let bytes =
            Action::new("Originate").with("Exten", "1\r\n\r\nAction: Command\r\nCommand: x").finish("7").unwrap();
        assert_eq!(bytes, b"Action: Originate\r\nExten: 1Action: CommandCommand: x\r\nActionID: 7\r\n\r\n");
    }

    #[test]
    fn a_line_too_long_is_not_sent() {
        let action = Action::new("Setvar").with("Value", &"x".repeat(1200));
        assert_eq!(action.finish("1"), Err(BadLine("Value")));
    }
}
