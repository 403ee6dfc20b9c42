//! The control channel's own commands: handsets, the outside, agents, and what only this phone system can break.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Faults, Simulator,
    pranks::{self, Prank},
    simulator::{Plan, PlannedAnswer},
    switch::{Call, Dial, Leg, Mode, Party, Refusal, State},
};
use crate::{Behaviour, System, control::misunderstood};

/// The commands, as `--help` shows them.
pub(super) const HELP: &str = r#"A number is that of a station, a split, a VDN, or any other: then it is outside. For what is cut and broken, a number
means the sessions that watch the station; a user's name, or "all", does as well.

  {"do":"call","from":"380501234567","to":"101","uui":"6162"}   somebody outside, or a station with its handset, calls
        (a number outside that begins with * is withheld)
  {"do":"lift","number":"101"}                     lifts the handset and dials nothing
  {"do":"dial","number":"101","to":"102"}          dials then
  {"do":"answer","number":"101"}                   lifts what rings there, inside or outside
  {"do":"hangup","number":"101"}                   puts the handset down; what rings there is refused
  {"do":"hold","number":"101"}                     holds at the telephone; or takes back what is held there
  {"do":"join","number":"101","to":"105"}          a recorder, or a chief, is in 101's call from now on
  {"do":"digits","number":"380501234567","digits":"12#"}   somebody outside keys digits in
  {"do":"info","number":"101","uui":"6162"}        the users' data of its call are others (hexadecimal)
  {"do":"phone","number":"101","there":false}      takes the telephone away (true: brings it back)
  {"do":"agent","number":"101","id":"9001","mode":"auto-in","reason":0}
        at the telephone: "auto-in", "manual-in", "aux-work", "after-call-work"; no mode: logs off
  {"do":"behave","number":"380501234567","behaviour":"busy"}
        "manual", "busy", {"answer":{"after_ms":2000}}, {"refuse":{"after_ms":500}}; stations too
  {"do":"link","up":false}                         the link between the servers and the switch
  {"do":"server","number":0,"up":false}            a server of the pair, with its sessions
  {"do":"licences","count":1}                      how many stations may be watched; 0: any number
  {"do":"refuse","service":"HoldCall","category":"stateIncompatibility","value":"invalidObjectState","times":1}
        the next answers; "exception":true: in Avaya's words; no category: no answer at all
  {"do":"prank","number":"101","kind":"too-long"}  once: too-short too-long empty format big invalid-utf8 entities deep
        no-xml unknown answer
        faults of its own: duplicate_events late_replies swap_replies cut_every disorder sessions_refused
        forget_sessions link_stops_monitors (the README says what they do)
  {"do":"end"}                                     ends all calls
  {"do":"show"}                                    calls, agents, sessions, monitors
  {"do":"served"}                                  how often each service was asked for
  {"do":"visits"}                                  sessions: started, recovered, refused, stopped, lost, expired"#;

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Command {
    Call {
        from: String,
        to: String,
        uui: Option<String>,
    },
    Lift {
        number: String,
    },
    Dial {
        number: String,
        to: String,
    },
    Answer {
        number: String,
    },
    Hangup {
        number: String,
    },
    Hold {
        number: String,
    },
    Join {
        number: String,
        to: String,
    },
    Digits {
        number: String,
        digits: String,
    },
    Info {
        number: String,
        uui: String,
    },
    Phone {
        number: String,
        there: bool,
    },
    Agent {
        number: String,
        id: Option<String>,
        mode: Option<AgentMode>,
        #[serde(default)]
        reason: u32,
    },
    Behave {
        number: String,
        behaviour: Behaviour,
    },
    Link {
        up: bool,
    },
    Server {
        number: usize,
        up: bool,
    },
    Licences {
        count: usize,
    },
    Refuse {
        service: String,
        category: Option<String>,
        #[serde(default)]
        value: String,
        #[serde(default = "once")]
        times: u32,
        #[serde(default)]
        exception: bool,
    },
    Prank {
        number: String,
        kind: Prank,
    },
    Faults {
        faults: Faults,
    },
    End {},
    Show {},
    Served {},
    Visits {},
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AgentMode {
    AutoIn,
    ManualIn,
    AuxWork,
    AfterCallWork,
}

fn once() -> u32 {
    1
}

/// The categories of errors that can be planned.
const CATEGORIES: [&str; 8] = [
    "operation",
    "stateIncompatibility",
    "systemResourceAvailibility",
    "subscribedResourceAvailability",
    "performanceManagement",
    "security",
    "privateErrorCode",
    "unspecified",
];

/// How many answers may be planned.
const PLANS: usize = 100;

/// Does what a command says.
pub(super) fn run(simulator: &mut Simulator, command: &Value) -> Result<Value, String> {
    let command = Command::deserialize(command).map_err(|error| misunderstood(&error))?;
    let call = |id: u32| json!({ "call": id });
    match command {
        Command::Call { from, to, uui } => match simulator.switch.party(&from) {
            Party::Station(station) => {
                let dial = Dial { uui, prompt: false };
                return simulator.switch.make_call(station, &to, dial).map(call).map_err(String::from);
            }
            Party::Outside(from) => return simulator.switch.call_in(&from, &to, uui).map(call).map_err(String::from),
            _ => return Err(format!("{from} is a split or a VDN, which call nobody")),
        },
        Command::Lift { number } => {
            let station = station(simulator, &number)?;
            return simulator.switch.lift(station).map(call).map_err(String::from);
        }
        Command::Dial { number, to } => {
            let station = station(simulator, &number)?;
            return simulator.switch.dial(station, &to).map(call).map_err(String::from);
        }
        Command::Answer { number } => {
            let party = simulator.switch.party(&number);
            let rings = simulator.switch.calls.values().find(|call| rings(call, &party)).map(|call| call.id);
            let id = rings.ok_or_else(|| format!("nothing rings at {number}"))?;
            simulator.switch.answer(id, &party)?;
        }
        Command::Hangup { number } => {
            let party = simulator.switch.party(&number);
            simulator.switch.hang_up(&party)?;
        }
        Command::Hold { number } => {
            let station = station(simulator, &number)?;
            let part = |wanted: State| {
                simulator.switch.calls_of(station).find(|(_, state)| *state == wanted).map(|(call, _)| call.id)
            };
            match (part(State::Connected), part(State::Hold)) {
                (Some(id), _) => simulator.switch.hold(id, station)?,
                (None, Some(id)) => simulator.switch.retrieve(id, station)?,
                (None, None) => return Err(format!("{number} has no call")),
            }
        }
        Command::Join { number, to } => {
            let station = station(simulator, &number)?;
            let talk = simulator.switch.calls_of(station).find(|(_, state)| *state == State::Connected);
            let id = talk.map(|(call, _)| call.id).ok_or_else(|| format!("{number} does not talk"))?;
            simulator.switch.join_at_once(id, station, &to)?;
        }
        Command::Digits { number, digits } => {
            return simulator.switch.enter(&number, &digits).map(call).map_err(String::from);
        }
        Command::Info { number, uui } => {
            let station = station(simulator, &number)?;
            return simulator.switch.set_uui(station, &uui).map(call).map_err(String::from);
        }
        Command::Phone { number, there } => {
            let station = station(simulator, &number)?;
            simulator.switch.set_there(station, there);
        }
        Command::Agent { number, id, mode, reason } => {
            let station = station(simulator, &number)?;
            move_agent(simulator, station, id.as_deref(), mode, reason)?;
        }
        Command::Behave { number, behaviour } => simulator.switch.behave(&number, behaviour)?,
        Command::Link { up } => simulator.set_link(!up),
        Command::Server { number, up } => {
            if number >= simulator.servers_down.len() {
                return Err("number: 0 is the first server, 1 the second one".into());
            }
            simulator.set_server(number, !up);
        }
        Command::Licences { count } => simulator.switch.config.licences = count,
        Command::Refuse { service, category, value, times, exception } => {
            plan(simulator, service, category, value, times, exception)?;
        }
        Command::Prank { number, kind } => {
            let clients = simulator.clients_of(&number)?;
            for client in &clients {
                pranks::play(simulator, *client, kind);
            }
            return Ok(json!({ "sessions": clients.len() }));
        }
        Command::Faults { faults } => simulator.set_faults(faults),
        Command::End {} => simulator.switch.end_all(),
        Command::Show {} => return Ok(show(simulator)),
        Command::Served {} => return Ok(json!({ "served": simulator.served })),
        Command::Visits {} => return Ok(json!({ "visits": simulator.visits.all() })),
    }
    Ok(json!({}))
}

fn station(simulator: &Simulator, number: &str) -> Result<usize, String> {
    simulator.switch.station(number).ok_or_else(|| format!("there is no station with the number {number:?}"))
}

/// A party has something to answer: a bell, or a number that waits for the handset.
fn rings(call: &Call, party: &Party) -> bool {
    let waits = |leg: &Leg| leg.state == State::Alerting || (leg.state == State::Initiated && call.waits_for_handset());
    call.leg(party).is_some_and(waits)
}

fn move_agent(
    simulator: &mut Simulator,
    station: usize,
    id: Option<&str>,
    mode: Option<AgentMode>,
    reason: u32,
) -> Result<(), String> {
    let switch = &mut simulator.switch;
    let Some(mode) = mode else { return switch.log_off(station).map_err(String::from) };
    if let Some(id) = id.filter(|_| switch.agent_at(station).is_none()) {
        let known = switch.config.agents.iter().find(|agent| agent.id == id);
        let password = known.map(|agent| agent.password.clone()).ok_or_else(|| format!("there is no agent {id:?}"))?;
        switch.log_on(station, id, &password)?;
    }
    let mode = match mode {
        AgentMode::AutoIn => Mode::AutoIn,
        AgentMode::ManualIn => Mode::ManualIn,
        AgentMode::AuxWork => Mode::AuxWork,
        AgentMode::AfterCallWork => Mode::AfterCallWork,
    };
    switch.work(station, mode, reason, true).map(drop).map_err(String::from)
}

fn plan(
    simulator: &mut Simulator,
    service: String,
    category: Option<String>,
    value: String,
    times: u32,
    exception: bool,
) -> Result<(), String> {
    if simulator.plans.len() >= PLANS {
        return Err(format!("more than {PLANS} answers are planned"));
    }
    let answer = match category {
        None => PlannedAnswer::Silence,
        Some(category) => {
            let known = CATEGORIES.iter().find(|name| **name == category);
            let category = known.ok_or_else(|| format!("category: one of {}", CATEGORIES.join(", ")))?;
            let refusal = Refusal { category, value };
            if exception { PlannedAnswer::Exception(refusal) } else { PlannedAnswer::Refusal(refusal) }
        }
    };
    simulator.plans.push(Plan { service, times, answer });
    Ok(())
}

fn show(simulator: &Simulator) -> Value {
    let switch = &simulator.switch;
    let number = |party: &Party| switch.number(party).to_owned();
    let calls: Vec<Value> = switch
        .calls
        .values()
        .map(|call| {
            let parties: Vec<Value> = call
                .legs
                .iter()
                .map(|leg| json!({ "number": number(&leg.party), "state": leg.state.word() }))
                .collect();
            json!({ "call": call.id, "ucid": call.ucid, "calling": number(&call.calling), "called": number(&call.called),
                    "parties": parties })
        })
        .collect();
    let agents: Vec<Value> = (0..switch.agents.len())
        .filter_map(|agent| {
            let station = switch.agents[agent].station?;
            Some(json!({ "id": switch.config.agents[agent].id, "station": switch.stations[station].number,
                         "state": switch.says(agent).word(), "mode": switch.agents[agent].mode.word() }))
        })
        .collect();
    let sessions: Vec<Value> = simulator
        .sessions
        .iter()
        .map(|(key, session)| {
            let monitors = simulator.monitors.values().filter(|monitor| monitor.session == *key).count();
            json!({ "id": session.id, "user": switch.config.users[session.user].name, "server": session.server,
                    "connected": session.client.is_some(), "monitors": monitors })
        })
        .collect();
    json!({ "calls": calls, "agents": agents, "sessions": sessions, "link": simulator.link_status() })
}
