//! The state of a line's user: a number in Infinity, which the settings translate.

use jackfield_plugin_api::{AgentFact, AgentState, CommandId, Host, SelectableState};

use crate::config::Config;
use crate::line::Line;

/// The user's state was seen, or set.
pub(crate) fn is(line: &mut Line, code: String, command: Option<CommandId>, config: &Config, host: &mut Host<'_>) {
    if line.state.as_ref() == Some(&code) && command.is_none() {
        return;
    }
    let mut fact = AgentFact::new(line.id, meaning(&code, config), code.as_str());
    fact.agent_id.clone_from(&line.user);
    fact.call_centre = Some(code != config.offline);
    fact.selectable =
        config.selectable.iter().map(|code| SelectableState::new(code.as_str(), meaning(code, config))).collect();
    fact.command = command;
    line.state = Some(code);
    host.report(fact);
}

fn meaning(code: &str, config: &Config) -> AgentState {
    config.states.get(code).map_or(AgentState::Unknown, |name| (*name).into())
}
