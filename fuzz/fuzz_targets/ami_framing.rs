//! AMI's bytes, cut anywhere: messages and fields as a plain reading of the format gives them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jackfield_plugin_asterisk::fuzz::framing(input));
