//! Connections for HTTP that stay open for the next request: a phone system that is polled is not to be connected to a
//! hundred times a second.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{SendRequest, handshake};
use jackfield_plugin_api::TransportSpec;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// How long one is kept without a request. Servers close theirs after five seconds and more.
const IDLE: Duration = Duration::from_secs(4);
/// How many are kept.
const MOST: usize = 16;
/// How long a server may take to be ready for the next request before the connection is given up.
const READY: Duration = Duration::from_secs(1);

/// A connection on which requests follow each other. Closed when dropped.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
}

impl Connection {
    pub(super) async fn over<S>(stream: S) -> Result<Self, String>
    where
        S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake(stream).await.map_err(|e| e.to_string())?;
        let driver = tokio::spawn(connection).abort_handle();
        Ok(Self { sender, driver })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A connection without a request, and since when.
struct Idle {
    target: TransportSpec,
    connection: Connection,
    since: Instant,
}

/// Connections that are kept. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Vec<Idle>>>);

impl Kept {
    /// The one to this target that was used last.
    pub(super) fn take(&self, target: &TransportSpec) -> Option<Connection> {
        let mut idle = self.lock();
        idle.retain(|idle| idle.since.elapsed() < IDLE && !idle.connection.sender.is_closed());
        let at = idle.iter().rposition(|idle| idle.target == *target)?;
        Some(idle.remove(at).connection)
    }

    /// Keeps one whose answer was read to its end, once the server is ready for more.
    pub(super) fn keep(&self, target: TransportSpec, mut connection: Connection) {
        let kept = self.clone();
        tokio::spawn(async move {
            if let Ok(Ok(())) = tokio::time::timeout(READY, connection.sender.ready()).await {
                let mut idle = kept.lock();
                if idle.len() >= MOST {
                    idle.remove(0);
                }
                idle.push(Idle { target, connection, since: Instant::now() });
            }
        });
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        // Whoever panicked with it left whole entries.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use jackfield_plugin_api::{HttpRequest, RequestId};

    use super::super::http::Https;
    use super::*;

    /// A server that answers so many requests on each connection, and then closes it. Its address, and how many
    /// connections it has seen.
    fn server(on_each: usize) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (url, seen) = (format!("http://{}/", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    for _ in 0..on_each {
                        while lines.next().unwrap().unwrap() != "" {}
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
                    }
                });
            }
        });
        (url, seen)
    }

    async fn ask(https: &mut Https, url: &str, times: u32, repeatable: bool) {
        for number in 0..times {
            let mut request = HttpRequest::new("GET", url);
            request.repeatable = repeatable;
            https.start(RequestId(number), request);
            let done = https.next().await.unwrap();
            assert!(done.is_good(), "request {number}");
            // The connection is put back by a task of its own.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[tokio::test]
    async fn questions_share_a_connection_and_commands_do_not() {
        let (url, seen) = server(1_000);
        let mut https = Https::default();
        ask(&mut https, &url, 5, true).await;
        assert_eq!(seen.load(Ordering::SeqCst), 1);
        ask(&mut https, &url, 3, false).await;
        assert_eq!(seen.load(Ordering::SeqCst), 4);
        https.abort_all();
        ask(&mut https, &url, 1, true).await;
        assert_eq!(seen.load(Ordering::SeqCst), 5, "what was kept is closed");
    }

    #[tokio::test]
    async fn a_server_that_closes_is_asked_again() {
        let (url, seen) = server(2);
        ask(&mut Https::default(), &url, 6, true).await;
        assert_eq!(seen.load(Ordering::SeqCst), 3);
    }
}
