//! A text read as a message of CSTA, written in every dialect, and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield_csta::fuzz::xml(input));
