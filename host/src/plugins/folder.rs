//! The folder of libraries, looked at again and again: what is new, what is complete, what is gone.
//!
//! No clock and no events here: whoever watches the folder says what time it is and which files are known to be
//! complete. What is known already is judged at once; what is loaded for the first time is so beside it ([`FirstLoads`]),
//! and judged by the look after that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant, SystemTime};

use super::catalogue::{Catalogue, State};
use super::file::Stamp;
use super::first::{FirstLoads, Woken};
use super::known::Known;
use super::load::Loader;

/// The most libraries of a folder. More is a mistake in `folder`, not a folder of adapters.
const MOST_FILES: usize = 1_000;

/// A folder of libraries.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    settle: Duration,
    files: BTreeMap<PathBuf, Known>,
    trouble: Option<String>,
    /// Whether the last look saw anything at all, and whether there was ever one that did.
    readable: bool,
    looked: bool,
    loader: Loader,
    first: FirstLoads,
}

impl Folder {
    /// A folder. Files count as complete, and as gone, when they have been so for `settle`.
    #[must_use]
    pub fn new(path: &Path, settle: Duration) -> Self {
        Self::telling(path, settle, None)
    }

    /// The same; `wake` is told when there is something new to be judged.
    pub(super) fn telling(path: &Path, settle: Duration, wake: Option<SyncSender<Woken>>) -> Self {
        Self {
            path: path.to_owned(),
            settle,
            files: BTreeMap::new(),
            trouble: None,
            readable: true,
            looked: false,
            loader: Loader::default(),
            first: FirstLoads::new(wake),
        }
    }

    /// The folder as it is now, every file taken as complete. Waits for those that are loaded for the first time.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn once(path: &Path) -> Result<Catalogue, String> {
        let mut folder = Self::new(path, Duration::ZERO);
        folder.look(Instant::now(), &BTreeSet::new(), true);
        while folder.first.is_any() {
            folder.first.wait();
            folder.look(Instant::now(), &BTreeSet::new(), false);
        }
        match &folder.trouble {
            Some(trouble) if !folder.looked => Err(trouble.clone()),
            _ => Ok(folder.catalogue()),
        }
    }

    /// Looks at every library of the folder (files with the platform's suffix) and loads what passes. `complete`:
    /// files that were renamed in, or closed after they were written. `again`: also those whose trouble may have
    /// passed by itself.
    pub fn look(&mut self, now: Instant, complete: &BTreeSet<PathBuf>, again: bool) {
        self.take_loaded(now);
        let paths = match list(&self.path) {
            Ok(paths) => paths,
            Err(why) => {
                self.trouble = Some(format!("the plugins' folder {}: {why}", self.path.display()));
                self.readable = false;
                return;
            }
        };
        self.readable = true;
        self.trouble = (paths.len() > MOST_FILES).then(|| {
            let (folder, all) = (self.path.display(), paths.len());
            format!("the plugins' folder {folder} has {all} libraries; only the first {MOST_FILES} by name are used")
        });
        // Found before anything is judged now: that has had its try.
        let tried = self.files.iter().filter(|(_, known)| again && known.may_be_tried(now));
        let tried: Vec<PathBuf> = tried.map(|(path, _)| path.clone()).collect();
        let mut there = BTreeSet::new();
        for path in paths.into_iter().take(MOST_FILES) {
            if let Some(stamp) = Stamp::of(&path) {
                self.file(&path, stamp, now, complete.contains(&path));
                there.insert(path);
            }
        }
        // After those that were never tried.
        for path in tried {
            if let Some(known) = self.files.get_mut(&path).filter(|known| known.may_be_tried(now)) {
                known.judge(&mut self.loader, &mut self.first, now, true);
            }
        }
        self.forget_missing(&there, now);
        self.loader.tidy();
        self.looked = true;
    }

    /// When the folder is to be looked at again though nothing seems to happen; none: nothing is open.
    #[must_use]
    pub fn next_look(&self) -> Option<Instant> {
        if !self.readable {
            return None;
        }
        let open = |known: &Known| match known.gone {
            Some(gone) => Some(gone + self.settle),
            None if known.queued => None,
            None => (!known.is_judged()).then(|| known.since + self.settle),
        };
        self.files.values().filter_map(open).min()
    }

    /// What was found.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        Catalogue {
            folder: self.path.clone(),
            trouble: self.trouble.clone(),
            entries: self.files.values().map(|known| known.entry.clone()).collect(),
            mapped: self.loader.mapped(),
            loading: self.first.is_any(),
        }
    }

    /// Judges what was loaded for the first time since the last look.
    fn take_loaded(&mut self, now: Instant) {
        for (hash, loaded) in self.first.done() {
            let loaded = self.loader.keep(&hash, loaded);
            for known in self.files.values_mut().filter(|known| known.loading.as_ref() == Some(&hash)) {
                known.is(loaded.clone(), now);
            }
        }
    }

    fn file(&mut self, path: &Path, stamp: Stamp, now: Instant, complete: bool) {
        // What lay there before the host came was complete long ago, if its date says so.
        let old = !self.looked && stamp.is_older_than(self.settle, SystemTime::now());
        let known = self.files.entry(path.to_owned()).or_insert_with(|| Known::new(path, stamp.clone(), now));
        known.looks(stamp, now);
        if known.is_judged() {
            return;
        }
        if known.queued || old || complete || now.duration_since(known.since) >= self.settle {
            known.judge(&mut self.loader, &mut self.first, now, false);
        } else {
            known.becomes(State::Waits(format!(
                "it was written less than {} ms ago; it is taken when it rests",
                self.settle.as_millis()
            )));
        }
    }

    fn forget_missing(&mut self, there: &BTreeSet<PathBuf>, now: Instant) {
        let settle = self.settle;
        self.files
            .retain(|path, known| there.contains(path) || now.duration_since(*known.gone.get_or_insert(now)) < settle);
    }
}

fn list(folder: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    let mut paths = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if is_library(&path) {
            paths.insert(path);
        }
    }
    Ok(paths)
}

fn is_library(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    !name.starts_with('.') && name.ends_with(std::env::consts::DLL_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::Entry;
    use super::*;

    const SETTLE: Duration = Duration::from_secs(2);

    struct Bed {
        dir: tempfile::TempDir,
        folder: Folder,
        now: Instant,
    }

    impl Bed {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let folder = Folder::new(dir.path(), SETTLE);
            let mut bed = Self { dir, folder, now: Instant::now() };
            bed.look(&[]);
            bed
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(format!("{name}{}", std::env::consts::DLL_SUFFIX))
        }

        fn look(&mut self, complete: &[&str]) {
            let complete = complete.iter().map(|name| self.path(name)).collect();
            self.folder.look(self.now, &complete, false);
        }

        fn wait(&mut self, time: Duration) {
            self.now += time;
            self.look(&[]);
        }

        /// The first letter of each file's state.
        fn states(&self) -> String {
            let letter = |entry: &Entry| match entry.state {
                State::Loaded(_) => 'l',
                State::Refused(_) => 'r',
                State::Waits(_) => 'w',
            };
            self.folder.catalogue().entries.iter().map(letter).collect()
        }
    }

    #[test]
    fn a_file_is_judged_when_it_rests() {
        let mut bed = Bed::new();
        std::fs::write(bed.path("a"), "half").unwrap();
        bed.look(&[]);
        assert_eq!(bed.states(), "w");
        assert_eq!(bed.folder.next_look(), Some(bed.now + SETTLE));
        bed.now += SETTLE * 3 / 4;
        std::fs::write(bed.path("a"), "half and more").unwrap();
        bed.look(&[]);
        bed.wait(SETTLE * 3 / 4);
        assert_eq!(bed.states(), "w", "it was written in between");
        bed.wait(SETTLE / 4);
        assert_eq!(bed.states(), "r");
        assert_eq!(bed.folder.next_look(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_goes_between_the_list_and_the_look_is_not_refused() {
        let mut bed = Bed::new();
        let path = bed.path("a");
        std::fs::write(&path, "whole").unwrap();
        bed.look(&[]);
        std::fs::remove_file(&path).unwrap();
        let Folder { files, loader, first, .. } = &mut bed.folder;
        files.get_mut(&path).unwrap().judge(loader, first, bed.now, false);
        assert_eq!(bed.states(), "w");
        // A link that leads nowhere is there, and is.
        std::os::unix::fs::symlink("/nowhere", &path).unwrap();
        bed.look(&["a"]);
        assert_eq!(bed.states(), "r");
    }

    #[test]
    fn a_file_that_was_renamed_in_or_closed_is_judged_at_once() {
        let mut bed = Bed::new();
        std::fs::write(bed.path("a"), "whole").unwrap();
        std::fs::write(bed.path("b"), "whole").unwrap();
        bed.look(&["b"]);
        assert_eq!(bed.states(), "wr");
    }

    #[test]
    fn what_lay_there_before_the_start_is_judged_by_its_date() {
        let mut bed = Bed::new();
        for (name, age) in [("a", 60), ("b", 0)] {
            std::fs::write(bed.path(name), "x").unwrap();
            let date = SystemTime::now() - Duration::from_secs(age);
            std::fs::File::options().write(true).open(bed.path(name)).unwrap().set_modified(date).unwrap();
        }
        bed.folder = Folder::new(bed.dir.path(), SETTLE);
        bed.look(&[]);
        assert_eq!(bed.states(), "rw");
        bed.wait(SETTLE);
        assert_eq!(bed.states(), "rr");
    }

    #[cfg(unix)]
    #[test]
    fn what_may_pass_by_itself_is_tried_again_at_once_when_asked() {
        let mut bed = Bed::new();
        std::os::unix::fs::symlink("/nowhere", bed.path("a")).unwrap();
        bed.look(&["a"]);
        bed.folder.look(bed.now, &BTreeSet::new(), true);
        assert_eq!(bed.states(), "r", "it does not wait: it is the same file");
    }

    #[test]
    fn a_file_is_gone_when_it_stays_away() {
        let mut bed = Bed::new();
        std::fs::write(bed.path("a"), "x").unwrap();
        bed.look(&["a"]);
        std::fs::remove_file(bed.path("a")).unwrap();
        bed.look(&[]);
        assert_eq!(bed.states(), "r");
        std::fs::write(bed.path("a"), "y").unwrap();
        bed.wait(SETTLE);
        assert_eq!(bed.states(), "w", "it came back as another");
        std::fs::remove_file(bed.path("a")).unwrap();
        bed.look(&[]);
        assert_eq!(bed.folder.next_look(), Some(bed.now + SETTLE));
        bed.wait(SETTLE);
        assert_eq!(bed.states(), "");
    }

    #[test]
    fn a_folder_that_vanishes_takes_nothing_with_it() {
        let mut bed = Bed::new();
        std::fs::write(bed.path("a"), "x").unwrap();
        bed.look(&["a"]);
        let away = bed.dir.path().with_extension("away");
        std::fs::rename(bed.dir.path(), &away).unwrap();
        bed.wait(SETTLE);
        bed.wait(SETTLE);
        assert_eq!(bed.states(), "r");
        assert!(bed.folder.catalogue().trouble.unwrap().contains("the plugins' folder"));
        std::fs::rename(&away, bed.dir.path()).unwrap();
        bed.wait(SETTLE);
        assert_eq!((bed.states().as_str(), bed.folder.catalogue().trouble), ("r", None));
    }

    #[test]
    fn only_libraries_are_looked_at_and_a_missing_plugin_is_told_with_what_there_is() {
        let mut bed = Bed::new();
        std::fs::write(bed.path("broken"), "no library").unwrap();
        std::fs::write(bed.path(".hidden"), "no library").unwrap();
        std::fs::write(bed.dir.path().join("README.txt"), "not looked at").unwrap();
        bed.look(&["broken"]);
        assert_eq!(bed.states(), "r");
        let told = bed.folder.catalogue().choose("asterisk", None).unwrap_err();
        assert!(told.contains("there is no plugin `asterisk`") && told.contains("was refused"), "{told}");
    }
}
