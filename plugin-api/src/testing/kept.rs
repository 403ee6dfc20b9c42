//! States that earlier versions saved, kept in files.

use std::path::Path;

use super::driver::Driver;
use crate::adapter::Adapter;

/// The state that an earlier version of the adapter saved, from a file that is kept with the tests: whoever adds a field
/// without a default, or changes one, sees by it that states in the field can no longer be read. Go on from it by
/// [`Driver::restored`].
///
/// When there is no such file, and `UPDATE_STATES=1` is in the environment, it is written with what `driver`'s adapter
/// saves now. Do that once for each state version, and never for one that was released.
///
/// # Errors
/// There is no such file, or it cannot be read or written.
pub fn kept_state<A: Adapter>(path: impl AsRef<Path>, driver: &Driver<A>) -> Result<Vec<u8>, String> {
    let path = path.as_ref();
    let told = |error: std::io::Error| format!("{}: {error} (UPDATE_STATES=1 writes it)", path.display());
    if !path.exists() && std::env::var_os("UPDATE_STATES").is_some() {
        let saved = driver.save().map_err(|e| e.to_string())?.ok_or("the adapter does not save its state")?;
        std::fs::write(path, saved).map_err(told)?;
    }
    std::fs::read(path).map_err(told)
}
