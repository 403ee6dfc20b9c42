//! CSTA III in XML (ECMA-323 and ECMA-354), as far as call control, agents and monitors need it.
//!
//! It *is*: messages as Rust types that are read and written ([`Message`]), frames around them ([`frame`]), what differs
//! between systems as a table ([`dialect`]), requests that wait for their answers ([`Pending`]), and a session that is
//! started, kept alive and recovered ([`Session`]).
//!
//! It is *not*: a client. Nothing here opens a socket or reads a clock; and what a call *is* to a line is the adapter's
//! business.
//!
//! ```
//! use jackfield_csta::dialect::AVAYA;
//! use jackfield_csta::types::ConnectionId;
//! use jackfield_csta::{HoldCall, Message, frame};
//!
//! let hold = HoldCall { call: ConnectionId::new("180", "4750:CM1::0"), ..HoldCall::default() };
//! let text = Message::from(hold).write(&AVAYA);
//! let bytes = frame::encode(17, &text)?;
//! assert_eq!(&bytes[4..8], b"0017");
//! assert!(matches!(Message::parse(&text)?, Message::HoldCall(hold) if hold.call.call == "180"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod dialect;
pub mod frame;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod invoke;
mod messages;
pub mod monitor;
mod part;
pub mod private;
pub mod services;
mod session;
pub mod snapshot;
pub mod types;
pub mod xml;

pub use invoke::Pending;
pub use messages::*;
pub use part::Part;
pub use session::{Beat, Login, Session, Started};
