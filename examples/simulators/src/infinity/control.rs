//! The control channel's own commands: handsets, operators, and the faults that only this phone system has.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Faults, Simulator,
    exchange::{CallId, Exchange, Refusal},
};
use crate::{Behaviour, control::misunderstood};

/// The commands, as `--help` shows them.
pub(super) const HELP: &str = r#"A number is that of a user, a queue, a machine, or any other: then it is outside.

  {"do":"call","from":"79990000001","to":"101"}    somebody outside, or a user with the handset, calls
        "blinks":true: it ends as soon as one list has shown it
  {"do":"answer","number":"101"}                   lifts what rings there, inside or outside
  {"do":"hangup","number":"101"}                   puts the handset down; what rings there is refused
  {"do":"hold","number":"101"}  {"do":"unhold","number":"101"}
  {"do":"transfer","number":"101","to":"102"}      passes the other one on
  {"do":"start-transfer","number":"101","to":"102"}   asks somebody about the call
  {"do":"finish-transfer","number":"101"}          the two others are connected
  {"do":"conference","number":"101"}               all three talk
  {"do":"phone","number":"101","there":false}      takes the phone away (true: brings it back)
  {"do":"state","number":"101","state":301}        the user's own state
  {"do":"outside","number":"79990000002","behaviour":"busy"}
        "manual", "busy", {"answer":{"after_ms":2000}}, {"refuse":{"after_ms":500}}
  {"do":"events-url","url":"http://127.0.0.1:8080/hooks/inf/SECRET"}   where events are sent; "": nowhere
  {"do":"hook","path":"/user/OnStateChanged/?IDUser=11&IDUserState=301"}   a request there, true or not
        faults of its own: answers ("right" "406" "500" "html" "half" "twice" "huge" "empty" "none"), which of them:
        methods every count late_ms; and empty_lists double_hooks (the README says what they do)
  {"do":"restart"}                                 the server starts anew: no calls, and ids from the beginning
  {"do":"end"}                                     ends all calls
  {"do":"show"}                                    users, their calls, and how many talks there are
  {"do":"requests","fresh":true}                   how many requests there were; fresh: they are counted anew"#;

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Command {
    Call {
        from: String,
        to: String,
        #[serde(default)]
        blinks: bool,
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
    Unhold {
        number: String,
    },
    Transfer {
        number: String,
        to: String,
    },
    StartTransfer {
        number: String,
        to: String,
    },
    FinishTransfer {
        number: String,
    },
    Conference {
        number: String,
    },
    Phone {
        number: String,
        there: bool,
    },
    State {
        number: String,
        state: u32,
    },
    Outside {
        number: String,
        behaviour: Behaviour,
    },
    EventsUrl {
        url: String,
    },
    Hook {
        path: String,
    },
    Faults {
        faults: Faults,
    },
    Restart {},
    End {},
    Show {},
    Requests {
        #[serde(default)]
        fresh: bool,
    },
}

/// States in which a call is heard at the handset, in which it is held there, and in which it rings there.
const HEARD: &[u8] = &[12, 13, 21, 31, 32, 42];
const HELD: &[u8] = &[41, 51];
const RINGS: &[u8] = &[1];

/// Does what a command says.
pub(super) fn run(simulator: &mut Simulator, command: &Value) -> Result<Value, String> {
    let command = Command::deserialize(command).map_err(|error| misunderstood(&error))?;
    let now = simulator.exchange.now;
    let exchange = &mut simulator.exchange;
    let done = match command {
        Command::Call { from, to, blinks } => return call(exchange, &from, &to, blinks),
        Command::Answer { number } => match exchange.user_by_extension(&number) {
            Some(user) => pick(exchange, user, RINGS).and_then(|id| exchange.answer(id)),
            None => exchange.outside_answers(&number),
        },
        Command::Hangup { number } => match exchange.user_by_extension(&number) {
            Some(user) => {
                let heard = pick(exchange, user, HEARD).or_else(|_| pick(exchange, user, RINGS));
                heard.or_else(|_| pick(exchange, user, HELD)).and_then(|id| exchange.hang_up(id))
            }
            None => exchange.outside_leaves(&number),
        },
        Command::Hold { number } => at(exchange, &number, HEARD, |exchange, id| exchange.hold(id, false)),
        Command::Unhold { number } => at(exchange, &number, HELD, Exchange::unhold),
        Command::Transfer { number, to } => {
            at(exchange, &number, HEARD, |exchange, id| exchange.quick_transfer(id, &to))
        }
        Command::StartTransfer { number, to } => {
            at(exchange, &number, HEARD, |exchange, id| exchange.start_transfer(id, &to).map(drop))
        }
        Command::FinishTransfer { number } => at(exchange, &number, HELD, Exchange::finish_transfer),
        Command::Conference { number } => at(exchange, &number, HELD, Exchange::finish_conference),
        Command::Phone { number, there } => user(exchange, &number).map(|user| exchange.set_phone(user, there)),
        Command::State { number, state } => user(exchange, &number).and_then(|user| exchange.set_state(user, state)),
        Command::Outside { number, behaviour } => exchange.behave(&number, behaviour),
        Command::EventsUrl { url } => {
            exchange.config.events_url = Some(url).filter(|url| !url.is_empty());
            Ok(())
        }
        Command::Hook { path } => {
            simulator.tell(&path);
            Ok(())
        }
        Command::Faults { faults } => {
            simulator.set_faults(faults);
            Ok(())
        }
        Command::Restart {} => {
            exchange.restart(simulator.seed);
            Ok(())
        }
        Command::End {} => {
            exchange.everybody_leaves();
            Ok(())
        }
        Command::Show {} => return Ok(overview(exchange)),
        Command::Requests { fresh } => return Ok(simulator.statistics.show(fresh, now)),
    };
    done.map(|()| json!({})).map_err(|refusal| refusal.0)
}

fn call(exchange: &mut Exchange, from: &str, to: &str, blinks: bool) -> Result<Value, String> {
    let before = exchange.calls.keys().next_back().copied();
    match exchange.user_by_extension(from) {
        Some(user) => drop(exchange.make(user, to, None).map_err(|refusal| refusal.0)?),
        None => drop(exchange.call_in(from, to).map_err(|refusal| refusal.0)?),
    }
    let new: Vec<CallId> = exchange.calls.keys().copied().filter(|id| Some(*id) > before).collect();
    for id in &new {
        if let Some(call) = exchange.calls.get_mut(id) {
            call.blinks = blinks;
        }
    }
    Ok(json!({ "calls": new }))
}

fn user(exchange: &Exchange, number: &str) -> Result<usize, Refusal> {
    let found = exchange.user_by_extension(number);
    found.ok_or_else(|| Refusal(format!("there is no user with the number {number:?}")))
}

/// The user's call that is in one of these states, the newest.
fn pick(exchange: &Exchange, user: usize, states: &[u8]) -> Result<CallId, Refusal> {
    let shown = exchange.shown(user);
    let found = shown.iter().rev().find(|call| states.contains(&call.state) && exchange.calls.contains_key(&call.id));
    found.map(|call| call.id).ok_or_else(|| Refusal("there is no such call at this phone".to_owned()))
}

/// Does something with that call.
fn at(
    exchange: &mut Exchange,
    number: &str,
    states: &[u8],
    act: impl FnOnce(&mut Exchange, CallId) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let user = user(exchange, number)?;
    let id = pick(exchange, user, states)?;
    act(exchange, id)
}

fn overview(exchange: &Exchange) -> Value {
    let users = exchange.users.iter().enumerate().map(|(index, user)| {
        let calls = exchange.shown(index).into_iter().map(|call| {
            let digits = exchange.calls.get(&call.id).map_or("", |call| call.digits.as_str());
            json!({ "id": call.id, "state": call.state, "number": call.number, "digits": digits })
        });
        let calls: Vec<Value> = calls.collect();
        json!({
            "id": user.id, "extension": user.extension, "state": user.state, "phone": user.phone, "calls": calls,
        })
    });
    json!({ "users": users.collect::<Vec<_>>(), "talks": exchange.talks.len() })
}
