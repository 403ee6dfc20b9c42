//! Answers of Infinity: read, mended, compared, and followed by an adapter that is swapped between them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield_plugin_infinity::fuzz::answers(input));
