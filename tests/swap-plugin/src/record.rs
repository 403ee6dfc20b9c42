//! What a build of this library is. A test writes it into the bytes of a copy, as another compilation would.

/// Found in the library's file by its first word. Then: version, the states that it writes and reads (`1-2`: writes 2,
/// reads 1 and 2), what it needs, where it fails. `-`: nothing.
static RECORD: [u8; 128] = {
    let text = concat!("TURNOVER-RECORD ", env!("CARGO_PKG_VERSION"), " 1-1 - -").as_bytes();
    let mut record = [b' '; 128];
    let mut at = 0;
    while at < text.len() {
        record[at] = text[at];
        at += 1;
    }
    record
};

fn word(number: usize) -> &'static str {
    // What stands in the file is not what the compiler saw.
    let record: &'static [u8] = std::hint::black_box(&RECORD);
    let mut words = std::str::from_utf8(record).unwrap_or_default().split_ascii_whitespace();
    words.nth(number).filter(|word| *word != "-").unwrap_or("")
}

/// Its version.
pub(crate) fn version() -> &'static str {
    word(1)
}

/// The oldest state that it reads, and the one that it writes; 0: it does not save.
pub(crate) fn states() -> (u32, u32) {
    let (oldest, newest) = word(2).split_once('-').unwrap_or_default();
    (oldest.parse().unwrap_or(0), newest.parse().unwrap_or(0))
}

/// What it needs.
pub(crate) fn needs() -> &'static str {
    word(3)
}

/// Where it fails: a place, or a place and how many lines of the phone system it handles before.
pub(crate) fn fails() -> (&'static str, u32) {
    let (place, after) = word(4).split_once(':').unwrap_or((word(4), "0"));
    (place, after.parse().unwrap_or(0))
}
