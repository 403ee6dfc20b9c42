//! The fields of a message.
//!
//! A message has many fields of which few matter. One pass puts those into an array; nothing is copied.

use std::borrow::Cow;

use super::text::decode;

macro_rules! keys {
    ($($Name:ident = $text:literal,)*) => {
        /// A field that this adapter reads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Key { $(
            #[doc = concat!("`", $text, "`")]
            $Name,
        )* }

        const ALL: &[(&str, Key)] = &[$(($text, Key::$Name),)*];
    };
}

keys! {
    ActionId = "ActionID",
    Application = "Application",
    AsteriskVersion = "AsteriskVersion",
    BridgeCreator = "BridgeCreator",
    BridgeId = "BridgeId",
    BridgeType = "BridgeType",
    BridgeUniqueid = "BridgeUniqueid",
    CallerIdName = "CallerIDName",
    CallerIdNum = "CallerIDNum",
    Cause = "Cause",
    CauseTxt = "Cause-txt",
    Challenge = "Challenge",
    Channel = "Channel",
    ChannelState = "ChannelState",
    ConnectedLineName = "ConnectedLineName",
    ConnectedLineNum = "ConnectedLineNum",
    DestCallerIdName = "DestCallerIDName",
    DestCallerIdNum = "DestCallerIDNum",
    DestChannel = "DestChannel",
    DestLinkedid = "DestLinkedid",
    DestType = "DestType",
    DestUniqueid = "DestUniqueid",
    Context = "Context",
    Device = "Device",
    DialStatus = "DialStatus",
    Digit = "Digit",
    Direction = "Direction",
    Duration = "Duration",
    DurationMs = "DurationMs",
    Event = "Event",
    EventList = "EventList",
    Extension = "Extension",
    Exten = "Exten",
    FromBridgeUniqueid = "FromBridgeUniqueid",
    Interface = "Interface",
    Linkedid = "Linkedid",
    LocalOneUniqueid = "LocalOneUniqueid",
    LocalTwoUniqueid = "LocalTwoUniqueid",
    Location = "Location",
    MemberName = "MemberName",
    Message = "Message",
    MixMonitorId = "MixMonitorID",
    Name = "Name",
    Newname = "Newname",
    OrigTransfererUniqueid = "OrigTransfererUniqueid",
    ParkeeUniqueid = "ParkeeUniqueid",
    ParkerDialString = "ParkerDialString",
    ParkingSpace = "ParkingSpace",
    Paused = "Paused",
    PausedReason = "PausedReason",
    Queue = "Queue",
    Reason = "Reason",
    Response = "Response",
    Restart = "Restart",
    Result = "Result",
    SecondTransfererUniqueid = "SecondTransfererUniqueid",
    State = "State",
    StateInterface = "StateInterface",
    Status = "Status",
    SwapUniqueid = "SwapUniqueid",
    TargetUniqueid = "TargetUniqueid",
    TechCause = "TechCause",
    Timestamp = "Timestamp",
    ToBridgeUniqueid = "ToBridgeUniqueid",
    TransfereeUniqueid = "TransfereeUniqueid",
    TransfererUniqueid = "TransfererUniqueid",
    TransferTargetUniqueid = "TransferTargetUniqueid",
    Uniqueid = "Uniqueid",
}

/// A key's first eight bytes, its colon included when it is among them; what comes after that is zero. Case is folded:
/// Asterisk does not care for it either.
const fn beginning(key: &[u8]) -> u64 {
    let (mut word, mut at) = ([0; 8], 0);
    while at < 8 && at <= key.len() {
        word[at] = if at == key.len() { b':' } else { key[at] | 0x20 };
        at += 1;
    }
    u64::from_le_bytes(word)
}

const SLOTS: usize = 256;

/// Where the look-up of a beginning starts.
const fn slot(beginning: u64) -> usize {
    (beginning.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

/// Keys by their beginnings: the beginning (0: nothing is here), and the index into [`ALL`].
const TABLE: [(u64, u8); SLOTS] = {
    let mut table = [(0, 0); SLOTS];
    let mut i = 0;
    while i < ALL.len() {
        let key = ALL[i].0.as_bytes();
        // Folding keeps letters apart, nothing else.
        let mut at = 0;
        while at < key.len() {
            assert!(key.len() >= 8 || key[at].is_ascii_alphabetic(), "a short key is of letters");
            at += 1;
        }
        let beginning = beginning(key);
        let mut at = slot(beginning);
        while table[at].0 != 0 {
            at = (at + 1) % SLOTS;
        }
        #[allow(clippy::cast_possible_truncation, reason = "there are fewer than 255 keys")]
        let index = i as u8;
        table[at] = (beginning, index);
        i += 1;
    }
    table
};

/// The key that a line begins with, and its length. `None`: no line of a field, or of one that nobody reads.
///
/// Every line of every wanted event comes by here, and most hold nothing that is wanted: so eight bytes are looked at,
/// and the rest of the key only when these are some key's.
fn key_of(line: &[u8]) -> Option<(Key, usize)> {
    let word = match line.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => {
            let mut word = [0; 8];
            word[..line.len()].copy_from_slice(line);
            u64::from_le_bytes(word)
        }
    };
    // Everything after the first colon is cut off. A colon has the bit that folds case already.
    let colons = zeros(word ^ (ONES * 0x3a));
    let word = (word | (ONES * 0x20)) & if colons == 0 { u64::MAX } else { colons ^ (colons - 1) };
    let mut at = slot(word);
    loop {
        let (beginning, index) = TABLE[at];
        if beginning == 0 {
            return None;
        }
        if beginning == word {
            let (text, key) = ALL[usize::from(index)];
            // The letters of a short key, and its colon, were all among the eight.
            if text.len() < 8 {
                return Some((key, text.len()));
            }
            let (text, of_line) = (text.as_bytes(), line.get(..text.len()).unwrap_or_default());
            // Nearly always they are written as here.
            if line.get(text.len()) == Some(&b':') && (of_line == text || of_line.eq_ignore_ascii_case(text)) {
                return Some((key, text.len()));
            }
        }
        at = (at + 1) % SLOTS;
    }
}

/// Where a line ends: at its line feed, or with the message.
fn end_of(line: &[u8]) -> usize {
    const NEAR: usize = 8;
    let (words, _) = line.as_chunks::<8>();
    for (at, word) in words.iter().take(NEAR).enumerate() {
        let feeds = zeros(u64::from_le_bytes(*word) ^ (ONES * 0x0a));
        if feeds != 0 {
            return at * 8 + feeds.trailing_zeros() as usize / 8;
        }
    }
    // A search that is made for long texts takes longer to begin than most lines take.
    let looked_at = words.len().min(NEAR) * 8;
    memchr::memchr(b'\n', &line[looked_at..]).map_or(line.len(), |at| looked_at + at)
}

/// One in each byte.
const ONES: u64 = u64::from_le_bytes([1; 8]);

/// Marks the bytes that are zero, in their top bits; bytes above a zero may be marked too.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES * 0x80)
}

/// The fields of one message.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    message: &'a [u8],
    /// Where each value begins and ends; both 0: absent. Small, because it is cleared for every message.
    values: [(u32, u32); ALL.len()],
}

impl<'a> Fields<'a> {
    /// Reads a message. Of a key that comes twice the first counts: Asterisk's own stand before what a dialplan adds.
    pub(crate) fn read(message: &'a [u8]) -> Self {
        let mut values = [(0, 0); ALL.len()];
        let mut start = 0;
        while start < message.len() {
            let line = &message[start..];
            let end = end_of(line);
            if let Some((key, length)) = key_of(line) {
                let blank = usize::from(line.get(length + 1) == Some(&b' '));
                let value = (length + 1 + blank).min(end);
                let last = end - usize::from(end > value && line[end - 1] == b'\r');
                let at = &mut values[key as usize];
                if *at == (0, 0) && !is_nothing(&line[value..last]) {
                    // A message is never longer than the framer allows, so this always fits.
                    *at = (offset(start + value), offset(start + last));
                }
            }
            start += end + 1;
        }
        Self { message, values }
    }

    /// A field's bytes; empty: absent, or one of the words for it.
    pub(crate) fn bytes(&self, key: Key) -> &'a [u8] {
        let (start, end) = self.values[key as usize];
        self.message.get(start as usize..end as usize).unwrap_or_default()
    }

    /// A field as text.
    pub(crate) fn text(&self, key: Key) -> Option<Cow<'a, str>> {
        let bytes = self.bytes(key);
        (!bytes.is_empty()).then(|| decode(bytes))
    }

    /// A field as text, copied; empty when absent.
    pub(crate) fn string(&self, key: Key) -> String {
        decode(self.bytes(key)).into_owned()
    }

    /// A field as a number.
    pub(crate) fn number<T: TryFrom<u64>>(&self, key: Key) -> Option<T> {
        let digits = self.bytes(key).trim_ascii();
        if !(1..20).contains(&digits.len()) {
            return None;
        }
        let number = digits.iter().try_fold(0u64, |number, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit < 10).then(|| number * 10 + u64::from(digit))
        })?;
        T::try_from(number).ok()
    }

    /// Whether a field has this value, whatever its case.
    pub(crate) fn is(&self, key: Key, value: &str) -> bool {
        self.bytes(key).eq_ignore_ascii_case(value.as_bytes())
    }
}

#[cfg(any(test, feature = "fuzz"))]
impl Fields<'_> {
    /// Compares with a line-by-line reading.
    ///
    /// # Panics
    /// When a field differs.
    pub(crate) fn agree_with_plain_reading(&self) {
        for (text, key) in ALL {
            let plain = self.message.split(|byte| *byte == b'\n').find_map(|line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                let (name, value) = (&line[..colon], &line[colon + 1..]);
                let value = value.strip_prefix(b" ").unwrap_or(value);
                let value = value.strip_suffix(b"\r").unwrap_or(value);
                (name.eq_ignore_ascii_case(text.as_bytes()) && !is_nothing(value)).then_some(value)
            });
            assert_eq!(
                self.bytes(*key).escape_ascii().to_string(),
                plain.unwrap_or_default().escape_ascii().to_string()
            );
        }
    }
}

/// Keys and values, in order. A line without a colon is no field.
pub(crate) fn lines(message: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = message;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(colon) = memchr::memchr(b':', line) {
                let (key, value) = (&line[..colon], &line[colon + 1..]);
                return Some((key, value.strip_prefix(b" ").unwrap_or(value)));
            }
        }
        None
    })
}

/// The value of the first line when its key is `Event`: most events are not wanted, and this is all that is read of
/// them.
pub(crate) fn event_name(message: &[u8]) -> Option<&[u8]> {
    let rest = message.strip_prefix(b"Event: ")?;
    let end = memchr::memchr(b'\r', rest).unwrap_or(rest.len());
    Some(&rest[..end])
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn is_nothing(value: &[u8]) -> bool {
    match value.first() {
        None => true,
        Some(b'<') => matches!(value, b"<unknown>" | b"<none>"),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_key_is_found() {
        for (text, key) in ALL {
            for line in [format!("{text}: x"), format!("{text}:"), text.to_ascii_uppercase() + ": x"] {
                assert_eq!(key_of(line.as_bytes()), Some((*key, text.len())), "{line}");
            }
            for line in [(*text).to_owned(), format!("{text}x: y"), format!("x{text}: y"), format!("{text}\n: y")] {
                assert_eq!(key_of(line.as_bytes()), None, "{line}");
            }
        }
        for other in ["", ":", "x: y", "Channels: 1", "ChannelStateDesc: Up", "Privilege: call,all", "\0\0\0: x"] {
            assert_eq!(key_of(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn values_hold_colons_and_absence_has_many_words() {
        let fields = Fields::read(
            b"Event: X\r\nDevice: park:701@x\r\nCallerIDNum: <unknown>\r\nExten: \r\nCause: 16\r\nno field\r\nQueue:q",
        );
        assert_eq!(fields.text(Key::Device).as_deref(), Some("park:701@x"));
        assert_eq!(fields.text(Key::CallerIdNum), None);
        assert_eq!(fields.text(Key::Exten), None);
        assert_eq!(fields.number::<u16>(Key::Cause), Some(16));
        assert_eq!(fields.text(Key::Queue).as_deref(), Some("q"));
    }

    #[test]
    fn of_a_key_that_comes_twice_the_first_counts() {
        let fields = Fields::read(b"Channel: a\r\nUserData: 1\r\nChannel: b");
        assert_eq!(fields.bytes(Key::Channel), b"a");
    }

    #[test]
    fn numbers_are_digits() {
        let fields = Fields::read(b"Cause: 16\r\nTechCause: 300\r\nStatus: -1\r\nDuration: 184467440737095516150");
        assert_eq!((fields.number::<u8>(Key::Cause), fields.number::<u8>(Key::TechCause)), (Some(16), None));
        assert_eq!((fields.number::<u32>(Key::Status), fields.number::<u64>(Key::Duration)), (None, None));
    }

    proptest! {
        #[test]
        fn any_line_is_read_as_by_the_plain_reading(
            lines in prop::collection::vec(("(Uniqueid|uniqueID|Exten|Cause-txt|Channel|ChannelState|x|)", ":? ?", "[<>a-z: ]{0,80}", "\r?\n"), 0..8)
        ) {
            let message: String = lines.iter().flat_map(|(key, colon, value, end)| [key, colon, value, end]).cloned().collect();
            Fields::read(message.as_bytes()).agree_with_plain_reading();
        }
    }

    #[test]
    fn binary_is_read_without_complaint() {
        let bytes: Vec<u8> = (0..=255).cycle().take(4096).collect();
        let _ = Fields::read(&bytes);
        assert_eq!(Fields::read(b"CallerIDName: M\xfcller").string(Key::CallerIdName), "Müller");
    }
}
