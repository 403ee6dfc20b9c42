//! What a plugin says of itself.

use schemars::Schema;
use serde::{Deserialize, Serialize};

use crate::features::{AgentFeatures, CallFeatures};
use crate::names::names;

names! { lenient None;
    /// What a snapshot holds.
    pub enum SnapshotSupport {
        /// All calls with their states.
        Full = "full",
        /// The calls, but not every state.
        Ids = "ids",
        /// There is none.
        None = "none",
    }
}

names! { lenient Arrival;
    /// Whose clock times come from.
    pub enum TimestampSource {
        /// The phone system's.
        Native = "native",
        /// The host's, when the message came.
        Arrival = "arrival",
    }
}

names! { lenient None;
    /// How hold is known.
    pub enum HoldDetection {
        /// The phone system reports it.
        Native = "native",
        /// Inferred from other things.
        Inferred = "inferred",
        /// It is not.
        None = "none",
    }
}

/// What can be done and known. Three levels, each a subset of the one above: the manifest's, the connection's
/// ([`Up`](crate::Up)), and now (the features in facts).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// What can be done with calls.
    pub call: CallFeatures,
    /// What can be done with agents.
    #[serde(default)]
    pub agent: AgentFeatures,
    /// What a snapshot holds.
    #[serde(default)]
    pub snapshot: SnapshotSupport,
    /// Whose clock times come from.
    #[serde(default)]
    pub timestamps: TimestampSource,
    /// How hold is known.
    #[serde(default)]
    pub hold_detection: HoldDetection,
    /// Whether busy is told apart from other failures.
    #[serde(default)]
    pub busy_detection: bool,
    /// Whether the phone system renames calls while they live.
    #[serde(default)]
    pub renames_calls: bool,
    /// Whether an attended transfer can be completed while the target still rings.
    #[serde(default)]
    pub early_transfer: bool,
    /// Whether one call of a held/connected pair can be dropped without touching the other.
    #[serde(default)]
    pub drops_one_of_pair: bool,
    /// Names that `librarySpecificService` takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

impl Capabilities {
    /// These call features, and nothing else known.
    #[must_use]
    pub fn new(call: CallFeatures) -> Self {
        Self { call, ..Self::default() }
    }

    /// Sets what can be done with agents.
    #[must_use]
    pub fn agent(mut self, agent: AgentFeatures) -> Self {
        self.agent = agent;
        self
    }

    /// Sets what a snapshot holds.
    #[must_use]
    pub fn snapshot(mut self, snapshot: SnapshotSupport) -> Self {
        self.snapshot = snapshot;
        self
    }

    /// Sets whose clock times come from.
    #[must_use]
    pub fn timestamps(mut self, timestamps: TimestampSource) -> Self {
        self.timestamps = timestamps;
        self
    }

    /// Sets how hold is known.
    #[must_use]
    pub fn hold_detection(mut self, hold_detection: HoldDetection) -> Self {
        self.hold_detection = hold_detection;
        self
    }

    /// Sets whether busy is told apart from other failures.
    #[must_use]
    pub fn busy_detection(mut self, busy_detection: bool) -> Self {
        self.busy_detection = busy_detection;
        self
    }
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The name in `plugin = "…"` of the configuration: `[a-z0-9-]+`.
    pub name: String,
    /// The plugin's version (semantic versioning).
    pub version: String,
    /// The phone system, as people call it.
    pub phone_system: String,
    /// One sentence for the administrator.
    #[serde(default)]
    pub description: String,
    /// What it implements.
    pub capabilities: Capabilities,
    /// What it needs beyond being called: `threads`, `network`, `files`. The administrator must grant it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The version of the state that [`Adapter::save`](crate::Adapter::save) writes; 0: it does not save.
    #[serde(default)]
    pub state_version: u32,
    /// The oldest state version that [`Adapter::restore`](crate::Adapter::restore) reads.
    #[serde(default)]
    pub oldest_state_version: u32,
    /// The API version it was built with, `major.minor`; filled in by `export_adapter!`.
    #[serde(default)]
    pub api_version: String,
    /// JSON Schema of the connection's settings; filled in from [`Adapter::Config`](crate::Adapter::Config).
    #[serde(default)]
    pub config_schema: Schema,
    /// JSON Schema of a line's settings; filled in from [`Adapter::LineConfig`](crate::Adapter::LineConfig).
    #[serde(default)]
    pub line_schema: Schema,
}

impl Manifest {
    /// A manifest. Usually `Manifest::new("acme", env!("CARGO_PKG_VERSION"), "ACME PBX", capabilities)`.
    pub fn new(
        name: impl Into<String>,
        version: impl Into<String>,
        phone_system: impl Into<String>,
        capabilities: Capabilities,
    ) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            phone_system: phone_system.into(),
            description: String::new(),
            capabilities,
            needs: Vec::new(),
            state_version: 0,
            oldest_state_version: 0,
            api_version: String::new(),
            config_schema: Schema::default(),
            line_schema: Schema::default(),
        }
    }

    /// Sets the sentence for the administrator.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets what the plugin needs beyond being called.
    #[must_use]
    pub fn needs<I: IntoIterator<Item: Into<String>>>(mut self, needs: I) -> Self {
        self.needs = needs.into_iter().map(Into::into).collect();
        self
    }

    /// Says that the adapter saves state of this version and restores states from `oldest` on.
    #[must_use]
    pub fn saves(mut self, state_version: u32, oldest: u32) -> Self {
        self.state_version = state_version;
        self.oldest_state_version = oldest;
        self
    }
}
