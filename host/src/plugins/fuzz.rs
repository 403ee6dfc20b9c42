//! What the fuzz target of libraries does with its input: an ordinary function, so that tests run it too. Only compiled
//! for tests and with the feature `fuzz`.

use jackfield_plugin_api::section::{self, PluginSection};

use super::look::check;

/// Looks at bytes as at a file of the plugins' folder.
///
/// # Panics
/// When what passes is no whole library, as a plain reading of the format has it, or does not say what it was taken for.
pub fn library(bytes: &[u8]) {
    let Ok(found) = check(bytes) else { return };
    assert!(says(bytes, &found), "nowhere in it stands {found:?}");
    #[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
    for (what, offset, size) in elf_ranges(bytes) {
        // What is mapped and not there is a bus error when it is touched.
        let there = size == 0 || offset.checked_add(size).is_some_and(|end| end <= bytes.len() as u64);
        assert!(there, "{what}: {offset} + {size}");
    }
}

fn says(bytes: &[u8], found: &PluginSection) -> bool {
    bytes.windows(section::SIZE).any(|window| window.starts_with(&section::MAGIC) && is(window, found))
}

fn is(record: &[u8], found: &PluginSection) -> bool {
    section::decode(record).is_ok_and(|record| record == *found)
}

/// What the tables of a 64-bit ELF file of little endian name: segments, sections, and the tables themselves.
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn elf_ranges(bytes: &[u8]) -> Vec<(&'static str, u64, u64)> {
    let number = |at: u64, size: usize| {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let field = at.checked_add(size).and_then(|end| bytes.get(at..end)).unwrap_or_default();
        field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    // Counts that do not fit stand in the first section, which is reserved; a table at 0 is none.
    let (sections, size, count) = (number(0x28, 8), number(0x3a, 2), number(0x3c, 2));
    let first = |at: u64, size| if sections == 0 { 0 } else { number(sections.saturating_add(at), size) };
    let count = if count == 0 { first(0x20, 8) } else { count };
    let mut ranges = vec![("the table of sections", sections, size.saturating_mul(count))];
    let headers = |table: u64, size: u64, count: u64| {
        let count = if table == 0 { 0 } else { count.min(bytes.len() as u64) };
        (0..count).map(move |index| table.saturating_add(index * size))
    };
    // Such sections take no place in the file.
    const NO_BITS: u64 = 8;
    for header in headers(sections, size, count).skip(1) {
        if number(header.saturating_add(0x04), 4) != NO_BITS {
            ranges.push(("a section", number(header.saturating_add(0x18), 8), number(header.saturating_add(0x20), 8)));
        }
    }
    let (segments, size, count) = (number(0x20, 8), number(0x36, 2), number(0x38, 2));
    let count = if count == 0xffff { first(0x2c, 4) } else { count };
    // Only these are mapped.
    const LOAD: u64 = 1;
    for header in headers(segments, size, count) {
        ranges.push(("a segment's header", header, size));
        if number(header, 4) == LOAD {
            ranges.push(("a segment", number(header.saturating_add(0x08), 8), number(header.saturating_add(0x20), 8)));
        }
    }
    ranges
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use std::path::PathBuf;

    use jackfield_plugin_api::abi::EXPORT_NAME;

    use super::*;

    /// The smallest library that passes: an ELF file with one segment, the record, and the symbol.
    struct Smallest {
        bytes: Vec<u8>,
        sections: Vec<[u64; 8]>,
        names: Vec<u8>,
    }

    const HEADER: u64 = 64;
    const SEGMENT: u64 = 56;

    impl Smallest {
        fn build() -> Vec<u8> {
            let mut it = Self {
                bytes: vec![0; usize::try_from(HEADER + SEGMENT).unwrap()],
                sections: vec![[0; 8]],
                names: vec![0],
            };
            let strings = [b"\0", EXPORT_NAME.as_bytes(), b"\0"].concat();
            // A nameless symbol, then ours: global, an object, defined in the section after the strings.
            let mut symbols = vec![0; 24];
            symbols.extend([1, 0, 0, 0, 0x11, 0, 3, 0]);
            symbols.extend([0; 16]);
            it.section(".dynsym", 11, &symbols, 2, 24);
            it.section(".dynstr", 3, &strings, 0, 0);
            it.section(section::NAME, 1, &section::encode("acme", "1.0.0", true), 0, 0);
            it.section(".shstrtab", 3, &[], 0, 0);
            it.finish()
        }

        fn section(&mut self, name: &str, kind: u64, content: &[u8], link: u64, entry: u64) {
            let at = self.names.len() as u64;
            self.names.extend(name.bytes());
            self.names.push(0);
            let offset = self.bytes.len() as u64;
            // `sh_info` of the symbols: the first that is not local.
            self.sections.push([at, kind, offset, content.len() as u64, link, u64::from(entry > 0), 1, entry]);
            self.bytes.extend(content);
            self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        }

        fn finish(mut self) -> Vec<u8> {
            let names = self.bytes.len() as u64;
            self.bytes.extend(&self.names);
            self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
            let last = self.sections.len() - 1;
            (self.sections[last][2], self.sections[last][3]) = (names, self.names.len() as u64);
            let (end, last) = (self.bytes.len() as u64, last as u64);
            let mut head = b"\x7fELF\x02\x01\x01".to_vec();
            head.resize(16, 0);
            put(
                &mut head,
                &[
                    (3, 2),
                    (62, 2),
                    (1, 4),
                    (0, 8),
                    (HEADER, 8),
                    (end, 8),
                    (0, 4),
                    (HEADER, 2),
                    (SEGMENT, 2),
                    (1, 2),
                    (64, 2),
                    (last + 1, 2),
                    (last, 2),
                ],
            );
            // One segment that is loaded and may be read: all that stands before the table of sections.
            put(&mut head, &[(1, 4), (4, 4), (0, 8), (0, 8), (0, 8), (end, 8), (end, 8), (4_096, 8)]);
            self.bytes[..head.len()].copy_from_slice(&head);
            for [name, kind, offset, size, link, info, align, entry] in self.sections {
                put(
                    &mut self.bytes,
                    &[
                        (name, 4),
                        (kind, 4),
                        (2, 8),
                        (0, 8),
                        (offset, 8),
                        (size, 8),
                        (link, 4),
                        (info, 4),
                        (align, 8),
                        (entry, 8),
                    ],
                );
            }
            self.bytes
        }
    }

    fn put(bytes: &mut Vec<u8>, fields: &[(u64, usize)]) {
        for (value, size) in fields {
            bytes.extend(&value.to_le_bytes()[..*size]);
        }
    }

    /// What the fuzzer begins with is made here; the file lets it begin without this test.
    #[test]
    fn the_seed_is_the_smallest_library_that_passes() {
        let bytes = Smallest::build();
        let found = check(&bytes).unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("acme", "1.0.0"));
        let seed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/library/smallest");
        let there = std::fs::read(&seed).unwrap_or_default();
        if there != bytes {
            let place = std::env::temp_dir().join("smallest");
            std::fs::write(&place, &bytes).unwrap();
            panic!("{} is another; what it should be is in {}", seed.display(), place.display());
        }
    }

    #[test]
    fn what_once_failed() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions/library");
        // The target may have had no failure yet.
        for file in std::fs::read_dir(&folder).into_iter().flatten() {
            library(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }

    #[test]
    fn a_whole_library_that_is_cut_anywhere_is_refused() {
        let bytes = Smallest::build();
        for cut in 0..bytes.len() {
            assert!(check(&bytes[..cut]).is_err(), "cut at {cut} of {}", bytes.len());
        }
    }

    #[test]
    fn every_byte_may_be_any_other() {
        let mut bytes = Smallest::build();
        let (mut passed, mut refused) = (0, 0);
        for at in 0..bytes.len() {
            let was = bytes[at];
            for now in [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, was ^ 1, was ^ 0x80] {
                bytes[at] = now;
                library(&bytes);
                *if check(&bytes).is_ok() { &mut passed } else { &mut refused } += 1;
            }
            bytes[at] = was;
        }
        assert!(passed > 1_000 && refused > 1_000, "{passed} passed, {refused} were refused");
    }
}
