//! JSON-RPC 2.0: reading requests, writing answers. One object per frame; batches are refused.

use jackfield_plugin_api::{CommandError, ErrorCode};
use serde_json::{Map, Value, json};

/// JSON-RPC's own codes, and ours.
mod code {
    pub(super) const PARSE: i32 = -32_700;
    pub(super) const INVALID_REQUEST: i32 = -32_600;
    pub(super) const METHOD_NOT_FOUND: i32 = -32_601;
    pub(super) const INVALID_PARAMS: i32 = -32_602;
    pub(super) const OURS: i32 = -32_000;
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its id: a text or a number.
    pub id: Value,
    /// The method.
    pub method: String,
    /// The parameters; an empty object when there were none.
    pub params: Map<String, Value>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError {
    code: i32,
    /// In words.
    pub message: String,
    error: ErrorCode,
    retryable: bool,
    native: Option<Value>,
    pointer: Option<String>,
}

impl RpcError {
    fn new(code: i32, error: ErrorCode, message: impl Into<String>) -> Self {
        let retryable = matches!(error, ErrorCode::RateLimited | ErrorCode::Overloaded);
        Self { code, message: message.into(), error, retryable, native: None, pointer: None }
    }

    /// Whether the request itself is wrong, not what it asks for.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        self.code != code::OURS
    }

    /// No JSON.
    pub fn parse(message: impl Into<String>) -> Self {
        Self::new(code::PARSE, ErrorCode::ProtocolError, message)
    }

    /// JSON, but no request.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_REQUEST, ErrorCode::ProtocolError, message)
    }

    /// There is no such method.
    #[must_use]
    pub fn method_not_found(method: &str) -> Self {
        let shown: String = method.chars().take(60).collect();
        let message = format!("there is no method `{shown}`");
        Self::new(code::METHOD_NOT_FOUND, ErrorCode::CommandNotSupported, message)
    }

    /// A parameter is wrong; `pointer` (RFC 6901) names it.
    pub fn invalid_params(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let mut error = Self::new(code::INVALID_PARAMS, ErrorCode::ProtocolError, message);
        error.pointer = Some(pointer.into());
        error
    }

    /// One of our own errors.
    pub fn ours(error: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(code::OURS, error, message)
    }
}

impl From<CommandError> for RpcError {
    fn from(error: CommandError) -> Self {
        let mut rpc = Self::ours(error.code, error.text);
        rpc.retryable = error.retryable;
        rpc.native = error.native;
        rpc
    }
}

/// Reads one request. The `Value` of an error is the id to answer with.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Request, (Value, RpcError)> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| (Value::Null, RpcError::parse(format!("this is no JSON: {e}"))))?;
    let invalid = |id: &Value, text: &str| Err((id.clone(), RpcError::invalid_request(text)));
    let Value::Object(mut object) = value else {
        return invalid(&Value::Null, "a request is one JSON object; batches are not taken");
    };
    let Some(id @ (Value::String(_) | Value::Number(_))) = object.remove("id") else {
        return invalid(&Value::Null, "a request needs an `id`, a text or a number");
    };
    if id.as_str().is_some_and(|id| id.len() > 200) {
        return invalid(&Value::Null, "an `id` has at most 200 bytes");
    }
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return invalid(&id, "a request needs `\"jsonrpc\": \"2.0\"`");
    }
    let Some(Value::String(method)) = object.remove("method") else {
        return invalid(&id, "a request needs a `method`");
    };
    let params = match object.remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err((id, RpcError::invalid_params("/params", "`params` is an object"))),
    };
    Ok(Request { id, method, params })
}

/// The text of an answer.
#[must_use]
pub fn result(id: &Value, result: &Value) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

/// Appends an answer whose result is JSON text already.
pub fn write_result(id: &Value, result: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"#).as_bytes());
    out.extend_from_slice(result);
    out.push(b'}');
}

/// Adds a member to a JSON object that is text already; `write` appends the member's value.
pub fn add_member(object: &mut Vec<u8>, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
    // The brace that ends it.
    object.pop();
    if object.len() > 1 {
        object.push(b',');
    }
    object.push(b'"');
    object.extend_from_slice(name.as_bytes());
    object.extend_from_slice(b"\":");
    write(object);
    object.push(b'}');
}

/// The text of a refusal.
#[must_use]
pub fn error(id: &Value, error: &RpcError) -> String {
    let mut data = json!({
        "code": error.error.as_str(),
        "type": error.error.number(),
        "retryable": error.retryable,
    });
    if let Some(native) = &error.native {
        data["native"] = native.clone();
    }
    if let Some(pointer) = &error.pointer {
        data["pointer"] = json!(pointer);
    }
    json!({
        "jsonrpc": "2.0",
        "id": id,
        "error": { "code": error.code, "message": error.message, "data": data },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read() {
        let request = read(r#"{"jsonrpc":"2.0","id":"a","method":"hello","params":{"token":"t"}}"#).unwrap();
        assert_eq!((request.id, request.method.as_str()), (json!("a"), "hello"));
        assert_eq!(request.params["token"], "t");
        assert!(read(r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#).unwrap().params.is_empty());
    }

    #[test]
    fn what_is_no_request_is_refused_with_its_code() {
        let refused = |text: &str| {
            let (id, e) = read(text).unwrap_err();
            (id, e.code)
        };
        assert_eq!(refused("{"), (Value::Null, -32_700));
        assert_eq!(refused("[]"), (Value::Null, -32_600));
        assert_eq!(refused(r#"{"jsonrpc":"2.0","method":"x"}"#), (Value::Null, -32_600));
        assert_eq!(refused(r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#), (Value::Null, -32_600));
        assert_eq!(refused(r#"{"id":1,"method":"x"}"#), (json!(1), -32_600));
        assert_eq!(refused(r#"{"jsonrpc":"2.0","id":1}"#), (json!(1), -32_600));
        assert_eq!(refused(r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}"#), (json!(1), -32_602));
    }

    #[test]
    fn an_answer_is_put_together_from_texts() {
        let mut object = b"{}".to_vec();
        add_member(&mut object, "a", |out| out.extend_from_slice(b"[1]"));
        add_member(&mut object, "b", |out| out.extend_from_slice(b"true"));
        assert_eq!(object, br#"{"a":[1],"b":true}"#);
        let mut text = Vec::new();
        write_result(&json!("x\"y"), &object, &mut text);
        let expected = json!({ "jsonrpc": "2.0", "id": "x\"y", "result": { "a": [1], "b": true } });
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), expected);
        let read: Value = serde_json::from_str(&result(&json!("x\"y"), &expected["result"])).unwrap();
        assert_eq!(read, expected);
    }

    #[test]
    fn an_error_carries_code_type_and_pointer() {
        let text = error(&json!(3), &RpcError::invalid_params("/params/to", "missing"));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["error"]["code"], -32_602);
        assert_eq!(value["error"]["data"]["pointer"], "/params/to");
        let ours = RpcError::from(CommandError::new(ErrorCode::UnknownCall, "no such call"));
        let value: Value = serde_json::from_str(&error(&json!(3), &ours)).unwrap();
        assert_eq!(
            (value["error"]["code"].as_i64(), value["error"]["data"]["type"].as_i64()),
            (Some(-32_000), Some(3))
        );
    }
}
