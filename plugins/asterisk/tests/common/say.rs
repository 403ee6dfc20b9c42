//! Facts as one readable line each.

use std::collections::BTreeMap;

use jackfield_plugin_api::{CallFact, CallState, Fact, Participant, Party, PartyState, Phase, ReleasedBy, Role};

/// Letters for the calls of each line, in the order in which they come, and what was said of each last.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<(u32, String), char>, BTreeMap<(u32, String), (String, serde_json::Value)>);

impl Names {
    fn of(&mut self, line: u32, key: &str) -> char {
        let next = char::from(b'A' + u8::try_from(self.0.keys().filter(|(l, _)| *l == line).count()).unwrap());
        *self.0.entry((line, key.to_owned())).or_insert(next)
    }
}

/// A fact that reads as the one before it: what else is news.
fn also(text: &str, last: &serde_json::Value, now: &serde_json::Value) -> String {
    let changed = now.as_object().unwrap().iter().filter(|(key, value)| last.get(key.as_str()) != Some(value));
    let changed: Vec<_> = changed.map(|(key, _)| key.as_str()).collect();
    let call: Vec<_> = text.split(' ').take(2).collect();
    format!("{} also {}", call.join(" "), changed.join(" "))
}

fn party(party: Option<&Party>) -> String {
    match party {
        None => "-".into(),
        Some(Party { number, name: Some(name), .. }) => format!("{number} \"{name}\""),
        Some(party) => party.number.clone(),
    }
}

fn others(participants: &[Participant]) -> String {
    let one = |p: &Participant| match p.state {
        PartyState::Connected => p.number.clone(),
        state => format!("{}({state})", p.number),
    };
    participants.iter().filter(|p| !p.local).map(one).collect::<Vec<_>>().join("+")
}

/// A fact: line, call, state with phase, direction, caller and called, who is there, what else is news.
pub(crate) fn say(fact: &Fact, names: &mut Names) -> String {
    const LINES: [&str; 3] = ["101", "102", "201"];
    let line = |l: u32| LINES.get(l as usize).copied().unwrap_or("?");
    match fact {
        Fact::Call(fact) => {
            let text = call(fact, line(fact.line.0), names);
            let (key, value) = ((fact.line.0, fact.key.to_string()), serde_json::to_value(fact).unwrap());
            let last = names.1.insert(key, (text.clone(), value.clone()));
            match last.filter(|(last, _)| *last == text) {
                Some((_, last)) => also(&text, &last, &value),
                None => text,
            }
        }
        Fact::Snapshot(snapshot) => {
            let calls: Vec<_> = snapshot.calls.iter().map(|c| call(c, "", names)).collect();
            format!("{} snapshot [{}]", line(snapshot.line.0), calls.join(";").trim())
        }
        Fact::Agent(agent) => {
            let mut text = format!("{} agent {} {}", line(agent.line.0), agent.state, agent.code);
            if let Some(reason) = &agent.reason {
                text.push_str(&format!(" ({})", reason.code));
            }
            for queue in &agent.queues {
                text.push_str(&format!(" {}={}", queue.id, queue.state));
            }
            text
        }
        Fact::Line(fact) => format!("{} device {}", line(fact.line.0), fact.device_state.unwrap()),
        Fact::Dtmf(d) => {
            format!("{} {} digit {} {}", line(d.line.0), names.of(d.line.0, d.key.as_str()), d.digits, d.by)
        }
        Fact::Recording(r) => {
            format!("{} {} recording {}", line(r.line.0), names.of(r.line.0, r.key.as_str()), r.state)
        }
        Fact::Up(up) => format!("up {}", up.phone_system),
        Fact::Down(down) => format!("down {}{}", down.code, if down.retry { "" } else { " no retry" }),
        other => format!("{other:?}"),
    }
}

fn call(fact: &CallFact, line: &str, names: &mut Names) -> String {
    let name = names.of(fact.line.0, fact.key.as_str());
    let mut text = format!("{line} {name} {}", fact.state);
    if let Some(phase) = fact.phase.filter(|p| *p != Phase::None) {
        text.push_str(&format!("/{phase}"));
    }
    if fact.state == CallState::Finished {
        let released = fact.released_by.unwrap_or(ReleasedBy::Unknown);
        text.push_str(&format!(" {} by {released}", fact.cause.as_ref().unwrap().code));
        if let Some(to) = &fact.redirection {
            text.push_str(&format!(" to {}", party(Some(to))));
        }
    } else {
        let (arrow, mut other, side) = match fact.direction.unwrap().as_str() {
            "in" => ("in from", party(fact.caller.as_ref()), fact.called.as_ref()),
            _ => ("out to", party(fact.called.as_ref()), fact.redirection.as_ref()),
        };
        if let Some(side) = side {
            other.push_str(&format!(" ({})", party(Some(side))));
        }
        text.push_str(&format!(" {arrow} {other}"));
        text.push_str(&format!(" with {}", others(fact.participants.as_deref().unwrap_or_default())));
    }
    if let Some(by) = &fact.redirecting {
        text.push_str(&format!(" via {}", by.number));
    }
    if fact.role == Some(Role::Consult) {
        text.push_str(" consult");
    } else if let Some(parent) = &fact.parent {
        text.push_str(&format!(" back from {}", names.of(fact.line.0, parent.as_str())));
    }
    if let Some(queue) = &fact.queue {
        text.push_str(&format!(" queue {}", queue.id));
    }
    for (flag, word) in [(fact.muted, "muted"), (fact.recording, "recorded")] {
        if flag == Some(true) {
            text.push_str(&format!(" {word}"));
        }
    }
    if let Some(command) = fact.command {
        text.push_str(&format!(" <- command {command}"));
    }
    text
}
