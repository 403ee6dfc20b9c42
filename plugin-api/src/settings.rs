//! Reading settings (JSON) into a vendor's types, with errors that name the place.

use serde::de::DeserializeOwned;

use crate::error::ConfigError;

pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Result<T, ConfigError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        // serde_json adds a place in the JSON text, which the administrator never saw.
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned();
        ConfigError::new(if path == "." { String::new() } else { path }, text)
    })
}
