//! `cargo xtask fuzz`: the fuzz targets of `fuzz/`, with cargo-fuzz.

use std::process::{Command, Stdio};

use crate::steps::{cargo, run, workspace};

/// How long each target runs when nobody says.
const SECONDS: u32 = 60;

pub(crate) fn main(arguments: &[&str]) -> Result<(), String> {
    let mut seconds = SECONDS;
    let mut chosen = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match *argument {
            "--seconds" => {
                let number = rest.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                seconds = number.ok_or("--seconds is a number of seconds, at least 1")?;
            }
            flag if flag.starts_with('-') => return Err(format!("`{flag}` is no option of `fuzz`")),
            target => chosen.push(target.to_owned()),
        }
    }
    let there = cargo(&["fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.is_ok_and(|s| s.success()) {
        return Err(
            "cargo-fuzz is not installed: `cargo install cargo-fuzz`. (`cargo xtask test` plays the same targets \
                    over their seeds without it.)"
                .to_owned(),
        );
    }
    let targets = targets()?;
    if let Some(unknown) = chosen.iter().find(|name| !targets.contains(name)) {
        return Err(format!("there is no target `{unknown}`; there are: {}", targets.join(", ")));
    }
    for target in if chosen.is_empty() { &targets } else { &chosen } {
        run(&format!("{target}, {seconds} s"), &mut fuzz(target, seconds)?)?;
    }
    Ok(())
}

/// The names of `fuzz/fuzz_targets/*.rs`.
fn targets() -> Result<Vec<String>, String> {
    let folder = workspace().join("fuzz/fuzz_targets");
    let files = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut names: Vec<String> =
        files.flatten().filter_map(|f| f.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned)).collect();
    names.sort_unstable();
    Ok(names)
}

fn fuzz(target: &str, seconds: u32) -> Result<Command, String> {
    let folder = workspace().join("fuzz");
    // What the fuzzer finds worth keeping goes into the first folder; seeds and what once failed are only read.
    let corpus = folder.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).map_err(|e| format!("{}: {e}", corpus.display()))?;
    // Safe Rust needs no sanitizer, and without one the compiler need not be a nightly.
    let mut command = cargo(&["fuzz", "run", "--release", "--sanitizer", "none", target]);
    command.env("RUSTC_BOOTSTRAP", "1").arg(corpus);
    for kind in ["seeds", "regressions"] {
        let inputs = folder.join(kind).join(target);
        if inputs.is_dir() {
            command.arg(inputs);
        }
    }
    command.args(["--", "-rss_limit_mb=1024", "-timeout=10", "-max_len=16384", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={seconds}"));
    let words = folder.join(dictionary(target));
    if words.is_file() {
        command.arg(format!("-dict={}", words.display()));
    }
    Ok(command)
}

/// The words of what a target reads; there need be none.
fn dictionary(target: &str) -> String {
    match target {
        "ami_framing" | "asterisk_adapter" => "ami.dict".to_owned(),
        other => format!("{other}.dict"),
    }
}
