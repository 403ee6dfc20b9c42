//! What only a simulator can: the services of `librarySpecificService`.

use std::collections::BTreeMap;

use jackfield_plugin_api::serde_json::{self, Value, json};
use jackfield_plugin_api::{CauseCode, Down, ErrorCode, ReleasedBy, Reply};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::calls::{ANONYMOUS, Shown};
use crate::config::{micros, rate};
use crate::exchange::{Exchange, Refused, refusal};
use crate::jobs::Job;
use crate::state::{LegId, LegState, Plan, Who};

/// The services.
pub(crate) const NAMES: [&str; 8] =
    ["ring", "remoteAnswer", "remoteHangup", "remoteHold", "status", "history", "run", "fault"];

/// `ring`: somebody outside calls now.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Ring {
    /// What is dialled; this line when absent.
    to: Option<String>,
    from: Option<String>,
    name: Option<String>,
    anonymous: bool,
    data: BTreeMap<String, String>,
    /// Seconds: the line answers by itself.
    answer_after: Option<f64>,
    /// Seconds: the caller gives up.
    patience: Option<f64>,
    /// Seconds: the caller hangs up after having talked so long.
    talk: Option<f64>,
}

/// `remoteAnswer`, `remoteHangup`, `remoteHold`: the other party of a call does something.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Remote {
    /// The call's native id or key; the line's newest call when absent.
    call: Option<String>,
    /// The other party's number, when there are several.
    party: Option<String>,
    /// `remoteHold`: hold, or take back.
    on: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Run {
    on: Option<bool>,
    calls_per_minute: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FaultParams {
    kind: FaultKind,
    #[serde(default)]
    seconds: Option<f64>,
    #[serde(default)]
    count: Option<u32>,
    #[serde(default)]
    code: Option<ErrorCode>,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum FaultKind {
    /// The CTI link breaks; calls go on.
    Drop,
    /// The phone system restarts: the link breaks and all calls are gone.
    Restart,
    Lie,
    Panic,
    Slow,
    Refuse,
    Silent,
}

impl Exchange {
    /// One of the services.
    pub(crate) fn service(&mut self, extension: &str, name: &str, params: &Value) -> Refused<Reply> {
        match name {
            "ring" => self.service_ring(extension, read(name, params)?),
            "remoteAnswer" => {
                let leg = self.remote(extension, &read(name, params)?, |s| s == LegState::Ringing)?;
                self.answer(leg)?;
                Ok(Reply::accepted())
            }
            "remoteHangup" => {
                let leg = self.remote(extension, &read(name, params)?, |_| true)?;
                self.hang_up(leg);
                Ok(Reply::accepted())
            }
            "remoteHold" => {
                let params: Remote = read(name, params)?;
                let on = params.on.unwrap_or(true);
                let from = if on { LegState::Connected } else { LegState::Held };
                let leg = self.remote(extension, &params, |s| s == from)?;
                match on {
                    true => self.hold(leg),
                    false => self.unhold(leg)?,
                }
                Ok(Reply::accepted())
            }
            "status" => Ok(self.status()),
            "history" => {
                let calls = serde_json::to_value(&self.state.history).unwrap_or_default();
                Ok(Reply::accepted().value("calls", calls).value("finished", self.state.finished))
            }
            "run" => {
                let run: Run = read(name, params)?;
                let usual = Some(self.config.traffic.calls_per_minute).filter(|usual| *usual > 0.0).unwrap_or(4.0);
                let calls = if run.on.unwrap_or(true) { run.calls_per_minute.unwrap_or(usual) } else { 0.0 };
                rate("callsPerMinute", calls).map_err(|error| refusal(ErrorCode::CommandFailed, error.to_string()))?;
                self.run_traffic(calls);
                Ok(Reply::accepted().value("callsPerMinute", calls))
            }
            "fault" => self.service_fault(read(name, params)?),
            _ => {
                let text = format!("there is no service `{name}`; there are: {}", NAMES.join(", "));
                Err(refusal(ErrorCode::CommandNotSupported, text))
            }
        }
    }

    fn service_ring(&mut self, extension: &str, ring: Ring) -> Refused<Reply> {
        let to = ring.to.unwrap_or_else(|| extension.to_owned());
        self.target(&to)?;
        let who = match ring.from {
            _ if ring.anonymous => Who::Outside { number: ANONYMOUS.to_owned(), name: None },
            Some(number) => Who::Outside { number, name: ring.name },
            None => self.stranger(),
        };
        let plan = Plan {
            played: true,
            answer_after: ring.answer_after.map(micros),
            patience: ring.patience.map(micros),
            talk: ring.talk.map(micros),
            ..Plan::default()
        };
        let shown = Shown { data: ring.data, ..Shown::default() };
        let leg = self.call_in(who, &to, plan, shown);
        let native = self.conversation(leg).map(Self::native);
        Ok(Reply::accepted().value("nativeId", native))
    }

    /// The other party of a call of this line.
    fn remote(&self, extension: &str, params: &Remote, fits: impl Fn(LegState) -> bool) -> Refused<LegId> {
        let named = |leg: &LegId| match &params.call {
            None => true,
            Some(name) => {
                *name == self.key(*leg).as_str() || self.conversation(*leg).is_some_and(|c| *name == Self::native(c))
            }
        };
        let mut own = self.legs_of(extension, |_| true);
        own.retain(named);
        let Some(own) = own.last().copied() else {
            return Err(refusal(ErrorCode::UnknownCall, format!("line {extension} has no such call")));
        };
        let wanted = |leg: &LegId| match (&params.party, self.leg(*leg)) {
            (Some(party), Some(leg)) => self.number_of(&leg.who).number == *party,
            _ => true,
        };
        let mut others = self.others(own).into_iter().filter(wanted);
        others.find(|leg| self.leg_state(*leg).is_some_and(&fits)).ok_or_else(|| {
            refusal(
                ErrorCode::InvalidCallState,
                "no other party of this call can do that now; see the service `status`",
            )
        })
    }

    /// All that the phone system knows, in its own words.
    fn status(&self) -> Reply {
        let leg = |id: &LegId| {
            let leg = self.leg(*id)?;
            let Some(extension) = self.extension_of(*id) else {
                return Some(json!({"party": self.number_of(&leg.who).number, "state": leg.state.words()}));
            };
            Some(json!({
                "party": extension,
                "key": self.key(*id),
                "state": leg.state.words(),
                "conference": self.is_conference(*id),
                "direction": if leg.outgoing { "out" } else { "in" },
                "caller": leg.caller.number,
                "called": leg.called.number,
                "features": self.call_features(*id).names().collect::<Vec<_>>(),
                "muted": leg.muted,
                "startedAt": leg.started,
                "connectedAt": leg.connected,
                "holdCount": leg.holds,
            }))
        };
        let calls: Vec<Value> = self
            .state
            .conversations
            .iter()
            .map(|(id, c)| {
                let legs: Vec<_> = c.legs.iter().filter_map(leg).collect();
                json!({"nativeId": Self::native(*id), "legs": legs, "data": c.data})
            })
            .collect();
        let lines: Vec<Value> = self
            .state
            .extensions
            .iter()
            .map(|(name, e)| {
                let agent = e.agent.as_ref().map(|agent| {
                    json!({"id": agent.id, "choice": format!("{:?}", agent.choice), "callCentre": agent.call_centre})
                });
                json!({"extension": name, "watched": !e.watchers.is_empty(), "dnd": e.dnd, "forwarding": e.forwarding, "agent": agent})
            })
            .collect();
        let parked: BTreeMap<_, _> = self.state.slots.iter().map(|(s, p)| (s, Self::native(p.conversation))).collect();
        let waiting: Vec<_> = self.state.waiting.iter().map(|c| Self::native(*c)).collect();
        Reply::accepted()
            .value("now", self.now())
            .value("linked", self.state.linked)
            .value("calls", calls)
            .value("lines", lines)
            .value("waiting", waiting)
            .value("parked", json!(parked))
            .value("finished", self.state.finished)
            .value("callsPerMinute", self.state.traffic.map(|mean| 60e6 / mean as f64))
    }

    fn service_fault(&mut self, fault: FaultParams) -> Refused<Reply> {
        let time = micros(fault.seconds.unwrap_or(5.0));
        let count = fault.count.unwrap_or(1).max(1);
        match fault.kind {
            FaultKind::Drop | FaultKind::Restart => {
                if fault.kind == FaultKind::Restart {
                    self.forget_calls();
                }
                let text = format!("the link broke (a fault that was asked for), for {} s", time / 1_000_000);
                self.tell(Down::new(ErrorCode::ConnectionLost, text));
                self.state.linked = false;
                self.state.jobs.cancel(|job| *job == Job::LinkUp);
                self.later(time, Job::LinkUp);
            }
            FaultKind::Lie => self.state.faults.lies_until = self.now() + time,
            // Not at once: this command is answered first.
            FaultKind::Panic => self.later(time.max(1000), Job::Panic),
            FaultKind::Slow => self.state.faults.slow = (count, time),
            FaultKind::Refuse => {
                let text = fault.text.unwrap_or_else(|| "refused (a fault that was asked for)".into());
                self.state.faults.refuse = Some((count, fault.code.unwrap_or(ErrorCode::CommandFailed), text));
            }
            FaultKind::Silent => self.state.faults.silent = count,
        }
        Ok(Reply::accepted())
    }

    /// The phone system restarts: nothing is left of its calls, and nobody is told.
    fn forget_calls(&mut self) {
        for (id, leg) in self.state.legs.clone() {
            self.record(id, &leg, CauseCode::Lost, ReleasedBy::System);
        }
        let state = &mut self.state;
        state.legs.clear();
        state.conversations.clear();
        state.waiting.clear();
        state.slots.clear();
        for extension in state.extensions.values_mut() {
            extension.legs.clear();
        }
    }
}

/// Reads the parameters of a service.
fn read<T: DeserializeOwned>(name: &str, params: &Value) -> Refused<T> {
    let params = if params.is_null() { json!({}) } else { params.clone() };
    serde_json::from_value(params)
        .map_err(|error| refusal(ErrorCode::CommandFailed, format!("the parameters of service `{name}`: {error}")))
}
