//! Refusals.

use crate::dialect::Ns;
use crate::part::Part;
use crate::xml::{Node, Writer};

/// The answer to a request that is refused: a category, and a word within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSTAErrorCode {
    /// `operation`, `stateIncompatibility`, `systemResourceAvailibility` (so it is spelt), `subscribedResourceAvailability`,
    /// `performanceManagement`, `security`, `privateData`, `unspecified`, `privateErrorCode`.
    pub category: String,
    /// The word; of `privateErrorCode` any text; of `unspecified` nothing.
    pub value: String,
}

impl Default for CSTAErrorCode {
    fn default() -> Self {
        Self { category: "unspecified".to_owned(), value: String::new() }
    }
}

impl CSTAErrorCode {
    /// A refusal.
    pub fn new(category: impl Into<String>, value: impl Into<String>) -> Self {
        Self { category: category.into(), value: value.into() }
    }

    /// Whether the same request may succeed soon.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self.value.as_str(),
            "resourceBusy" | "networkBusy" | "outstandingReqLimitExceeded" | "performanceLimitExceeded"
        )
    }
}

impl Part for CSTAErrorCode {
    fn read(node: Node<'_, '_>) -> Self {
        match node.children().next() {
            Some(child) => Self::new(child.name(), child.text()),
            None => Self { value: node.text().to_owned(), ..Self::default() },
        }
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.open(name, ns);
        writer.leaf(&self.category, Ns::Csta, &[], &self.value);
        writer.close(name, ns);
    }
}
