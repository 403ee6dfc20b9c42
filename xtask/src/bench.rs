//! `cargo xtask bench`: builds what is measured as it is delivered, and measures it.

use crate::steps::{cargo, target};

pub(crate) fn main(arguments: &[&str]) -> Result<(), String> {
    let packages = [
        "jackfield",
        "jackfield-bench",
        "jackfield-plugin-asterisk",
        "jackfield-plugin-avaya",
        "jackfield-plugin-oktell",
        "jackfield-plugin-simulator",
        "jackfield-example-first-plugin",
    ];
    let mut build = cargo(&["build", "--release", "--quiet"]);
    build.args(packages.iter().flat_map(|package| ["-p", package]));
    // Standard output belongs to the table.
    eprintln!("building in release");
    let status = build.status().map_err(|e| format!("cargo: {e}"))?;
    if !status.success() {
        return Err(format!("building failed ({status})"));
    }
    let program = target().join("release").join(format!("jackfield-bench{}", std::env::consts::EXE_SUFFIX));
    let status = std::process::Command::new(&program).args(arguments).status();
    match status.map_err(|e| format!("{}: {e}", program.display()))? {
        status if status.success() => Ok(()),
        status => Err(format!("measuring failed ({status})")),
    }
}
