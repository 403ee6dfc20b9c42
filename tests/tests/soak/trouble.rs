//! Whoever pulls plugs, breaks messages, kills adapters and changes them.

use std::process::Command;

use jackfield_tests::process::{Process, children};
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::chance::Chance;
use crate::systems::{KINDS, Kind};

/// Faults that every phone system has.
const FAULTS: [&str; 5] =
    [r#"{"delay_ms":80}"#, r#"{"drop_events":7}"#, r#"{"drop_replies":9}"#, r#"{"reorder":true}"#, r#"{"garbage":25}"#];

impl Bed {
    /// Something breaks, or heals.
    pub(crate) fn trouble(&mut self, chance: &mut Chance) {
        let at = chance.below(KINDS.len());
        let kind = &KINDS[at];
        let what = match chance.below(10) {
            0..=3 => {
                self.sims[at].tell(&json!({"do": "faults", "faults": {}})).unwrap();
                "times healed"
            }
            4 | 5 => {
                let fault = if chance.once_in(2) { chance.of(&FAULTS) } else { chance.of(kind.faults) };
                let fault: Value = serde_json::from_str(fault).unwrap();
                // Not every phone system has every fault.
                if self.sims[at].tell(&json!({"do": "faults", "faults": fault})).is_err() {
                    return;
                }
                "faults"
            }
            6 => {
                let deed = chance.of(&["cut", "half", "garbage"]);
                for number in connections(kind, chance) {
                    // Whoever is not connected just now is not cut.
                    let _ = self.sims[at].tell(&json!({"do": deed, "number": number}));
                }
                "connections cut or spoilt"
            }
            7 => {
                let runners: Vec<Process> = children(self.host.pid()).into_iter().collect();
                if runners.is_empty() {
                    return;
                }
                // It may have ended meanwhile.
                let _ = Command::new("kill").arg("-KILL").arg(chance.of(&runners).pid.to_string()).status();
                "adapters killed"
            }
            8 => {
                // Refused while the connection is down.
                let swapped = self.host.command(&["plugins", "swap", kind.id]).unwrap();
                if swapped.status.success() { "adapters changed" } else { "changes refused" }
            }
            _ => {
                if kind.troubles.is_empty() {
                    return;
                }
                let trouble: Value = serde_json::from_str(chance.of(kind.troubles)).unwrap();
                // A prank needs somebody to play it on.
                let _ = self.sims[at].tell(&trouble);
                "troubles of a phone system's own"
            }
        };
        *self.troubles.entry(what).or_default() += 1;
    }
}

/// Whose connections are meant.
fn connections(kind: &Kind, chance: &mut Chance) -> Vec<&'static str> {
    match (kind.cut, kind.each) {
        (false, _) => Vec::new(),
        (true, false) => vec!["all"],
        (true, true) => vec![chance.of(&kind.numbers)],
    }
}

/// Every connection is made anew.
pub(crate) fn cut_everything(sims: &mut [Sim]) {
    for (kind, sim) in KINDS.iter().zip(sims).filter(|(kind, _)| kind.cut) {
        let all = if kind.each { &kind.numbers[..] } else { &["all"][..] };
        for number in all {
            // Whoever is not connected just now connects anyway.
            let _ = sim.tell(&json!({"do": "cut", "number": number}));
        }
    }
}
