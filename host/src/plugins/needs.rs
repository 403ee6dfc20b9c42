//! What an adapter may need beyond being called, and what of it an administrator grants.

/// What is granted. Names that are not known grant nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Grants {
    /// Threads of its own.
    pub(crate) threads: bool,
    /// Sockets of its own.
    pub(crate) network: bool,
    /// Files, as far as the host's user may.
    pub(crate) files: bool,
    /// Loading more libraries while it runs: a driver of the phone system's vendor.
    pub(crate) libraries: bool,
}

impl Grants {
    /// Reads names.
    pub(crate) fn read(names: &[String]) -> Self {
        let has = |name: &str| names.iter().any(|n| n == name);
        Self { threads: has("threads"), network: has("network"), files: has("files"), libraries: has("libraries") }
    }
}
