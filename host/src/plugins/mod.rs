//! Libraries: looked at before anything of them is mapped ([`look`]), chosen from the folder ([`folder`]), loaded
//! ([`load`]), and run behind the seam that every isolation shares ([`port`]).

pub mod folder;
pub mod load;
pub mod look;
pub mod port;

pub use folder::Folder;
pub use load::{LoadError, LoadedPlugin};
pub use look::{Looked, Refused};
pub use port::{Fault, Port};
