//! Recordings: whatever a file holds, it is read, played and told, or refused in words.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield::recorder::fuzz::recording(input));
