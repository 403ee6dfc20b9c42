//! Libraries: looked at before anything of them is mapped ([`look`]), loaded ([`load`]), and run behind the seam that
//! every isolation shares ([`port`]): in processes of their own (`runner`), or in this one (`inside`).
//!
//! Where they come from is a [`folder`], which is watched ([`watch`]) while the host runs. What it has to offer is a
//! [`catalogue`]; which connection gets what of it is the business of [`crate::service`].

pub mod catalogue;
mod file;
mod first;
pub mod folder;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod image;
mod inside;
mod known;
pub mod load;
mod log;
pub mod look;
#[cfg(target_os = "linux")]
mod needs;
pub mod port;
#[cfg(target_os = "linux")]
pub(crate) mod runner;
mod version;
pub mod watch;
#[cfg(target_os = "linux")]
mod words;

pub use catalogue::{Catalogue, Entry, State};
pub use folder::Folder;
pub use load::{LoadError, LoadedPlugin, Loader};
pub use look::{Looked, Refused};
pub use port::{Fault, Place, Port, Prepared};
pub(crate) use version::is_pinned;
pub use watch::FolderWatch;

/// Lets this program, which is not `jackfield`, run adapters in processes of their own: `jackfield` is started for
/// each. For benchmarks and tools; the first call counts.
#[cfg(target_os = "linux")]
pub fn run_adapters_with(jackfield: &std::path::Path) {
    runner::Runners::allow(runner::Program::Other(jackfield.to_owned()));
}
