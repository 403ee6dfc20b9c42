//! What is true of the phone system at any moment between two inputs.

use std::collections::BTreeSet;

use super::{
    Exchange, Job, Party,
    call::{Side, Stage},
};
use crate::callway::config::UniqueId;

impl Exchange {
    /// Looks at everything; the error says what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for (id, call) in &self.calls {
            if call.caller.party == call.called.party {
                return Err(format!("call {id} has one party: {call:?}"));
            }
            let mut operators = 0;
            for side in [Side::Caller, Side::Called] {
                let end = call.end(side);
                let is_operator = matches!(end.party, Party::Operator(_));
                operators += usize::from(is_operator);
                if (end.held || end.bridged) && !end.told && is_operator {
                    return Err(format!("call {id} was told half: {call:?}"));
                }
                if end.held && (!is_operator || call.stage == Stage::OwnPhone) {
                    return Err(format!("call {id} is held by nobody: {call:?}"));
                }
                if is_operator && end.told && self.config.unique_id == UniqueId::Leg && !ids.insert(&end.id) {
                    return Err(format!("call {id} has the id of another: {call:?}"));
                }
            }
            // Who has an operator in it ends when the operator leaves; the others must end by themselves.
            let ends = |job: &Job| matches!(job, Job::End | Job::NoAnswer | Job::ScriptEnds);
            let ends = self.jobs.values().any(|it| it.call == *id && it.stamp == call.stamp && ends(&it.job));
            if operators == 0 && !ends {
                return Err(format!("nothing ends call {id}: {call:?}"));
            }
        }
        for (index, operator) in self.operators.iter().enumerate() {
            let talks = self.calls_of(index).filter(|(_, side, call)| call.talks(*side)).count();
            if self.config.one_talk && talks > 1 {
                return Err(format!("{} talks in {talks} calls", operator.id));
            }
            let lines = self.calls_of(index).count();
            if lines > self.config.lines {
                return Err(format!("{} has {lines} calls", operator.id));
            }
            if operator.told != self.state(index) {
                return Err(format!("{} is {}, and was told to be {}", operator.id, self.state(index), operator.told));
            }
        }
        Ok(())
    }
}
