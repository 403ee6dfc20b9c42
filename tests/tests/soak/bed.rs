//! The host with its phone systems and clients, and the last judgement.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jackfield_tests::build::{self, Version};
use jackfield_tests::host::{Host, PATIENCE, Setup};
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use crate::clients::Clients;
use crate::remains::Remains;
use crate::systems::KINDS;

pub(crate) const TOKEN: &str = "crm-token-01234567890";
pub(crate) const BOSS: &str = "boss-token-0123456789";

pub(crate) struct Bed {
    pub(crate) sims: Vec<Sim>,
    pub(crate) host: Host,
    pub(crate) clients: Clients,
    /// What the host had when all was up.
    before: Remains,
    /// How often each trouble was made.
    pub(crate) troubles: BTreeMap<&'static str, u32>,
}

impl Bed {
    pub(crate) fn start() -> Self {
        let sims: Vec<Sim> = KINDS.iter().map(super::systems::Kind::start).collect();
        let mut config = "[store]\nurl = \"sqlite://calls.db\"\n".to_owned();
        let lines: Vec<String> = KINDS.iter().map(|kind| format!("\"{}/*\"", kind.id)).collect();
        for (name, role, token) in [("crm", "service", TOKEN), ("boss", "admin", BOSS)] {
            config += &format!("[[user]]\nname = \"{name}\"\nrole = \"{role}\"\ntoken = \"{token}\"\n");
            config += &format!("lines = [{}]\n", lines.join(", "));
        }
        for (kind, sim) in KINDS.iter().zip(&sims) {
            config += &kind.config(sim.url());
        }
        let host = Setup::new(config, &[]).start().unwrap();
        // Before there is any adapter: who keeps the books sees every line from its first event.
        let clients = Clients::start(&host);
        for kind in &KINDS {
            let library = build::library(kind.name, Version::Present).unwrap();
            std::fs::copy(&library, host.adapters().join(library.file_name().unwrap())).unwrap();
        }
        wait_up(&host);
        let before = Remains::of(host.pid());
        Self { sims, host, clients, before, troubles: BTreeMap::new() }
    }

    /// Everything heals, everybody hangs up, and every connection looks at its phone system once more.
    pub(crate) fn quiet(&mut self) {
        for (kind, sim) in KINDS.iter().zip(&mut self.sims) {
            sim.tell(&json!({"do": "faults", "faults": {}})).unwrap();
            sim.tell(&json!({"do": "end"})).unwrap();
            sim.wait_for(&json!({"do": "show"}), |shown| kind.is_silent(shown)).unwrap();
        }
        // What was lost on the way is not told again by anybody: a new link shows what there is.
        crate::trouble::cut_everything(&mut self.sims);
        wait_up(&self.host);
        let until = Instant::now() + PATIENCE;
        loop {
            self.clients.read();
            let left = self.clients.left();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "calls that nobody has any more: {left:?}");
            // A client of a moment ago may have asked for another call.
            for sim in &mut self.sims {
                sim.tell(&json!({"do": "end"})).unwrap();
            }
        }
    }

    /// What must be true now; what there was, in a sentence.
    pub(crate) fn judge(&mut self) -> String {
        let seen = self.clients.judge();
        let until = Instant::now() + PATIENCE;
        let history = loop {
            let history = self.history();
            let open: Vec<&Value> = history.values().filter(|call| call["endedAt"].is_null()).collect();
            let missing: Vec<&String> = seen.calls.iter().filter(|id| !history.contains_key(*id)).collect();
            if open.is_empty() && missing.is_empty() {
                break history;
            }
            assert!(Instant::now() < until, "not over in the history: {open:?}; not in it: {missing:?}");
            std::thread::sleep(Duration::from_millis(50));
        };
        self.before.wait(self.host.pid(), || self.clients.read());
        let troubles: Vec<String> = self.troubles.iter().map(|(what, times)| format!("{times} {what}")).collect();
        format!(
            "{} events of {} calls ({} in the history), {} commands, {} of them done; {}",
            seen.events,
            seen.calls.len(),
            history.len(),
            seen.commands,
            seen.done,
            troubles.join(", ")
        )
    }

    fn history(&self) -> BTreeMap<String, Value> {
        let lines = self.host.get("/api/v1/calls.ndjson", BOSS).unwrap();
        assert_eq!(lines.status, 200, "{}", lines.body);
        let calls = lines.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        calls.map(|call| (call["callId"].as_str().unwrap().to_owned(), call)).collect()
    }
}

/// Waits until every line is up.
fn wait_up(host: &Host) {
    for kind in &KINDS {
        let up = format!("cti_lines_up{{connection=\"{}\"}} {}", kind.id, kind.numbers.len());
        host.wait_metric(BOSS, &up).unwrap();
    }
}
