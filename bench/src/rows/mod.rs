//! The rows of the table.

mod ami;
mod avaya;
mod fanout;
mod history;
#[cfg(target_os = "linux")]
mod isolation;
mod json;
mod kept;
mod latency;
mod memory;
mod oktell;
mod others;
mod rate;
mod record;
mod resume;
mod start;
mod store;
mod swap;
mod ws;

use crate::Scale;
use crate::table::Outcome;

/// A row: its name on the command line, and how it is measured.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Scale) -> Outcome,
}

/// All rows, in the table's order.
pub(crate) const ALL: &[Row] = &[
    Row { name: "ami", run: ami::run },
    Row { name: "json", run: json::run },
    Row { name: "fanout", run: fanout::run },
    Row { name: "ws", run: ws::run },
    Row { name: "others", run: others::run },
    Row { name: "latency", run: latency::run },
    Row { name: "rate", run: rate::run },
    #[cfg(target_os = "linux")]
    Row { name: "isolation", run: isolation::run },
    Row { name: "oktell", run: oktell::run },
    Row { name: "avaya", run: avaya::run },
    Row { name: "memory", run: memory::run },
    Row { name: "resume", run: resume::run },
    Row { name: "start", run: start::run },
    Row { name: "store", run: store::run },
    Row { name: "kept", run: kept::run },
    Row { name: "history", run: history::run },
    Row { name: "swap", run: swap::run },
    Row { name: "record", run: record::run },
];
