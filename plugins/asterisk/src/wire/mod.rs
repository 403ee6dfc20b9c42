//! AMI as bytes: cutting a stream into messages, reading their fields, writing actions. Knows nothing of calls.

pub(crate) mod action;
pub(crate) mod fields;
pub(crate) mod frame;
pub(crate) mod md5;
pub(crate) mod text;
