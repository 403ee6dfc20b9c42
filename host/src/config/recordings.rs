//! `[connection.recordings]`: where recordings of a connection's calls lie.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::path::KeyPath;
use super::secret::SecretText;
use super::words;

/// Where recordings of a connection's calls lie: in a folder, or at a web server. What the adapter says of a recording
/// is a name within it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RecordingsConfig {
    /// The folder.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// What the phone system calls that folder, when it names recordings with their whole path. By default the same.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The web server's address, `https://pbx.example/recordings/`. Nothing outside of it is asked for.
    #[serde(default)]
    pub url: Option<String>,
    /// Who the host is to the web server (Basic).
    #[serde(default)]
    pub user: Option<String>,
    /// The password to it.
    #[serde(default)]
    pub password: Option<SecretText>,
    /// A file with further trusted roots (PEM), for `https`.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// How recordings are called of which the phone system says nothing: `{nativeId}.wav`, `{globalId}.wav`.
    #[serde(default)]
    pub names: Vec<String>,
}

impl RecordingsConfig {
    /// What makes no sense. `kept`: whether calls are kept at all.
    pub(super) fn check(&self, path: &KeyPath, kept: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !kept {
            let message = "recordings are those of calls that are kept, and no calls are kept";
            findings.push(Finding::new(path.clone(), message).hint("`[store]` says where calls are kept"));
        }
        match (&self.folder, &self.url) {
            (Some(_), Some(_)) => {
                let message = "recordings lie in a `folder` or at a `url`, not in both";
                findings.push(Finding::new(path.clone(), message).hint("leave one of them out"));
            }
            (None, None) => {
                findings.push(Finding::new(path.clone(), "neither `folder` nor `url` says where recordings lie"));
            }
            (None, Some(url)) => {
                if let Err(expected) = crate::recordings::check_base(url) {
                    findings.push(Finding::other(path.key("url"), "something else", expected));
                }
            }
            (Some(_), None) => {}
        }
        if self.user.is_some() != self.password.is_some() {
            findings.push(Finding::new(path.clone(), "`user` and `password` go together"));
        }
        let of_web = [("user", self.user.is_some()), ("ca", self.ca.is_some())];
        for (key, _) in of_web.into_iter().filter(|(_, there)| *there && self.url.is_none()) {
            findings.push(Finding::new(path.key(key), "only a web server (`url`) has this"));
        }
        if self.prefix.is_some() && self.folder.is_none() {
            findings.push(Finding::new(path.key("prefix"), "only a `folder` has this"));
        }
        for (index, name) in self.names.iter().enumerate() {
            if let Err(expected) = crate::recordings::check_template(name) {
                findings.push(Finding::other(path.key("names").index(index), words::quoted(name), expected));
            }
        }
        findings
    }
}
