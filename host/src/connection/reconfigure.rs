//! Another configuration while the connection lives: what differs is touched, and nothing else.
//!
//! New settings of the connection make a new adapter, which begins afresh: it is made first, so that settings which it
//! refuses change nothing. Another place for the same adapter (`isolation`, `memory`) is a [swap](super::swap). A line
//! that comes, goes or differs is opened and closed alone.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{ErrorCode, LineId};
use serde_json::Value;
use tokio::sync::oneshot;

use super::backoff::BackOff;
use super::swap;
use super::task::Task;
use crate::config::{ConnectionConfig, LinePlan, OpenMode};
use crate::hub::LineKey;
use crate::metrics::count;
use crate::model::Loss;

/// What of a connection is to be different.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) config: ConnectionConfig,
    pub(super) lines: Vec<(LinePlan, LineKey)>,
}

/// What an adapter is made from; with anything else it goes on running, or moves.
fn made_from(config: &ConnectionConfig) -> (&toml::Table, &[String]) {
    (&config.settings, &config.grant)
}

impl Task {
    /// Takes another configuration. What was done, in words, is told when it is done; or that the adapter does not take
    /// its new settings, and everything is as it was.
    pub(super) async fn reconfigure(&mut self, change: Change, told: oneshot::Sender<Result<Vec<String>, String>>) {
        let mut done = match self.change(change).await {
            Ok(done) => done,
            Err(why) => return drop(told.send(Err(why))),
        };
        let running = self.port.as_ref().and(self.plugin.as_ref().ok()).cloned();
        let moves = self.swap.seat.is_some_and(|seat| seat != swap::seat(&self.config));
        let Some(plugin) = running.filter(|_| moves) else { return drop(told.send(Ok(done))) };
        // Another version that is made ready is made ready there instead.
        let plugin = self.preparing().cloned().unwrap_or(plugin);
        let asked = move |moved: Result<Value, String>| {
            let moved = moved.map_err(|why| format!("its adapter stays where it is: {why}")).map(|moved| {
                let how =
                    if moved["outcome"] == "swapped" { "its adapter moved, unnoticed" } else { "its adapter moved" };
                done.push(how.to_owned());
                done
            });
            drop(told.send(moved));
        };
        self.prepare(plugin, Some(Box::new(asked)));
    }

    /// Changes what can be changed at once.
    ///
    /// # Errors
    /// The adapter does not take its new settings; everything is as it was.
    async fn change(&mut self, Change { config, lines }: Change) -> Result<Vec<String>, String> {
        let mut done = Vec::new();
        let old = std::mem::replace(&mut self.config, config);
        let other_plugin = old.plugin != self.config.plugin;
        let other_settings = made_from(&old) != made_from(&self.config);
        let running = self.port.as_ref().and(self.plugin.as_ref().ok()).cloned();
        let made = match &running {
            Some(plugin) if other_settings && !other_plugin => match self.make(plugin).await {
                Ok(made) => Some((plugin.clone(), made)),
                Err(fault) => {
                    self.config = old;
                    return Err(format!("the adapter does not take the new settings: {fault}; nothing was changed"));
                }
            },
            _ => None,
        };
        if made.is_some() || other_plugin {
            let what = if other_plugin { "another adapter is configured" } else { "its settings were changed" };
            self.leave(&Loss::new(ErrorCode::Cancelled, what.to_owned())).await;
            done.push(what.to_owned());
        }
        if other_plugin {
            self.let_go("another adapter is configured");
            self.plugin = Err(format!("plugin `{}` is looked for", self.config.plugin));
        }
        self.recording_changes(&old, &mut done).await;
        self.limits(&old, &mut done).await;
        self.lines_change(lines, &mut done).await;
        let may_start = other_settings || swap::seat(&old) != swap::seat(&self.config);
        match made {
            Some((plugin, made)) => self.run_adapter(&plugin, made).await,
            // What could not start with the old settings may start with these.
            None if may_start && running.is_none() && self.plugin.is_ok() => {
                done.push("its settings were changed".to_owned());
                self.restart_at = None;
                self.start().await;
            }
            None => {}
        }
        Ok(done)
    }

    /// Times and sizes.
    async fn limits(&mut self, old: &ConnectionConfig, done: &mut Vec<String>) {
        let new = &self.config;
        let times = |c: &ConnectionConfig| (c.stale_timeout, c.busy_timeout, c.reorder_window);
        if times(old) != times(new) {
            self.model.set_times(self.clock.last(), new.stale_timeout, new.busy_timeout, new.reorder_window);
            done.push("its times were changed".to_owned());
        }
        if old.backoff != new.backoff {
            self.restart = BackOff::new(new.backoff, self.seed.rotate_left(17));
            self.transports.set_back_off(BackOff::new(new.backoff, self.seed));
            done.push("its back-off was changed".to_owned());
        }
        if old.input_timeout != new.input_timeout {
            if let Some(port) = &mut self.port {
                port.set_patience(new.input_timeout);
            }
            done.push("how long an input may take was changed".to_owned());
        }
        if old.hooks != new.hooks {
            done.push("who may call its hooks was changed".to_owned());
        }
        if old.linger != new.linger {
            self.presence.set_linger(new.linger);
            done.push("how long its lines wait for clients was changed".to_owned());
        }
        if old.recordings != new.recordings {
            done.push("where its recordings lie was changed".to_owned());
        }
        if old.replay != new.replay {
            for key in self.keys.keys() {
                self.hub.line(*key, self.config.replay).await;
            }
            done.push("what its lines keep was changed".to_owned());
        }
    }

    async fn lines_change(&mut self, lines: Vec<(LinePlan, LineKey)>, done: &mut Vec<String>) {
        let stays: BTreeSet<LineKey> = lines.iter().map(|(_, key)| *key).collect();
        let known: BTreeMap<LineKey, LineId> = self.keys.clone();
        for (key, id) in &known {
            if !stays.contains(key) {
                let name = self.lines.get(id).map_or_else(String::new, |plan| plan.name.clone());
                self.remove_line(*key, *id).await;
                done.push(format!("line {name} was removed"));
            }
        }
        for (plan, key) in lines {
            let name = plan.name.clone();
            match known.get(&key) {
                None => {
                    self.add_line(plan, key).await;
                    done.push(format!("line {name} was added"));
                }
                Some(id) if self.lines.get(id) != Some(&plan) => {
                    done.extend(self.change_line(*id, key, plan).await.map(|what| format!("line {name}: {what}")));
                }
                Some(_) => {}
            }
        }
    }

    async fn add_line(&mut self, plan: LinePlan, key: LineKey) {
        // Never one that was used before: an adapter may still speak of it.
        self.last_line = self.last_line.max(self.lines.keys().last().map_or(0, |id| id.0)) + 1;
        let id = LineId(self.last_line);
        self.hub.line(key, self.config.replay).await;
        self.outbox.insert(id, key);
        self.keys.insert(key, id);
        self.lines.insert(id, plan.clone());
        self.secrets_change();
        if plan.open == OpenMode::OnDemand {
            return self.expect_client(id, key, false).await;
        }
        let now = self.now();
        self.model.open_line(now, id, &plan.device, &mut self.events);
        self.publish().await;
        self.open_line(id, &plan).await;
    }

    async fn remove_line(&mut self, key: LineKey, id: LineId) {
        if !self.presence.is_closed(id) {
            self.input(&InputFrame::line_closed(id)).await;
        }
        self.expect_nobody(id, key).await;
        let now = self.now();
        // Its calls are forgotten, not ended: no event takes them from the gauge.
        self.metrics.calls.dec_by(count(self.model.calls(id)));
        self.model.close_line(now, id, &mut self.events);
        self.publish().await;
        self.lose_commands_of(id, "the line was removed").await;
        self.lines.remove(&id);
        self.swap.refused.remove(&id);
        self.keys.remove(&key);
        self.outbox.remove(id);
    }

    /// When it is opened, and with what. What was done, in words.
    async fn change_line(&mut self, id: LineId, key: LineKey, plan: LinePlan) -> impl Iterator<Item = &'static str> {
        let Some(old) = self.lines.insert(id, plan.clone()) else { return [None, None].into_iter().flatten() };
        let other_settings = (&old.device, &old.settings) != (&plan.device, &plan.settings);
        let was_closed = self.presence.is_closed(id);
        if other_settings && !was_closed {
            self.reopen_line(id, &plan).await;
        }
        let mode = match plan.open {
            mode if mode == old.open => None,
            OpenMode::OnDemand => {
                self.expect_client(id, key, true).await;
                Some("it is opened on demand from now on")
            }
            OpenMode::Always => {
                self.open_for_client(id).await;
                self.expect_nobody(id, key).await;
                Some("it is always open from now on")
            }
        };
        [other_settings.then_some("its settings were changed"), mode].into_iter().flatten()
    }

    /// Calls on the line wait for what the adapter shows when it has opened it again (I15).
    async fn reopen_line(&mut self, id: LineId, plan: &LinePlan) {
        self.input(&InputFrame::line_closed(id)).await;
        let now = self.now();
        let loss = Loss::new(ErrorCode::Cancelled, "the line's settings were changed");
        self.model.lost_line(now, id, &loss, &mut self.events);
        self.publish().await;
        self.secrets_change();
        self.open_line(id, plan).await;
    }
}
