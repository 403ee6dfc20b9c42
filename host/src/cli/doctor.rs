//! `jackfield doctor`.

use serde_json::json;

use super::{ConfigFile, Failure, output};
use crate::doctor::{self, Finding, Verdict};

/// Says in one page what is wrong with an installation, and what to do.
///
/// It looks at the configuration, the address, the certificate, the plugins' folder (its libraries are loaded), names and
/// ports of phone systems (nobody logs in), the clock, folders, and the running host. Exit code 1: there is a problem.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield doctor
  jackfield doctor --json | jq '.findings[] | select(.verdict != \"ok\")'")]
pub(super) struct Doctor {
    #[command(flatten)]
    file: ConfigFile,
    /// As JSON: findings with verdict, topic, text and next.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) fn main(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new(format!("the runtime: {e}")))?;
        let findings = runtime.block_on(doctor::examine(&self.file.config));
        // Whatever hangs is not waited for.
        runtime.shutdown_background();
        let of = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
        let (problems, warnings) = (of(Verdict::Problem), of(Verdict::Warning));
        if self.json {
            let page = json!({ "findings": findings, "problems": problems, "warnings": warnings });
            output::say(&page.to_string())?;
        } else {
            findings.iter().flat_map(lines).try_for_each(|line| output::say(&line))?;
            output::say(&format!("{}, {}", count(problems, "problem"), count(warnings, "warning")))?;
        }
        if problems == 0 { Ok(()) } else { Err(Failure::new("")) }
    }
}

fn lines(finding: &Finding) -> Vec<String> {
    let mark = finding.verdict.as_str();
    let mark = match (finding.verdict, output::colours(&std::io::stdout())) {
        (_, false) => format!("{mark:<8}"),
        (Verdict::Ok, true) => format!("\x1b[32m{mark:<8}\x1b[0m"),
        (Verdict::Warning, true) => format!("\x1b[33m{mark:<8}\x1b[0m"),
        (Verdict::Problem, true) => format!("\x1b[1;31m{mark:<8}\x1b[0m"),
    };
    let mut text = finding.text.lines().map(output::harmless);
    let mut lines =
        vec![format!("{mark} {:<17} {}", output::harmless(&finding.topic), text.next().unwrap_or_default())];
    lines.extend(text.map(|more| format!("{:27}{more}", "")));
    let next = finding.next.as_deref().unwrap_or_default().lines();
    lines.extend(next.map(|next| format!("{:26} → {}", "", output::harmless(next))));
    lines
}

fn count(n: usize, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}
