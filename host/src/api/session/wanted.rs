//! The lines that a client wants, and what it has seen of them.

use std::collections::HashMap;

use jackfield_plugin_api::ErrorCode;
use serde_json::{Map, Value};

use super::Session;
use crate::api::auth::User;
use crate::hub::{LineKey, ViewReason, Wanted};
use crate::rpc::RpcError;

impl Session {
    /// The lines that a request names; all that the user may see when it names none.
    pub(super) fn lines(&self, user: &User, params: &Map<String, Value>) -> Result<Vec<Wanted>, RpcError> {
        let mut resume = resumes(params)?;
        let keys: Vec<(&str, LineKey)> = match params.get("lines") {
            None | Some(Value::Null) => user.lines.iter().map(|(name, key)| (name.as_str(), *key)).collect(),
            Some(Value::Array(names)) => {
                let mut keys = Vec::new();
                for (i, name) in names.iter().enumerate() {
                    let pointer = format!("/params/lines/{i}");
                    let Some(name) = name.as_str() else {
                        return Err(RpcError::invalid_params(pointer, "a line is named by a text"));
                    };
                    // Whether the line exists at all is nobody's business who may not see it.
                    let Some(key) = user.line(name) else {
                        let shown: String = name.chars().take(100).collect();
                        let text = format!("`{shown}` is not one of your lines");
                        return Err(RpcError::ours(ErrorCode::Forbidden, text));
                    };
                    if !keys.iter().any(|(_, k)| *k == key) {
                        keys.push((name, key));
                    }
                }
                keys
            }
            Some(_) => return Err(RpcError::invalid_params("/params/lines", "`lines` is a list of names")),
        };
        Ok(keys.into_iter().map(|(name, line)| Wanted { line, resume: resume.remove(name) }).collect())
    }

    pub(super) async fn want(&self, id: Value, wanted: Vec<Wanted>, answer: Vec<u8>) {
        let keys: Vec<LineKey> = wanted.iter().map(|w| w.line).collect();
        self.shared.hub.want(self.id, id, wanted, answer).await;
        let directory = self.shared.directory();
        for key in keys {
            if let Some(connection) = directory.connections.get(&key) {
                connection.view(self.id, key, ViewReason::Session).await;
            }
        }
    }
}

/// What a client has seen, by line.
fn resumes<'a>(params: &'a Map<String, Value>) -> Result<HashMap<&'a str, (u64, u64)>, RpcError> {
    let entries = match params.get("resume") {
        None | Some(Value::Null) => return Ok(HashMap::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(RpcError::invalid_params("/params/resume", "`resume` is a list")),
    };
    let read = |entry: &'a Value| {
        let line = entry.get("line")?.as_str()?;
        Some((line, (entry.get("epoch")?.as_u64()?, entry.get("seq")?.as_u64()?)))
    };
    let mut resumes = HashMap::new();
    for (i, entry) in entries.iter().enumerate() {
        let (line, seen) = read(entry)
            .ok_or_else(|| RpcError::invalid_params(format!("/params/resume/{i}"), "an entry is {line, epoch, seq}"))?;
        resumes.insert(line, seen);
    }
    Ok(resumes)
}
