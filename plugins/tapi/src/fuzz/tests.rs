//! The targets over what is in `fuzz/`, and over mutations of it that are the same in every run.

use std::path::PathBuf;

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");
    let mut all = Vec::new();
    for kind in ["seeds", "regressions"] {
        let Ok(files) = std::fs::read_dir(format!("{root}/{kind}/{target}")) else { continue };
        all.extend(files.map(|file| file.unwrap().path()).map(|path| (path.clone(), std::fs::read(path).unwrap())));
    }
    assert!(!all.is_empty(), "there are no inputs for {target}");
    all
}

#[test]
fn structures_are_read_whatever_is_in_them() {
    for (_, seed) in inputs("tapi_structures") {
        super::structures(&seed);
        for at in 0..seed.len() {
            let mut broken = seed.clone();
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                broken[at] = value;
                super::structures(&broken);
            }
            super::structures(&seed[..at]);
        }
    }
}

#[test]
fn the_adapter_goes_on_whatever_comes() {
    for (_, seed) in inputs("tapi_adapter") {
        super::adapter(&seed);
        let step = (seed.len() / 24).max(1);
        for at in (0..seed.len()).step_by(step) {
            let mut broken = seed.clone();
            broken[at] = broken[at].wrapping_mul(7).wrapping_add(3);
            super::adapter(&broken);
            // Without what is in the middle.
            broken.drain(at..(at + step).min(seed.len()));
            super::adapter(&broken);
        }
    }
}

/// Every conversation of `tests/`, without its answers.
#[test]
fn the_conversations_are_courses_too() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conversations")).unwrap() {
        let text = std::fs::read(file.unwrap().path()).unwrap();
        super::adapter(&text);
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"> ")).collect();
        for left_out in 3..lines.len() {
            // Something does not happen, or happens twice.
            let mut course = lines.clone();
            course.remove(left_out);
            super::adapter(&course.join(&b'\n'));
            course.insert(left_out, lines[left_out]);
            course.insert(left_out, lines[left_out]);
            super::adapter(&course.join(&b'\n'));
        }
    }
}
