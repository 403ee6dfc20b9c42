//! Extensions of drivers: what a driver has besides TAPI, under an id and with versions of its own. A program that does
//! not name a version gets none of it.

use jackfield_plugin_api::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The highest bit of a version is TAPI's own, between it and drivers.
const LARGEST: u32 = 0x7fff_ffff;

/// An extension that is negotiated with every driver that has it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionConfig {
    /// Its id, as `tapi-probe` shows it: `8ebd6a50-138011d2-905b0060-b03dd275`.
    pub id: String,
    /// The oldest of its versions, `1.0`.
    pub from: String,
    /// The newest of its versions, `2.1`.
    pub to: String,
}

/// LINEEXTENSIONID.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExtensionId(pub(crate) [u32; 4]);

impl ExtensionId {
    /// A driver without extensions has this one.
    pub(crate) const NONE: Self = Self([0; 4]);

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut id = [0; 4];
        for part in &mut id {
            let digits = parts.next().filter(|digits| digits.len() == 8 && !digits.contains('+'))?;
            *part = u32::from_str_radix(digits, 16).ok()?;
        }
        parts.next().is_none().then_some(Self(id)).filter(|id| *id != Self::NONE)
    }
}

impl std::fmt::Display for ExtensionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a:08x}-{b:08x}-{c:08x}-{d:08x}")
    }
}

/// A version, `1.2`: the major number in the upper half, the minor one in the lower.
fn version(text: &str) -> Option<u32> {
    let (major, minor) = text.split_once('.')?;
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u16>().ok()).flatten();
    let version = u32::from(number(major)?) << 16 | u32::from(number(minor)?);
    (1..=LARGEST).contains(&version).then_some(version)
}

/// A version in words.
pub(crate) fn words(version: u32) -> String {
    format!("{}.{}", version >> 16, version & 0xffff)
}

/// What is asked of drivers: the versions of an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Absent: of whichever it has.
    pub(crate) id: Option<ExtensionId>,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl Wanted {
    /// All that a driver has, to see what that is.
    pub(crate) const ALL: Self = Self { id: None, from: 0, to: LARGEST };
}

/// The settings, understood.
///
/// # Errors
/// What is no id and no version, ranges without anything in them, an id twice.
pub(crate) fn wanted(settings: &[ExtensionConfig]) -> Result<Vec<Wanted>, ConfigError> {
    let mut all: Vec<Wanted> = Vec::new();
    for (at, one) in settings.iter().enumerate() {
        let wrong = |field: &str, text: String| ConfigError::new(format!("extensions[{at}].{field}"), text);
        let id = ExtensionId::parse(&one.id).ok_or_else(|| {
            let text = "is no id of an extension: four times eight digits of 0-9 and a-f, with `-` between them and not \
                        all 0, found ";
            wrong("id", format!("{text}{:?}", one.id))
        })?;
        if all.iter().any(|other| other.id == Some(id)) {
            return Err(wrong("id", format!("`{id}` is there twice")));
        }
        let number = |field: &str, text: &str| {
            version(text).ok_or_else(|| {
                wrong(field, format!("is no version: two numbers like 1.0, up to 32767.65535, found {text:?}"))
            })
        };
        let (from, to) = (number("from", &one.from)?, number("to", &one.to)?);
        if from > to {
            return Err(wrong("to", format!("must not be older than `from`, {}, found {}", one.from, one.to)));
        }
        all.push(Wanted { id: Some(id), from, to });
    }
    Ok(all)
}

/// The extensions of a device's driver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Extension {
    pub(crate) id: ExtensionId,
    /// The version that was agreed on; 0: they are not used.
    pub(crate) version: u32,
    /// Why there is none though one was wanted: what the driver returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CISCO: &str = "8ebd6a50-138011d2-905b0060-b03dd275";

    fn config(id: &str, from: &str, to: &str) -> ExtensionConfig {
        ExtensionConfig { id: id.to_owned(), from: from.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn settings_are_understood() {
        let all = wanted(&[config(CISCO, "1.0", "13.2")]).unwrap();
        let id = ExtensionId([0x8ebd_6a50, 0x1380_11d2, 0x905b_0060, 0xb03d_d275]);
        assert_eq!(all, [Wanted { id: Some(id), from: 0x1_0000, to: 0xd_0002 }]);
        assert_eq!((id.to_string().as_str(), words(0xd_0002).as_str()), (CISCO, "13.2"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        let zero = "00000000-00000000-00000000-00000000";
        for (id, from, to, sentence) in [
            ("8ebd6a50-1380-11d2-905b-0060b03dd275", "1.0", "1.0", "is no id"),
            (zero, "1.0", "1.0", "is no id"),
            ("+ebd6a50-138011d2-905b0060-b03dd275", "1.0", "1.0", "is no id"),
            (CISCO, "1", "1.0", "is no version"),
            (CISCO, "0.0", "1.0", "is no version"),
            (CISCO, "1.0", "32768.0", "is no version"),
            (CISCO, "1.0", "1.-1", "is no version"),
            (CISCO, "1.1", "1.0", "must not be older"),
        ] {
            let error = wanted(&[config(id, from, to)]).unwrap_err().to_string();
            assert!(error.contains(sentence), "{id} {from} {to}: {error}");
        }
        let twice = wanted(&[config(CISCO, "1.0", "1.0"), config(CISCO, "2.0", "2.0")]).unwrap_err().to_string();
        assert!(twice.contains("twice"), "{twice}");
    }
}
