//! `jackfield schema`.

use super::{Failure, output};
use crate::schema::Document;

/// Prints JSON Schemas of what clients and host say to each other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield schema events > events.schema.json")]
pub(super) struct Schema {
    /// Which: what the host tells, what may be commanded, or what a session is made of.
    #[arg(value_enum)]
    document: Document,
}

impl Schema {
    pub(super) fn main(self) -> Result<(), Failure> {
        output::say(&self.document.text())
    }
}
