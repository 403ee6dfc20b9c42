//! Bytes cut into CSTA's frames, in several ways, and written again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield_csta::fuzz::framing(input));
