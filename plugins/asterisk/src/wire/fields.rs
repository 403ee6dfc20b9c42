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

const SLOTS: usize = 512;

/// Where a key's look-up begins. Case does not matter: Asterisk does not care for it either.
const fn slot(key: &[u8]) -> usize {
    let (first, middle, last) = (key[0] | 0x20, key[key.len() / 2] | 0x20, key[key.len() - 1] | 0x20);
    (key.len() * 67 + first as usize * 31 + middle as usize * 7 + last as usize * 113) & (SLOTS - 1)
}

/// One more than the index into [`ALL`]; 0: nothing.
const TABLE: [u8; SLOTS] = {
    let mut table = [0; SLOTS];
    let mut i = 0;
    while i < ALL.len() {
        let mut at = slot(ALL[i].0.as_bytes());
        while table[at] != 0 {
            at = (at + 1) & (SLOTS - 1);
        }
        #[allow(clippy::cast_possible_truncation, reason = "there are fewer than 255 keys")]
        let entry = i as u8 + 1;
        table[at] = entry;
        i += 1;
    }
    table
};

impl Key {
    fn of(key: &[u8]) -> Option<Self> {
        if key.is_empty() {
            return None;
        }
        let mut at = slot(key);
        loop {
            let (text, key_of_text) = ALL[usize::from(TABLE[at]).checked_sub(1)?];
            // Nearly always they are written as here.
            if text.as_bytes() == key || text.as_bytes().eq_ignore_ascii_case(key) {
                return Some(key_of_text);
            }
            at = (at + 1) & (SLOTS - 1);
        }
    }
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
            let colon = colon(line);
            let from = colon.unwrap_or(0);
            let end = memchr::memchr(b'\n', &line[from..]).map_or(line.len(), |length| from + length);
            if let Some((colon, key)) = colon.and_then(|colon| Some((colon, Key::of(&line[..colon])?))) {
                let blank = usize::from(line.get(colon + 1) == Some(&b' '));
                let value = (colon + 1 + blank).min(end);
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
    pub(crate) fn number<T: std::str::FromStr>(&self, key: Key) -> Option<T> {
        std::str::from_utf8(self.bytes(key)).ok()?.trim().parse().ok()
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
                let colon = line.iter().take(MAX_KEY).position(|byte| *byte == b':')?;
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

/// Longer than every key that is read.
const MAX_KEY: usize = 32;

/// Where the colon of a line is that begins here. Keys are short: what has no colon early on is no field.
///
/// Eight bytes at a time, because every line of every wanted event comes by here; a search that is made for long texts
/// takes longer to begin than these few bytes take.
fn colon(line: &[u8]) -> Option<usize> {
    let (words, rest) = line[..line.len().min(MAX_KEY)].as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let (colons, ends) = (zeros(word ^ (ONES * 0x3a)), zeros(word ^ (ONES * 0x0a)));
        if colons | ends != 0 {
            let first = (colons | ends).trailing_zeros();
            // The lowest mark is always a true one.
            return (colons >> first & 1 == 1).then_some(at * 8 + first as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b':' | b'\n'))?;
    (rest[found] == b':').then_some(words.len() * 8 + found)
}

/// One in each byte.
const ONES: u64 = u64::from_le_bytes([1; 8]);

/// Marks the bytes that are zero, in their top bits; bytes above a zero may be marked too.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES * 0x80)
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn is_nothing(value: &[u8]) -> bool {
    value.is_empty() || value == b"<unknown>" || value == b"<none>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found() {
        for (text, key) in ALL {
            assert_eq!(Key::of(text.as_bytes()), Some(*key));
            assert_eq!(Key::of(text.to_ascii_uppercase().as_bytes()), Some(*key));
        }
        for other in ["", "x", "Channels", "ChannelStateDesc", "Privilege", "SystemName"] {
            assert_eq!(Key::of(other.as_bytes()), None, "{other}");
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
    fn binary_is_read_without_complaint() {
        let bytes: Vec<u8> = (0..=255).cycle().take(4096).collect();
        let _ = Fields::read(&bytes);
        assert_eq!(Fields::read(b"CallerIDName: M\xfcller").string(Key::CallerIdName), "Müller");
    }
}
