//! The control channel's own commands: handsets, agents, and the faults that only this phone system has.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Faults, Simulator,
    exchange::{First, Party, Refusal},
};
use crate::{Behaviour, Data, System, control::misunderstood};

/// The commands, as `--help` shows them.
pub(super) const HELP: &str = r#"A number is that of a user, a queue, a script, or any other: then it is outside.

  {"do":"call","from":"79990000001","to":"101"}    somebody outside, or a user with the handset, calls
  {"do":"answer","number":"101"}                   lifts what rings there, inside or outside
  {"do":"hangup","number":"101"}                   puts the handset down; what rings there is refused
  {"do":"decline","number":"101"}                  refuses what rings at a user's phone
  {"do":"flash","number":"101"}                    hold, back from hold, or the two exchanged, at the phone
  {"do":"return","number":"101"}                   drops the current one and returns to the one on hold
  {"do":"transfer","number":"101","to":"102"}      a blind transfer at the phone
  {"do":"phone","number":"101","there":false}      takes the phone away (true: brings it back)
  {"do":"state","number":"101","set":{"userstateid":2,"oncallcenter":true}}   the user's own state
  {"do":"desktop","number":"101","on":true}        the user is on with the desktop client: no login (50093)
  {"do":"licences","count":1}                      how many users may be on line (50025); 0: any number
  {"do":"outside","number":"79990000002","behaviour":"busy"}
        "manual", "busy", {"answer":{"after_ms":2000}}, {"refuse":{"after_ms":500}}; users' phones too
  {"do":"custom","number":"101","event":"hello","param":{"a":1}}   a customevent
        faults of its own: late_ms redirect service_down forget_sessions no_subprotocol multipart_over
        idle_close_ms (the README says what they do)
  {"do":"half-message","number":"101"}             sends half of a message in a whole frame
  {"do":"end"}                                     ends all calls
  {"do":"show"}                                    users, lines, calls, conferences
  {"do":"journal"}                                 ended calls
  {"do":"visits"}                                  who has come (login, resumed, refused) and gone (logout, gone)"#;

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Command {
    Call { from: String, to: String },
    Answer { number: String },
    Hangup { number: String },
    Decline { number: String },
    Flash { number: String },
    Return { number: String },
    Transfer { number: String, to: String },
    Phone { number: String, there: bool },
    State { number: String, set: serde_json::Map<String, Value> },
    Desktop { number: String, on: bool },
    Licences { count: usize },
    Outside { number: String, behaviour: Behaviour },
    Custom { number: String, event: String, param: Value },
    Faults { faults: Faults },
    HalfMessage { number: String },
    End {},
    Show {},
    Journal {},
    Visits {},
}

/// Does what a command says.
pub(super) fn run(simulator: &mut Simulator, command: &Value) -> Result<Value, String> {
    let command = Command::deserialize(command).map_err(|error| misunderstood(&error))?;
    let none = Ok(json!({}));
    let exchange = &mut simulator.exchange;
    match command {
        Command::Call { from, to } => match exchange.party(&from) {
            Party::User(user) => {
                exchange.dial_by_hand(user, &to).map_err(said)?;
                Ok(json!({ "chain": exchange.chain_of(user) }))
            }
            Party::Outside(_) if from.is_empty() || from.len() > 64 => Err("from: 1 to 64 characters".into()),
            Party::Outside(number) => {
                let chain = exchange.dial(&Party::Outside(number), &to, First::Lifted, false, None).map_err(said)?;
                Ok(json!({ "chain": chain }))
            }
            _ => Err(format!("{from} is a queue or a script, which call nobody")),
        },
        Command::Answer { number } => match exchange.user_by_number(&number) {
            Some(user) => exchange.answer(user),
            None => exchange.outside_answers(&number),
        }
        .map_err(said)
        .and(none),
        Command::Hangup { number } => match exchange.user_by_number(&number) {
            Some(user) => exchange.leave(user),
            None => exchange.outside_leaves(&number),
        }
        .map_err(said)
        .and(none),
        Command::Decline { number } => match exchange.user_by_number(&number) {
            Some(user) => exchange.decline(user),
            None => exchange.outside_leaves(&number),
        }
        .map_err(said)
        .and(none),
        Command::Flash { number } => {
            let user = user(simulator, &number)?;
            simulator.exchange.switch(user).map_err(said).and(none)
        }
        Command::Return { number } => {
            let user = user(simulator, &number)?;
            simulator.exchange.return_to_held(user).map_err(said).and(none)
        }
        Command::Transfer { number, to } => {
            let user = user(simulator, &number)?;
            simulator.exchange.transfer(user, &to).map_err(said).and(none)
        }
        Command::Phone { number, there } => {
            let user = user(simulator, &number)?;
            simulator.exchange.set_phone(user, there);
            none
        }
        Command::State { number, set } => {
            let user = user(simulator, &number)?;
            simulator.exchange.set_user_state(user, &set).map_err(said).and(none)
        }
        Command::Desktop { number, on } => {
            let user = user(simulator, &number)?;
            simulator.exchange.users[user].desktop = on;
            none
        }
        Command::Licences { count } => {
            exchange.config.licences = count;
            none
        }
        Command::Outside { number, behaviour } => exchange.behave(&number, behaviour).map_err(said).and(none),
        Command::Custom { number, event, param } => {
            let user = user(simulator, &number)?;
            simulator.exchange.custom_event(user, &event, &param);
            none
        }
        Command::Faults { faults } => {
            simulator.set_faults(faults);
            none
        }
        Command::HalfMessage { number } => {
            let clients = simulator.clients_of(&number)?;
            for client in &clients {
                simulator.wire().send(*client, Data::Text("[\"linestatechanged\",{\"qid\":\"ha".to_owned()));
            }
            Ok(json!({ "sessions": clients.len() }))
        }
        Command::End {} => {
            exchange.everybody_leaves();
            none
        }
        Command::Show {} => Ok(exchange.overview()),
        Command::Visits {} => Ok(json!({ "visits": simulator.visits.all() })),
        Command::Journal {} => Ok(json!({ "calls": exchange.journal.rows(None) })),
    }
}

fn said(refusal: Refusal) -> String {
    refusal.1
}

pub(super) fn user(simulator: &Simulator, number: &str) -> Result<usize, String> {
    simulator.exchange.user_by_number(number).ok_or_else(|| format!("there is no user with the number {number:?}"))
}
