//! The link section by which the host knows a plugin before anything of it is mapped.
//!
//! 256 bytes, written at compile time by `export_adapter!`: magic, API version, panic mode, crate name and version.

/// The section's name in the library. Short enough for PE (eight bytes), a segment and section for Mach-O.
#[cfg(not(target_vendor = "apple"))]
pub const NAME: &str = ".jackfld";
/// The section's name in the library.
#[cfg(target_vendor = "apple")]
pub const NAME: &str = "__jackfld";

/// What the section begins with.
pub const MAGIC: [u8; 8] = *b"JACKFLD1";
/// Its size.
pub const SIZE: usize = 256;
const TEXT: usize = 96;
const NAME_AT: usize = 24;
const VERSION_AT: usize = NAME_AT + TEXT;

/// What the section says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PluginSection {
    /// Major version of the plugin API.
    pub api_major: u32,
    /// Minor version of the plugin API.
    pub api_minor: u32,
    /// Whether the library was built with `panic = "unwind"`.
    pub unwinds: bool,
    /// The crate.
    pub name: String,
    /// The crate's version.
    pub version: String,
}

/// The section's bytes. Evaluated at compile time in the vendor's crate.
#[must_use]
pub const fn encode(name: &str, version: &str, unwinds: bool) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    copy(&mut bytes, 0, &MAGIC, MAGIC.len());
    copy(&mut bytes, 8, &crate::API_MAJOR.to_le_bytes(), 4);
    copy(&mut bytes, 12, &crate::API_MINOR.to_le_bytes(), 4);
    bytes[16] = unwinds as u8;
    copy(&mut bytes, NAME_AT, name.as_bytes(), TEXT);
    copy(&mut bytes, VERSION_AT, version.as_bytes(), TEXT);
    bytes
}

const fn copy(into: &mut [u8; SIZE], at: usize, from: &[u8], most: usize) {
    let mut i = 0;
    while i < from.len() && i < most {
        into[at + i] = from[i];
        i += 1;
    }
}

/// Reads the section.
///
/// # Errors
/// What is wrong with it, in words.
pub fn decode(bytes: &[u8]) -> Result<PluginSection, String> {
    let Some(bytes) = bytes.first_chunk::<SIZE>() else {
        return Err(format!("its `{NAME}` section has {} bytes, {SIZE} are needed", bytes.len()));
    };
    if bytes[..8] != MAGIC {
        return Err(format!("its `{NAME}` section does not begin with {:?}", String::from_utf8_lossy(&MAGIC)));
    }
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let text = |at: usize| {
        let field = &bytes[at..at + TEXT];
        let end = field.iter().position(|b| *b == 0).unwrap_or(TEXT);
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    Ok(PluginSection {
        api_major: word(8),
        api_minor: word(12),
        unwinds: bytes[16] == 1,
        name: text(NAME_AT),
        version: text(VERSION_AT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let section = decode(&encode("acme-adapter", "1.2.3", true)).unwrap();
        assert_eq!((section.name.as_str(), section.version.as_str()), ("acme-adapter", "1.2.3"));
        assert_eq!((section.api_major, section.api_minor, section.unwinds), (crate::API_MAJOR, crate::API_MINOR, true));
    }

    #[test]
    fn rubbish_is_refused_with_words() {
        assert!(decode(b"short").unwrap_err().contains("5 bytes"));
        assert!(decode(&[0; SIZE]).unwrap_err().contains("JACKFLD1"));
    }
}
