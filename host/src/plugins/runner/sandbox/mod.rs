//! What a runner may do: nothing but think, and speak over its one socket.
//!
//! Two steps, because a library is loaded in between: [`before_loading`] takes network, files, processes and rights
//! away and leaves what the dynamic linker needs; [`after_loading`] takes that as well. What is forbidden is answered
//! with an error (EPERM), so that an adapter that tries can say so; it is not killed for it.

mod filter;
mod limits;
mod paths;

use super::super::needs::Grants;

/// Before any foreign code runs. What this system does not have is told in words.
///
/// # Errors
/// What should work everywhere does not: nothing is loaded then.
pub(super) fn before_loading(granted: Grants, memory: u64) -> Result<Vec<String>, String> {
    limits::set(granted, memory).map_err(|e| format!("its limits cannot be set: {e}"))?;
    limits::no_privileges().map_err(|e| format!("its privileges cannot be given up: {e}"))?;
    paths::restrict(granted)
}

/// Whether files can be closed to a process here.
pub(super) fn has_landlock() -> bool {
    paths::is_there()
}

/// For every thread there is, before a library is mapped.
///
/// # Errors
/// The kernel has no seccomp filters.
pub(super) fn filter_loading(granted: Grants) -> Result<(), String> {
    filter::apply(&filter::while_loading(granted)?)
}

/// The library is loaded: nothing is opened or mapped for execution any more, unless it is granted.
///
/// # Errors
/// The filter is refused.
pub(super) fn after_loading(granted: Grants) -> Result<(), String> {
    filter::apply(&filter::for_ever(granted)?)
}
