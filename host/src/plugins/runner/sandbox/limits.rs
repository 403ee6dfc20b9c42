//! Memory, descriptors, files, privileges.

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_no_new_privs};

use super::Grants;

/// Descriptors of an adapter that opens nothing: socket, log, library, and what the linker opens for a moment.
const FEW: u64 = 32;
/// Descriptors of one that has sockets or files of its own.
const MANY: u64 = 4_096;
/// Threads and processes that the host's user has: above it an adapter gets no more threads, and the host still does.
/// (The kernel does not count root's.)
const THREADS: u64 = 4_096;

pub(super) fn set(granted: Grants, memory: u64) -> std::io::Result<()> {
    let most = |value| Rlimit { current: Some(value), maximum: Some(value) };
    // What is its own: shared mappings are forbidden, and of the program and its libraries only what it changes counts.
    setrlimit(Resource::Data, most(memory))?;
    setrlimit(Resource::Core, most(0))?;
    let descriptors = if granted.network || granted.files { MANY } else { FEW };
    setrlimit(Resource::Nofile, most(descriptors))?;
    if granted.threads {
        setrlimit(Resource::Nproc, most(THREADS))?;
    }
    if !granted.files {
        setrlimit(Resource::Fsize, most(0))?;
    }
    Ok(())
}

/// For root, and for a service with capabilities.
pub(super) fn no_privileges() -> std::io::Result<()> {
    set_no_new_privs(true)?;
    // Who has none need not give them up; a service manager may even forbid the call.
    if capabilities(None).is_ok_and(|now| now.permitted.is_empty()) {
        return Ok(());
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}
