//! Lives of the TAPI adapter: messages, answers, commands, lines, time in any mixture.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield_plugin_tapi::fuzz::adapter(input));
