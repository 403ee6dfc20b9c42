//! What is found in the folder, told to the log: each finding once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::catalogue::{Catalogue, Entry, State};
use super::known::LOADING;

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct Log {
    files: BTreeMap<PathBuf, String>,
    folder: Option<String>,
    events: Option<String>,
    restart: bool,
}

impl Log {
    /// Tells what is new. `no_events`: why the system does not tell changes of the folder.
    pub(super) fn tell(&mut self, found: &Catalogue, no_events: Option<&str>) {
        self.tell_folder(found, no_events);
        let mut files = BTreeMap::new();
        for entry in &found.entries {
            let text = text(entry);
            if self.files.get(&entry.path) != Some(&text) {
                tell_file(entry);
            }
            files.insert(entry.path.clone(), text);
        }
        for path in self.files.keys().filter(|path| !files.contains_key(*path)) {
            tracing::info!(file = %path.display(), "removed");
        }
        self.files = files;
        if found.restart_due() && !std::mem::replace(&mut self.restart, true) {
            tracing::warn!(
                "{} libraries were loaded since the start and none can be unloaded; restart the host when it suits",
                found.mapped
            );
        }
    }

    fn tell_folder(&mut self, found: &Catalogue, no_events: Option<&str>) {
        if self.folder != found.trouble {
            match &found.trouble {
                Some(trouble) => tracing::error!("{trouble}; what was loaded goes on running"),
                None => tracing::info!("the plugins' folder {} can be read again", found.folder.display()),
            }
            self.folder.clone_from(&found.trouble);
        }
        if self.events.as_deref() != no_events {
            if let Some(why) = no_events {
                let folder = found.folder.display();
                tracing::warn!(
                    "the system does not tell changes of {folder}: {why}; it is only looked at now and then"
                );
            }
            self.events = no_events.map(ToOwned::to_owned);
        }
    }
}

fn text(entry: &Entry) -> String {
    match &entry.state {
        State::Loaded(plugin) => plugin.hash.clone(),
        State::Refused(why) | State::Waits(why) => why.clone(),
    }
}

fn tell_file(entry: &Entry) {
    let file = entry.path.display();
    match &entry.state {
        State::Loaded(plugin) => {
            let manifest = &plugin.manifest;
            tracing::info!(
                %file, name = %manifest.name, version = %manifest.version, sha256 = %plugin.hash, "plugin"
            );
        }
        State::Refused(why) => match &entry.before {
            Some(before) => {
                let version = &before.manifest.version;
                tracing::error!(%file, "refused: {why}; version {version}, which was there before, goes on running");
            }
            None => tracing::error!(%file, "refused: {why}"),
        },
        // Told when it began.
        State::Waits(why) if why == LOADING => {}
        State::Waits(why) => tracing::info!(%file, "waits: {why}"),
    }
}
