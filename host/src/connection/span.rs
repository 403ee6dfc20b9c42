//! One span per input: whatever is logged while an input is handled says which connection, line and call it concerns.
//!
//! Shown with `JACKFIELD_LOG=info,jackfield::input=debug`; otherwise it costs a look at the filter.

use jackfield_plugin_api::frame::input::{self as kinds, InputFrame};
use jackfield_plugin_api::{Fact, LineId};
use tracing::Span;
use tracing::field::Empty;

use super::task::Task;

/// The span of the input that is being handled, until its line and call are known.
#[derive(Debug, Default)]
pub(super) struct InputSpan(Option<Span>);

impl Task {
    pub(super) fn span(&mut self, frame: &InputFrame<'_>) -> Span {
        let span = tracing::debug_span!(
            target: "jackfield::input", "input",
            connection = %self.config.id, kind = kind(frame.kind), line = Empty, call = Empty
        );
        if !span.is_disabled() {
            if matches!(frame.kind, kinds::LINE_OPENED | kinds::LINE_CLOSED | kinds::COMMAND) {
                self.span_line(&span, LineId(frame.arg));
            }
            self.span = InputSpan(Some(span.clone()));
        }
        span
    }

    fn span_line(&self, span: &Span, line: LineId) {
        if let Some(plan) = self.lines.get(&line) {
            span.record("line", plan.name.as_str());
        }
    }

    /// The first fact of an input names its line and call.
    pub(super) fn span_fact(&mut self, fact: &Fact) {
        let Some(span) = self.span.0.take() else { return };
        let (line, key) = match fact {
            Fact::Call(f) => (f.line, Some(&f.key)),
            Fact::Dtmf(f) => (f.line, Some(&f.key)),
            Fact::Recording(f) => (f.line, Some(&f.key)),
            Fact::WebRtc(f) => (f.line, Some(&f.key)),
            Fact::WebRtcSignal(f) => (f.line, Some(&f.key)),
            Fact::Snapshot(f) => (f.line, None),
            Fact::Agent(f) => (f.line, None),
            Fact::Line(f) => (f.line, None),
            _ => return,
        };
        self.span_line(&span, line);
        if let Some(call) = key.and_then(|key| self.model.call_id(line, key)) {
            span.record("call", call.as_str());
        }
    }
}

/// An input's name.
fn kind(kind: u32) -> &'static str {
    match kind {
        kinds::STARTED => "started",
        kinds::OPENED => "opened",
        kinds::RECEIVED => "received",
        kinds::MESSAGE_TEXT => "text",
        kinds::MESSAGE_BINARY => "binary",
        kinds::CLOSED => "closed",
        kinds::HTTP_RESPONSE => "httpResponse",
        kinds::HTTP_FAILED => "httpFailed",
        kinds::TIMER => "timer",
        kinds::LINE_OPENED => "lineOpened",
        kinds::LINE_CLOSED => "lineClosed",
        kinds::LINE_SETTINGS => "lineSettings",
        kinds::COMMAND => "command",
        kinds::POSTED => "posted",
        kinds::STOPPING => "stopping",
        _ => "other",
    }
}
