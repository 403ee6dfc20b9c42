//! `GET /api/v1/plugins`: what lies in the plugins' folder, and what became of it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, Host, Operation, admin};
use crate::api::rest::document::{Reply, schema_of};
use crate::plugins::{Catalogue, Entry, LoadedPlugin, State as Judgement};

/// The folder.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Folder {
    /// Its path.
    folder: String,
    /// What is wrong with the folder itself.
    trouble: Option<String>,
    /// So many libraries of former contents are mapped that a restart of the host is due.
    restart_due: bool,
    /// Its files, by their names.
    plugins: Vec<Plugin>,
}

/// What became of a file.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Became {
    /// Connections may run it.
    Loaded,
    /// It is not used, and `why` says why.
    Refused,
    /// It is not judged yet, and `why` says why.
    Waits,
}

/// A file of the folder.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Plugin {
    /// Its name in the folder.
    file: String,
    /// What became of it.
    state: Became,
    /// Why it is not used.
    why: Option<String>,
    /// The library: of the file, or of what it held before, which goes on running.
    library: Option<Library>,
    /// The library is what the file held before.
    is_former: bool,
}

/// A library.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Library {
    /// The name that a connection's `plugin` says.
    name: String,
    /// Its version.
    version: String,
    /// The phone system, as people call it.
    phone_system: String,
    /// One sentence about it.
    description: String,
    /// The version of the plugin API that it was built with.
    api_version: String,
    /// What it needs beyond being called.
    needs: Vec<String>,
    /// It can be replaced in the middle of a call without a new login: it keeps its state.
    saves: bool,
    /// SHA-256 of the file.
    sha256: String,
}

impl From<&LoadedPlugin> for Library {
    fn from(plugin: &LoadedPlugin) -> Self {
        let manifest = &plugin.manifest;
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            phone_system: manifest.phone_system.clone(),
            description: manifest.description.clone(),
            api_version: manifest.api_version.clone(),
            needs: manifest.needs.clone(),
            saves: manifest.state_version > 0,
            sha256: plugin.hash.clone(),
        }
    }
}

impl From<&Entry> for Plugin {
    fn from(entry: &Entry) -> Self {
        let (state, why) = match &entry.state {
            Judgement::Loaded(_) => (Became::Loaded, None),
            Judgement::Refused(why) => (Became::Refused, Some(why.clone())),
            Judgement::Waits(why) => (Became::Waits, Some(why.clone()).filter(|why| !why.is_empty())),
        };
        Self {
            file: entry.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            is_former: why.is_some() && entry.plugin().is_some(),
            library: entry.plugin().map(Library::from),
            state,
            why,
        }
    }
}

impl From<&Catalogue> for Folder {
    fn from(found: &Catalogue) -> Self {
        Self {
            folder: found.folder.display().to_string(),
            trouble: found.trouble.clone(),
            restart_due: found.restart_due(),
            plugins: found.entries.iter().map(Plugin::from).collect(),
        }
    }
}

/// The list.
pub(super) fn list() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/plugins",
        id: "listPlugins",
        summary: "The libraries of the plugins' folder: versions, and why one is refused (admin)",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: &[Reply {
            status: 200,
            about: "The folder",
            content: Some(("application/json", schema_of::<Folder>)),
        }],
        problems: &[401, 403],
        route: get(folder),
    }
}

async fn folder(State(shared): Host, headers: HeaderMap) -> Answer {
    admin(&shared, &headers)?;
    let found = shared.plugins.borrow().clone();
    Ok(Json(Folder::from(&*found)).into_response())
}
