//! What programs are shown: structures made from what there is.

mod address;
mod call;
mod line;

pub(super) use address::{address_caps, address_status};
pub(super) use call::{call_info, call_status};
pub(super) use line::{line_caps, line_status};
