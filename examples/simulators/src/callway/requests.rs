//! What clients say: the login, and commands, none of which is answered but `GetOperatorState`.

use super::{
    Simulator,
    exchange::{First, Party},
    message::Message,
};
use crate::Client;

/// The longest routing rule that is kept, in characters.
const RULE: usize = 256;

/// A client's message.
pub(super) fn receive(simulator: &mut Simulator, client: Client, message: &Message) {
    if message.kind == "AuthorizationRequest" {
        simulator.log.hear(message, &Ok(()));
        return log_in(simulator, client, message);
    }
    let every = simulator.faults.ignore_commands;
    let Some(session) = simulator.sessions.get_mut(&client) else { return };
    session.commands = session.commands.wrapping_add(1);
    let lost = every > 0 && session.commands.is_multiple_of(every);
    let done = match &session.login {
        None => Err("nobody is logged in".to_owned()),
        Some(_) if lost => Err("it is ignored, by a fault".to_owned()),
        Some(_) => command(simulator, client, message),
    };
    simulator.log.hear(message, &done);
}

fn log_in(simulator: &mut Simulator, client: Client, message: &Message) {
    let config = &simulator.exchange.config;
    let right = message.get("Login") == config.login && message.get("Password") == config.password;
    let right = right && !simulator.faults.refuse_logins;
    let login = message.get("Login");
    simulator.visits.note(login, if right { "login" } else { "refused" }, "");
    if let Some(session) = simulator.sessions.get_mut(&client) {
        session.login = right.then(|| login.to_owned());
    }
    let result = if right { "Success" } else { "Failed" };
    simulator.reply(client, &Message::new("AuthorizationResponse", &[("AuthorizationResult", result)]));
}

/// Does what a command says; why it was not done, which only the control channel learns.
fn command(simulator: &mut Simulator, client: Client, message: &Message) -> Result<(), String> {
    let unhold_fails = simulator.faults.unhold_fails;
    let exchange = &mut simulator.exchange;
    let id = message.get(if message.kind == "Originate" { "NumberA" } else { "OperatorId" });
    let operator = exchange.operator(id).ok_or_else(|| format!("there is no operator {id:?}"));
    let softphone = |operator: usize, exchange: &super::exchange::Exchange| {
        let one = &exchange.operators[operator];
        if one.softphone { Ok(()) } else { Err(format!("{} has no softphone", one.id)) }
    };
    let call = message.get("UniqueId");
    match message.kind.as_str() {
        "MakeCall" => {
            let operator = operator?;
            softphone(operator, exchange)?;
            exchange.dial(&Party::Operator(operator), message.get("Number"), First::Dialled, "").map(drop)
        }
        "Originate" => {
            let rule: String = message.get("RoutingRule").chars().filter(|it| !it.is_control()).take(RULE).collect();
            exchange.dial(&Party::Operator(operator?), message.get("NumberB"), First::OwnPhone, &rule).map(drop)
        }
        "Answer" => {
            let operator = operator?;
            softphone(operator, exchange)?;
            exchange.answer(operator, Some(call))
        }
        "Drop" => exchange.leave(operator?, Some(call)),
        "Hold" => exchange.hold(operator?, Some(call)),
        "UnHold" if unhold_fails => Err("it is ignored, by a fault".into()),
        "UnHold" => exchange.unhold(operator?, Some(call)),
        "Transfer" => exchange.transfer(operator?, Some(call), message.get("Number")),
        "TransferToCall" => exchange.join(operator?, Some(message.get("UniqueIdA")), Some(message.get("UniqueIdB"))),
        "DialDTMF" => exchange.press(operator?, Some(call), message.get("Digit")),
        "SetOperatorState" => exchange.choose_state(operator?, message.get("State")),
        "GetOperatorState" => {
            let state = exchange.state_message(operator?);
            simulator.reply(client, &state);
            Ok(())
        }
        "ListenCall" => {
            let length = exchange.journal.recording(call).ok_or_else(|| format!("there is no recording {call:?}"))?;
            let to = exchange.operators[operator?].id.clone();
            exchange.dial(&Party::Recording(length), &to, First::Dialled, "").map(drop)
        }
        _ => Err("it is no command".into()),
    }
}
