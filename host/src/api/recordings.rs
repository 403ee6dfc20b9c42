//! Recordings of a call, for whoever may see the call: REST and the WebSocket ask here.

use std::sync::Arc;

use jackfield_plugin_api::ErrorCode;
use serde_json::{Map, Value, json};

use super::auth::User;
use super::rest::recording_path;
use super::{Directory, Shared};
use crate::hub::{SessionId, frame};
use crate::recordings::Recordings;
use crate::rpc::{self, RpcError};
use crate::store::{Store, StoreError, StoredCall, find, query};

/// The recordings of a call: where they lie, and what they are called there.
pub(super) struct Found {
    pub(super) place: Arc<Recordings>,
    pub(super) names: Vec<String>,
}

/// Finds the recordings of a call: what was told of them while it was up, else what lies there under the configured
/// names, else what the phone system answers when it is asked.
///
/// # Errors
/// Recordings of this connection are not served.
pub(super) async fn of_call(directory: &Directory, user: &User, call: &StoredCall) -> Result<Found, String> {
    let record = &call.record;
    let place = directory.recordings.get(&record.connection).map(Arc::clone).ok_or_else(|| {
        format!(
            "recordings of connection `{}` are not served; its `[connection.recordings]` says where they lie",
            record.connection
        )
    })?;
    let mut names = record.details.recordings.clone();
    if names.is_empty() {
        names = place.found(record).await;
    }
    if names.is_empty()
        && let Some(native) = &record.native_id
        && let Some(line) = user.line(&record.line)
        && let Some(connection) = directory.connections.get(&line)
    {
        match connection.records(line, native.clone()).await {
            Ok(listed) => names = listed,
            Err(error) => {
                tracing::debug!(call = record.call_id, "the phone system names no recordings: {}", error.text);
            }
        }
    }
    Ok(Found { place, names })
}

/// Answers `queryCallRecords` with addresses below this host, where recordings are served by it. `false`: they are not,
/// and the phone system is to be asked as for any command.
pub(super) fn answer(
    shared: &Arc<Shared>,
    user: &Arc<User>,
    session: SessionId,
    id: &Value,
    line: &str,
    params: &Map<String, Value>,
) -> bool {
    let directory = shared.directory();
    let connection = line.split('/').next().unwrap_or_default();
    let Some(store) = shared.store.clone().filter(|_| directory.recordings.contains_key(connection)) else {
        return false;
    };
    let (shared, user, id, line, params) =
        (Arc::clone(shared), Arc::clone(user), id.clone(), line.to_owned(), params.clone());
    // The session reads on meanwhile.
    tokio::spawn(async move {
        let text = match urls(&directory, &store, &user, &line, &params).await {
            Ok(urls) => rpc::result(&id, &json!({ "urls": urls })),
            Err(error) => rpc::error(&id, &error),
        };
        shared.hub.frame(session, frame::text(text.as_bytes())).await;
    });
    true
}

async fn urls(
    directory: &Directory,
    store: &Store,
    user: &User,
    line: &str,
    params: &Map<String, Value>,
) -> Result<Vec<String>, RpcError> {
    if let Some(other) = params.keys().find(|key| !["callId", "nativeId"].contains(&key.as_str())) {
        let text = format!("`queryCallRecords` has no parameter `{other}` (it has: callId, nativeId)");
        return Err(RpcError::invalid_params(format!("/params/{other}"), text));
    }
    let given = |key: &str| params.get(key).filter(|value| !value.is_null());
    let text = |key: &str, value: &Value| {
        let refused = || RpcError::invalid_params(format!("/params/{key}"), "a call is named by a text");
        value.as_str().map(str::to_owned).ok_or_else(refused)
    };
    let found = match (given("callId"), given("nativeId")) {
        (Some(call), None) => {
            let call = text("callId", call)?;
            store.read(move |database| find(database, &call)).await
        }
        (None, Some(native)) => {
            let (native, line) = (text("nativeId", native)?, line.to_owned());
            store.read(move |database| query::by_native_id(database, &line, &native)).await
        }
        _ => {
            let text = "a call is named by `callId` or by `nativeId`, by one of them";
            return Err(RpcError::invalid_params("/params/callId", text));
        }
    };
    let nothing = |text: &str| RpcError::ours(ErrorCode::RecordNotFound, text);
    let found = found.map_err(|error: StoreError| {
        tracing::warn!("a question to the history is not answered: {error}");
        RpcError::ours(ErrorCode::StoreFailed, "the history cannot be asked now; the log says why")
    })?;
    let call =
        found.filter(|call| call.record.line == line).ok_or_else(|| nothing("there is no such call of this line"))?;
    let found = of_call(directory, user, &call).await.map_err(|why| nothing(&why))?;
    if found.names.is_empty() {
        return Err(nothing("there is no recording of this call"));
    }
    Ok((1..=found.names.len()).map(|number| recording_path(&call.record.call_id, number)).collect())
}
