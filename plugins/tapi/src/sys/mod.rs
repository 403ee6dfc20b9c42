//! TAPI's own words as data: structures, constants, and reading and writing them as bytes. No call is made here.

pub(crate) mod constants;
pub(crate) mod names;
pub(crate) mod read;
pub(crate) mod structures;
pub(crate) mod write;
