//! Loading libraries: first in a process that is thrown away, then into a runner, or into this process.
//!
//! A library is never loaded from the folder: overwriting a mapped file kills the process that maps it. It is loaded
//! from memory, or where that cannot be from a private copy under its hash. From this process it is never unloaded
//! (nothing Rust can be).
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::env::temp_dir;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use abi_stable::library::{AbiHeaderRef, LibraryError};
use abi_stable::std_types::RVec;
use jackfield_plugin_api::Manifest;
use jackfield_plugin_api::abi::{EXPORT_NAME, PluginRef, status};
use jackfield_plugin_api::frame::{FaultReport, unpack};
use serde::{Deserialize, Serialize};

use super::image::Image;
use super::look::Looked;
#[cfg(target_os = "linux")]
use super::runner::{Order, Runners, probe};

/// The most memory of a process in which a library is loaded for the first time.
#[cfg(target_os = "linux")]
const PROBE_MEMORY: u64 = 256 * 1024 * 1024;
/// What is kept of a text that a library, or a crate, makes of an error.
const MOST_TEXT: usize = 300;

/// Why a library could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The private copy could not be written.
    #[error("its private copy in {folder} cannot be written: {why}", folder = folder.display())]
    Copy {
        /// The folder for temporary files.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// The dynamic linker refused it.
    #[error("the dynamic linker refuses it: {0}")]
    Link(String),
    /// Its envelope does not fit.
    #[error("its ABI does not fit this host's: {0}")]
    Abi(String),
    /// Its manifest cannot be had.
    #[error("its manifest: {0}")]
    Manifest(String),
    /// The process in which it was loaded first ended.
    #[error("when it is loaded, {0}")]
    Ended(String),
    /// It did not let go of the process in which it was loaded first.
    #[error("when it is loaded, it does not come back within {seconds} s")]
    Late {
        /// How long it had.
        seconds: u64,
    },
    /// There is no process to load it in first.
    #[error("{0}")]
    Runner(String),
}

impl LoadError {
    /// Whether loading the same bytes again may help: there is space again, a library that it needs was installed.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Copy { .. } | Self::Link(_) | Self::Late { .. } | Self::Runner(_))
    }
}

/// An error with what led to it: the outermost alone says little.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

/// A library that was loaded once, and can be loaded wherever it is to run.
#[derive(Clone)]
#[non_exhaustive]
pub struct LoadedPlugin {
    /// What it says of itself.
    pub manifest: Manifest,
    /// SHA-256 of its file.
    pub hash: String,
    library: Arc<Library>,
}

impl std::fmt::Debug for LoadedPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Manifest { name, version, .. } = &self.manifest;
        write!(f, "LoadedPlugin({name} {version}, {})", self.hash)
    }
}

impl LoadedPlugin {
    /// Its root module in this process, mapped when it is first asked for: then it is there for as long as the process
    /// is.
    pub(super) fn module(&self) -> Result<PluginRef, LoadError> {
        self.library.module(&self.hash)
    }

    /// What of a connection's grants it asks for: the rest it does not get.
    pub(crate) fn granted(&self, grant: &[String]) -> Vec<String> {
        self.manifest.needs.iter().filter(|need| grant.contains(need)).cloned().collect()
    }

    /// What a runner is started with. None: this program starts none.
    #[cfg(target_os = "linux")]
    pub(super) fn order(&self, name: &str, granted: &[String], memory: u64) -> Option<Order> {
        Some(Order {
            runners: Runners::own()?,
            image: Arc::clone(&self.library.image),
            name: name.to_owned(),
            granted: self.granted(granted),
            memory,
        })
    }
}

/// A library's bytes, and where they are mapped.
struct Library {
    image: Arc<Image>,
    /// Held while it is mapped, which happens once; by nobody who handles events.
    module: Mutex<Option<PluginRef>>,
    mapped: Arc<AtomicUsize>,
}

impl Library {
    fn module(&self, hash: &str) -> Result<PluginRef, LoadError> {
        let mut module = self.module.lock().unwrap_or_else(PoisonError::into_inner);
        match *module {
            Some(module) => Ok(module),
            // What could not be mapped may be mapped later: there is room again.
            None => Ok(*module.insert(self.map(hash)?)),
        }
    }

    fn is_mapped(&self) -> bool {
        self.module.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    #[cfg(target_os = "linux")]
    fn map(&self, _: &str) -> Result<PluginRef, LoadError> {
        use std::os::fd::AsRawFd;
        // The linker knows a library by this name, so the descriptor is never closed: another file under the same
        // number would be taken for this one.
        let kept = ManuallyDrop::new(Arc::clone(&self.image));
        let library = open(&by_descriptor(kept.file().as_raw_fd()))?;
        self.mapped.fetch_add(1, Ordering::Relaxed);
        root_module(library)
    }

    #[cfg(not(target_os = "linux"))]
    fn map(&self, hash: &str) -> Result<PluginRef, LoadError> {
        let copied = self.image.bytes().and_then(|bytes| copy(hash, &bytes));
        let (private, copy) = copied.map_err(|e| LoadError::Copy { folder: temp_dir(), why: innermost(&e) })?;
        let library = open(&copy)?;
        self.mapped.fetch_add(1, Ordering::Relaxed);
        if cfg!(windows) {
            // It cannot be removed while it is mapped.
            let _ = private.keep();
        }
        root_module(library)
    }
}

/// Loads libraries, each content once.
#[derive(Debug, Default)]
pub struct Loader {
    known: HashMap<String, Result<Arc<LoadedPlugin>, LoadError>>,
    mapped: Arc<AtomicUsize>,
}

impl Loader {
    /// Loads a library that was looked at. One that is loaded already is only looked up, whatever its file is called.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn load(&mut self, looked: &Looked) -> Result<Arc<LoadedPlugin>, LoadError> {
        match self.known(&looked.hash) {
            Some(known) => known,
            None => self.keep(&looked.hash, self.first().load(looked)),
        }
    }

    /// What is known of the bytes with this hash. None: they were never loaded, or what was in their way may have
    /// passed.
    pub(super) fn known(&self, hash: &str) -> Option<Result<Arc<LoadedPlugin>, LoadError>> {
        self.known.get(hash).cloned()
    }

    /// What loads bytes that are not known; for another thread.
    pub(super) fn first(&self) -> First {
        First { mapped: Arc::clone(&self.mapped) }
    }

    /// Keeps what came of a first load.
    pub(super) fn keep(
        &mut self,
        hash: &str,
        loaded: Result<LoadedPlugin, LoadError>,
    ) -> Result<Arc<LoadedPlugin>, LoadError> {
        let loaded = loaded.map(Arc::new);
        if loaded.as_ref().err().is_none_or(|error| !error.may_pass()) {
            self.known.insert(hash.to_owned(), loaded.clone());
        }
        loaded
    }

    /// Forgets libraries that nobody has any more. What is mapped stays, so that it is not mapped twice.
    pub(super) fn tidy(&mut self) {
        self.known.retain(|_, known| match known {
            Ok(plugin) => Arc::strong_count(plugin) > 1 || plugin.library.is_mapped(),
            Err(_) => true,
        });
    }

    /// How many libraries are mapped into this process, for good.
    #[must_use]
    pub fn mapped(&self) -> usize {
        self.mapped.load(Ordering::Relaxed)
    }
}

/// Loads bytes that are not known.
#[derive(Debug)]
pub(super) struct First {
    mapped: Arc<AtomicUsize>,
}

impl First {
    /// Foreign code runs; until it comes back, or its time is over.
    pub(super) fn load(&self, looked: &Looked) -> Result<LoadedPlugin, LoadError> {
        let image =
            Image::new(&looked.bytes).map_err(|e| LoadError::Copy { folder: temp_dir(), why: innermost(&e) })?;
        let library =
            Arc::new(Library { image: Arc::new(image), module: Mutex::default(), mapped: Arc::clone(&self.mapped) });
        let manifest = read_manifest(&library, looked)?;
        Ok(LoadedPlugin { manifest, hash: looked.hash.clone(), library })
    }
}

/// Foreign code runs here for the first time: in a process of its own, where there are runners.
fn read_manifest(library: &Library, looked: &Looked) -> Result<Manifest, LoadError> {
    #[cfg(target_os = "linux")]
    if let Some(runners) = Runners::own() {
        let order = Order {
            runners,
            image: Arc::clone(&library.image),
            name: looked.section.name.clone(),
            granted: Vec::new(),
            memory: PROBE_MEMORY,
        };
        return check_manifest(&probe(&order)?).map_err(LoadError::Manifest);
    }
    check_manifest(&manifest_bytes(library.module(&looked.hash)?)?).map_err(LoadError::Manifest)
}

/// What a library writes of itself.
pub(super) fn manifest_bytes(module: PluginRef) -> Result<Vec<u8>, LoadError> {
    let mut out = RVec::new();
    let status = module.manifest()(&mut out);
    if status != status::OK {
        let text = unpack::<FaultReport>(&out).map_or_else(|e| e, |f| format!("{} ({})", f.text, f.place));
        return Err(LoadError::Manifest(text));
    }
    Ok(out.into_vec())
}

/// The innermost error says why; what is around it names a place that is another each time.
fn innermost(error: &std::io::Error) -> String {
    error.get_ref().and_then(|inner| inner.source()).map_or_else(|| error.to_string(), ToString::to_string)
}

/// Writes the bytes that were looked at into a folder that is nobody else's (mode 0700), under their hash.
#[cfg(not(target_os = "linux"))]
fn copy(hash: &str, bytes: &[u8]) -> std::io::Result<(tempfile::TempDir, PathBuf)> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    let private = builder.prefix("jackfield-").tempdir()?;
    let copy = private.path().join(format!("{hash}{}", std::env::consts::DLL_SUFFIX));
    std::fs::write(&copy, bytes)?;
    Ok((private, copy))
}

fn open(copy: &Path) -> Result<libloading::Library, LoadError> {
    // SAFETY: the file passed the static check and is ours alone; it was loaded before in a process of its own. That
    // the library's code is sound is what the administrator trusts when choosing `isolation = "host"`.
    unsafe { libloading::Library::new(copy) }.map_err(|e| {
        // The copy has another place each time, which says nothing to anybody.
        let place = format!("{}: ", copy.display());
        LoadError::Link(with_sources(&e).replace(&place, ""))
    })
}

/// A library behind a descriptor, for a process that has no other.
///
/// # Safety
/// The library's code runs in this process.
#[cfg(target_os = "linux")]
pub(super) unsafe fn from_descriptor(library: std::os::fd::RawFd) -> Result<PluginRef, LoadError> {
    root_module(open(&by_descriptor(library))?)
}

#[cfg(target_os = "linux")]
fn by_descriptor(library: std::os::fd::RawFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{library}"))
}

fn root_module(library: libloading::Library) -> Result<PluginRef, LoadError> {
    // What is returned points into the library for ever, and what has run once cannot be unloaded.
    let library = ManuallyDrop::new(library);
    // SAFETY: every library with our section exports this symbol as a `LibHeader`, whose first field is the
    // `AbiHeader` that `upgrade` checks before it believes the rest.
    let header =
        unsafe { *library.get::<AbiHeaderRef>(EXPORT_NAME.as_bytes()).map_err(|e| LoadError::Abi(with_sources(&e)))? };
    let module = header.upgrade().and_then(|header| header.init_root_module::<PluginRef>());
    module.map_err(|e| LoadError::Abi(envelope(&e)))
}

/// What is wrong with an envelope: `abi_stable` dumps pages.
fn envelope(error: &LibraryError) -> String {
    let what = match error {
        LibraryError::InvalidAbiHeader(_) => "it was built with another version of `abi_stable`".to_owned(),
        LibraryError::AbiInstability(_) => "the types of its envelope are laid out otherwise".to_owned(),
        other => {
            let text: Vec<String> = other.to_string().split_whitespace().map(ToOwned::to_owned).collect();
            text.join(" ").chars().take(MOST_TEXT).collect()
        }
    };
    format!("{what}; the vendor must build it with this version of jackfield-plugin-api")
}

fn check_manifest(bytes: &[u8]) -> Result<Manifest, String> {
    let manifest: Manifest = unpack(bytes)?;
    let name = &manifest.name;
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > 100 || !name.bytes().all(good) {
        return Err(format!("the name `{name}` does not consist of a-z, 0-9 and -"));
    }
    if super::version::version_key(&manifest.version).is_none() {
        return Err(format!("the version `{}` is no semantic version (1.2.3)", manifest.version));
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Looked {
        let section = jackfield_plugin_api::section::encode("acme", "1.0.0", true);
        let section = jackfield_plugin_api::section::decode(&section).unwrap();
        Looked { section, hash: "0123abcd".to_owned(), bytes: b"bytes that were looked at".to_vec() }
    }

    #[test]
    fn what_the_linker_refuses_is_tried_again_and_leaves_nothing() {
        let mut loader = Loader::default();
        for _ in 0..2 {
            let error = loader.load(&some()).unwrap_err();
            assert!(matches!(&error, LoadError::Link(_)) && error.may_pass(), "{error}");
            assert!(!error.to_string().contains("jackfield-"), "the copy's place says nothing: {error}");
        }
        assert_eq!((loader.mapped(), loader.known.len()), (0, 0));
    }
}
