//! Where the configuration comes from.

use std::path::{Path, PathBuf};

use crate::config::{Config, LONGEST};
use crate::image;

/// The variable that names the configuration's file.
const VARIABLE: &str = "CTI_TAPISIM_CONFIG";

/// The configuration, and the folder that its paths are relative to: from the file that the environment names, else from
/// the one beside this library with the same name and the ending `json`; without both it is the default.
pub(crate) fn load() -> Result<(Config, Option<PathBuf>), String> {
    let Some(path) = path() else { return Ok((Config::default(), None)) };
    let text = read(&path)?;
    let mut config = Config::read(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    if config.commands.is_none() {
        config.commands = path.with_extension("commands").file_name().map(|name| name.to_string_lossy().into_owned());
    }
    let folder = path.parent().map(Path::to_owned);
    Ok((config, folder))
}

fn path() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Some(named.into());
    }
    let beside = image::path()?.with_extension("json");
    beside.is_file().then_some(beside)
}

fn read(path: &Path) -> Result<String, String> {
    let wrong = |e: std::io::Error| format!("{}: {e}", path.display());
    let size = std::fs::metadata(path).map_err(wrong)?.len();
    if size > LONGEST {
        return Err(format!("{}: it has {size} bytes; at most {LONGEST} are read", path.display()));
    }
    std::fs::read_to_string(path).map_err(wrong)
}
