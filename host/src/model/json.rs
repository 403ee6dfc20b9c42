//! A small writer of JSON: straight into the frame's buffer, without a tree and without allocation.

use jackfield_plugin_api::Timestamp;
use serde_json::Value;

use super::time_text::write_time;

/// A key with all that stands around it: `,"key":"`. One piece to copy instead of five.
#[derive(Clone, Copy)]
pub(super) struct Key(&'static str);

impl Key {
    /// For [`key!`].
    #[inline]
    pub(super) const fn new(written: &'static str) -> Self {
        Self(written)
    }
}

/// The [`Key`] of a name, which needs no escapes.
macro_rules! key {
    ($name:literal) => {
        $crate::model::json::Key::new(concat!(",\"", $name, "\":\""))
    };
}
pub(super) use key;

/// An object or a list being written. Dropped only after [`end`](Self::end).
pub(super) struct Json<'a> {
    out: &'a mut Vec<u8>,
    /// Where it begins: every element brings its comma, and the first one's becomes the bracket.
    start: usize,
    brackets: [u8; 2],
}

impl<'a> Json<'a> {
    /// Begins an object.
    pub(super) fn object(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, brackets: *b"{}" }
    }

    /// Begins a list.
    fn array(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, brackets: *b"[]" }
    }

    /// Ends it.
    pub(super) fn end(self) {
        let [open, close] = self.brackets;
        match self.out.get_mut(self.start) {
            Some(comma) => *comma = open,
            None => self.out.push(open),
        }
        self.out.push(close);
    }

    /// A key; the value is to be written next.
    #[inline]
    fn key(&mut self, key: Key) -> &mut Vec<u8> {
        self.out.extend_from_slice(&key.0.as_bytes()[..key.0.len() - 1]);
        self.out
    }

    /// A key, and the quote of the text that is to be written next.
    #[inline]
    fn quoted(&mut self, key: Key) -> &mut Vec<u8> {
        self.out.extend_from_slice(key.0.as_bytes());
        self.out
    }

    /// The separator before an element without a key.
    fn next(&mut self) -> &mut Vec<u8> {
        self.out.push(b',');
        self.out
    }

    #[inline]
    pub(super) fn text(&mut self, key: Key, value: &str) {
        end_text(self.quoted(key), value);
    }

    /// A name of the model's own, which needs no escapes.
    #[inline]
    pub(super) fn name(&mut self, key: Key, name: &'static str) {
        let out = self.quoted(key);
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
    }

    /// The text, or null.
    #[inline]
    pub(super) fn text_or_null(&mut self, key: Key, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    /// The text, or no key at all.
    pub(super) fn text_if(&mut self, key: Key, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    #[inline]
    pub(super) fn null(&mut self, key: Key) {
        self.key(key).extend_from_slice(b"null");
    }

    #[inline]
    pub(super) fn flag(&mut self, key: Key, value: bool) {
        self.key(key).extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn flag_if(&mut self, key: Key, value: Option<bool>) {
        if let Some(value) = value {
            self.flag(key, value);
        }
    }

    #[inline]
    pub(super) fn number(&mut self, key: Key, value: u64) {
        write_number(self.key(key), value);
    }

    #[inline]
    pub(super) fn time(&mut self, key: Key, value: Timestamp) {
        let out = self.quoted(key);
        write_time(value, out);
        out.push(b'"');
    }

    pub(super) fn time_or_null(&mut self, key: Key, value: Option<Timestamp>) {
        match value {
            Some(value) => self.time(key, value),
            None => self.null(key),
        }
    }

    /// A value from outside (native codes, request ids).
    pub(super) fn value(&mut self, key: Key, value: &Value) {
        write_value(self.key(key), value);
    }

    #[inline]
    pub(super) fn child(&mut self, key: Key) -> Json<'_> {
        Json::object(self.key(key))
    }

    #[inline]
    pub(super) fn list(&mut self, key: Key) -> Json<'_> {
        Json::array(self.key(key))
    }

    /// A list of names that need no escapes.
    pub(super) fn names(&mut self, key: Key, names: impl Iterator<Item = &'static str>) {
        let list = self.list(key);
        for name in names {
            list.out.extend_from_slice(b",\"");
            list.out.extend_from_slice(name.as_bytes());
            list.out.push(b'"');
        }
        list.end();
    }

    /// A list of texts.
    pub(super) fn texts<S: AsRef<str>>(&mut self, key: Key, texts: impl IntoIterator<Item = S>) {
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

/// Two digits for each number below a hundred.
pub(super) const PAIRS: [[u8; 2]; 100] = {
    let (mut pairs, mut number) = ([[0; 2]; 100], 0_u8);
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

fn write_number(out: &mut Vec<u8>, mut value: u64) {
    // Totals and counts are mostly nothing yet.
    if value < 10 {
        out.push(b'0' + value as u8);
        return;
    }
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    while value >= 100 {
        start -= 2;
        digits[start..start + 2].copy_from_slice(&PAIRS[(value % 100) as usize]);
        value /= 100;
    }
    start -= 2;
    digits[start..start + 2].copy_from_slice(&PAIRS[value as usize]);
    out.extend_from_slice(&digits[start + usize::from(value < 10)..]);
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    // Writing a `Value` into a `Vec` cannot fail: its keys are texts and the sink takes everything.
    let _ = serde_json::to_writer(out, value);
}

/// Writes a text with its quotes.
fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    end_text(out, text);
}

/// Writes a text and its closing quote. Nearly every text is copied whole.
fn end_text(out: &mut Vec<u8>, text: &str) {
    match first_escape(text.as_bytes()) {
        None => out.extend_from_slice(text.as_bytes()),
        Some(first) => escape(out, text.as_bytes(), first),
    }
    out.push(b'"');
}

/// Where the first byte is that cannot stand as it is. Eight bytes are looked at at once.
fn first_escape(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // Marks bytes below `low` in their top bits; bytes above one may be marked too. Those of 128 and more never are.
    let below = |word: u64, low: u64| word.wrapping_sub(ONES * low) & !word;
    let marks = |word: [u8; 8]| {
        let word = u64::from_le_bytes(word);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        (below(word, 0x20) | quote | backslash) & (ONES * 0x80)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let clean = words.iter().position(|word| marks(*word) != 0);
    let from = clean.unwrap_or(words.len()) * 8;
    let within = if clean.is_some() { &bytes[from..] } else { rest };
    within.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')).map(|at| from + at)
}

/// Writes a text whose first byte to be escaped is `first`. Runs without escapes are copied whole.
#[cold]
fn escape(out: &mut Vec<u8>, bytes: &[u8], first: usize) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut from = 0;
    for (index, &byte) in bytes.iter().enumerate().skip(first) {
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
}
