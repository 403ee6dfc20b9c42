//! What is done later, in the order of its time.

use super::Service;
use crate::control;
use crate::exchange::Act;

/// The most that is done in one go: who makes more of it lets others in between.
const MOST: usize = 10_000;

pub(crate) enum Job {
    /// The phone system's own.
    Act(Act),
    /// A request is carried out.
    Request(u32),
    /// A command of the script.
    Scene(usize),
    /// A look at the file of commands.
    Look,
}

impl Service {
    /// Does what is due.
    pub(crate) fn run_due(&mut self) {
        for _ in 0..MOST {
            let now = self.now();
            let Some(entry) = self.jobs.first_entry() else { return };
            if entry.key().0 > now {
                return;
            }
            match entry.remove() {
                Job::Act(act) => self.with_exchange(|exchange| exchange.act(act)),
                Job::Request(id) => self.perform(id),
                Job::Scene(at) => self.scene(at),
                Job::Look => {
                    control::look(self);
                    self.schedule(self.config.times.poll.max(1), Job::Look);
                }
            }
        }
    }

    fn scene(&mut self, at: usize) {
        let Some(scene) = self.config.script.get(at) else { return };
        let (every, command) = (scene.every, scene.command.clone());
        if let Some(every) = every {
            self.schedule(every.max(1), Job::Scene(at));
        }
        control::obey_aloud(self, serde_json::Value::Object(command));
    }
}
