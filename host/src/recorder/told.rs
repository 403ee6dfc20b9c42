//! What the host tells the model besides facts of the adapter: as a record has it.

use std::time::Duration;

use jackfield_plugin_api::{Capabilities, ErrorCode, Fact, LineId, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::{CallId, CallSaved, Enrichment, Event, Fault, KeptCall, Loss, Model};

/// One word of the host. Names and fields are part of the format.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Told {
    OpenLine { line: LineId, device: String },
    CloseLine { line: LineId },
    Apply { fact: Box<Fact> },
    Lost { loss: Loss },
    LostLine { line: LineId, loss: Loss },
    Tick,
    Times { stale: Duration, busy: Duration, reorder: Duration },
    Adapter { name: String, version: String, capabilities: Box<Capabilities> },
    AdapterGoesOn { version: String, capabilities: Box<Capabilities> },
    Restore { line: LineId, epoch: u64, calls: Vec<KeptCall> },
    ExpectConsult { line: LineId, call: CallId },
    Enrich { line: LineId, call: CallId, found: Box<Enrichment> },
    Saved { line: LineId, saved: CallSaved },
    Fault { line: Option<LineId>, code: ErrorCode, severity: Severity, text: String },
    ClaimMedia { line: LineId, call: String, session: String },
}

/// The longest time that is taken from a recording.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);
/// The greatest epoch that is taken from a recording.
const MOST_EPOCH: u64 = 1 << 53;

impl Told {
    /// Tells it to a model.
    pub(super) fn tell(self, model: &mut Model, at: Timestamp, out: &mut Vec<Event>) {
        match self {
            Self::OpenLine { line, device } => model.open_line(at, line, &device, out),
            Self::CloseLine { line } => model.close_line(at, line, out),
            Self::Apply { fact } => model.apply(at, &fact, None, out),
            Self::Lost { loss } => model.lost(at, &loss, out),
            Self::LostLine { line, loss } => model.lost_line(at, line, &loss, out),
            Self::Tick => model.tick(at, out),
            Self::Times { stale, busy, reorder } => {
                model.set_times(stale.min(LONGEST), busy.min(LONGEST), reorder.min(LONGEST));
            }
            Self::Adapter { name, version, capabilities } => model.adapter(&name, &version, &capabilities),
            Self::AdapterGoesOn { version, capabilities } => {
                model.adapter_goes_on(at, &version, &capabilities, out);
            }
            Self::Restore { line, epoch, calls } => model.restore(line, epoch.min(MOST_EPOCH), calls),
            Self::ExpectConsult { line, call } => model.expect_consult(at, line, &call),
            Self::Enrich { line, call, found } => model.enrich(at, line, &call, &found, out),
            Self::Saved { line, saved } => model.saved(at, line, saved, out),
            Self::Fault { line, code, severity, text } => {
                model.fault(at, line, Fault::new(code, severity, &text), out);
            }
            Self::ClaimMedia { line, call, session } => model.claim_media(line, &call, &session),
        }
    }
}
