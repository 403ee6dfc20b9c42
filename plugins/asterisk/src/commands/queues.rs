//! The agent's own doing: pause, and membership of queues.

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, LineId, Reply};

use super::Then;
use crate::asks::Ask;
use crate::pbx::{Pbx, Say};
use crate::queues::{PAUSED, READY};
use crate::wire::action::Action;

impl Pbx {
    pub(super) fn set_user_state(
        &mut self,
        command: CommandId,
        line: LineId,
        code: &str,
        reason: Option<&str>,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let paused = match code {
            READY => false,
            PAUSED => true,
            _ => {
                return Err(CommandError::new(
                    ErrorCode::UnknownState,
                    format!("there are the states {READY} and {PAUSED}"),
                ));
            }
        };
        let reasons = &self.config.pause_reasons;
        if let Some(reason) = reason.filter(|r| !reasons.is_empty() && !reasons.iter().any(|known| known.code == *r)) {
            return Err(CommandError::new(
                ErrorCode::ReasonRequired,
                format!("`{}` is no reason of the list", reason.escape_debug()),
            ));
        }
        let interfaces = self.interfaces(line);
        if interfaces.is_empty() {
            return Err(CommandError::new(ErrorCode::AgentStateForbids, "the agent is in no queue"));
        }
        // Without a queue it counts for all of them.
        let mut actions = interfaces.into_iter().map(|interface| {
            let action = Action::new("QueuePause")
                .with("Interface", &interface)
                .with("Paused", if paused { "true" } else { "false" });
            match reason.filter(|_| paused) {
                Some(reason) => action.with("Reason", reason),
                None => action,
            }
        });
        let first = actions.next();
        let rest: Vec<_> = actions.collect();
        self.all(command, first, rest, line, say)
    }

    /// The interfaces under which a line is a member, each once.
    fn interfaces(&self, line: LineId) -> Vec<String> {
        let Some(of_line) = self.lines.get(line) else { return Vec::new() };
        let mut interfaces: Vec<String> =
            self.queues.of(of_line).map(|(_, interface, _)| interface.to_owned()).collect();
        interfaces.sort_unstable();
        interfaces.dedup();
        interfaces
    }

    /// Makes the line a member of its queues.
    pub(super) fn log_in(
        &mut self,
        command: CommandId,
        line: LineId,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let of_line = self.lines.get(line).cloned();
        let Some(of_line) = of_line.filter(|l| !l.queues.is_empty()) else {
            let text = "the line's settings name no `queues`: membership is the phone system's business";
            return Err(CommandError::new(ErrorCode::CommandNotSupported, text));
        };
        let member_of: Vec<String> = self.queues.of(&of_line).map(|(queue, ..)| queue.to_owned()).collect();
        let mut actions = of_line.queues.iter().filter(|queue| !member_of.contains(queue)).map(|queue| {
            let action = Action::new("QueueAdd")
                .with("Queue", queue)
                .with("Interface", &of_line.member)
                .with("MemberName", &of_line.member_name)
                .with("Paused", "false");
            if of_line.member == of_line.device { action } else { action.with("StateInterface", &of_line.device) }
        });
        let first = actions.next();
        let rest: Vec<_> = actions.collect();
        self.all(command, first, rest, line, say)
    }

    /// Takes the line out of all queues that it was added to (members of queues.conf stay: Asterisk refuses them).
    pub(super) fn log_out(
        &mut self,
        command: CommandId,
        line: LineId,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let of_line = self.lines.get(line).cloned();
        let memberships: Vec<(String, String)> = of_line
            .iter()
            .flat_map(|l| self.queues.of(l).map(|(queue, interface, _)| (queue.to_owned(), interface.to_owned())))
            .collect();
        let mut actions = memberships
            .iter()
            .map(|(queue, interface)| Action::new("QueueRemove").with("Queue", queue).with("Interface", interface));
        let first = actions.next();
        let rest: Vec<_> = actions.collect();
        self.all(command, first, rest, line, say)
    }

    /// Several actions for one command: the first one's answer is the command's, which are all alike.
    fn all(
        &mut self,
        command: CommandId,
        first: Option<Action>,
        rest: Vec<Action>,
        line: LineId,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let Some(first) = first else {
            self.accept(command, Reply::noop(), say);
            return Ok(());
        };
        self.order(first, command, Then::Accept, say)?;
        for action in rest {
            self.send(action, Ask::Quiet, say)?;
        }
        self.queues.commands.insert(line, command);
        Ok(())
    }
}
