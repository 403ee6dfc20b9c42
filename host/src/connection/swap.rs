//! One adapter goes on for another in the middle of everything: nobody at the phone system and no client notices.
//!
//! What takes long (mapping a library, starting a process for it) happens beside the adapter that runs. Then, in one
//! piece of this task's work, so that inputs wait in their queues: the old one gives its state, the new one is made
//! from it. Sockets, timers, requests, commands, epochs and numbers are the connection's own and stay as they are.
//!
//! An old one that cannot save, or whose state the new one does not read, is replaced by a restart, as ever: it logs
//! out, the new one logs in, calls are compared with what the phone system shows (I15). One that fails while it is
//! made from the state has changed nothing: the old one goes on. What becomes of one that fails later is the business
//! of [`super::probation`].

use std::collections::BTreeSet;
use std::time::Duration;

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{ErrorCode, LineId, Timestamp};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::exchange::{named, not_taken};
use super::lifecycle::{Made, Posts, json_text, place};
use super::probation::Probation;
use super::task::{POST_QUEUE, Task};
use crate::config::{ConnectionConfig, Isolation, LinePlan};
use crate::model::{Loss, timestamp_text};
use crate::plugins::{Fault, LoadedPlugin, Port, Prepared};
use crate::recorder::Birth;

/// So many lines are told in one crossing.
const TOGETHER: usize = 256;

/// Takes what became of a replacement that somebody asked for.
pub(super) type Asked = Box<dyn FnOnce(Result<Value, String>) + Send>;

/// Where an adapter runs: what of it cannot be changed without another one.
pub(super) type Seat = (Isolation, u32);

pub(super) fn seat(config: &ConnectionConfig) -> Seat {
    (config.isolation, config.memory)
}

/// All about replacements.
#[derive(Default)]
pub(super) struct Swapping {
    /// What is made ready beside the adapter that runs.
    preparing: Option<Preparing>,
    /// The adapter that runs is new.
    pub(super) probation: Option<Probation>,
    /// Where the adapter that runs was put.
    pub(super) seat: Option<Seat>,
    /// Lines that are not open because the adapter that runs, or one before it, refused their settings.
    pub(super) refused: BTreeSet<LineId>,
    /// What became of the last replacement, for the status.
    pub(super) last: Option<Value>,
}

struct Preparing {
    plugin: LoadedPlugin,
    posts: Posts,
    loading: JoinHandle<Result<Prepared, Fault>>,
    asked: Option<Asked>,
}

impl Drop for Preparing {
    fn drop(&mut self) {
        self.loading.abort();
    }
}

/// What became of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The new one goes on where the old one was.
    Swapped,
    /// The new one began afresh.
    Restarted,
    /// The old one goes on.
    NotTaken,
    /// The new one was at fault on probation; the old one has gone on where it was.
    TakenBack,
    /// The new one was at fault on probation; the old one began afresh.
    WentBack,
}

impl Outcome {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Swapped, Self::Restarted, Self::NotTaken, Self::TakenBack, Self::WentBack];

    /// The name in metrics and in the status.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Swapped => "swapped",
            Self::Restarted => "restarted",
            Self::NotTaken => "notTaken",
            Self::TakenBack => "takenBack",
            Self::WentBack => "wentBack",
        }
    }
}

/// The library that is being loaded, when it is.
pub(super) async fn loaded(swapping: &mut Swapping) -> Result<Prepared, Fault> {
    match &mut swapping.preparing {
        Some(preparing) => match (&mut preparing.loading).await {
            Ok(loaded) => loaded,
            Err(error) => Err(Fault::Broken(format!("it could not be made ready: {error}"))),
        },
        None => std::future::pending().await,
    }
}

/// Whether one adapter's state is read by another.
fn reads(new: &LoadedPlugin, old: &LoadedPlugin) -> Result<(), String> {
    let (saved, oldest, newest) =
        (old.manifest.state_version, new.manifest.oldest_state_version, new.manifest.state_version);
    if saved == 0 {
        return Err(format!("{} does not save its state", named(old)));
    }
    if newest == 0 {
        return Err(format!("{} does not take over any state", named(new)));
    }
    if saved < oldest || saved > newest {
        let reads = if oldest == newest { newest.to_string() } else { format!("{oldest} to {newest}") };
        return Err(format!("{} saves state of version {saved}, {} reads {reads}", named(old), named(new)));
    }
    Ok(())
}

impl Task {
    /// Begins to make a library ready beside the adapter that runs. Whatever was made ready before it is let go.
    pub(super) fn prepare(&mut self, plugin: LoadedPlugin, asked: Option<Asked>) {
        self.let_go(&format!("{} came after it", named(&plugin)));
        let posts = mpsc::channel(POST_QUEUE);
        let (config, posted, library) = (self.config.clone(), posts.0.clone(), plugin.clone());
        let loading = tokio::spawn(async move { Prepared::new(&library, place(&config), &config.grant, posted).await });
        tracing::info!(connection = %self.config.id, "{} is made ready", named(&plugin));
        self.swap.preparing = Some(Preparing { plugin, posts, loading, asked });
    }

    /// What is being made ready.
    pub(super) fn preparing(&self) -> Option<&LoadedPlugin> {
        self.swap.preparing.as_ref().map(|preparing| &preparing.plugin)
    }

    /// Nothing is made ready any more.
    pub(super) fn let_go(&mut self, why: &str) {
        let Some(mut preparing) = self.swap.preparing.take() else { return };
        tracing::info!(connection = %self.config.id, "{} is let go: {why}", named(&preparing.plugin));
        if let Some(asked) = preparing.asked.take() {
            asked(Err(format!("{} was not taken: {why}", named(&preparing.plugin))));
        }
    }

    /// A library is ready: its adapter takes the place of the one that runs.
    pub(super) async fn prepared(&mut self, loaded: Result<Prepared, Fault>) {
        let Some(mut preparing) = self.swap.preparing.take() else { return };
        let (new, asked) = (preparing.plugin.clone(), preparing.asked.take());
        let posts = std::mem::replace(&mut preparing.posts, mpsc::channel(1));
        let from = self.plugin.as_ref().ok().cloned();
        let done = match (loaded, from.clone()) {
            (Ok(prepared), Some(old)) => Box::pin(self.replace(&old, &new, prepared, posts)).await,
            (Err(fault), Some(old)) => self.not_taken(&old, &new, &fault),
            // Withdrawn meanwhile.
            (_, None) => Done { outcome: Outcome::NotTaken, pause: None, text: "its plugin is gone".to_owned() },
        };
        self.metrics.swap(done.outcome, done.pause);
        let told = self.told(from.as_ref(), &new, &done);
        if let Some(asked) = asked {
            asked(match done.outcome {
                Outcome::Swapped | Outcome::Restarted => Ok(told.clone()),
                _ => Err(done.text.clone()),
            });
        }
        self.swap.last = Some(told);
        let warning = match done.outcome {
            Outcome::NotTaken => Some(done.text),
            // It may have given way already.
            _ => self.warning.clone().filter(|_| self.unfit.as_ref() == Some(&new.hash)),
        };
        let folder = self.supply.borrow().warning.clone();
        self.warn(warning.or(folder)).await;
    }

    /// What is told of a replacement.
    pub(super) fn told(&mut self, from: Option<&LoadedPlugin>, to: &LoadedPlugin, done: &Done) -> Value {
        let one = |plugin: &LoadedPlugin| json!({ "version": plugin.manifest.version, "sha256": plugin.hash });
        let mut told = json!({
            "at": timestamp_text(self.now()),
            "from": from.map(one),
            "to": one(to),
            "outcome": done.outcome.as_str(),
            "text": done.text,
        });
        if let Some(pause) = done.pause {
            told["pauseUs"] = json!(u64::try_from(pause.as_micros()).unwrap_or(u64::MAX));
        }
        told
    }

    /// Puts one adapter into the place of another: with its state if that can be, else afresh.
    async fn replace(&mut self, old: &LoadedPlugin, new: &LoadedPlugin, mut prepared: Prepared, posts: Posts) -> Done {
        if self.port.is_none() {
            return self.afresh(old, new, prepared, posts, "there is nothing to take over").await;
        }
        if let Err(why) = reads(new, old) {
            return self.afresh(old, new, prepared, posts, &why).await;
        }
        let patience = self.config.input_timeout;
        let begin = Instant::now();
        let Some(mut port) = self.port.take() else {
            return self.afresh(old, new, prepared, posts, "there is nothing to take over").await;
        };
        let state = match port.save(patience).await {
            Ok(Some(state)) => state,
            Ok(None) => {
                self.port = Some(port);
                let why = format!("{} gives no state", named(old));
                return self.afresh(old, new, prepared, posts, &why).await;
            }
            // A refusal and a panic leave it as it was; of a process that is gone nobody is left to log out.
            Err(fault) => {
                if matches!(fault, Fault::Refused { .. } | Fault::Panicked { .. }) {
                    self.port = Some(port);
                }
                let why = format!("{} cannot save its state: {fault}", named(old));
                return self.afresh(old, new, prepared, posts, &why).await;
            }
        };
        let saved = begin.elapsed();
        let (now, start) = (self.now(), self.start_frame(new, old.manifest.state_version));
        let made = match prepared.restore(now, &start, &state, patience).await {
            Ok(made) => self.tell_lines(now, made).await,
            Err(fault) => Err(fault),
        };
        let (made, wanted) = match made {
            Ok(made) => made,
            Err(Fault::Refused { path, text }) => {
                self.port = Some(port);
                let why = format!("{} refuses the state: {}", named(new), Fault::Refused { path, text });
                if prepared.is_spent() {
                    // It refuses what a line is set to, made already. There is time now: it begins afresh.
                    let (config, posted) = (&self.config, posts.0.clone());
                    prepared = match Prepared::new(new, place(config), &config.grant, posted).await {
                        Ok(prepared) => prepared,
                        Err(fault) => return self.not_taken(old, new, &fault),
                    };
                }
                return self.afresh(old, new, prepared, posts, &why).await;
            }
            Err(fault) => {
                self.port = Some(port);
                return self.not_taken(old, new, &fault);
            }
        };
        self.port = Some(made);
        self.posts = posts;
        self.goes_on(new);
        let was = self.swap.seat.replace(seat(&self.config));
        self.record_swap(new, Birth::restored(now, start, &state));
        self.swap.probation = Some(Probation::new(old.clone(), port, was, new, &wanted, &self.config));
        self.obey(&wanted);
        self.publish().await;
        let pause = begin.elapsed();
        self.metrics.exchanges.inc();
        let text = format!("{} goes on for {}", named(new), named(old));
        tracing::info!(
            connection = %self.config.id, from = %old.manifest.version, to = %new.manifest.version,
            pause_us = pause.as_micros(), save_us = saved.as_micros(), state_bytes = state.len(),
            process = self.port.as_ref().and_then(Port::process),
            "swapped: {text}; inputs waited {} µs", pause.as_micros()
        );
        self.open_what_was_refused().await;
        Done { outcome: Outcome::Swapped, pause: Some(pause), text }
    }

    /// The settings of the open lines, for one that was made from a state; and what it wants done so far.
    async fn tell_lines(&mut self, now: Timestamp, mut made: Port) -> Result<(Port, Vec<u8>), Fault> {
        let mut wanted = made.outputs().to_vec();
        let is_open = |id: &LineId| !self.swap.refused.contains(id) && !self.presence.is_closed(*id);
        let open: Vec<(&LineId, &LinePlan)> = self.lines.iter().filter(|(id, _)| is_open(id)).collect();
        for some in open.chunks(TOGETHER) {
            let frame =
                |id: &LineId, plan: &LinePlan| InputFrame::line_settings(*id, &plan.device, &json_text(&plan.settings));
            if made.is_apart() {
                some.iter().for_each(|(id, plan)| made.say(now, false, &frame(id, plan)));
            }
            for (id, plan) in some {
                let told = match made.is_apart() {
                    true => made.answer().await.map(Option::unwrap_or_default),
                    false => made.handle_here(now, &frame(id, plan)),
                };
                wanted.extend_from_slice(told.map_err(|fault| match fault {
                    Fault::Refused { path, text } => {
                        Fault::Refused { path, text: format!("line `{}`: {text}", plan.name) }
                    }
                    fault => fault,
                })?);
            }
        }
        Ok((made, wanted))
    }

    /// Lines whose settings the old one refused may fit the new one.
    async fn open_what_was_refused(&mut self) {
        for id in std::mem::take(&mut self.swap.refused) {
            if let Some(plan) = self.lines.get(&id).filter(|_| !self.presence.is_closed(id)).cloned() {
                self.open_line(id, &plan).await;
            }
        }
    }

    /// The connection's adapter is this one from now on; nothing begins anew.
    pub(super) fn goes_on(&mut self, plugin: &LoadedPlugin) {
        let now = self.now();
        let manifest = &plugin.manifest;
        self.model.adapter_goes_on(now, &manifest.version, &manifest.capabilities, &mut self.events);
        self.plugin = Ok(plugin.clone());
    }

    /// The new one is made before the old one is stopped; what it refuses changes nothing.
    async fn afresh(
        &mut self,
        old: &LoadedPlugin,
        new: &LoadedPlugin,
        mut prepared: Prepared,
        posts: Posts,
        why: &str,
    ) -> Done {
        let (now, start) = (self.now(), self.start_frame(new, 0));
        let port = match prepared.make(now, &start).await {
            Ok(port) => port,
            Err(fault) => {
                let done = self.not_taken(old, new, &fault);
                if self.port.is_none() && self.restart_at.is_none() {
                    // The old one was lost when it was to save.
                    self.fault(&Fault::Broken(why.to_owned())).await;
                }
                return done;
            }
        };
        let text = format!("{} takes the place of {}", named(new), named(old));
        tracing::info!(connection = %self.config.id, "{text}; it begins afresh: {why}");
        self.leave(&Loss::new(ErrorCode::Cancelled, text.clone())).await;
        self.becomes(new);
        self.before = Some(old.clone()).filter(|old| old.hash != new.hash);
        self.metrics.exchanges.inc();
        self.run_adapter(new, Made { port, posts, birth: Birth::new(now, start) }).await;
        Done { outcome: Outcome::Restarted, pause: None, text: format!("{text}; it began afresh: {why}") }
    }

    /// A new one that failed before it ran.
    fn not_taken(&mut self, old: &LoadedPlugin, new: &LoadedPlugin, fault: &Fault) -> Done {
        if new.hash != old.hash {
            self.unfit = Some(new.hash.clone());
        }
        Done { outcome: Outcome::NotTaken, pause: None, text: not_taken(new, fault, old) }
    }

    /// An administrator asks for a replacement, by whatever library: also by the same.
    pub(super) async fn swap_to(&mut self, plugin: LoadedPlugin, asked: Asked) {
        self.unfit = None;
        let alive = self.port.is_some() || self.restart_at.is_some();
        if alive && self.plugin.is_ok() {
            return self.prepare(plugin, Some(asked));
        }
        self.let_go("another one is started");
        self.becomes(&plugin);
        self.start().await;
        asked(match self.port {
            Some(_) => Ok(json!({ "outcome": "restarted", "text": format!("{} was started", named(&plugin)) })),
            None => Err(format!("{} was started, and does not run; the log says why", named(&plugin))),
        });
    }
}

/// How a replacement ended.
pub(super) struct Done {
    pub(super) outcome: Outcome,
    /// How long inputs waited.
    pub(super) pause: Option<Duration>,
    pub(super) text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_have_names_of_their_own() {
        let mut names: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Outcome::ALL.len());
    }
}
