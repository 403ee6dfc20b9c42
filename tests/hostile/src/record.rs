//! What a build of this library does by itself. A test writes it into the bytes of a copy, as another compilation would:
//! a library that is loaded into a runner has no environment to be told by, and no settings yet.

/// Found in the library's file by its first word. Then: version, what it needs, and the deeds that are done when it is
/// loaded, when its manifest is asked for, when an adapter is made. `-`: nothing.
static RECORD: [u8; 160] = {
    let text = concat!("HOSTILE-RECORD ", env!("CARGO_PKG_VERSION"), " - - - -").as_bytes();
    let mut record = [b' '; 160];
    let mut at = 0;
    while at < text.len() {
        record[at] = text[at];
        at += 1;
    }
    record
};

/// A word of the record.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    Version = 1,
    Needs = 2,
    AtLoad = 3,
    AtManifest = 4,
    AtCreate = 5,
}

/// What the record says; empty: nothing.
pub(crate) fn record(word: Word) -> &'static str {
    // What stands in the file is not what the compiler saw.
    let record: &'static [u8] = std::hint::black_box(&RECORD);
    let mut words = std::str::from_utf8(record).unwrap_or_default().split_ascii_whitespace();
    words.nth(word as usize).filter(|w| *w != "-").unwrap_or("")
}
