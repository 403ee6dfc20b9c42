//! What can be done below the safe API: the bytes of the outputs, and what a call returns.

use std::cell::Cell;

use jackfield_plugin_api::abi::abi_stable::std_types::RVec;
use jackfield_plugin_api::abi::status;
use jackfield_plugin_api::frame::output;

/// A way to answer an input that `export_adapter!` has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rubbish {
    /// Frames of kinds that there are not.
    UnknownKinds,
    /// A frame that is said to be longer than what follows.
    WrongLengths,
    /// Bytes that end in a frame's header.
    Cut,
    /// Payloads that do not fit their kinds: no MessagePack, no UTF-8, a timer of three bytes.
    WrongPayloads,
    /// Payloads that say of themselves that they hold four thousand million things.
    HugeCounts,
    /// A payload of arrays in arrays in arrays.
    Nested,
    /// A status that there is not.
    UnknownStatus,
    /// A refusal that is none.
    RefusalOfNothing,
    /// "I panicked", and no report of it.
    FaultOfNothing,
}

/// A transport that is not open: a frame of some kinds is a right one without any payload.
const NOBODYS: u32 = u32::MAX;

thread_local! {
    static NEXT: Cell<Option<Rubbish>> = const { Cell::new(None) };
}

const NAMES: [(&str, Rubbish); 9] = [
    ("unknown-kinds", Rubbish::UnknownKinds),
    ("wrong-lengths", Rubbish::WrongLengths),
    ("cut-frame", Rubbish::Cut),
    ("wrong-payloads", Rubbish::WrongPayloads),
    ("huge-counts", Rubbish::HugeCounts),
    ("nested-payload", Rubbish::Nested),
    ("unknown-status", Rubbish::UnknownStatus),
    ("refusal-of-nothing", Rubbish::RefusalOfNothing),
    ("fault-of-nothing", Rubbish::FaultOfNothing),
];

impl Rubbish {
    pub(crate) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, rubbish)| *rubbish)
    }

    /// To be done when the input that is being handled is done.
    pub(crate) fn next(self) {
        NEXT.set(Some(self));
    }

    pub(crate) fn take() -> Option<Self> {
        NEXT.take()
    }

    /// Writes it; the status to return.
    pub(crate) fn write(self, out: &mut RVec<u8>) -> u32 {
        match self {
            Self::UnknownKinds => {
                for kind in [0, 13, 31, 43, 99, 10_000, u32::MAX] {
                    frame(out, kind, u32::MAX, b"what is this?");
                }
            }
            Self::WrongLengths => {
                for word in [output::LOG, 0, u32::MAX] {
                    out.extend_from_slice(&word.to_le_bytes());
                }
                out.extend_from_slice(b"not four thousand million bytes");
            }
            Self::Cut => out.extend_from_slice(&[1, 0, 0, 0, 7]),
            Self::WrongPayloads => wrong_payloads(out),
            Self::HugeCounts => {
                for kind in every_kind() {
                    // A map, an array, a text, bytes of 2³² − 1 each, and nothing of them.
                    for marker in [0xdf, 0xdd, 0xdb, 0xc6] {
                        frame(out, kind, NOBODYS, &[marker, 0xff, 0xff, 0xff, 0xff]);
                    }
                }
            }
            Self::Nested => {
                for kind in every_kind() {
                    frame(out, kind, NOBODYS, &[0x91; 100_000]);
                }
            }
            Self::UnknownStatus => return 77,
            Self::RefusalOfNothing => return nothing(out, status::REFUSED),
            Self::FaultOfNothing => return nothing(out, status::FAULT),
        }
        status::OK
    }
}

fn nothing(out: &mut RVec<u8>, status: u32) -> u32 {
    out.clear();
    out.extend_from_slice(&[0xc1; 64]);
    status
}

fn every_kind() -> impl Iterator<Item = u32> {
    (output::OPEN..=output::LOG).chain(output::UP..=output::ERROR)
}

fn wrong_payloads(out: &mut RVec<u8>) {
    for kind in every_kind() {
        // Reserved in MessagePack; no UTF-8; not eight bytes.
        frame(out, kind, NOBODYS, &[0xc1, 0xff, 0xfe]);
        frame(out, kind, NOBODYS, &[]);
        // A map that is right for nothing.
        frame(out, kind, NOBODYS, b"\x81\xa5field\xa5value");
    }
}

fn frame(out: &mut RVec<u8>, kind: u32, arg: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    for word in [kind, arg, length] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(payload);
}
