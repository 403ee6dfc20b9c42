//! The configuration as a whole: damaged in every way, with settings of an adapter that is made up.

mod damaged;
mod meaning;
mod settings;

use std::ffi::OsString;
use std::path::Path;

use super::made_up::MadeUp;
use super::{Reading, load};

fn read(text: &str, variables: &[(&str, &str)]) -> Reading {
    let variables = variables.iter().map(|(k, v)| (OsString::from(k), OsString::from(v)));
    load::parse(text, Path::new("jackfield.toml"), Path::new("/nowhere"), variables)
}

/// Everything that is said of a text: findings of the file and of the settings.
fn told(text: &str) -> String {
    told_with(text, &[])
}

fn told_with(text: &str, variables: &[(&str, &str)]) -> String {
    let Reading { config, findings } = read(text, variables);
    match config {
        Some(config) => findings.and(super::settings::check(&config, &MadeUp::new())).to_string(),
        None => findings.to_string(),
    }
}
