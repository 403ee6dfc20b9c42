//! The command line's side.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

/// The longest answer.
const MOST_ANSWER: u64 = 64 * 1024 * 1024;
/// How long a host may take: a reload logs connections out.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the host that listens there.
///
/// # Errors
/// Nobody listens, the host refuses, or it does not answer.
pub fn ask(path: &Path, method: &str, params: &Value) -> Result<Value, String> {
    let mut stream = UnixStream::connect(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => {
            format!("no host with this configuration runs here ({} is not there)", path.display())
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("{}: only the host's own user and root may ask it", path.display())
        }
        _ => format!("{}: {e}", path.display()),
    })?;
    let broken = |e: std::io::Error| format!("the host does not answer: {e}");
    stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    stream.write_all(format!("{request}\n").as_bytes()).map_err(broken)?;
    let mut line = String::new();
    BufReader::new(stream).take(MOST_ANSWER).read_line(&mut line).map_err(broken)?;
    let mut answer: Value =
        serde_json::from_str(&line).map_err(|_| "the host has hung up without an answer".to_owned())?;
    match answer["error"]["message"].as_str() {
        Some(text) => Err(text.to_owned()),
        None => Ok(answer["result"].take()),
    }
}
