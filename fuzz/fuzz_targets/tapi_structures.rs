//! Structures that a TAPI driver has filled, with anything in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield_plugin_tapi::fuzz::structures(input));
