//! The control channel's own commands: handsets, states, and what is told out of the blue.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Faults, Simulator,
    exchange::{First, Party},
    message::Message,
};
use crate::{Behaviour, control::misunderstood};

/// The commands, as `--help` shows them.
pub(super) const HELP: &str = r#"A number is that of an operator, a queue, a script, or any other: then it is outside. One connection serves all
operators: "number" of cut, half, garbage and raw is any operator's, or "all" for every connection.
Where an operator has several calls, "call" is the UniqueId of the one that is meant.

  {"do":"call","from":"79990000001","to":"210"}    somebody outside, or an operator with the handset, calls
  {"do":"answer","number":"210","call":"…"}        lifts what rings there, inside or outside
  {"do":"hangup","number":"210","call":"…"}        puts the handset down; what rings there is refused
  {"do":"decline","number":"210"}                  refuses what rings at an operator's phone
  {"do":"hold","number":"210"} {"do":"unhold","number":"210"}     at the phone
  {"do":"transfer","number":"210","to":"211"}      a blind transfer at the phone
  {"do":"join","number":"210"}                     connects the one on hold and the one that is talked in
  {"do":"press","number":"210","digits":"1#"}      digits, of an operator or of somebody outside
  {"do":"state","number":"210","state":"Break"}    the operator's own state
  {"do":"outside","number":"79990000002","behaviour":"busy"}
        "manual", "busy", {"answer":{"after_ms":2000}}, {"refuse":{"after_ms":500}}; operators' phones too
  {"do":"say","message":"NewCall","fields":[["OperatorId","210"],["Number","1: 2"]]}   any message, to all who are in
        faults of its own: refuse_logins idle_close_ms unhold_fails ignore_commands twice strange (the README says
        what they do)
  {"do":"restart"}                                 connections are dropped, calls are gone, nobody is told
  {"do":"end"}                                     ends all calls, and tells so
  {"do":"show"}                                    operators and calls
  {"do":"journal"}                                 ended calls
  {"do":"heard"}                                   what clients have said, and what of it was ignored
  {"do":"visits"}                                  who has come (login, refused) and gone"#;

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Command {
    Call { from: String, to: String },
    Answer { number: String, call: Option<String> },
    Hangup { number: String, call: Option<String> },
    Decline { number: String, call: Option<String> },
    Hold { number: String, call: Option<String> },
    Unhold { number: String, call: Option<String> },
    Transfer { number: String, to: String, call: Option<String> },
    Join { number: String },
    Press { number: String, digits: String },
    State { number: String, state: String },
    Outside { number: String, behaviour: Behaviour },
    Say { message: String, fields: Vec<(String, String)> },
    Faults { faults: Faults },
    Restart {},
    End {},
    Show {},
    Journal {},
    Heard {},
    Visits {},
}

/// Does what a command says.
pub(super) fn run(simulator: &mut Simulator, command: &Value) -> Result<Value, String> {
    let command = Command::deserialize(command).map_err(|error| misunderstood(&error))?;
    let exchange = &mut simulator.exchange;
    let operator = |number: &str, exchange: &super::exchange::Exchange| {
        exchange.operator(number).ok_or_else(|| format!("there is no operator with the number {number:?}"))
    };
    match command {
        Command::Call { from, to } => {
            let caller = exchange.party(&from);
            match &caller {
                Party::Operator(_) => {}
                Party::Outside(_) if is_text(&from) => {}
                Party::Outside(_) => return Err("from: 1 to 64 characters, no line ends".into()),
                _ => return Err(format!("{from} is a queue or a script, which call nobody")),
            }
            let unique_id = exchange.dial(&caller, &to, First::Dialled, "")?;
            return Ok(json!({ "uniqueId": unique_id }));
        }
        Command::Answer { number, call } => match exchange.operator(&number) {
            Some(operator) => exchange.answer(operator, call.as_deref())?,
            None => exchange.outside_answers(&number)?,
        },
        Command::Hangup { number, call } => match exchange.operator(&number) {
            Some(operator) => exchange.leave(operator, call.as_deref())?,
            None => exchange.outside_leaves(&number)?,
        },
        Command::Decline { number, call } => {
            exchange.decline(operator(&number, exchange)?, call.as_deref())?;
        }
        Command::Hold { number, call } => exchange.hold(operator(&number, exchange)?, call.as_deref())?,
        Command::Unhold { number, call } => exchange.unhold(operator(&number, exchange)?, call.as_deref())?,
        Command::Transfer { number, to, call } => {
            exchange.transfer(operator(&number, exchange)?, call.as_deref(), &to)?;
        }
        Command::Join { number } => exchange.join(operator(&number, exchange)?, None, None)?,
        Command::Press { number, digits } => match exchange.operator(&number) {
            Some(operator) => exchange.press(operator, None, &digits)?,
            None => exchange.outside_presses(&number, &digits)?,
        },
        Command::State { number, state } => exchange.choose_state(operator(&number, exchange)?, &state)?,
        Command::Outside { number, behaviour } => exchange.behave(&number, behaviour)?,
        Command::Say { message, fields } => {
            let texts = || fields.iter().flat_map(|(name, value)| [name, value]).chain([&message]);
            if texts().any(|text| text.contains(['\r', '\n'])) {
                return Err("line ends cannot be said; raw sends any text".into());
            }
            let clients = simulator.logged_in().len();
            simulator.tell(&Message { kind: message, fields });
            return Ok(json!({ "sessions": clients }));
        }
        Command::Faults { faults } => simulator.set_faults(faults),
        Command::Restart {} => simulator.restart(),
        Command::End {} => exchange.end_all(),
        Command::Show {} => return Ok(exchange.overview()),
        Command::Journal {} => return Ok(json!({ "calls": exchange.journal.rows() })),
        Command::Heard {} => return Ok(json!({ "messages": simulator.log.heard() })),
        Command::Visits {} => return Ok(json!({ "visits": simulator.visits.all() })),
    }
    Ok(json!({}))
}

fn is_text(text: &str) -> bool {
    (1..=super::exchange::LONGEST).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
