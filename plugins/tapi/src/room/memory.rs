//! Memory that TAPI writes into, also long after the function has returned.

use std::ffi::c_void;
use std::ptr::NonNull;

/// A pointer as TAPI takes it.
pub(super) type Pointer = *mut c_void;

/// Bytes on the heap, aligned for everything that TAPI writes. They do not move, whoever owns them, and nobody in Rust
/// has a reference to them: a driver may write into them at any time until it has answered.
#[derive(Debug)]
pub(super) struct Memory {
    words: NonNull<u64>,
    count: usize,
}

// SAFETY: it is the only owner of its allocation.
unsafe impl Send for Memory {}

impl Memory {
    /// So many bytes, all zero.
    pub(super) fn new(bytes: usize) -> Self {
        let words: Box<[u64]> = vec![0; bytes.div_ceil(8).max(1)].into();
        let count = words.len();
        let words = NonNull::from(Box::leak(words)).cast();
        Self { words, count }
    }

    /// These bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let memory = Self::new(bytes.len());
        for (at, chunk) in bytes.chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            // SAFETY: `at` is below the number of words, which were allocated for these bytes.
            unsafe { Memory::word(&memory, at).write(u64::from_ne_bytes(word)) };
        }
        memory
    }

    /// A variable structure of TAPI: so many bytes, and it says so in its first field.
    pub(super) fn structure(bytes: usize) -> Self {
        let total = u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut start = vec![0; bytes.max(4)];
        start[..4].copy_from_slice(&total.to_ne_bytes());
        Self::of(&start)
    }

    /// Where it is. To be written by TAPI as long as this lives.
    pub(super) fn pointer(&self) -> Pointer {
        self.words.as_ptr().cast()
    }

    /// What is in it now.
    pub(super) fn bytes(&self) -> Vec<u8> {
        // SAFETY: below the number of words.
        (0..self.count).flat_map(|at| unsafe { self.word(at).read() }.to_ne_bytes()).collect()
    }

    /// The first double word.
    pub(super) fn dword(&self) -> u32 {
        // SAFETY: there is always one word.
        let [a, b, c, d, ..] = unsafe { self.word(0).read() }.to_ne_bytes();
        u32::from_ne_bytes([a, b, c, d])
    }

    /// # Safety
    /// `at` is below the number of words.
    unsafe fn word(&self, at: usize) -> NonNull<u64> {
        // SAFETY: as promised.
        unsafe { self.words.add(at) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let slice = std::ptr::slice_from_raw_parts_mut(self.words.as_ptr(), self.count);
        // SAFETY: leaked from a box of this length in `new`.
        drop(unsafe { Box::from_raw(slice) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_in_and_come_out() {
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).collect();
            let memory = Memory::of(&bytes);
            assert_eq!(memory.bytes()[..bytes.len()], bytes);
            assert!(memory.pointer().cast::<u64>().is_aligned());
        }
        assert_eq!(Memory::structure(300).dword(), 300);
        assert_eq!(Memory::structure(300).bytes().len(), 304);
    }
}
