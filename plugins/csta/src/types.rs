//! What messages are made of: devices, connections, states.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::dialect::Ns;
use crate::part::{Part, parts, words};
use crate::xml::{Node, Writer};

/// A word that is nearly always one of a few.
pub type Word = Cow<'static, str>;

fn word(text: &str) -> Word {
    for known in ["other", "notKnown", "dynamic", "voice", "constant", "audio"] {
        if text == known {
            return Word::Borrowed(known);
        }
    }
    Word::Owned(text.to_owned())
}

/// A device's id. An opaque text: the server gives it and takes it back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceId {
    /// The id.
    pub id: String,
    /// `typeOfNumber`.
    pub type_of_number: Option<Word>,
    /// `mediaClass`.
    pub media_class: Option<Word>,
    /// `bitRate`.
    pub bit_rate: Option<Word>,
}

impl DeviceId {
    /// An id with the attributes that are usually sent.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            type_of_number: Some(Word::Borrowed("other")),
            media_class: Some(Word::Borrowed("notKnown")),
            bit_rate: None,
        }
    }

    /// What stands before the first colon: the number, for people.
    #[must_use]
    pub fn number(&self) -> &str {
        number(&self.id)
    }
}

/// The number in a device's id: what stands before the first colon.
#[must_use]
pub fn number(id: &str) -> &str {
    id.split_once(':').map_or(id, |(number, _)| number)
}

/// Whether two ids mean the same device: upper and lower case are one, and of ids `number:switch:address:instance` the
/// first two parts count, as far as both have them.
#[must_use]
pub fn same_device(one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) {
        return !one.is_empty();
    }
    let (mut ones, mut others) = (one.split(':'), other.split(':'));
    let (Some(one), Some(other)) = (ones.next(), others.next()) else { return false };
    if one.is_empty() || !one.eq_ignore_ascii_case(other) {
        return false;
    }
    match (ones.next().unwrap_or_default(), others.next().unwrap_or_default()) {
        ("", _) | (_, "") => true,
        (one, other) => one.eq_ignore_ascii_case(other),
    }
}

impl Part for DeviceId {
    fn read(node: Node<'_, '_>) -> Self {
        let mut device = Self { id: node.text().to_owned(), ..Self::default() };
        for (name, value) in node.attributes() {
            let field = match name {
                "typeOfNumber" => &mut device.type_of_number,
                "mediaClass" => &mut device.media_class,
                "bitRate" => &mut device.bit_rate,
                _ => continue,
            };
            *field = Some(word(&value));
        }
        device
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        let mut attributes = Vec::with_capacity(3);
        for (key, value) in
            [("typeOfNumber", &self.type_of_number), ("mediaClass", &self.media_class), ("bitRate", &self.bit_rate)]
        {
            if let Some(value) = value {
                attributes.push((key, value.as_ref()));
            }
        }
        writer.leaf(name, ns, &attributes, &self.id);
    }
}

/// A device as events name it: its id, or a word for why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// The device, by `deviceIdentifier`.
    Device(DeviceId),
    /// The number that was dialled (`numberDialed`, of a redirection).
    Dialed(DeviceId),
    /// `notKnown`, `restricted`, `notRequired`, `notSpecified`, or nothing at all.
    Word(Word),
}

impl Default for Subject {
    fn default() -> Self {
        Self::Word(Word::Borrowed("notKnown"))
    }
}

impl Subject {
    /// A known device.
    pub fn new(id: impl Into<String>) -> Self {
        Self::Device(DeviceId::new(id))
    }

    /// The device's id, if there is one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Device(device) | Self::Dialed(device) if !device.id.is_empty() => Some(&device.id),
            _ => None,
        }
    }

    /// The device's number, if there is one.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.id().map(number).filter(|number| !number.is_empty())
    }
}

impl Part for Subject {
    fn read(node: Node<'_, '_>) -> Self {
        match node.children().next() {
            Some(child) if child.name() == "deviceIdentifier" => Self::Device(DeviceId::read(child)),
            Some(child) if child.name() == "numberDialed" => Self::Dialed(DeviceId::read(child)),
            Some(child) => Self::Word(match child.name() {
                "notKnown" => Word::Borrowed("notKnown"),
                "notRequired" => Word::Borrowed("notRequired"),
                other => Word::Owned(other.to_owned()),
            }),
            // Some write the id without the element around it.
            None if !node.text().is_empty() => Self::Device(DeviceId::read(node)),
            None => Self::default(),
        }
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.open(name, ns);
        match self {
            Self::Device(device) => device.write("deviceIdentifier", Ns::Csta, writer),
            Self::Dialed(device) => device.write("numberDialed", Ns::Csta, writer),
            Self::Word(word) => writer.leaf(word, Ns::Csta, &[], ""),
        }
        writer.close(name, ns);
    }
}

parts! {
    /// One party's end of a call: the call's id and the device's.
    #[derive(Serialize, Deserialize)]
    ConnectionId in Csta {
        one "callID" call: String,
        opt "deviceID" device: DeviceId,
    }
    /// The end of a call at a device, in lists of connections.
    EndPoint in Csta {
        opt "deviceID" device: DeviceId,
    }
    /// One connection of a list.
    ConnectionItem in Csta {
        one "newConnection" new: ConnectionId,
        opt "oldConnection" old: ConnectionId,
        opt "endpoint" endpoint: EndPoint,
    }
    /// The connections that a conference or a transfer leaves.
    Connections in Csta {
        all "connectionListItem" items: ConnectionItem,
    }
    /// Data of a user, in hexadecimal digits.
    UserData in Csta {
        opt "string" hex: String,
    }
    /// A call's id that is the same everywhere and always (Avaya: the UCID).
    LinkageId in Csta {
        opt "globallyUniqueCallLinkageID" id: String,
    }
    /// What it stands in.
    GlobalCallData in Csta {
        opt "globalCallLinkageID" linkage: LinkageId,
    }
    /// What that stands in.
    CallLinkageData in Csta {
        opt "globalCallData" global: GlobalCallData,
    }
}

impl ConnectionId {
    /// The connection of a call at a device.
    pub fn new(call: impl Into<String>, device: impl Into<String>) -> Self {
        Self { call: call.into(), device: Some(DeviceId::new(device)) }
    }

    /// The device's id; empty: not told.
    #[must_use]
    pub fn device_id(&self) -> &str {
        self.device.as_ref().map_or("", |device| &device.id)
    }
}

impl ConnectionItem {
    /// The id of the device at the connection's end: the end point's where there is one.
    #[must_use]
    pub fn device_id(&self) -> &str {
        let endpoint = self.endpoint.as_ref().and_then(|endpoint| endpoint.device.as_ref());
        endpoint.map(|device| device.id.as_str()).filter(|id| !id.is_empty()).unwrap_or_else(|| self.new.device_id())
    }
}

impl CallLinkageData {
    /// The id.
    #[must_use]
    pub fn ucid(&self) -> Option<&str> {
        self.global.as_ref()?.linkage.as_ref()?.id.as_deref().filter(|id| !id.is_empty())
    }
}

impl UserData {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self { hex: Some(hex(bytes)) }
    }

    /// The bytes. `None`: there are none, or they are not written as hexadecimal digits.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        unhex(self.hex.as_deref()?)
    }
}

/// Bytes as hexadecimal digits (XML Schema's `hexBinary`).
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
        }
        text
    })
}

/// Hexadecimal digits as bytes.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

words! {
    /// The state of a connection (ECMA-269).
    LocalState {
        Null = "null",
        Initiated = "initiated",
        Alerting = "alerting",
        Connected = "connected",
        Hold = "hold",
        Queued = "queued",
        Fail = "fail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_device_are_known_as_such() {
        for (one, other) in [
            ("4750:CM1::0", "4750:cm1::0"),
            ("4750:CM1::0", "4750:CM1:10.0.0.1:1"),
            ("4750::10.0.0.1:0", "4750:CM1::0"),
            ("4750", "4750:CM1::0"),
        ] {
            assert!(same_device(one, other), "{one} {other}");
        }
        for (one, other) in [("4750:CM1::0", "4751:CM1::0"), ("4750:CM1::0", "4750:CM2::0"), ("", ""), ("", ":")] {
            assert!(!same_device(one, other), "{one} {other}");
        }
        assert_eq!(number("T538#1:CM1::0"), "T538#1");
    }

    #[test]
    fn bytes_travel_as_hexadecimal_digits() {
        assert_eq!(hex(b"id=42"), "69643D3432");
        assert_eq!(unhex("69643d3432").as_deref(), Some(&b"id=42"[..]));
        assert_eq!(unhex(""), Some(vec![]));
        for wrong in ["6", "6g", "+6", "é"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
