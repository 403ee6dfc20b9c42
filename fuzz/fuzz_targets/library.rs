//! The static check of libraries: whatever a file holds, it is refused in words or is a whole library.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield::plugins::fuzz::library(input));
