//! Commands for agents.

use jackfield_plugin_api::{Command, CommandError, ErrorCode};

use super::{Prepared, What, unsupported};
use crate::agent::LOGGED_OFF;
use crate::config::{Config, WORK_MODES};
use crate::line::Line;

/// The names by which a client may call the one secret that a line has.
const SECRETS: &[&str] = &["agent_password", "agentPassword"];

/// What a command for the agent asks for.
pub(super) fn prepare(line: &Line, command: &Command, config: &Config) -> Result<Prepared, CommandError> {
    Ok(match command {
        Command::SetUserState(set) if set.code == LOGGED_OFF => off(line, set.reason.as_deref())?.into(),
        Command::SetUserState(set) => {
            logged_on(line)?;
            let Some(mode) = WORK_MODES.iter().find(|mode| **mode == set.code) else {
                let text = format!("{:?} is no state here: {}, {LOGGED_OFF}", set.code, WORK_MODES.join(", "));
                return Err(CommandError::new(ErrorCode::UnknownState, text));
            };
            to_mode(mode, reason(set.reason.as_deref())?).into()
        }
        Command::SetWrapUpUserState(set) => {
            logged_on(line)?;
            to_mode(if set.active { "afterCallWork" } else { config.ready_mode.as_str() }, None).into()
        }
        Command::LoginAgent(login) => {
            let secret = login.secret_ref.as_deref();
            if let Some(unknown) = secret.filter(|name| !SECRETS.contains(name)) {
                let text = format!("the line's settings have no secret {unknown:?}, only `agent_password`");
                return Err(CommandError::new(ErrorCode::Forbidden, text));
            }
            if login.device.as_ref().is_some_and(|device| *device != line.extension && *device != line.name) {
                let text = "an agent logs on at the line's own station: leave `device` out";
                return Err(CommandError::new(ErrorCode::CommandNotSupported, text));
            }
            on(agent(&login.id)?, config).into()
        }
        Command::LogoutAgent(logout) => {
            let own = line.agent.id.as_ref();
            if logout.id.as_ref().is_some_and(|id| own.is_some_and(|own| own != id)) {
                return Err(CommandError::new(ErrorCode::NotOwner, "another agent is logged on at this station"));
            }
            off(line, None)?.into()
        }
        Command::ChangeCallCentreState(change) if change.active => {
            if line.agent.logged_on {
                return Ok(Prepared::Done);
            }
            let Some(id) = &line.agent_id else {
                let text = "the line's settings name no `agent` that could be logged on";
                return Err(CommandError::new(ErrorCode::ConfigInvalid, text));
            };
            on(agent(id)?, config).into()
        }
        Command::ChangeCallCentreState(_) if !line.agent.logged_on => Prepared::Done,
        Command::ChangeCallCentreState(_) => off(line, None)?.into(),
        Command::SetDnd(set) => {
            if set.device.as_ref().is_some_and(|device| *device != line.extension && *device != line.name) {
                let text = "do not disturb is set for the line's own station: leave `device` out";
                return Err(CommandError::new(ErrorCode::CommandNotSupported, text));
            }
            What::Dnd(set.on).into()
        }
        other => return Err(unsupported(other)),
    })
}

fn to_mode(mode: &str, reason: Option<String>) -> What {
    let state = match mode {
        "auxWork" => "notReady",
        "afterCallWork" => "workingAfterCall",
        _ => "ready",
    };
    What::Agent { state: state.to_owned(), mode: mode.to_owned(), reason, agent: None, login: false }
}

fn on(agent: String, config: &Config) -> What {
    What::Agent {
        state: "loggedOn".to_owned(),
        mode: config.login_mode.clone(),
        reason: None,
        agent: Some(agent),
        login: true,
    }
}

fn off(line: &Line, code: Option<&str>) -> Result<What, CommandError> {
    logged_on(line)?;
    let reason = reason(code)?;
    Ok(What::Agent { state: "loggedOff".to_owned(), mode: String::new(), reason, agent: None, login: false })
}

fn logged_on(line: &Line) -> Result<(), CommandError> {
    if line.agent.logged_on {
        return Ok(());
    }
    Err(CommandError::new(ErrorCode::AgentStateForbids, "no agent is logged on at this station"))
}

fn agent(id: &str) -> Result<String, CommandError> {
    if !id.is_empty() && id.len() <= 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(id.to_owned());
    }
    Err(CommandError::new(ErrorCode::CommandFailed, "an agent's id is 1 to 16 digits or letters"))
}

fn reason(code: Option<&str>) -> Result<Option<String>, CommandError> {
    match code {
        None | Some("") => Ok(None),
        Some(code) if code.len() <= 4 && code.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(code.to_owned())),
        Some(_) => Err(CommandError::new(
            ErrorCode::CommandFailed,
            "a reason is a number, as the settings' `reasons` name them",
        )),
    }
}
