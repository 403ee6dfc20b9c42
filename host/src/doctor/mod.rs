//! What is wrong with an installation, and what to do: the configuration, the machine, the libraries, the way to the
//! phone systems, and the host that runs.
//!
//! It only looks: nothing is changed, no phone system is logged in to. Every look has an end in time, and they are
//! taken side by side. It *does* load the libraries of the plugins' folder, as the host would.
//!
//! The types to know: [`Finding`] (one line of the page), [`examine`] (the whole page).

mod adapters;
mod certificate;
mod door;
mod history;
mod machine;
mod reach;
mod running;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::config::{self, Config, Findings};

/// How long a look may take.
const LIMIT: Duration = Duration::from_secs(2);
/// How long it may take to read and load every library: there is disk work behind it.
const LIBRARIES: Duration = Duration::from_secs(15);

/// Where the service's secrets stand that are taken from the environment.
const ENVIRONMENT: &str = "/etc/jackfield/environment";

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may not go on to.
    Warning,
    /// Something does not work.
    Problem,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// What was looked at: `address`, `connection ast`.
    pub topic: String,
    /// What was found.
    pub text: String,
    /// What to do.
    pub next: Option<String>,
}

impl Finding {
    fn ok(topic: impl Into<String>, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, topic: topic.into(), text: text.into(), next: None }
    }

    fn warning(topic: impl Into<String>, text: impl Into<String>, next: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, topic: topic.into(), text: text.into(), next: Some(next.into()) }
    }

    fn problem(topic: impl Into<String>, text: impl Into<String>, next: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, topic: topic.into(), text: text.into(), next: Some(next.into()) }
    }
}

/// What every look may want to know.
struct Patient {
    file: PathBuf,
    /// As far as it could be made out.
    config: Config,
    /// The status of the host that runs with it, if one does.
    host: Option<Value>,
}

/// Examines the installation of a configuration file.
pub async fn examine(file: &Path) -> Vec<Finding> {
    let clock = machine::Clocks::read();
    let (host, found) = running::ask(file).await;
    let (path, process) = (file.to_owned(), host.as_ref().and_then(|host| host["pid"].as_u64()));
    let read = blocking(LIMIT, move || configuration(&path, process)).await;
    let (config, mut findings) = read.unwrap_or_else(|| {
        let text = format!("{} was not read within {LIMIT:?}", file.display());
        (None, vec![Finding::problem("configuration", text, "look at the disk or the network folder that it is on")])
    });
    findings.extend(found);
    let mut looks: JoinSet<(usize, Vec<Finding>)> = JoinSet::new();
    if let Some(config) = config {
        let patient = Arc::new(Patient { file: file.to_owned(), config, host });
        if let Some(host) = &patient.host {
            findings.extend(running::connections(host));
        }
        look(&mut looks, 0, "address", &patient, |p| vec![door::address(p)]);
        look(&mut looks, 1, "certificate", &patient, |p| certificate::certificate(&p.config.server));
        look(&mut looks, 2, "open files", &patient, |p| vec![machine::open_files(p)]);
        look(&mut looks, 3, "rights", &patient, door::rights);
        let of = Arc::clone(&patient);
        looks.spawn(async move { (4, adapters::and_phone_systems(&of).await) });
        look(&mut looks, 5, "history", &patient, history::history);
        look(&mut looks, 6, "runtime folder", &patient, |p| vec![machine::runtime_folder(p)]);
    }
    looks.spawn(async { (7, timely("temporary folder", || vec![machine::temporary_folder()]).await) });
    looks.spawn(async move { (8, timely("clock", move || machine::clock(&clock)).await) });
    looks.spawn(async { (9, timely("kernel", || vec![machine::kernel()]).await) });
    let mut found = looks.join_all().await;
    found.sort_by_key(|(place, _)| *place);
    findings.extend(found.into_iter().flat_map(|(_, found)| found));
    findings
}

fn look(
    looks: &mut JoinSet<(usize, Vec<Finding>)>,
    place: usize,
    topic: &'static str,
    patient: &Arc<Patient>,
    work: fn(&Patient) -> Vec<Finding>,
) {
    let patient = Arc::clone(patient);
    looks.spawn(async move { (place, timely(topic, move || work(&patient)).await) });
}

/// A look at something that may hang: a network folder, a name server.
async fn timely(topic: &'static str, work: impl FnOnce() -> Vec<Finding> + Send + 'static) -> Vec<Finding> {
    blocking(LIMIT, work).await.unwrap_or_else(|| {
        vec![Finding::problem(topic, format!("no answer within {LIMIT:?}"), "look at disk, network folders and load")]
    })
}

async fn blocking<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::time::timeout(limit, tokio::task::spawn_blocking(work)).await.ok()?.ok()
}

/// What could be made out of the file, and what is wrong with it.
///
/// It is read with the environment of the host that runs, where that may be looked at: a service has its secrets there.
fn configuration(file: &Path, process: Option<u64>) -> (Option<Config>, Vec<Finding>) {
    let topic = "configuration";
    let read = match process.and_then(running::environment) {
        Some(variables) => config::read_with(file, variables.into_iter()),
        None => config::read(file),
    };
    match read {
        Ok(reading) => {
            let mut findings = told(topic, &reading.findings);
            if let Some(config) = reading.config.as_ref().filter(|_| findings.is_empty()) {
                let text = format!("{}: {}", file.display(), contents(config));
                findings.push(Finding::ok(topic, text));
                if config.connections.is_empty() || config.users.is_empty() {
                    let text = "there is no [[connection]], or no [[user]]: nobody has anything to see";
                    findings.push(Finding::warning(topic, text, "docs/administrator.md has an example"));
                }
            }
            (reading.config, findings)
        }
        Err(error) => {
            let next = "name another file with --config, or let this user read it";
            (None, vec![Finding::problem(topic, error.to_string(), next)])
        }
    }
}

/// What is wrong with a configuration, each finding a problem.
fn told(topic: &str, findings: &Findings) -> Vec<Finding> {
    let of = |finding: &config::Finding| {
        let place = match (finding.place, &finding.variable) {
            (Some((line, column)), _) => format!("{}:{line}:{column}: ", findings.file.display()),
            (None, Some(variable)) => format!("{variable}: "),
            (None, None) => format!("{}: ", findings.file.display()),
        };
        let subject = if finding.subject.is_empty() { String::new() } else { format!("{}: ", finding.subject) };
        let next = finding.hint.clone().unwrap_or_else(|| advice(finding));
        Finding::problem(topic, format!("{place}{subject}{}", finding.message), next)
    };
    findings.list.iter().map(of).collect()
}

/// What to do about a finding that says nothing of that itself.
fn advice(finding: &config::Finding) -> String {
    let unset = finding.message.starts_with("the environment variable ") && finding.message.ends_with(" is not set");
    if unset && Path::new(ENVIRONMENT).exists() {
        return format!("if the service gets it from {ENVIRONMENT}: (set -a; . {ENVIRONMENT}; jackfield doctor)");
    }
    "correct it; `jackfield check` tells when it is right".to_owned()
}

fn contents(config: &Config) -> String {
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    format!("{}, {}", count(config.connections.len(), "connection"), count(config.users.len(), "user"))
}
