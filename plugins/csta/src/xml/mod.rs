//! XML as far as CSTA needs it: a bounded tree to read from, and a writer that knows the dialect's namespaces.

mod tree;
mod write;

pub use tree::{Children, Fields, Node, Tree, XmlError};
pub use write::Writer;

/// The deepest nesting that is read: the standard's messages stay below half of it.
pub const DEEPEST: usize = 32;
/// The most elements of a message: a message of 64 KiB has no room for more that mean something.
pub const MOST_ELEMENTS: usize = 8_192;
