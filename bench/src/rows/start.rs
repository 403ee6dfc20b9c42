//! From the start of the process until clients can connect.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Scale;
use crate::acme;
use crate::host::{Host, built};
use crate::measure::{ROUNDS, Turns};
use crate::table::{Figure, Outcome};

const PLUGINS: [&str; 3] = ["acme", "asterisk", "simulator"];
/// A port where no phone system answers.
const NOBODY: u16 = 9;

pub(crate) fn run(_: &Scale) -> Outcome {
    let program = built()?.join(format!("jackfield{}", std::env::consts::EXE_SUFFIX));
    let mut turns = Turns::default();
    for round in 0..=ROUNDS {
        let host = Host::start(&PLUGINS, &acme::config(NOBODY, 1))?;
        let begin = Instant::now();
        let status = Command::new(&program).arg("version").stdout(Stdio::null()).status();
        let reference = begin.elapsed();
        if !status.map_err(|e| format!("{}: {e}", program.display()))?.success() {
            return Err("`jackfield version` failed".to_owned());
        }
        if round > 0 {
            turns.add(host.start.as_secs_f64() * 1e3, reference.as_secs_f64() * 1e3);
        }
    }
    let pair = turns.pair();
    let what = format!("start of a host with {} plugins until it serves", PLUGINS.len());
    let met = pair.ours.median < 500.0;
    Ok(vec![Figure::compared(what, "ms", pair, "`jackfield version`").goal("< 500 with ten plugins", met)])
}
