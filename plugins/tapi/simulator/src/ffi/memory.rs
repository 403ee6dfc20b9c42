//! The memory of programs: what is read from it and written to it.
//!
//! The only room, with those that declare the exported functions and what asks the system for this library's path or
//! for its events, in which something is unsafe: an address that a program gives is believed, as TAPI believes it. Null
//! is refused; everything else is the program's promise.
#![allow(unsafe_code, reason = "programs hand over addresses; that is the interface")]

use crate::block::{Block, Spoil};
use crate::constants::*;
use crate::exchange::Refusal;

/// The longest text that is read, in characters.
const LONGEST_TEXT: usize = 1024;
/// The largest structure that is read, in bytes.
const LARGEST: usize = 64 << 10;

/// Writes a number of 32 bits.
pub(crate) fn put_word(place: usize, value: u32) {
    if place != 0 {
        // SAFETY: the program keeps this place valid until it has its answer, and gives it to nobody else until then.
        unsafe { std::ptr::write_unaligned(place as *mut u32, value) };
    }
}

/// Reads a number of 32 bits.
pub(crate) fn word(place: usize) -> Result<u32, Refusal> {
    if place == 0 {
        return Err(LINEERR_INVALPOINTER);
    }
    // SAFETY: not null, and the program's promise that there are 4 bytes.
    Ok(unsafe { std::ptr::read_unaligned(place as *const u32) })
}

/// Writes bytes.
pub(crate) fn put_bytes(place: usize, bytes: &[u8]) -> Result<(), Refusal> {
    if place == 0 {
        return Err(LINEERR_INVALPOINTER);
    }
    // SAFETY: not null, and the program's promise that there is room for what the interface writes there; variable
    // structures say themselves how much, which `put_block` has looked at.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), place as *mut u8, bytes.len()) };
    Ok(())
}

/// Reads bytes.
pub(crate) fn bytes(place: usize, length: usize) -> Result<Vec<u8>, Refusal> {
    if length == 0 {
        return Ok(Vec::new());
    }
    if place == 0 {
        return Err(LINEERR_INVALPOINTER);
    }
    if length > LARGEST {
        return Err(LINEERR_INVALPARAM);
    }
    let mut read = vec![0; length];
    // SAFETY: not null, and the program's promise that there are so many bytes.
    unsafe { std::ptr::copy_nonoverlapping(place as *const u8, read.as_mut_ptr(), length) };
    Ok(read)
}

/// Writes a structure, after the size that the program says to have there.
pub(crate) fn put_block(place: usize, block: Block, spoil: Option<Spoil>) -> Result<(), Refusal> {
    let room = room(place, block.fixed())?;
    put_bytes(place, &block.render(room, spoil))
}

/// How many bytes the program has for a structure whose fixed part has `least`.
pub(crate) fn room(place: usize, least: usize) -> Result<usize, Refusal> {
    let room = word(place)? as usize;
    if room < least { Err(LINEERR_STRUCTURETOOSMALL) } else { Ok(room) }
}

/// Reads a text in UTF-16 up to its terminator; `None`: null.
pub(crate) fn text(place: usize) -> Result<Option<String>, Refusal> {
    if place == 0 {
        return Ok(None);
    }
    let mut units = Vec::new();
    for at in 0..LONGEST_TEXT {
        // SAFETY: the program's promise that the text has a terminator; nothing behind it is read.
        let unit = unsafe { std::ptr::read_unaligned((place as *const u16).wrapping_add(at)) };
        if unit == 0 {
            return Ok(Some(String::from_utf16_lossy(&units)));
        }
        units.push(unit);
    }
    Err(LINEERR_INVALPARAM)
}

/// Reads a text of bytes up to its terminator.
pub(crate) fn narrow(place: usize, longest: usize) -> Result<String, Refusal> {
    if place == 0 {
        return Err(LINEERR_INVALPOINTER);
    }
    let mut read = Vec::new();
    for at in 0..longest {
        // SAFETY: as for `text`.
        let byte = unsafe { std::ptr::read((place as *const u8).wrapping_add(at)) };
        if byte == 0 {
            return Ok(String::from_utf8_lossy(&read).into_owned());
        }
        read.push(byte);
    }
    Err(LINEERR_INVALPARAM)
}

/// A structure that a program gives: as many bytes as it says itself.
pub(crate) struct View(Vec<u8>);

impl View {
    /// Reads a structure of at least `least` bytes; `None`: null.
    pub(crate) fn read(place: usize, least: usize) -> Result<Option<Self>, Refusal> {
        if place == 0 {
            return Ok(None);
        }
        let total = word(place)? as usize;
        if total < least || total > LARGEST {
            return Err(LINEERR_STRUCTURETOOSMALL);
        }
        Ok(Some(Self(bytes(place, total)?)))
    }

    /// The number in a field; 0 for one behind its end.
    pub(crate) fn word(&self, at: usize) -> u32 {
        let field = self.0.get(at..at + 4).and_then(|field| field.try_into().ok());
        field.map_or(0, u32::from_ne_bytes)
    }

    /// The bytes that a size and an offset field point to; what is not inside is refused.
    pub(crate) fn bytes(&self, size_at: usize) -> Result<&[u8], Refusal> {
        self.slice(self.word(size_at + 4) as usize, self.word(size_at) as usize)
    }

    /// Bytes from an offset on.
    pub(crate) fn slice(&self, from: usize, length: usize) -> Result<&[u8], Refusal> {
        if length == 0 {
            return Ok(&[]);
        }
        let end = from.checked_add(length).ok_or(LINEERR_INVALPARAM)?;
        self.0.get(from..end).ok_or(LINEERR_INVALPARAM)
    }

    /// The text that a size and an offset field point to.
    pub(crate) fn text(&self, size_at: usize) -> Result<String, Refusal> {
        let bytes = self.bytes(size_at)?;
        let units = bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
        Ok(String::from_utf16_lossy(&units.take_while(|unit| *unit != 0).collect::<Vec<_>>()))
    }
}
