//! How a program learns that there is a message: the three ways of `lineInitializeEx`, where the system has them.
//!
//! An event is Windows' own; elsewhere its handle is 0 and a program blocks in `lineGetMessage`, which is right
//! everywhere. Hidden windows and completion ports are refused where there are none.

#[cfg(not(windows))]
mod other;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
pub(crate) use other::Signal;
#[cfg(windows)]
pub(crate) use windows::Signal;
