//! The wire: messages, their fields, long messages in parts, passwords.

pub(crate) mod fields;
pub(crate) mod message;
pub(crate) mod multipart;
pub(crate) mod password;
