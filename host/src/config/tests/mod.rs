//! The configuration as a whole: damaged in every way, with settings of an adapter that is made up.

mod damaged;
mod meaning;
mod settings;

use std::ffi::OsString;
use std::path::Path;

use jackfield_plugin_api::{CallFeatures, Capabilities, Manifest, Secret};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use super::settings::Manifests;
use super::{Reading, load};

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
struct MadeUp(Manifest);

impl MadeUp {
    fn new() -> Self {
        let mut manifest = Manifest::new("made-up", "1.2.3", "None", Capabilities::new(CallFeatures::DIAL));
        manifest.config_schema = schema_for!(Settings);
        manifest.line_schema = schema_for!(LineSettings);
        Self(manifest)
    }
}

impl Manifests for MadeUp {
    fn choose(&self, plugin: &str, _: Option<&str>) -> Result<&Manifest, String> {
        if plugin == self.0.name {
            Ok(&self.0)
        } else {
            Err(format!("there is no plugin {}", super::words::name(plugin)))
        }
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.0.name]
    }
}

fn read(text: &str, variables: &[(&str, &str)]) -> Reading {
    let variables = variables.iter().map(|(k, v)| (OsString::from(k), OsString::from(v)));
    load::parse(text, Path::new("jackfield.toml"), Path::new("/nowhere"), variables)
}

/// Everything that is said of a text: findings of the file and of the settings.
fn told(text: &str) -> String {
    let Reading { config, findings } = read(text, &[]);
    match config {
        Some(config) => findings.and(super::settings::check(&config, &MadeUp::new())).to_string(),
        None => findings.to_string(),
    }
}
