//! What operators say of themselves, and what their calls make of it.

use super::{Exchange, LONGEST};

impl Exchange {
    /// The state that is shown: talking may come before the chosen one.
    pub(crate) fn state(&self, operator: usize) -> &str {
        let talking = &self.config.talking_state;
        let talks = || self.calls_of(operator).any(|(_, side, call)| call.talks(side));
        if !talking.is_empty() && talks() { talking } else { &self.operators[operator].chosen }
    }

    /// An operator's state is chosen, by the operator or by a client. It is told, also when it is as it was.
    pub(crate) fn choose_state(&mut self, operator: usize, state: &str) -> Result<(), String> {
        if state.is_empty() || state.chars().count() > LONGEST || state.chars().any(char::is_control) {
            return Err(format!("a state has 1 to {LONGEST} characters and no line ends"));
        }
        let states = &self.config.states;
        if !states.is_empty() && !states.iter().any(|one| one == state) {
            return Err(format!("there is no state {state:?}"));
        }
        state.clone_into(&mut self.operators[operator].chosen);
        self.operators[operator].told.clear();
        self.settle(operator);
        Ok(())
    }

    /// Tells an operator's state if it has changed; who has become free may be what a queue has waited for.
    pub(super) fn settle(&mut self, operator: usize) {
        let state = self.state(operator).to_owned();
        if self.operators[operator].told != state {
            self.operators[operator].told = state;
            let message = self.state_message(operator);
            self.notices.push(message);
        }
        if self.takes_queue_calls(operator) {
            self.serve_queues();
        }
    }

    /// A queue's call leaves its operator.
    pub(super) fn queue_call_over(&mut self, operator: usize) {
        if !self.config.after_queue_state.is_empty() {
            self.operators[operator].chosen = self.config.after_queue_state.clone();
        }
    }

    /// A queue may give the operator a call.
    pub(super) fn takes_queue_calls(&self, operator: usize) -> bool {
        self.operators[operator].chosen == self.config.ready && self.calls_of(operator).next().is_none()
    }
}
