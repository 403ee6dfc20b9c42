//! Watching the folder while the host runs: a thread of its own, so that nothing it does (reading, waiting for a slow
//! network folder) ever stands in the way of calls. What is loaded for the first time has threads of its own as well.
//!
//! The system's events say *when* to look, and which files are complete; what is there is only ever found out by
//! looking. So a folder without events (network, some containers) is the same, only slower.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;

use super::catalogue::Catalogue;
use super::first::Woken;
use super::folder::Folder;
use super::log;
use crate::config::PluginsConfig;
use crate::metrics::PluginMetrics;

/// Events come in bursts; what comes within this time is one look.
const BURST: Duration = Duration::from_millis(50);
/// Reasons to look that may wait; for one more it is looked all the same.
const WAKES: usize = 4;
/// Complete files that are remembered between two looks; of more the folder is looked at as if there were no events.
const MOST_COMPLETE: usize = 4_096;

/// What events have told since the last look.
#[derive(Debug, Default)]
struct Told {
    complete: BTreeSet<PathBuf>,
    /// The folder itself was moved or removed: what is watched is not what stands there.
    lost: bool,
    stop: bool,
}

/// A folder that is watched until this is dropped.
#[derive(Debug)]
pub struct FolderWatch {
    catalogue: watch::Receiver<Arc<Catalogue>>,
    told: Arc<Mutex<Told>>,
    wake: SyncSender<Woken>,
}

impl FolderWatch {
    /// Begins to watch. The folder need not be there.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(config: &PluginsConfig, metrics: PluginMetrics) -> std::io::Result<Self> {
        let (sender, catalogue) = watch::channel(Arc::new(Catalogue::unread(&config.folder)));
        let (wake, woken) = sync_channel(WAKES);
        let told = Arc::<Mutex<Told>>::default();
        let eye = Eye {
            path: config.folder.clone(),
            wanted: config.watch,
            told: Arc::clone(&told),
            wake: wake.clone(),
            watcher: None,
            trouble: None,
        };
        let folder = Folder::telling(&config.folder, config.settle, Some(wake.clone()));
        let scan = config.scan;
        std::thread::Builder::new()
            .name("plugins".to_owned())
            .spawn(move || watch_over(folder, eye, scan, &woken, &sender, &metrics))?;
        Ok(Self { catalogue, told, wake })
    }

    /// What the folder has to offer, and every change of it.
    #[must_use]
    pub fn catalogue(&self) -> watch::Receiver<Arc<Catalogue>> {
        self.catalogue.clone()
    }
}

impl Drop for FolderWatch {
    fn drop(&mut self) {
        lock(&self.told).stop = true;
        // Full means that it is awake already.
        let _ = self.wake.try_send(Woken::Told);
    }
}

fn watch_over(
    mut folder: Folder,
    mut eye: Eye,
    scan: Duration,
    woken: &Receiver<Woken>,
    catalogue: &watch::Sender<Arc<Catalogue>>,
    metrics: &PluginMetrics,
) {
    let mut log = log::Log::default();
    let mut next_scan = Instant::now();
    loop {
        let told = std::mem::take(&mut *lock(&eye.told));
        if told.stop {
            return;
        }
        let now = Instant::now();
        let due = now >= next_scan;
        if due || told.lost {
            // Before the look: what happens in between is told by an event.
            eye.open(told.lost);
        }
        folder.look(Instant::now(), &told.complete, due);
        if due {
            // Counted from the end: a folder that takes long to be read is not read without a pause.
            next_scan = Instant::now() + scan;
        }
        let found = folder.catalogue();
        log.tell(&found, eye.trouble.as_deref());
        metrics.tell(&found);
        catalogue.send_replace(Arc::new(found));
        let next = folder.next_look().map_or(next_scan, |at| at.min(next_scan));
        match woken.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(Woken::Told) => std::thread::sleep(BURST),
            Ok(Woken::Loaded) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The system's events of the folder.
struct Eye {
    path: PathBuf,
    wanted: bool,
    told: Arc<Mutex<Told>>,
    wake: SyncSender<Woken>,
    /// And which folder it watches: a link may be switched, a folder removed and made anew.
    watcher: Option<(RecommendedWatcher, Option<PathBuf>)>,
    /// Why there are no events.
    trouble: Option<String>,
}

impl Eye {
    /// Watches the folder that stands there now.
    fn open(&mut self, lost: bool) {
        if !self.wanted {
            return;
        }
        let stands = identity(&self.path);
        if lost || self.watcher.as_ref().is_some_and(|(_, watched)| *watched != stands) {
            self.watcher = None;
        }
        if self.watcher.is_some() || stands.is_none() {
            return;
        }
        let opened = self.watch();
        self.trouble = opened.as_ref().err().map(ToString::to_string);
        self.watcher = opened.ok().map(|watcher| (watcher, stands));
    }

    fn watch(&self) -> notify::Result<RecommendedWatcher> {
        let (told, wake, folder) = (Arc::clone(&self.told), self.wake.clone(), self.path.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if note(&mut lock(&told), event, &folder) {
                let _ = wake.try_send(Woken::Told);
            }
        })?;
        watcher.watch(&self.path, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    }
}

/// Which folder a path leads to.
#[cfg(unix)]
fn identity(path: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(path).ok()?;
    Some(std::fs::canonicalize(path).ok()?.join(format!("{}:{}", meta.dev(), meta.ino())))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

/// Takes an event. `true`: the folder is worth a look.
fn note(told: &mut Told, event: notify::Result<Event>, folder: &Path) -> bool {
    // An error, an overflow of the system's queue: something was missed.
    let Ok(event) = event else { return true };
    let complete = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => true,
        // Somebody reads, perhaps we.
        EventKind::Access(_) => return false,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => {
            told.lost |= event.paths.iter().any(|path| path == folder);
            false
        }
        _ => false,
    };
    if complete && told.complete.len() < MOST_COMPLETE {
        told.complete.extend(event.paths);
    }
    true
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
