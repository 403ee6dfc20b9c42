//! The plugins' folder, what each connection gets from it, and the way to its phone system.

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use serde_json::Value;

use super::reach::{self, Target};
use super::{Finding, LIBRARIES, Patient, told};
use crate::config::{Findings, settings};
use crate::plugins::{Catalogue, Folder, State};

/// How many phone systems are tried at a time.
const AT_A_TIME: usize = 64;

pub(super) async fn and_phone_systems(patient: &Arc<Patient>) -> Vec<Finding> {
    let of = Arc::clone(patient);
    let looked = super::blocking(LIBRARIES, move || libraries(&of)).await;
    let (mut findings, targets) = looked.unwrap_or_else(|| {
        let text = format!("{} was not read within {LIBRARIES:?}", patient.config.plugins.folder.display());
        (vec![Finding::problem("adapters", text, "look at disk, network folders and load")], Vec::new())
    });
    let tried = futures_util::stream::iter(targets).map(reach::reach).buffered(AT_A_TIME);
    findings.extend(tried.collect::<Vec<_>>().await);
    findings
}

/// What is wrong with the libraries, and which phone systems are to be tried.
fn libraries(patient: &Patient) -> (Vec<Finding>, Vec<Target>) {
    let config = &patient.config;
    let catalogue = match Folder::once(&config.plugins.folder) {
        Ok(catalogue) => catalogue,
        Err(why) => {
            let next = format!(
                "make the folder and put libraries into it, or change plugins.folder: mkdir {}",
                config.plugins.folder.display()
            );
            return (vec![Finding::problem("adapters", why, next)], Vec::new());
        }
    };
    let mut findings = folder(&catalogue);
    findings.extend(patient.host.iter().flat_map(|host| refused_there(host, &catalogue)));
    let misfits = Findings { file: patient.file.clone(), list: Vec::new() }.and(settings::check(config, &catalogue));
    findings.extend(told("settings", &misfits));
    let mut targets = Vec::new();
    for connection in &config.connections {
        let Ok(plugin) = catalogue.choose(&connection.plugin, connection.version.as_deref()) else { continue };
        let missing: Vec<&str> =
            plugin.manifest.needs.iter().filter(|n| !connection.grant.contains(n)).map(String::as_str).collect();
        if !missing.is_empty() {
            let text = format!("its adapter needs {}, which is not granted", missing.join(", "));
            let next = format!("if you trust it, write grant = {missing:?}");
            findings.push(Finding::problem(format!("connection {}", connection.id), text, next));
        }
        targets.push(Target::of(connection, &plugin.manifest));
    }
    (findings, targets)
}

/// Files that are good for who looks, and not for the host that runs: its user may not read them.
fn refused_there(host: &Value, catalogue: &Catalogue) -> Vec<Finding> {
    let good =
        |file: &str| catalogue.entries.iter().any(|e| matches!(e.state, State::Loaded(_)) && e.path == Path::new(file));
    let told = |refused: &Value| {
        let (file, why) = (refused["file"].as_str()?, refused["why"].as_str()?);
        let text = format!("{}: the host refuses it: {why}", Path::new(file).file_name()?.display());
        good(file).then(|| Finding::problem("adapters", text, "let the host's user read it"))
    };
    host["refused"].as_array().into_iter().flatten().filter_map(told).collect()
}

fn folder(catalogue: &Catalogue) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(trouble) = &catalogue.trouble {
        findings.push(Finding::warning("adapters", trouble.clone(), "put only libraries of adapters there"));
    }
    let mut good = Vec::new();
    for entry in &catalogue.entries {
        match &entry.state {
            State::Loaded(plugin) => good.push(format!("{} {}", plugin.manifest.name, plugin.manifest.version)),
            State::Refused(why) | State::Waits(why) => {
                let file = entry.path.file_name().unwrap_or_default();
                let text = format!("{}: {why}", Path::new(file).display());
                findings.push(Finding::problem("adapters", text, "replace or remove the file; nothing of it runs"));
            }
        }
    }
    let shown = match good.len() {
        0 => Finding::warning("adapters", "there is none", "put an adapter's library into the plugins' folder"),
        _ => Finding::ok("adapters", good.join(", ")),
    };
    findings.insert(0, shown);
    findings
}
