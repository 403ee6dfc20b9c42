//! The folder of libraries: what is in it, and which library a connection gets.

use std::path::{Path, PathBuf};

use super::load::{LoadedPlugin, load};
use super::look::look;

/// A file of the folder.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The file.
    pub path: PathBuf,
    /// The library, or why it is refused.
    pub plugin: Result<LoadedPlugin, String>,
}

/// The folder as it was found.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    entries: Vec<Entry>,
    /// The copies that are loaded. Where a file can be removed while it is mapped they are gone already, so that a host
    /// that is killed leaves nothing behind.
    _private: Option<tempfile::TempDir>,
}

impl Folder {
    /// Looks at every library of a folder (files with the platform's suffix, in the order of their names) and loads
    /// those that pass.
    ///
    /// # Errors
    /// The folder, or the private place for copies, cannot be used.
    pub fn scan(path: &Path) -> Result<Self, std::io::Error> {
        let told = |e: std::io::Error, what: &str| std::io::Error::new(e.kind(), format!("{what}: {e}"));
        let private =
            tempfile::Builder::new().prefix("jackfield-").tempdir().map_err(|e| told(e, "a private folder"))?;
        let mut paths: Vec<PathBuf> = std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
            .map_err(|e| told(e, &format!("the plugins' folder {}", path.display())))?;
        paths.retain(|p| is_library(p));
        paths.sort();
        let entries = paths
            .into_iter()
            .map(|path| {
                let plugin = look(&path)
                    .map_err(|e| e.to_string())
                    .and_then(|looked| load(&looked, private.path()).map_err(|e| e.to_string()));
                Entry { path, plugin }
            })
            .collect();
        Ok(Self { path: path.to_owned(), entries, _private: cfg!(windows).then_some(private) })
    }

    /// What was found.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The plugin of a name: the highest version, or the pinned one.
    ///
    /// # Errors
    /// There is none; what there is instead, and what was refused.
    pub fn choose(&self, name: &str, version: Option<&str>) -> Result<&LoadedPlugin, String> {
        let good = || self.entries.iter().filter_map(|e| e.plugin.as_ref().ok());
        let mut named: Vec<_> = good().filter(|p| p.manifest.name == name).collect();
        named.sort_by_key(|p| version_key(&p.manifest.version));
        let chosen = match version {
            None => named.last(),
            Some(pin) => named.iter().rev().find(|p| is_pinned(&p.manifest.version, pin)),
        };
        chosen.copied().ok_or_else(|| self.why_not(name, version, &named))
    }

    fn why_not(&self, name: &str, version: Option<&str>, named: &[&LoadedPlugin]) -> String {
        let folder = self.path.display();
        let mut text = match version {
            Some(pin) if !named.is_empty() => {
                let there: Vec<_> = named.iter().map(|p| p.manifest.version.as_str()).collect();
                format!("there is no version {pin} of plugin `{name}` in {folder} (there are: {})", there.join(", "))
            }
            _ => format!("there is no plugin `{name}` in {folder}"),
        };
        let mut others: Vec<_> =
            self.entries.iter().filter_map(|e| e.plugin.as_ref().ok()).map(|p| p.manifest.name.as_str()).collect();
        others.dedup();
        if named.is_empty() && !others.is_empty() {
            text.push_str(&format!(" (there are: {})", others.join(", ")));
        }
        for entry in &self.entries {
            if let Err(why) = &entry.plugin {
                text.push_str(&format!("; {} was refused: {why}", entry.path.display()));
            }
        }
        text
    }
}

fn is_library(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    !name.starts_with('.') && name.ends_with(std::env::consts::DLL_SUFFIX)
}

/// What versions are ordered by: three numbers, then releases after pre-releases. `None`: no version.
pub(super) fn version_key(version: &str) -> Option<([u64; 3], bool, String)> {
    let without_build = version.split_once('+').map_or(version, |(v, _)| v);
    let (numbers, pre) = without_build.split_once('-').map_or((without_build, ""), |(n, p)| (n, p));
    let mut parsed = numbers.split('.').map(|n| n.parse::<u64>().ok());
    let key = [parsed.next()??, parsed.next()??, parsed.next()??];
    parsed.next().is_none().then(|| (key, pre.is_empty(), pre.to_owned()))
}

/// Whether a version is the pinned one: `1`, `1.2` and `1.2.3` all pin 1.2.3.
fn is_pinned(version: &str, pin: &str) -> bool {
    version == pin || version.strip_prefix(pin).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_people_mean_them() {
        let mut versions = ["1.10.0", "1.9.3", "1.10.0-rc.1", "0.4.0"];
        versions.sort_by_key(|v| version_key(v));
        assert_eq!(versions, ["0.4.0", "1.9.3", "1.10.0-rc.1", "1.10.0"]);
        for bad in ["", "1", "1.2", "1.2.x", "1.2.3.4", "v1.2.3"] {
            assert_eq!(version_key(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_pin_names_a_version_or_its_beginning() {
        assert!(is_pinned("1.2.3", "1.2") && is_pinned("1.2.3", "1.2.3") && is_pinned("1.2.3", "1"));
        assert!(!is_pinned("1.20.3", "1.2") && !is_pinned("1.2.3", "1.2.4"));
    }

    #[test]
    fn a_missing_plugin_is_told_with_what_there_is() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(format!("broken{}", std::env::consts::DLL_SUFFIX)), "no library").unwrap();
        std::fs::write(dir.path().join("README.txt"), "not looked at").unwrap();
        let folder = Folder::scan(dir.path()).unwrap();
        assert_eq!(folder.entries().len(), 1);
        let told = folder.choose("asterisk", None).unwrap_err();
        assert!(told.contains("there is no plugin `asterisk`") && told.contains("was refused"), "{told}");
    }
}
