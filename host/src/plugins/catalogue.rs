//! What the folder has to offer, at one moment, and which library a connection gets of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::load::LoadedPlugin;
use super::version::{is_pinned, version_key};

/// So many refused files are named where a plugin is missing.
const MOST_REASONS: usize = 8;

/// Mapped libraries that nobody uses any more: each costs its size in memory and temporary space until a restart.
const MOST_SPARE: usize = 50;

/// What is to be said of a file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum State {
    /// A library that is loaded.
    Loaded(Arc<LoadedPlugin>),
    /// It is refused, and why.
    Refused(String),
    /// It is not judged yet, and why.
    Waits(String),
}

/// A file of the folder.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The file.
    pub path: PathBuf,
    /// What it is now.
    pub state: State,
    /// What it was before it became what is refused or waits: that goes on running.
    pub before: Option<Arc<LoadedPlugin>>,
}

impl Entry {
    /// The library that connections get from this file.
    #[must_use]
    pub fn plugin(&self) -> Option<&LoadedPlugin> {
        match &self.state {
            State::Loaded(plugin) => Some(plugin),
            _ => self.before.as_deref(),
        }
    }

    /// Why the file as it is now is not used.
    #[must_use]
    pub fn why_not(&self) -> Option<String> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        match &self.state {
            State::Loaded(_) => None,
            State::Refused(why) => Some(format!("{name} was refused: {why}")),
            State::Waits(why) => Some(format!("{name} waits: {why}")),
        }
    }

    fn is_loaded(&self) -> bool {
        matches!(self.state, State::Loaded(_))
    }
}

/// The folder as it was found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Catalogue {
    /// The folder.
    pub folder: PathBuf,
    /// What is wrong with the folder itself. Where it cannot be read, the entries are what was there before.
    pub trouble: Option<String>,
    /// Its files, in the order of their names.
    pub entries: Vec<Entry>,
    /// How many libraries are mapped into this process; none can ever be unmapped.
    pub mapped: usize,
    /// Whether libraries are being loaded for the first time.
    pub loading: bool,
}

impl Catalogue {
    /// A folder that was not read yet.
    #[must_use]
    pub fn unread(folder: &Path) -> Self {
        let trouble = format!("the plugins' folder {} is still being read", folder.display());
        Self { folder: folder.to_owned(), trouble: Some(trouble), ..Self::default() }
    }

    /// The plugin of a name: the highest version, or the pinned one.
    ///
    /// # Errors
    /// There is none; what there is instead, and what was refused.
    pub fn choose(&self, name: &str, version: Option<&str>) -> Result<&LoadedPlugin, String> {
        let mut named: Vec<(&Entry, &LoadedPlugin)> = self.plugins().filter(|(_, p)| p.manifest.name == name).collect();
        // Of two files of one version the one that is good now, then the last by its name.
        named.sort_by_key(|(entry, p)| (version_key(&p.manifest.version), entry.is_loaded()));
        let chosen = match version {
            None => named.last(),
            Some(pin) => named.iter().rev().find(|(_, p)| is_pinned(&p.manifest.version, pin)),
        };
        chosen.map(|(_, plugin)| *plugin).ok_or_else(|| {
            let named: Vec<&str> = named.iter().map(|(_, p)| p.manifest.version.as_str()).collect();
            self.why_none(name, version, &named)
        })
    }

    /// All libraries of a name.
    pub fn of(&self, name: &str) -> impl Iterator<Item = &LoadedPlugin> {
        self.plugins().map(|(_, plugin)| plugin).filter(move |plugin| plugin.manifest.name == name)
    }

    /// Files that would give this plugin if they were good: those whose former content goes on running, by the reason.
    #[must_use]
    pub fn warning(&self, plugin: &LoadedPlugin) -> Option<String> {
        let broken = self.entries.iter().find(|e| {
            matches!(e.state, State::Refused(_)) && e.before.as_ref().is_some_and(|p| p.hash == plugin.hash)
        })?;
        let version = &plugin.manifest.version;
        Some(format!("{}; version {version}, which was there before, goes on running", broken.why_not()?))
    }

    /// Whether so many libraries of former contents are mapped that a restart of the host is due.
    #[must_use]
    pub fn restart_due(&self) -> bool {
        let mut used: Vec<&str> = self.plugins().map(|(_, p)| p.hash.as_str()).collect();
        used.sort_unstable();
        used.dedup();
        self.mapped.saturating_sub(used.len()) >= MOST_SPARE
    }

    fn plugins(&self) -> impl Iterator<Item = (&Entry, &LoadedPlugin)> {
        self.entries.iter().filter_map(|e| Some((e, e.plugin()?)))
    }

    fn why_none(&self, name: &str, version: Option<&str>, named: &[&str]) -> String {
        let folder = self.folder.display();
        let mut text = match version {
            Some(pin) if !named.is_empty() => {
                format!("there is no version {pin} of plugin `{name}` in {folder} (there are: {})", named.join(", "))
            }
            _ => format!("there is no plugin `{name}` in {folder}"),
        };
        let mut others: Vec<_> = self.plugins().map(|(_, p)| p.manifest.name.as_str()).collect();
        others.sort_unstable();
        others.dedup();
        if named.is_empty() && !others.is_empty() {
            text.push_str(&format!(" (there are: {})", others.join(", ")));
        }
        let mut reasons = self.trouble.iter().cloned().chain(self.entries.iter().filter_map(Entry::why_not));
        for why in reasons.by_ref().take(MOST_REASONS) {
            text.push_str("; ");
            text.push_str(&why);
        }
        match reasons.count() {
            0 => text,
            more => format!("{text}; and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(count: usize) -> Catalogue {
        let entry = |number| Entry {
            path: PathBuf::from(format!("lib{number}.so")),
            state: State::Refused("it is empty".to_owned()),
            before: None,
        };
        Catalogue {
            folder: PathBuf::from("/adapters"),
            entries: (0..count).map(entry).collect(),
            ..Catalogue::default()
        }
    }

    #[test]
    fn a_missing_plugin_is_told_with_a_few_reasons() {
        let told = refused(2).choose("acme", None).unwrap_err();
        assert_eq!(
            told,
            "there is no plugin `acme` in /adapters; lib0.so was refused: it is empty; lib1.so was refused: it is empty"
        );
        assert!(refused(9).choose("acme", None).unwrap_err().ends_with("; and 1 more"));
        assert!(refused(10_000).choose("acme", None).unwrap_err().len() < 1_000);
    }

    #[test]
    fn a_restart_is_due_when_many_libraries_are_of_no_use() {
        let mapped = |mapped| Catalogue { mapped, ..refused(1) };
        assert!(!mapped(MOST_SPARE - 1).restart_due());
        assert!(mapped(MOST_SPARE).restart_due());
    }
}
