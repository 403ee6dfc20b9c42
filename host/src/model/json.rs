//! A small writer of JSON: straight into the frame's buffer, without a tree and without allocation.

use jackfield_plugin_api::Timestamp;
use serde_json::Value;

use super::time_text::write_time;

/// An object or a list being written. Dropped only after [`end`](Self::end).
pub(super) struct Json<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
    close: u8,
}

impl<'a> Json<'a> {
    /// Begins an object.
    pub(super) fn object(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true, close: b'}' }
    }

    /// Begins a list.
    fn array(out: &'a mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, first: true, close: b']' }
    }

    /// Ends it.
    pub(super) fn end(self) {
        self.out.push(self.close);
    }

    /// The separator before the next element of a list.
    fn next(&mut self) -> &mut Vec<u8> {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.out
    }

    /// A key; the value is to be written next. Keys are the model's own and need no escapes.
    fn key(&mut self, key: &'static str) -> &mut Vec<u8> {
        let out = self.next();
        out.push(b'"');
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\":");
        out
    }

    pub(super) fn text(&mut self, key: &'static str, value: &str) {
        write_text(self.key(key), value);
    }

    /// The text, or null.
    pub(super) fn text_or_null(&mut self, key: &'static str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    /// The text, or no key at all.
    pub(super) fn text_if(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    pub(super) fn null(&mut self, key: &'static str) {
        self.key(key).extend_from_slice(b"null");
    }

    pub(super) fn flag(&mut self, key: &'static str, value: bool) {
        self.key(key).extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn flag_if(&mut self, key: &'static str, value: Option<bool>) {
        if let Some(value) = value {
            self.flag(key, value);
        }
    }

    pub(super) fn number(&mut self, key: &'static str, value: u64) {
        write_number(self.key(key), value);
    }

    pub(super) fn time(&mut self, key: &'static str, value: Timestamp) {
        let out = self.key(key);
        out.push(b'"');
        write_time(value, out);
        out.push(b'"');
    }

    pub(super) fn time_or_null(&mut self, key: &'static str, value: Option<Timestamp>) {
        match value {
            Some(value) => self.time(key, value),
            None => self.null(key),
        }
    }

    /// A value from outside (native codes, request ids).
    pub(super) fn value(&mut self, key: &'static str, value: &Value) {
        write_value(self.key(key), value);
    }

    pub(super) fn child(&mut self, key: &'static str) -> Json<'_> {
        Json::object(self.key(key))
    }

    pub(super) fn list(&mut self, key: &'static str) -> Json<'_> {
        Json::array(self.key(key))
    }

    /// A list of names that need no escapes.
    pub(super) fn names(&mut self, key: &'static str, names: impl Iterator<Item = &'static str>) {
        let mut list = self.list(key);
        for name in names {
            let out = list.next();
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.push(b'"');
        }
        list.end();
    }

    /// A list of texts.
    pub(super) fn texts<S: AsRef<str>>(&mut self, key: &'static str, texts: impl IntoIterator<Item = S>) {
        let mut list = self.list(key);
        for text in texts {
            write_text(list.next(), text.as_ref());
        }
        list.end();
    }

    /// In a list: an object.
    pub(super) fn item(&mut self) -> Json<'_> {
        Json::object(self.next())
    }

    /// In an object: a text under a key from outside.
    pub(super) fn entry(&mut self, key: &str, value: &str) {
        let out = self.next();
        write_text(out, key);
        out.push(b':');
        write_text(out, value);
    }
}

fn write_number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    // Writing a `Value` into a `Vec` cannot fail: its keys are texts and the sink takes everything.
    let _ = serde_json::to_writer(out, value);
}

/// Writes a text with its quotes. Runs without escapes are copied whole.
fn write_text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..index]);
        from = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let low = HEX[usize::from(byte & 0xf)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', HEX[usize::from(byte >> 4)], low]);
            }
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
