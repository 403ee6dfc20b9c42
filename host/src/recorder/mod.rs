//! The flight recorder: what a connection's adapter was given and answered, and what the model was told, in files from
//! which both can be run again, bit for bit.
//!
//! It *is* a ring of files for each connection ([`ring`]), written by a tap ([`tape`]) that costs one look while nothing
//! is recorded, in a versioned format ([`record`], [`entry`]) with neither secrets nor, where it is wanted, phone
//! numbers in it ([`mask`], [`hide`]). It *is not* the history of calls ([`crate::store`]), and no recording of speech.
//!
//! The types to know: [`Taped`] (a model that is recorded), [`tape::Tape`] (where).

mod cut;
mod entry;
mod explain;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod hide;
mod life;
mod mask;
mod play;
mod reader;
mod record;
pub(crate) mod replay;
mod ring;
mod tape;
mod told;

pub(crate) use cut::cut;
pub(crate) use entry::Published;
pub(crate) use explain::{Explanation, Moment, explain};
pub(crate) use life::{Birth, OpenLine, RecordPlan, State};
pub(crate) use reader::Recording;
pub(crate) use ring::folder as ring_folder;
pub(crate) use tape::{Running, Taped, command};
