//! The operator's state: a free text in CallWay, which the settings translate.

use jackfield_plugin_api::{AgentFact, AgentState, CommandId, Reply, SelectableState};

use crate::calls::Scene;
use crate::config::Config;
use crate::effects::Effect;
use crate::line::Line;
use crate::wire::Block;

/// A code of a state is no longer.
const LONGEST_CODE: usize = 128;

/// `OperatorState`.
pub(crate) fn operator_state(line: &mut Line, block: &Block<'_>, scene: &mut Scene<'_, '_>) {
    let Some(code) = block.get("State").filter(|code| code.len() <= LONGEST_CODE) else { return };
    let waiting = scene.effects.take(line.id, |effect| matches!(effect, Effect::State(asked) if asked == code));
    if code != scene.config.wrap_up_on {
        line.wraps_up = false;
    }
    line.state = Some(code.to_owned());
    let command = waiting.map(|waiting| waiting.id);
    scene.host.report(agent(line, code, command, scene.config));
    if let Some(id) = command {
        scene.host.reply(id, Reply::accepted());
    }
}

fn agent(line: &Line, code: &str, command: Option<CommandId>, config: &Config) -> AgentFact {
    let state = if line.wraps_up { AgentState::AfterCallWork } else { meaning(code, config) };
    let mut fact = AgentFact::new(line.id, state, code).agent_id(line.operator.as_str());
    fact.selectable =
        config.selectable.iter().map(|code| SelectableState::new(code.as_str(), meaning(code, config))).collect();
    fact.command = command;
    fact
}

fn meaning(code: &str, config: &Config) -> AgentState {
    config.states.get(code).map_or(AgentState::Unknown, |name| (*name).into())
}
