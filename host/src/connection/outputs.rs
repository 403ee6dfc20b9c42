//! What the adapter wants done, and what comes of it: sockets, timers, events, answers.

use std::collections::BTreeSet;

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::frame::{Answer, LogLine, frames};
use jackfield_plugin_api::{CloseReason, Fact, LineId, LogLevel, Message, TransportId};
use tokio::time::Instant;

use super::commands::Answers;
use super::loudness::Heard;
use super::task::Task;
use super::transports::{Happened, Order, TransportEvent};
use crate::model::EventName;
use crate::recorder;

/// Answered commands whose sender is still named in later events.
const MOST_ORIGINS: usize = 4_096;

impl Task {
    pub(super) fn obey(&mut self, outputs: &[u8]) {
        // Everything that one input tells has one time.
        let now = self.now();
        for frame in frames(outputs) {
            match frame.and_then(Output::decode) {
                Ok(Some(output)) => self.obey_one(output),
                Ok(None) => tracing::debug!(connection = %self.config.id, "an output of a later version: skipped"),
                Err(error) => tracing::warn!(connection = %self.config.id, "an output that cannot be read: {error}"),
            }
        }
        self.model.tape.outputs(now, outputs, self.retry_in_ms);
    }

    pub(super) fn obey_one(&mut self, output: Output<'_>) {
        match output {
            Output::Open { transport, spec: Ok(spec) } => {
                if let Err(why) = self.transports.open(transport, spec, self.lines.len()) {
                    tracing::warn!(connection = %self.config.id, "the adapter opens a transport: {why}");
                }
            }
            Output::Open { transport, spec: Err(why) } => {
                tracing::warn!(connection = %self.config.id, %transport, "a transport of a later version: {why}");
            }
            Output::Send { transport, bytes } => self.order(transport, Order::Send(bytes.to_vec())),
            Output::SendText { transport, text } => self.order(transport, Order::Text(text.to_owned())),
            Output::SendBinary { transport, bytes } => self.order(transport, Order::Binary(bytes.to_vec())),
            Output::Close { transport } => self.order(transport, Order::Close),
            Output::Reconnect { transport, why } => {
                tracing::warn!(connection = %self.config.id, %transport, "the adapter reconnects: {why}");
                self.order(transport, Order::Reconnect(why.to_owned()));
            }
            Output::Settled { transport } => self.order(transport, Order::Settled),
            Output::Slow { transport } => self.order(transport, Order::Slow),
            Output::Http { request, http } => self.https.start(request, *http),
            Output::SetTimer { timer, after } => {
                if !self.timers.set(timer, Instant::now(), after) {
                    tracing::warn!(connection = %self.config.id, %timer, "the adapter has too many timers");
                }
            }
            Output::CancelTimer { timer } => self.timers.cancel(timer),
            Output::Reply(answer) => self.answers.push(*answer),
            Output::Log(line) => self.log(&line),
            Output::Fact(fact) => self.fact(&fact),
            Output::Raw(raw) => self.raw(&raw),
            _ => {}
        }
    }

    pub(super) fn order(&mut self, transport: TransportId, order: Order) {
        if !self.transports.order(transport, order) {
            tracing::debug!(connection = %self.config.id, %transport, "sent on a transport that is not open: dropped");
        }
    }

    pub(super) fn log(&mut self, LogLine { level, text }: &LogLine) {
        let connection = &self.config.id;
        let text = match self.loudness.hear(Instant::now(), text) {
            Heard::Line(text) => text,
            Heard::After { left_out, text } => {
                tracing::warn!(%connection, "{left_out} lines of the adapter were left out: it says too much");
                text
            }
            Heard::TooMuch => return,
        };
        match level {
            LogLevel::Error => tracing::error!(%connection, "{text}"),
            LogLevel::Warn => tracing::warn!(%connection, "{text}"),
            LogLevel::Debug => tracing::debug!(%connection, "{text}"),
            LogLevel::Trace => tracing::trace!(%connection, "{text}"),
            _ => tracing::info!(%connection, "{text}"),
        }
    }

    pub(super) fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::Up(up) => {
                tracing::info!(connection = %self.config.id, "up: {}", up.phone_system);
                self.transports.order_all(|| Order::Settled);
                self.up_since.get_or_insert_with(Instant::now);
                self.before = None;
                self.stands(true);
            }
            Fact::Down(down) => {
                tracing::warn!(connection = %self.config.id, code = %down.code, "down: {}", down.text);
                if down.line.is_none() {
                    if !down.retry {
                        self.transports.order_all(|| Order::Slow);
                    }
                    self.stands(false);
                }
            }
            Fact::WebRtcSignal(signal) => return self.signal(signal),
            Fact::Error(error) => {
                tracing::warn!(connection = %self.config.id, code = %error.code, "{}", error.text);
            }
            _ => {}
        }
        let origin =
            recorder::command(fact).and_then(|id| self.commands.origin(id).or_else(|| self.origins.get(&id).cloned()));
        self.model.fact(self.clock.last(), fact, origin.as_ref(), self.retry_in_ms, &mut self.events);
        self.keep_recording(fact);
        self.span_fact(fact);
    }

    /// Publishes events, then answers: who reads both in order sees the effect no later than the answer.
    pub(super) async fn publish(&mut self) {
        self.write_down();
        self.model.tape.events(self.clock.last(), &self.events);
        let lost = self.events.iter().filter(|e| e.name() == EventName::Disconnected);
        let lost: BTreeSet<LineId> = lost.filter_map(|e| e.line).collect();
        for event in &self.events {
            self.metrics.event(event.name());
            self.recent.note(event);
            match event.name() {
                EventName::Initialized => drop(self.metrics.lines_up.inc()),
                EventName::Disconnected => drop(self.metrics.lines_up.dec()),
                EventName::CallStarted => drop(self.metrics.calls.inc()),
                EventName::CallFinished => drop(self.metrics.calls.dec()),
                _ => {}
            }
        }
        for (line, frame) in std::mem::take(&mut self.raws) {
            self.hub.raw(self.outbox.keys(line), frame).await;
        }
        self.metrics.repairs(self.model.repairs());
        self.outbox.publish(&self.hub, &mut self.events, self.born).await;
        self.send_signals().await;
        let mut answers = Answers::new();
        for answer in std::mem::take(&mut self.answers) {
            self.answer(answer, &mut answers);
        }
        let model = &self.model;
        self.commands.settle(|line, key| model.call_id(line, key).map(ToString::to_string), &mut answers);
        if !lost.is_empty() {
            self.commands.lose_of(|line| lost.contains(&line), "the phone system is gone", &mut answers);
        }
        self.send(answers).await;
    }

    pub(super) async fn send(&mut self, answers: Answers) {
        for (session, frame) in answers {
            self.hub.frame(session, frame).await;
        }
    }

    pub(super) fn answer(&mut self, answer: Answer, out: &mut Answers) {
        let Answer { id, result } = answer;
        let Some(result) = self.questions.answer(id, result) else { return };
        let counter = if result.is_ok() { &self.metrics.accepted } else { &self.metrics.refused };
        counter.inc();
        let why = result.as_ref().err().map(|e| e.text.as_str());
        tracing::info!(target: "audit", connection = %self.config.id, command = %id, refused = why, "answered");
        if let Some(origin) = self.commands.origin(id) {
            self.origins.insert(id, origin);
            if self.origins.len() > MOST_ORIGINS {
                self.origins.pop_first();
            }
        }
        let model = &self.model;
        let call_id = |line, key: &_| model.call_id(line, key).map(ToString::to_string);
        if !self.commands.answer(id, result, call_id, out) {
            tracing::debug!(connection = %self.config.id, command = %id, "an answer that nothing waits for");
        }
    }

    /// One thing that happened on a transport.
    pub(super) async fn happened(&mut self, event: TransportEvent) {
        if !self.transports.is_current(&event) {
            return;
        }
        let TransportEvent { transport, happened, at, .. } = event;
        self.born = Some(at);
        match happened {
            Happened::Opened => {
                tracing::info!(connection = %self.config.id, %transport, "connected");
                self.input(&InputFrame::opened(transport)).await;
            }
            Happened::Received(bytes) => self.input(&InputFrame::received(transport, &bytes)).await,
            Happened::Text(text) => self.input(&InputFrame::message(transport, Message::Text(&text))).await,
            Happened::Binary(bytes) => self.input(&InputFrame::message(transport, Message::Binary(&bytes))).await,
            Happened::Closed(reason) => self.closed(transport, &reason).await,
        }
    }

    pub(super) async fn closed(&mut self, transport: TransportId, reason: &CloseReason) {
        let retry = reason.retry_in_ms.map_or_else(String::new, |ms| format!("; next try in {ms} ms"));
        tracing::warn!(connection = %self.config.id, %transport, kind = %reason.kind, "{}{retry}", reason.text);
        self.retry_in_ms = reason.retry_in_ms;
        self.input(&InputFrame::closed(transport, reason)).await;
        self.retry_in_ms = None;
    }
}
