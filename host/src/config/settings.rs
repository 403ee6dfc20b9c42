//! The adapters' own settings, against the schemas that their manifests bring.

use std::collections::BTreeMap;

use jackfield_plugin_api::Manifest;
use toml::{Table, Value};

use super::finding::Finding;
use super::lines::line_plans;
use super::path::KeyPath;
use super::schema::{Misfit, judge};
use super::source::At;
use super::{Config, ConnectionConfig, LinePlan, words};
use crate::plugins::Catalogue;

/// Where manifests come from.
pub trait Manifests {
    /// The manifest that a connection gets for `plugin = …` and `version = …`.
    ///
    /// # Errors
    /// There is none, and why.
    fn choose(&self, plugin: &str, version: Option<&str>) -> Result<&Manifest, String>;

    /// The names that there are.
    fn names(&self) -> Vec<&str>;
}

impl Manifests for Catalogue {
    fn choose(&self, plugin: &str, version: Option<&str>) -> Result<&Manifest, String> {
        Self::choose(self, plugin, version).map(|plugin| &plugin.manifest)
    }

    fn names(&self) -> Vec<&str> {
        self.entries.iter().filter_map(|entry| Some(entry.plugin()?.manifest.name.as_str())).collect()
    }
}

/// Everything that is wrong with the settings of adapters: `[connection.settings]`, and what each line has in effect.
/// An adapter that is not there is a finding too.
pub fn check(config: &Config, manifests: &impl Manifests) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, connection) in config.connections.iter().enumerate().filter(|(_, c)| !c.plugin.is_empty()) {
        let path = KeyPath::of("connection").index(index);
        match manifests.choose(&connection.plugin, connection.version.as_deref()) {
            Ok(manifest) => of_connection(config, connection, &path, manifest, &mut findings),
            Err(why) => {
                let named = manifests.names().contains(&connection.plugin.as_str());
                // A plugin that is there, but not in this version.
                let key = if named && connection.version.is_some() { "version" } else { "plugin" };
                let meant = words::meant(&connection.plugin, manifests.names()).filter(|_| !named);
                let hint = meant.map(|name| format!("did you mean {}?", words::quoted(name)));
                let finding = Finding::new(path.key(key), why).maybe_hint(hint);
                findings.push(config.source.locate(finding, At::Value));
            }
        }
    }
    findings
}

/// The same, of the adapters that are there: one that is missing is waited for, and changes nothing of the others.
pub fn misfits(config: &Config, manifests: &impl Manifests) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, connection) in config.connections.iter().enumerate() {
        if let Ok(manifest) = manifests.choose(&connection.plugin, connection.version.as_deref()) {
            of_connection(config, connection, &KeyPath::of("connection").index(index), manifest, &mut findings);
        }
    }
    findings
}

fn of_connection(
    config: &Config,
    connection: &ConnectionConfig,
    path: &KeyPath,
    manifest: &Manifest,
    findings: &mut Vec<Finding>,
) {
    let source = &config.source;
    let missing: Vec<String> = connection.missing_grants(&manifest.needs).map(words::quoted).collect();
    if !missing.is_empty() {
        let (name, needs) = (words::name(&manifest.name), words::list(&missing, "and"));
        let finding = Finding::new(path.key("grant"), format!("plugin {name} needs {needs}, which is not granted"));
        let finding = finding.hint(format!("if you trust it, write grant = [{}]", missing.join(", ")));
        findings.push(source.locate(finding, At::Value));
    }
    let settings = path.key("settings");
    let is_secret = |below: &KeyPath| source.is_secret(&settings.join(below));
    for misfit in judge(manifest.config_schema.as_value(), &Value::Table(connection.settings.clone()), &is_secret) {
        let finding = Finding { path: settings.join(&misfit.finding.path), ..misfit.finding };
        findings.push(source.locate(finding, misfit.at));
    }
    of_lines(config, connection, path, manifest, findings);
}

/// What many lines share is told once.
struct Shared {
    misfit: Misfit,
    line: String,
    more: usize,
}

impl Shared {
    /// Another line has it, too. One that has the meant key already says less than one that has not.
    fn add(&mut self, misfit: &Misfit) {
        self.more += 1;
        if self.misfit.finding.hint.is_none() && misfit.finding.hint.is_some() {
            self.misfit.finding = misfit.finding.clone();
        }
    }
}

fn of_lines(
    config: &Config,
    connection: &ConnectionConfig,
    path: &KeyPath,
    manifest: &Manifest,
    findings: &mut Vec<Finding>,
) {
    let (source, schema) = (&config.source, manifest.line_schema.as_value());
    let mut shared: BTreeMap<KeyPath, Shared> = BTreeMap::new();
    let origins = Origins::new(config, path);
    let plans = line_plans(config, connection);
    for plan in &plans {
        let is_secret = |below: &KeyPath| source.is_secret(&origins.of(plan, below));
        for misfit in judge(schema, &Value::Table(plan.settings.clone()), &is_secret) {
            let origin = origins.of(plan, &misfit.finding.path);
            if misfit.missing
                && let Some(own) = origins.own(plan)
            {
                let finding = Finding { path: own.join(&misfit.finding.path), ..misfit.finding };
                findings.push(source.locate(finding, misfit.at));
            } else if origin.is_within(path) {
                shared.entry(origin).and_modify(|shared| shared.add(&misfit)).or_insert_with(|| Shared {
                    misfit,
                    line: plan.name.clone(),
                    more: 0,
                });
            } else {
                findings.push(source.locate(Finding { path: origin, ..misfit.finding }, misfit.at));
            }
        }
    }
    if plans.is_empty() {
        let lines = path.key("lines");
        let is_secret = |below: &KeyPath| source.is_secret(&lines.join(below));
        // What is missing here may come with the lines.
        let misfits = judge(schema, &Value::Table(connection.lines.clone()), &is_secret).into_iter();
        for misfit in misfits.filter(|misfit| !misfit.missing) {
            let finding = Finding { path: lines.join(&misfit.finding.path), ..misfit.finding };
            findings.push(source.locate(finding, misfit.at));
        }
    }
    for (path, Shared { misfit, line, more }) in shared {
        let lines = match more {
            0 => format!("(line {})", words::name(&line)),
            1 => format!("(line {} and one more)", words::name(&line)),
            _ => format!("(line {} and {more} more)", words::name(&line)),
        };
        let finding = Finding { path, message: format!("{} {lines}", misfit.finding.message), ..misfit.finding };
        let mut hint = finding.hint.clone();
        if misfit.missing {
            let text = hint.get_or_insert_default();
            text.push_str(
                "\nwrite it under [connection.lines] for every line, with {device} for what stands after the \
                           slash, or in a [[line]] of its own",
            );
        }
        findings.push(source.locate(finding.maybe_hint(hint), misfit.at));
    }
}

/// Where the settings of lines are written.
struct Origins<'a> {
    shared: KeyPath,
    lines: BTreeMap<&'a str, (KeyPath, &'a Table)>,
}

impl<'a> Origins<'a> {
    fn new(config: &'a Config, connection: &KeyPath) -> Self {
        let line = |index| KeyPath::of("line").index(index).key("settings");
        let lines = config.lines.iter().enumerate().rev();
        Self {
            shared: connection.key("lines"),
            lines: lines.map(|(index, l)| (l.name.as_str(), (line(index), &l.settings))).collect(),
        }
    }

    /// The settings of a line's own, if it has a `[[line]]`.
    fn own(&self, plan: &LinePlan) -> Option<&KeyPath> {
        self.lines.get(plan.name.as_str()).map(|(path, _)| path)
    }

    /// Where a setting of a line comes from: the line's own, or what all lines share.
    fn of(&self, plan: &LinePlan, below: &KeyPath) -> KeyPath {
        let own = self.lines.get(plan.name.as_str());
        let own = own.filter(|(_, settings)| below.first_key().is_some_and(|key| settings.contains_key(key)));
        own.map_or(&self.shared, |(path, _)| path).join(below)
    }
}

/// Whether a setting of a line was looked up.
pub(super) fn line_secrets<'a>(
    config: &'a Config,
    connection: &KeyPath,
) -> impl Fn(&LinePlan, &KeyPath) -> bool + use<'a> {
    let origins = Origins::new(config, connection);
    move |plan, below| config.source.is_secret(&origins.of(plan, below))
}
