//! Messages of Oktell: read, written, in parts, and everything that may be in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield_plugin_oktell::fuzz::framing(input));
