//! Saved state on its way from one adapter to the next: what [`Adapter::save`](crate::Adapter::save) gave, with a head
//! before it. The host carries it and looks at nothing of it; the plugin's side writes the head and checks it, so that
//! an adapter's own `restore` never sees bytes that are not those which an adapter of its name saved.
//!
//! `jfstate` `1` · checksum u64 · length of the head u32 · length of the state u32 · head · state (little endian). The
//! head is MessagePack with named fields, as everywhere.

use serde::{Deserialize, Serialize};

use super::{pack, unpack};
use crate::error::RestoreError;
use crate::manifest::Manifest;

const MAGIC: &[u8; 7] = b"jfstate";
/// The layout of what stands around the state; nothing to do with the state's own version.
const LAYOUT: u8 = 1;
/// The bytes before the head.
const BEFORE: usize = 24;

/// The most bytes that a saved state may have, with its head.
pub const MAX_SAVED: usize = 64 << 20;

/// What stands before a saved state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedHead {
    /// The plugin that saved it: the manifest's name.
    pub plugin: String,
    /// Its version.
    pub plugin_version: String,
    /// The state's version, from the manifest.
    pub state_version: u32,
    /// Where [`Host::random`](crate::Host::random) goes on. Not a secret, and not for secrets.
    pub random: u64,
}

impl SavedHead {
    /// The head of a state that the plugin of this manifest saves.
    #[must_use]
    pub fn new(manifest: Manifest, random: u64) -> Self {
        let Manifest { name, version, state_version, .. } = manifest;
        Self { plugin: name, plugin_version: version, state_version, random }
    }

    /// Whether the plugin of this manifest can go on from such a state.
    ///
    /// # Errors
    /// Whose state it is, and which ones this plugin reads.
    pub fn fits(&self, manifest: &Manifest) -> Result<(), RestoreError> {
        let Self { plugin, plugin_version, state_version, .. } = self;
        let Manifest { name, version, oldest_state_version: oldest, state_version: newest, .. } = manifest;
        if plugin != name {
            return Err(RestoreError::new(format!(
                "the saved state is that of the plugin `{plugin}` {plugin_version}, and this one is `{name}` {version}"
            )));
        }
        if !(*oldest..=*newest).contains(state_version) {
            return Err(RestoreError::new(format!(
                "the saved state has version {state_version} (written by {plugin} {plugin_version}), and {name} \
                 {version} reads versions {oldest} to {newest}"
            )));
        }
        Ok(())
    }
}

/// A state with its head.
///
/// # Errors
/// It is larger than [`MAX_SAVED`].
pub fn write(head: &SavedHead, state: &[u8]) -> Result<Vec<u8>, String> {
    let head = pack(head);
    let size = BEFORE + head.len() + state.len();
    let (Ok(head_length), Ok(state_length), true) =
        (u32::try_from(head.len()), u32::try_from(state.len()), size <= MAX_SAVED)
    else {
        return Err(format!("the state has {size} bytes with its head; {MAX_SAVED} is the most"));
    };
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(MAGIC);
    bytes.push(LAYOUT);
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&head_length.to_le_bytes());
    bytes.extend_from_slice(&state_length.to_le_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(state);
    let sum = checksum(&bytes[16..]);
    bytes[8..16].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

/// The head and the state in `bytes`.
///
/// # Errors
/// What was found instead.
pub fn read(bytes: &[u8]) -> Result<(SavedHead, &[u8]), RestoreError> {
    let wrong = |text: String| RestoreError::new(format!("the saved state {text}"));
    let Some((before, rest)) = bytes.split_first_chunk::<BEFORE>() else {
        return Err(wrong(format!("has only {} bytes", bytes.len())));
    };
    if before[..7] != *MAGIC {
        return Err(wrong(format!("begins with \"{}\", not as saved state does", before[..8].escape_ascii())));
    }
    if before[7] != LAYOUT {
        return Err(wrong(format!("is written in layout {}, and this library reads layout {LAYOUT}", before[7])));
    }
    let word = |at: usize| u32::from_le_bytes([before[at], before[at + 1], before[at + 2], before[at + 3]]) as usize;
    let (head_length, state_length) = (word(16), word(20));
    let size = BEFORE.saturating_add(head_length).saturating_add(state_length);
    if size != bytes.len() || size > MAX_SAVED {
        return Err(wrong(format!("has {} bytes and says that it has {size}", bytes.len())));
    }
    if before[8..16] != checksum(&bytes[16..]).to_le_bytes() {
        return Err(wrong("is damaged: its checksum does not fit".to_owned()));
    }
    let (head, state) = rest.split_at(head_length);
    let head = unpack(head).map_err(|text| wrong(format!("has a head that cannot be read: {text}")))?;
    Ok((head, state))
}

/// Finds damage, not intent. Eight bytes at a time, each step a bijection of what came before and of the word, so that
/// a change within one word is always seen.
fn checksum(bytes: &[u8]) -> u64 {
    let add = |sum: u64, word: u64| {
        let sum = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum ^ (sum >> 29)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| add(sum, u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    add(sum, u64::from_le_bytes(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallFeatures, Capabilities};

    fn manifest(name: &str, newest: u32, oldest: u32) -> Manifest {
        Manifest::new(name, "1.2.0", "A phone system", Capabilities::new(CallFeatures::NONE)).saves(newest, oldest)
    }

    #[test]
    fn what_is_written_is_read() {
        let head = SavedHead::new(manifest("bell", 3, 2), 17);
        let bytes = write(&head, b"all that it knows").unwrap();
        assert_eq!(read(&bytes), Ok((head, &b"all that it knows"[..])));
    }

    #[test]
    fn damage_is_seen() {
        let bytes = write(&SavedHead::new(manifest("bell", 3, 2), 17), b"all that it knows").unwrap();
        for end in 0..bytes.len() {
            read(&bytes[..end]).unwrap_err();
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                read(&damaged).unwrap_err();
            }
        }
        let error = read(b"{\"session\":{\"stage\":\"Up\"}}").unwrap_err().to_string();
        assert_eq!(error, r#"the saved state begins with "{\"sessio", not as saved state does"#);
    }

    #[test]
    fn state_of_another_plugin_or_version_is_refused() {
        let head = SavedHead::new(manifest("bell", 3, 2), 17);
        head.fits(&manifest("bell", 3, 3)).unwrap();
        head.fits(&manifest("bell", 4, 1)).unwrap();
        for (manifest, says) in [
            (manifest("drum", 3, 3), "the plugin `bell` 1.2.0, and this one is `drum` 1.2.0"),
            (manifest("bell", 2, 1), "has version 3 (written by bell 1.2.0), and bell 1.2.0 reads versions 1 to 2"),
            (manifest("bell", 5, 4), "reads versions 4 to 5"),
        ] {
            let error = head.fits(&manifest).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
