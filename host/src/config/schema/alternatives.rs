//! Values of which there are several kinds.

use serde_json::Value as Json;
use toml::Value;

use super::{Here, Judge, Misfit, describe, is_type, misfit, types};
use crate::config::finding::Finding;
use crate::config::source::At;
use crate::config::words;

impl Judge<'_> {
    /// One of several values.
    pub(super) fn choice(&self, choices: &[&Json], schema: &Json, value: &Value, here: &Here, out: &mut Vec<Misfit>) {
        if choices.iter().any(|choice| is_equal(value, choice)) {
            return;
        }
        let found = if self.is_hidden(here) { words::kind(value).to_owned() } else { words::value(value) };
        let finding = Finding::other(here.path.clone(), found, describe::describe(self.root, schema));
        let hint = match value {
            Value::String(text) if !self.is_hidden(here) => {
                words::meant(text, choices.iter().filter_map(|choice| choice.as_str()))
            }
            _ => None,
        };
        out.push(misfit(
            finding.maybe_hint(hint.map(|name| format!("did you mean {}?", words::quoted(name)))),
            At::Value,
        ));
    }

    /// `anyOf` and `oneOf`: fits when one fits. When none does, the findings are about the one that was probably meant.
    pub(super) fn alternatives(&self, schema: &Json, value: &Value, here: &Here, out: &mut Vec<Misfit>) {
        let all = describe::alternatives(self.root, schema);
        if all.is_empty() {
            return;
        }
        let mut tried = Vec::with_capacity(all.len());
        for one in &all {
            let mut misfits = Vec::new();
            self.value(one, value, here, &mut misfits);
            if misfits.is_empty() {
                return;
            }
            tried.push(misfits);
        }
        let alike = |index: &usize| {
            let types = types(all[*index]);
            types.is_empty() || types.iter().any(|name| is_type(value, name))
        };
        let of_type: Vec<usize> = (0..all.len()).filter(alike).collect();
        match of_type.as_slice() {
            [only] => out.append(&mut tried[*only]),
            [_, ..] if matches!(value, Value::Table(_)) => self.tagged(&all, &of_type, tried, value, here, out),
            _ => {
                // Each says whether its values are secret, so any of them hides the value.
                let hidden = self.is_hidden(here) || all.iter().any(|one| super::marks_secret(one));
                let found = if hidden { words::kind(value).to_owned() } else { words::value(value) };
                let expected = describe::describe(self.root, schema);
                out.push(misfit(Finding::other(here.path.clone(), found, expected), At::Value));
            }
        }
    }

    /// Several kinds of tables: which one it is stands in a key of theirs, or is guessed from the fewest misfits.
    fn tagged(
        &self,
        all: &[&Json],
        of_type: &[usize],
        mut tried: Vec<Vec<Misfit>>,
        value: &Value,
        here: &Here,
        out: &mut Vec<Misfit>,
    ) {
        if let Some(tag) = tag(all, of_type) {
            let tags: Vec<&Json> = of_type.iter().filter_map(|index| tag_value(all[*index], tag)).collect();
            match value
                .get(tag)
                .map(|is| of_type.iter().find(|index| tag_value(all[**index], tag).is_some_and(|t| is_equal(is, t))))
            {
                Some(Some(index)) => out.append(&mut tried[*index]),
                Some(None) => {
                    let hidden = self.is_hidden(&here.key(tag));
                    let is = value.get(tag).filter(|_| !hidden);
                    let found =
                        is.map_or_else(|| value.get(tag).map_or("nothing", words::kind).to_owned(), words::value);
                    let listed: Vec<String> = tags.iter().map(|tag| describe::choice(tag)).collect();
                    let finding = Finding::other(here.path.key(tag), found, words::list(&listed, "or"));
                    let text = is.and_then(Value::as_str).unwrap_or_default();
                    let meant = words::meant(text, tags.iter().filter_map(|tag| tag.as_str()));
                    let hint = meant.map(|name| format!("did you mean {}?", words::quoted(name)));
                    out.push(misfit(finding.maybe_hint(hint), At::Value));
                }
                None => {
                    let listed: Vec<String> = tags.iter().map(|tag| describe::choice(tag)).collect();
                    let expected = words::list(&listed, "or");
                    let finding = Finding::new(here.path.key(tag), format!("missing, expected {expected}"));
                    let finding = Finding { expected: Some(expected), ..finding };
                    out.push(Misfit { finding, at: At::Key, missing: true });
                }
            }
            return;
        }
        if let Some(index) = of_type.iter().copied().min_by_key(|index| tried[*index].len()) {
            out.append(&mut tried[index]);
        }
    }
}

/// The key whose value tells the alternatives apart.
fn tag<'a>(all: &[&'a Json], of_type: &[usize]) -> Option<&'a str> {
    let first = all.get(*of_type.first()?)?;
    let names = first.get("properties")?.as_object()?.keys();
    let tells = |name: &&String| of_type.iter().all(|index| tag_value(all[*index], name).is_some());
    names.into_iter().find(tells).map(String::as_str)
}

fn tag_value<'a>(schema: &'a Json, tag: &str) -> Option<&'a Json> {
    schema.get("properties")?.get(tag)?.get("const")
}

/// Whether a value is one that a schema names.
fn is_equal(value: &Value, named: &Json) -> bool {
    match (value, named) {
        (Value::String(a), Json::String(b)) => a == b,
        (Value::Boolean(a), Json::Bool(b)) => a == b,
        (Value::Integer(a), Json::Number(b)) => b.as_i64() == Some(*a),
        (Value::Float(a), Json::Number(b)) => b.as_f64() == Some(*a),
        _ => false,
    }
}
