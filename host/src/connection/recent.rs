//! Calls that ended a while ago, by the names that clients know them by: for commands on what is over.

use std::collections::{BTreeMap, VecDeque};

use jackfield_plugin_api::{ErrorCode, LineId};
use serde_json::{Map, Value};

use super::task::Task;
use crate::model::{Body, Event, Text};
use crate::rpc::RpcError;

/// Calls that are remembered per connection.
const MOST: usize = 2_000;

/// The phone system's ids of calls that are over.
#[derive(Debug, Default)]
pub(super) struct Recent {
    native: BTreeMap<(LineId, Box<str>), Text>,
    order: VecDeque<(LineId, Box<str>)>,
}

impl Recent {
    /// Remembers a call when it ends.
    pub(super) fn note(&mut self, event: &Event) {
        let (Some(line), Body::CallFinished(finished)) = (event.line, &event.body) else { return };
        let Some(native) = finished.call.native_id.clone() else { return };
        let key = (line, Box::from(finished.call.id.as_str()));
        if self.native.insert(key.clone(), native).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.native.remove(&oldest);
        }
    }

    fn find(&self, line: LineId, call: &str) -> Option<Text> {
        self.native.get(&(line, Box::from(call))).cloned()
    }
}

impl Task {
    /// Puts the phone system's id of a call into the place of ours.
    ///
    /// # Errors
    /// The call is not known (any more).
    pub(super) fn with_native_id(&self, line: LineId, params: &Value) -> Result<Value, RpcError> {
        let Some(call) = params.get("callId") else { return Ok(params.clone()) };
        let refuse = |text: &str| Err(RpcError::invalid_params("/params/callId", text));
        let Some(call) = call.as_str() else { return refuse("a call is named by a text") };
        if params.get("nativeId").is_some() {
            return refuse("a call is named by `callId` or by `nativeId`, not by both");
        }
        let live = self.model.call(line, call).and_then(|call| call.native_id.clone());
        let Some(native) = live.or_else(|| self.recent.find(line, call)) else {
            let text = "the call is not among the last ones of this line; ask with its `nativeId`";
            return Err(RpcError::ours(ErrorCode::RecordNotFound, text));
        };
        let mut named: Map<String, Value> = params.as_object().cloned().unwrap_or_default();
        named.remove("callId");
        named.insert("nativeId".to_owned(), Value::from(&*native));
        Ok(Value::Object(named))
    }
}
