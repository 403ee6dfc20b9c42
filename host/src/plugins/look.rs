//! The static check: what a file says of itself, without executing or mapping anything of it.
//!
//! `dlopen` of a truncated library is a bus error, one truncated near its end loads as good, and constructors run
//! before any ABI check. So a file must pass here first: a complete shared library for this machine, with the section
//! that `export_adapter!` writes and the symbol that the loader needs.

use std::path::Path;

use jackfield_plugin_api::abi::EXPORT_NAME;
use jackfield_plugin_api::section::{self, PluginSection};
use jackfield_plugin_api::{API_MAJOR, API_VERSION};
use object::{
    Architecture, BinaryFormat, NameOrOrdinal, Object, ObjectKind, ObjectSection, ObjectSegment, ObjectSymbol,
};
use sha2::{Digest, Sha256};

use super::file::{self, MAX_SIZE};

/// A library that passed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Looked {
    /// What its section says.
    pub section: PluginSection,
    /// SHA-256 of the file, in hex.
    pub hash: String,
    /// The file's bytes: what was checked is what gets loaded, whatever happens to the file meanwhile.
    pub bytes: Vec<u8>,
}

/// Why a file was refused: for the log, `jackfield plugins` and the connection's status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It is a folder, a pipe, a device.
    #[error("it is no library, but {0}")]
    NoFile(&'static str),
    /// It was written to while it was read.
    #[error("it changes while it is read; it is looked at again when it rests")]
    Changing,
    /// It is too large to be a library.
    #[error("it has {0} bytes; a library of more than {MAX_SIZE} is not loaded")]
    TooLarge(u64),
    /// It is no library, or not a whole one.
    #[error("it is no complete shared library: {0}")]
    NoLibrary(String),
    /// It is for another machine.
    #[error("it was built for {found}, this host runs on {expected}")]
    OtherMachine {
        /// What the file says.
        found: String,
        /// What is needed.
        expected: String,
    },
    /// It is a library, but no plugin.
    #[error("it is a shared library, but no Jackfield plugin: {0}")]
    NoPlugin(String),
    /// It was built for another major version of the API.
    #[error("it was built for plugin API {found}, this host has {API_VERSION}; the vendor must build it anew")]
    OtherApi {
        /// What it was built for.
        found: String,
    },
    /// It aborts on panic.
    #[error(
        "it was built with panic = \"abort\": one fault of it would end the host; it must be built with \"unwind\""
    )]
    Aborts,
}

impl Refused {
    /// Whether looking again may help though the file is the same.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Changing)
    }
}

/// Looks at a file.
///
/// # Errors
/// Why it is refused.
pub fn look(path: &Path) -> Result<Looked, Refused> {
    let bytes = file::read(path)?;
    let section = check(&bytes)?;
    let hash = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    Ok(Looked { section, hash, bytes })
}

/// Checks a library's bytes.
///
/// # Errors
/// Why it is refused.
pub fn check(bytes: &[u8]) -> Result<PluginSection, Refused> {
    if bytes.is_empty() {
        return Err(Refused::NoLibrary("it is empty".to_owned()));
    }
    let no_library = |e: object::Error| Refused::NoLibrary(e.to_string());
    if let Some(needed) = elf_end(bytes).filter(|end| *end > bytes.len() as u64) {
        return Err(cut_short(bytes.len() as u64, &needed.to_string()));
    }
    let file = object::File::parse(bytes).map_err(no_library)?;
    machine(&file)?;
    if file.kind() != ObjectKind::Dynamic {
        return Err(Refused::NoLibrary(format!("it is of kind {:?}", file.kind())));
    }
    complete(&file, bytes.len())?;
    let section = file.section_by_name(section::NAME).ok_or_else(|| {
        Refused::NoPlugin(format!("it has no `{}` section, which `export_adapter!` writes", section::NAME))
    })?;
    let section = section::decode(section.data().map_err(no_library)?).map_err(Refused::NoPlugin)?;
    if section.api_major != API_MAJOR {
        return Err(Refused::OtherApi { found: format!("{}.{}", section.api_major, section.api_minor) });
    }
    if !section.unwinds {
        return Err(Refused::Aborts);
    }
    let exported = file.dynamic_symbols().any(|s| s.name() == Ok(EXPORT_NAME) && s.is_definition())
        || file.exports().is_ok_and(|all| {
            // Mach-O puts an underscore before every name.
            all.flatten().any(|e| matches!(e.name(), NameOrOrdinal::Name(n) if n.ends_with(EXPORT_NAME.as_bytes())))
        });
    if !exported {
        return Err(Refused::NoPlugin("it does not export its root module; was it stripped?".to_owned()));
    }
    Ok(section)
}

fn machine(file: &object::File<'_>) -> Result<(), Refused> {
    let expected = match std::env::consts::ARCH {
        "x86_64" => Architecture::X86_64,
        "aarch64" => Architecture::Aarch64,
        "x86" => Architecture::I386,
        "arm" => Architecture::Arm,
        "riscv64" => Architecture::Riscv64,
        // An architecture that has no name here is left to the dynamic linker.
        _ => file.architecture(),
    };
    let format = if cfg!(windows) {
        BinaryFormat::Pe
    } else if cfg!(target_vendor = "apple") {
        BinaryFormat::MachO
    } else {
        BinaryFormat::Elf
    };
    if file.architecture() == expected && file.format() == format {
        return Ok(());
    }
    Err(Refused::OtherMachine {
        found: format!("{:?} ({:?})", file.architecture(), file.format()),
        expected: format!("{expected:?} ({format:?})"),
    })
}

/// Where the table of sections ends, which linkers write last, in a 64-bit ELF file of little endian: of a file that is
/// cut it is all that can be said with certainty.
fn elf_end(bytes: &[u8]) -> Option<u64> {
    let header = bytes.first_chunk::<64>().filter(|header| header.starts_with(b"\x7fELF\x02\x01"))?;
    let table = header[0x28..0x30].try_into().map(u64::from_le_bytes).ok()?;
    let size = u64::from(u16::from_le_bytes([header[0x3a], header[0x3b]]));
    let count = u64::from(u16::from_le_bytes([header[0x3c], header[0x3d]]));
    table.checked_add(size * count)
}

fn cut_short(size: u64, needed: &str) -> Refused {
    Refused::NoLibrary(format!("it has {size} bytes and should have at least {needed}; was it still being copied?"))
}

/// Whether everything that the headers name is there: a file cut near its end parses well and crashes later.
fn complete(file: &object::File<'_>, size: usize) -> Result<(), Refused> {
    let size = size as u64;
    let ends = file
        .segments()
        .map(|s| s.file_range())
        .chain(file.sections().filter_map(|s| s.file_range()))
        .map(|(at, length)| at.checked_add(length));
    for end in ends {
        if end.is_none_or(|end| end > size) {
            let needed = end.map_or_else(|| "more than a file can have".to_owned(), |end| end.to_string());
            return Err(cut_short(size, &needed));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_refused_in_words() {
        assert_eq!(check(b"").unwrap_err().to_string(), "it is no complete shared library: it is empty");
        assert!(check(b"#!/bin/sh\n").unwrap_err().to_string().starts_with("it is no complete shared library"));
        assert!(matches!(look(Path::new("/nonexistent")), Err(Refused::Unreadable(_))));
        assert!(matches!(look(Path::new("/")), Err(Refused::NoFile(_))));
    }

    /// A library of this system, which every process has mapped.
    #[cfg(target_os = "linux")]
    fn some_library() -> Vec<u8> {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let path = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| path.contains("libc"));
        std::fs::read(path.unwrap()).unwrap()
    }

    #[cfg(target_os = "linux")]
    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(512))]
        /// Whatever bytes there are: a refusal, never a panic.
        #[test]
        fn no_bytes_make_the_check_panic(
            changes in proptest::collection::vec((proptest::prelude::any::<u32>(), proptest::prelude::any::<u8>()), 0..64),
            in_headers in proptest::prelude::any::<bool>(),
            cut in proptest::prelude::any::<u32>(),
        ) {
            static LIBRARY: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
            let mut bytes = LIBRARY.get_or_init(some_library).clone();
            // The headers stand at both ends.
            let table = usize::try_from(u64::from_le_bytes(bytes[0x28..0x30].try_into().unwrap())).unwrap();
            let length = bytes.len();
            for (at, byte) in changes {
                let at = at as usize;
                let place = match (in_headers, at % 2) {
                    (true, 0) => at % 1_024,
                    (true, _) => table + at % (length - table),
                    (false, _) => at % length,
                };
                bytes[place] = byte;
            }
            if cut % 4 == 0 {
                bytes.truncate(cut as usize % length);
            }
            proptest::prop_assert!(check(&bytes).is_err());
        }
    }

    #[test]
    fn a_program_is_no_plugin() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(matches!(check(&own), Err(Refused::NoPlugin(_) | Refused::NoLibrary(_))));
        for cut in [1, 64, 4096, own.len() / 2, own.len() - 1] {
            assert!(matches!(check(&own[..cut]), Err(Refused::NoLibrary(_))), "cut at {cut}");
        }
    }
}
