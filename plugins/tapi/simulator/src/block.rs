//! A variable structure on its way to a program: a fixed part and what its size and offset pairs point to.

/// A structure's fixed part in the version that was negotiated, with its variable parts beside it.
pub(crate) struct Block {
    fixed: Vec<u8>,
    parts: Vec<Part>,
}

struct Part {
    /// Where the fixed part says how many bytes it has; the offset stands right behind.
    size_at: usize,
    bytes: Vec<u8>,
}

/// How a structure is spoilt before it leaves.
#[derive(Clone, Copy, Debug, serde::Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Spoil {
    /// Offsets lead behind the structure's end.
    Offsets,
    /// Texts have an odd number of bytes.
    Odd,
    /// Texts have no terminator.
    Unterminated,
    /// It always needs more than the program has room for.
    Insatiable,
    /// Its parts have a size of nearly 4 GiB.
    Sizes,
}

impl Block {
    /// A structure whose fixed part is the first `size` bytes of `whole`.
    pub(crate) fn new(mut whole: Vec<u8>, size: usize) -> Self {
        whole.truncate(size);
        Self { fixed: whole, parts: Vec::new() }
    }

    /// Adds a text in UTF-16 with its terminator; an empty one is left out. `size_at`: the offset of the field that
    /// holds its size.
    pub(crate) fn text(&mut self, size_at: usize, text: &str) {
        if !text.is_empty() {
            let bytes = text.encode_utf16().chain([0]).flat_map(u16::to_ne_bytes).collect();
            self.bytes(size_at, bytes);
        }
    }

    /// Adds bytes; none are left out, and so are those whose field this version has not.
    pub(crate) fn bytes(&mut self, size_at: usize, bytes: Vec<u8>) {
        if !bytes.is_empty() && size_at + 8 <= self.fixed.len() {
            self.parts.push(Part { size_at, bytes });
        }
    }

    /// The number of bytes of the fixed part.
    pub(crate) fn fixed(&self) -> usize {
        self.fixed.len()
    }

    /// The structure for a program that has `room` bytes, not fewer than the fixed part. Without room for all of it
    /// only the fixed part is given, with what is needed; parts and texts are empty then.
    pub(crate) fn render(mut self, room: usize, spoil: Option<Spoil>) -> Vec<u8> {
        for part in &mut self.parts {
            match spoil {
                Some(Spoil::Odd) => part.bytes.truncate(part.bytes.len().saturating_sub(1)),
                Some(Spoil::Unterminated) => part.bytes.truncate(part.bytes.len().saturating_sub(2)),
                _ => {}
            }
        }
        let mut needed = self.fixed.len();
        for part in &self.parts {
            needed += part.bytes.len().next_multiple_of(4);
        }
        if spoil == Some(Spoil::Insatiable) {
            needed = needed.max(room.saturating_add(16));
        }
        let mut out = self.fixed;
        if needed <= room {
            for part in &self.parts {
                let mut offset = out.len();
                let mut size = part.bytes.len();
                out.extend_from_slice(&part.bytes);
                out.resize(out.len().next_multiple_of(4), 0);
                match spoil {
                    Some(Spoil::Offsets) => offset = room.saturating_add(0x1000),
                    Some(Spoil::Sizes) => size = 0xFFFF_FFF0,
                    _ => {}
                }
                word(&mut out, part.size_at, size);
                word(&mut out, part.size_at + 4, offset);
            }
        }
        let used = out.len();
        word(&mut out, 0, room);
        word(&mut out, 4, needed);
        word(&mut out, 8, used);
        out
    }
}

/// Writes a number into a field of 4 bytes.
fn word(out: &mut [u8], at: usize, value: usize) {
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(at..at + 4) {
        field.copy_from_slice(&value.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8], at: usize) -> usize {
        u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    }

    fn block() -> Block {
        let mut block = Block::new(vec![0; 40], 24);
        block.text(12, "Zoë");
        block.text(20, "behind the fixed part's end");
        block
    }

    #[test]
    fn parts_stand_behind_the_fixed_part() {
        let out = block().render(100, None);
        assert_eq!((number(&out, 0), number(&out, 4), number(&out, 8)), (100, 32, 32));
        assert_eq!((number(&out, 12), number(&out, 16)), (8, 24));
        assert_eq!(out[24..32], [b'Z', 0, b'o', 0, 0xEB, 0, 0, 0]);
    }

    #[test]
    fn without_room_for_all_only_the_fixed_part_is_given() {
        let out = block().render(31, None);
        assert_eq!((number(&out, 0), number(&out, 4), number(&out, 8)), (31, 32, 24));
        assert_eq!((number(&out, 12), number(&out, 16)), (0, 0));
    }

    #[test]
    fn spoilt_structures_are_what_they_are_called() {
        assert_eq!(number(&block().render(100, Some(Spoil::Odd)), 12), 7);
        assert_eq!(number(&block().render(100, Some(Spoil::Unterminated)), 12), 6);
        assert!(number(&block().render(100, Some(Spoil::Offsets)), 16) > 100);
        assert!(number(&block().render(100, Some(Spoil::Insatiable)), 4) > 100);
        assert!(number(&block().render(100, Some(Spoil::Sizes)), 12) > 0x7FFF_FFFF);
    }
}
