//! The small identifiers that cross between host and adapter.

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$meta:meta])* $T:ident($int:ty)) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $T(pub $int);

        impl std::fmt::Display for $T {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number_id! {
    /// A transport of the connection. The adapter chooses the numbers (as tokens); below 2³¹, the rest is the host's.
    TransportId(u32)
}
number_id! {
    /// A timer. The adapter chooses the numbers; setting a timer that is running moves it.
    TimerId(u32)
}
number_id! {
    /// An HTTP request of the adapter. The adapter chooses the numbers and uses none twice at a time.
    RequestId(u32)
}
number_id! {
    /// A line of the connection. The host gives it in [`Input::LineOpened`](crate::Input::LineOpened); it means that
    /// line until [`Input::LineClosed`](crate::Input::LineClosed), also over a hot swap.
    LineId(u32)
}
number_id! {
    /// A command. The host gives it; the adapter answers it exactly once.
    CommandId(u64)
}

/// The adapter's own name for a call on one line: stable from the first fact to the last, and never reused
/// (a native id may be renamed, shared by two calls, or reused by the phone system; a key may not). At most
/// [`CallKey::MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct CallKey(String);

impl CallKey {
    /// The longest key in bytes; the host drops facts with a longer one and counts them.
    pub const MAX: usize = 200;

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for CallKey {
    fn from(key: String) -> Self {
        Self(key)
    }
}

impl From<&str> for CallKey {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl AsRef<str> for CallKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for CallKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CallKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
