//! Loading a library into this process.
//!
//! A library is loaded from a private copy under its hash: overwriting a mapped file kills the process that maps it,
//! and a file in the folder may be overwritten at any time. It is never unloaded (nothing Rust can be).
#![allow(unsafe_code)]

use std::path::{Path, PathBuf};

use abi_stable::library::{AbiHeaderRef, LibraryError};
use abi_stable::std_types::RVec;
use jackfield_plugin_api::Manifest;
use jackfield_plugin_api::abi::{EXPORT_NAME, PluginRef, status};
use jackfield_plugin_api::frame::{FaultReport, unpack};
use libloading::Library;

use super::look::Looked;

/// Why a library could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The private copy could not be written.
    #[error("its private copy {path} cannot be written: {source}", path = path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The dynamic linker refused it.
    #[error("the dynamic linker refuses it: {}", with_sources(.0))]
    Link(#[from] libloading::Error),
    /// Its envelope does not fit.
    #[error("its ABI does not fit this host's: {0}")]
    Abi(String),
    /// Its manifest cannot be had.
    #[error("its manifest: {0}")]
    Manifest(String),
}

impl From<LibraryError> for LoadError {
    fn from(error: LibraryError) -> Self {
        Self::Abi(error.to_string())
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

/// A library in this process.
#[derive(Clone)]
#[non_exhaustive]
pub struct LoadedPlugin {
    /// What it says of itself.
    pub manifest: Manifest,
    /// SHA-256 of its file.
    pub hash: String,
    pub(super) module: PluginRef,
}

impl std::fmt::Debug for LoadedPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Manifest { name, version, .. } = &self.manifest;
        write!(f, "LoadedPlugin({name} {version}, {})", self.hash)
    }
}

/// Loads a library that was looked at, from a copy in `private`.
///
/// # Errors
/// Why it cannot be loaded.
pub fn load(looked: &Looked, private: &Path) -> Result<LoadedPlugin, LoadError> {
    let copy = private.join(format!("{}{}", looked.hash, std::env::consts::DLL_SUFFIX));
    if !copy.exists() {
        let failed = |source| LoadError::Copy { path: copy.clone(), source };
        let part = copy.with_extension("part");
        std::fs::write(&part, &looked.bytes).map_err(failed)?;
        std::fs::rename(&part, &copy).map_err(failed)?;
    }
    let module = open(&copy)?;
    let mut out = RVec::new();
    let status = module.manifest()(&mut out);
    if status != status::OK {
        let text = unpack::<FaultReport>(&out).map_or_else(|e| e, |f| format!("{} ({})", f.text, f.place));
        return Err(LoadError::Manifest(text));
    }
    let manifest: Manifest = unpack(&out).map_err(LoadError::Manifest)?;
    check_manifest(&manifest).map_err(LoadError::Manifest)?;
    Ok(LoadedPlugin { manifest, hash: looked.hash.clone(), module })
}

fn open(copy: &Path) -> Result<PluginRef, LoadError> {
    // SAFETY: the file passed the static check and is ours alone; its constructors are those of a Rust cdylib. That
    // the library's code is sound is what the administrator trusts when choosing `isolation = "host"`.
    let library = unsafe { Library::new(copy) }?;
    // SAFETY: every library with our section exports this symbol as a `LibHeader`, whose first field is the
    // `AbiHeader` that `upgrade` checks before it believes the rest.
    let header = unsafe { *library.get::<AbiHeaderRef>(EXPORT_NAME.as_bytes())? };
    let module = header.upgrade()?.init_root_module::<PluginRef>()?;
    // `module` points into the library for ever.
    std::mem::forget(library);
    Ok(module)
}

fn check_manifest(manifest: &Manifest) -> Result<(), String> {
    let name = &manifest.name;
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > 100 || !name.bytes().all(good) {
        return Err(format!("the name `{name}` does not consist of a-z, 0-9 and -"));
    }
    if super::folder::version_key(&manifest.version).is_none() {
        return Err(format!("the version `{}` is no semantic version (1.2.3)", manifest.version));
    }
    Ok(())
}
