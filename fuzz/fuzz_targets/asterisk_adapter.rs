//! Conversations with the Asterisk adapter: bytes, time, commands, lines, connections, swaps in any mixture.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield_plugin_asterisk::fuzz::adapter(input));
