//! The host's side: who may ask, how much, how long.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{Asked, Requests, Socket};

/// The longest request.
const MOST_REQUEST: u64 = 64 * 1024;
/// Who may ask at a time.
const MOST_CLIENTS: usize = 16;
/// How long a request may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Listens. The folder is made if it is not there; a socket that nobody listens on any more is replaced.
///
/// # Errors
/// The place cannot be used, or another host listens there.
pub fn listen(path: &Path) -> Result<Requests, String> {
    let told = |e: io::Error| format!("{}: {e}", path.display());
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(told)?;
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(format!("{}: a host with this configuration runs already", path.display()));
    }
    // Left by a host that was killed.
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path).map_err(told)?;
    let socket = Socket(path.to_owned());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(told)?;
    let (to, from) = mpsc::channel(MOST_CLIENTS);
    tokio::spawn(accept(listener, to));
    Ok(Requests { from, socket: Some(socket) })
}

async fn accept(listener: UnixListener, to: mpsc::Sender<Asked>) {
    let places = Arc::new(Semaphore::new(MOST_CLIENTS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let to = to.clone();
        tokio::spawn(async move {
            if may_ask(&stream) {
                // Who breaks off has told us nothing.
                let _ = converse(stream, &to).await;
            } else {
                tracing::warn!(target: "audit", "somebody else's process was refused on the control socket");
            }
            drop(place);
        });
    }
}

/// The file's rights say so too; the system's word about the other process is better.
fn may_ask(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

async fn converse(stream: UnixStream, to: &mpsc::Sender<Asked>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut read).take(MOST_REQUEST);
        let came = tokio::time::timeout(PATIENCE, bounded.read_until(b'\n', &mut line)).await;
        if !matches!(came, Ok(Ok(count)) if count > 0) || !line.ends_with(b"\n") {
            return Ok(());
        }
        let mut answer = answer(&line, to).await.to_string();
        answer.push('\n');
        write.write_all(answer.as_bytes()).await?;
    }
}

async fn answer(line: &[u8], to: &mpsc::Sender<Asked>) -> Value {
    let refused = |id: &Value, code: i32, text: &str| json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": text } });
    let Ok(request) = serde_json::from_slice::<Value>(line) else {
        return refused(&Value::Null, -32700, "the request is not JSON");
    };
    let id = &request["id"];
    let Some(method) = request["method"].as_str() else {
        return refused(id, -32600, "the request has no `method`");
    };
    let (answer, wait) = oneshot::channel();
    let asked = Asked { method: method.to_owned(), params: request["params"].clone(), answer };
    if to.send(asked).await.is_err() {
        return refused(id, -32000, "the host is stopping");
    }
    match wait.await {
        Ok(Ok(result)) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Ok(Err(text)) => refused(id, -32000, &text),
        Err(_) => refused(id, -32000, "the host is stopping"),
    }
}
