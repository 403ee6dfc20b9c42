//! Whether calls can be kept: the database answers, is of this version, and nothing waits for it.

use super::{Finding, Patient};
use crate::store::{StoreError, schema, upkeep};

const TOPIC: &str = "history";

/// Looks at `[store]`, if calls are to be kept. Nothing is written, and no table is read.
pub(super) fn history(patient: &Patient) -> Vec<Finding> {
    let Some(store) = &patient.config.store else { return Vec::new() };
    // An address that is none was told with the configuration.
    let Ok(source) = store.source() else { return Vec::new() };
    let shown = source.shown();
    if source.file().is_some_and(|file| !file.exists()) {
        return vec![Finding::ok(TOPIC, format!("{shown} is made when the host starts"))];
    }
    vec![match upkeep::glance(&source, &store.pending_folder()) {
        Ok((version, _)) if version > schema::VERSION => Finding::problem(
            TOPIC,
            format!("{shown} is of version {version}, this jackfield knows versions up to {}", schema::VERSION),
            "run the jackfield that wrote it, or a newer one",
        ),
        Ok((_, 0)) => Finding::ok(TOPIC, format!("{shown} answers")),
        Ok((_, waiting)) => Finding::ok(TOPIC, format!("{shown} answers; {waiting} bytes are on their way into it")),
        Err(error) => {
            let (StoreError::Unavailable(why) | StoreError::Invalid(why)) = error;
            let next = "calls wait in the journals until it is back: see \"What is kept when something breaks\" in \
                        docs/history.md";
            Finding::problem(TOPIC, format!("{shown}: {why}"), next)
        }
    }]
}
