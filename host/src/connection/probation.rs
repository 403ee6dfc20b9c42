//! A new adapter proves itself: for a while the one before it is kept, to go on in its place.
//!
//! Where the old one can be kept alive it stands behind the new one as its [`Shadow`]: an input that the new one dies
//! of is then the old one's, and nobody notices. Where it cannot, or where the two have come apart, the old one begins
//! afresh (I15), as with a version that fails while it comes up.

use std::time::Duration;

use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::frame::input::InputFrame;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::exchange::named;
use super::shadow::{Shadow, difference};
use super::swap::{Done, Outcome, Seat};
use super::task::Task;
use crate::config::ConnectionConfig;
use crate::plugins::{Fault, LoadedPlugin, Port};

/// A new adapter's first while.
pub(super) struct Probation {
    /// What ran before.
    pub(super) before: LoadedPlugin,
    /// Where it ran.
    seat: Option<Seat>,
    until: Instant,
    /// How long it was to be.
    patience: Duration,
    shadow: Result<Shadow, String>,
}

impl Probation {
    /// `old` has handed its state over and goes on as a shadow, if it can. `wanted`: what the new one wanted done when
    /// it was made from that state.
    pub(super) fn new(
        before: LoadedPlugin,
        old: Port,
        seat: Option<Seat>,
        new: &LoadedPlugin,
        wanted: &[u8],
        config: &ConnectionConfig,
    ) -> Self {
        let needs = before.manifest.needs.iter().chain(&new.manifest.needs).next();
        let shadow = match (needs, difference(wanted, &[])) {
            // Two with threads and sockets of their own would both speak to the phone system.
            (Some(need), _) => Err(format!("it does its own work outside of the host (needs {need})")),
            (None, Some(apart)) => Err(format!("{apart}, when it took over")),
            (None, None) => Ok(Shadow::new(old)),
        };
        let patience = config.probation;
        Self { before, seat, until: Instant::now() + patience, patience, shadow }
    }

    pub(super) const fn until(&self) -> Instant {
        self.until
    }

    /// For the status.
    pub(super) fn told(&self) -> Value {
        let left = self.until.saturating_duration_since(Instant::now());
        let mut told = json!({
            "endsInMs": u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            "before": { "version": self.before.manifest.version, "sha256": self.before.hash },
            "standsBy": self.shadow.is_ok(),
        });
        if let Err(why) = &self.shadow {
            told["why"] = json!(why);
        }
        told
    }
}

impl Task {
    fn shadow(&mut self) -> Option<&mut Shadow> {
        self.swap.probation.as_mut()?.shadow.as_mut().ok()
    }

    /// The old one hears what the new one is told.
    pub(super) fn shadow_hears(&mut self, at: Timestamp, joined: bool, frame: &InputFrame<'_>) {
        if let Some(shadow) = self.shadow() {
            shadow.hear(at, joined, frame);
        }
    }

    /// The new one was not given an input that it was told.
    pub(super) async fn shadow_skips(&mut self) {
        let Some(shadow) = self.shadow() else { return };
        if !shadow.skips().await {
            self.dismiss("the new one has moved its transports, the old one has not");
        }
    }

    /// What the old one makes of the input that the new one (`port`) has just handled, or has died of. An adapter: the
    /// old one, which has gone on with it.
    pub(super) async fn beside(
        &mut self,
        at: Timestamp,
        frame: &InputFrame<'_>,
        port: &mut Port,
        handled: &Result<(), Fault>,
    ) -> Option<Port> {
        let mut shadow = {
            let probation = self.swap.probation.as_mut()?;
            std::mem::replace(&mut probation.shadow, Err("it is asked".to_owned())).ok()?
        };
        let dead = match handled {
            Ok(()) | Err(Fault::Refused { .. }) => None,
            Err(fault) => Some(fault.clone()),
        };
        let refused = matches!(handled, Err(Fault::Refused { .. }));
        let answered = shadow.answer(at, frame).await.map(|outputs| outputs.map(<[u8]>::to_vec));
        let apart = match (answered, dead) {
            (Ok(Some(outputs)), Some(fault)) => {
                self.obey(&outputs);
                return Some(self.take_back(shadow, &fault).await);
            }
            (Err(Fault::Refused { .. }), Some(fault)) => return Some(self.take_back(shadow, &fault).await),
            (Ok(Some(outputs)), None) if !refused => difference(port.outputs(), &outputs),
            (Err(Fault::Refused { .. }), None) if refused => None,
            (Ok(None), _) => Some("the old one has moved its transports, the new one has not".to_owned()),
            (Ok(_), None) => Some("the new one refuses what the old one takes".to_owned()),
            (Err(Fault::Refused { .. }), None) => Some("the old one refuses what the new one takes".to_owned()),
            (Err(fault), _) => Some(format!("the old one is at fault: {fault}")),
        };
        match apart {
            None => {
                if let Some(probation) = &mut self.swap.probation {
                    probation.shadow = Ok(shadow);
                }
            }
            Some(why) => self.dismiss(&why),
        }
        None
    }

    /// The new one is gone though nothing was asked of it: the old one has heard everything so far, and goes on.
    pub(super) async fn steps_in(&mut self, fault: &Fault) -> bool {
        let Some(probation) = &mut self.swap.probation else { return false };
        let Ok(shadow) = std::mem::replace(&mut probation.shadow, Err("it is asked".to_owned())) else { return false };
        self.port = Some(self.take_back(shadow, fault).await);
        self.publish().await;
        true
    }

    /// The old one goes on in the place of a new one that was at fault.
    async fn take_back(&mut self, shadow: Shadow, fault: &Fault) -> Port {
        let mut port = shadow.into_port();
        // It may have been changed meanwhile.
        port.set_patience(self.config.input_timeout);
        let Some(Probation { before, seat, .. }) = self.swap.probation.take() else { return port };
        self.metrics.faults.inc();
        self.model.tape.wants_adapter();
        self.metrics.swap(Outcome::TakenBack, None);
        let new = self.plugin.as_ref().ok().cloned().unwrap_or_else(|| before.clone());
        if new.hash != before.hash {
            self.unfit = Some(new.hash.clone());
        }
        self.swap.seat = seat;
        if self.preparing().is_some_and(|next| next.hash == new.hash) {
            self.let_go("it was at fault");
        }
        self.goes_on(&before);
        let text =
            format!("{} is not taken: {fault}; {} has gone on in its place, unnoticed", named(&new), named(&before));
        let done = Done { outcome: Outcome::TakenBack, pause: None, text: text.clone() };
        self.swap.last = Some(self.told(Some(&before), &new, &done));
        self.warn(Some(text)).await;
        port
    }

    /// The old one is not needed, or of no use, any more.
    fn dismiss(&mut self, why: &str) {
        let Some(probation) = &mut self.swap.probation else { return };
        tracing::info!(
            connection = %self.config.id, "{} does not stand by any more: {why}", named(&probation.before)
        );
        probation.shadow = Err(why.to_owned());
    }

    /// The new one has proved itself.
    pub(super) fn end_probation(&mut self) {
        let Some(Probation { before, patience, .. }) = self.swap.probation.take() else { return };
        tracing::info!(
            connection = %self.config.id,
            "{} s went well: {} is let go", patience.as_secs_f32(), named(&before)
        );
    }
}
