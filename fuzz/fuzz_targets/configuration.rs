//! Configuration files: whatever stands in one, it is taken or refused in words, and no token shows.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| jackfield::config::fuzz::configuration(text));
