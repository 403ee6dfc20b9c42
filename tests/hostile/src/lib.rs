//! An adapter that attacks: its host, the other connections, the machine. For tests of the isolation, and for nothing
//! else: it is never to be installed.
//!
//! Until it is told otherwise it is a polite adapter of an invented phone system ([`adapter`]), with real calls up. A
//! *deed* is done when that phone system says `DEED name`, or at the moment that the settings `deed` and `on` name, or,
//! for a build in whose [`record`] a deed is named, when the library is loaded. What a deed came to, if it comes back at
//! all, is told to the phone system: `DID name: what the system answered`.
//!
//! Every deed that the system may refuse is harmless to the machine should it not be refused: nothing is deleted,
//! nothing is killed but the process that started this one, nothing is filled but this process's own memory.
//!
//! It does without `export_adapter!`: a hostile vendor writes their own envelope ([`envelope`]).
#![allow(unsafe_code, reason = "what it does cannot be done in safe Rust; each block says what it risks")]

mod adapter;
#[cfg(target_os = "linux")]
mod attempts;
mod crash;
mod deeds;
mod envelope;
mod flood;
mod frames;
mod record;
mod threads;
