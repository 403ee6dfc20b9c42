//! The seam between a connection and its adapter: inputs and outputs are frames, wherever the adapter runs.

use abi_stable::std_types::{RArc, ROption, RSlice, RVec};
use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::abi::{AbiAdapterObject, AbiPoster, AbiPoster_TO, abi_stable, status};
use jackfield_plugin_api::frame::input::{self, InputFrame};
use jackfield_plugin_api::frame::{FaultReport, Refusal, Start, pack, unpack};
use tokio::sync::mpsc;

use super::load::LoadedPlugin;

/// Why an adapter did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It refused its settings, or an input.
    #[error("{}{text}", if path.is_empty() { String::new() } else { format!("settings.{path}: ") })]
    Refused {
        /// The setting.
        path: String,
        /// Why.
        text: String,
    },
    /// It panicked. It is gone.
    #[error("it panicked at {place}: {text}")]
    Panicked {
        /// The message.
        text: String,
        /// Where.
        place: String,
    },
    /// It broke the envelope's rules.
    #[error("{0}")]
    Broken(String),
}

/// A running adapter. Every call is one crossing of the ABI.
pub struct Port {
    adapter: AbiAdapterObject,
    out: RVec<u8>,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Port").finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct QueuePoster(mpsc::Sender<Vec<u8>>);

impl AbiPoster for QueuePoster {
    fn post(&self, bytes: RSlice<'_, u8>) -> bool {
        self.0.try_send(bytes.to_vec()).is_ok()
    }
}

impl Port {
    /// Makes an adapter. `posted` gets what its threads post. Outputs of its making are read with
    /// [`outputs`](Self::outputs).
    ///
    /// # Errors
    /// Settings it refuses, a panic.
    pub fn create(
        plugin: &LoadedPlugin,
        at: Timestamp,
        start: &Start,
        posted: mpsc::Sender<Vec<u8>>,
    ) -> Result<Self, Fault> {
        let (mut adapter, mut out) = (ROption::RNone, RVec::new());
        let head = pack(start);
        let poster = AbiPoster_TO::from_ptr(RArc::new(QueuePoster(posted)), abi_stable::sabi_trait::TD_Opaque);
        let status = plugin.module.create()(
            input::NEW,
            at.micros(),
            RSlice::from_slice(&head),
            RSlice::from_slice(&[]),
            poster,
            &mut adapter,
            &mut out,
        );
        match adapter {
            ROption::RSome(adapter) if status == status::OK => Ok(Self { adapter, out }),
            _ => Err(fault(status, &out)),
        }
    }

    /// Gives one input; the outputs are frames.
    ///
    /// # Errors
    /// A refusal (the adapter lives on), or a panic (it does not).
    pub fn handle(&mut self, at: Timestamp, frame: &InputFrame<'_>) -> Result<&[u8], Fault> {
        self.out.clear();
        let head = RSlice::from_slice(&frame.head);
        let body = RSlice::from_slice(&frame.body);
        match self.adapter.handle(at.micros(), frame.kind, frame.arg, head, body, &mut self.out) {
            status::OK => Ok(self.out.as_slice()),
            status => Err(fault(status, &self.out)),
        }
    }

    /// The outputs of the last call.
    #[must_use]
    pub fn outputs(&self) -> &[u8] {
        self.out.as_slice()
    }
}

fn fault(status: u32, out: &RVec<u8>) -> Fault {
    let read = match status {
        status::REFUSED => unpack(out).map(|Refusal { path, text }| Fault::Refused { path, text }),
        status::FAULT => unpack(out).map(|FaultReport { text, place }| Fault::Panicked { text, place }),
        _ => Err(format!("it returned the status {status}, which there is not")),
    };
    read.unwrap_or_else(Fault::Broken)
}
