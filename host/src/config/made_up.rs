//! An adapter that is made up, with settings of every kind: for tests and fuzz targets.

use jackfield_plugin_api::{CallFeatures, Capabilities, Manifest, Secret};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use super::settings::Manifests;
use super::words;

/// Settings with everything that schemas of adapters have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Settings {
    /// The server. More is said of it here.
    host: String,
    #[serde(default = "port")]
    port: u16,
    password: Secret,
    #[serde(default)]
    second_password: Option<Secret>,
    #[serde(default)]
    login: Option<Login>,
    #[serde(default)]
    weights: Vec<(String, f64)>,
    #[serde(flatten)]
    times: Times,
}

fn port() -> u16 {
    5038
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Times {
    /// In seconds.
    #[serde(default)]
    ping: Option<u32>,
}

/// How to log in.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[allow(dead_code, reason = "only the schema is of interest")]
enum Login {
    /// Not at all.
    Anonymous,
    /// With a certificate.
    Certificate { file: String, passphrase: Secret },
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct LineSettings {
    /// The device.
    device: String,
    #[serde(default)]
    pin: Option<Secret>,
}

/// One adapter, called `made-up`.
pub(super) struct MadeUp(Manifest);

impl MadeUp {
    pub(super) fn new() -> Self {
        let mut manifest = Manifest::new("made-up", "1.2.3", "None", Capabilities::new(CallFeatures::DIAL));
        manifest.config_schema = schema_for!(Settings);
        manifest.line_schema = schema_for!(LineSettings);
        Self(manifest)
    }
}

impl Manifests for MadeUp {
    fn choose(&self, plugin: &str, _: Option<&str>) -> Result<&Manifest, String> {
        if plugin == self.0.name { Ok(&self.0) } else { Err(format!("there is no plugin {}", words::name(plugin))) }
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.0.name]
    }
}
