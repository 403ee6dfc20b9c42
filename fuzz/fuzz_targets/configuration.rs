//! Configuration files: whatever stands in one, it is read or refused in words, and no secret shows.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let path = std::env::temp_dir().join(format!("jackfield-fuzz-{}.toml", std::process::id()));
    if std::fs::write(&path, text).is_err() {
        return;
    }
    match jackfield::config::read(&path) {
        Ok(reading) => drop(reading.findings.to_string()),
        Err(error) => drop(error.to_string()),
    }
});
