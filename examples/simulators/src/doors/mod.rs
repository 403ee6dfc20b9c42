//! Where clients come in: sockets, with TLS or without, and what is spoken on them.

mod hooks;
mod http;
mod outbox;
mod tcp;
mod tls;
mod twice;
mod websocket;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

pub(crate) use hooks::run as run_hooks;
pub use tls::Tls;
pub(crate) use tls::acceptor;

use crate::{Client, Data, Output, Request};

/// How many clients there may be at a door at once.
const CLIENTS: usize = 1_000;
/// The longest message from a client, and the longest control command, in bytes.
pub(crate) const LONGEST: usize = 256 * 1024;
/// How many messages may wait for a client that does not read.
const WAITING: usize = 4_096;
/// How long a handshake may take, and a write to a client that does not read.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long an HTTP request may stay unanswered before its connection is dropped.
const UNANSWERED: Duration = Duration::from_secs(300);

/// A place where clients come in.
#[derive(Debug)]
pub struct Door {
    /// Where it listens. A port of 0 is one that is free.
    pub at: SocketAddr,
    /// What is spoken there.
    pub kind: Kind,
    /// Over TLS, with this.
    pub tls: Option<Tls>,
}

/// What is spoken at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes both ways: the system frames them itself.
    Tcp,
    /// WebSocket messages.
    WebSocket,
    /// HTTP/1.1 requests.
    Http,
}

impl Kind {
    /// The scheme of its addresses.
    pub fn scheme(self, tls: bool) -> &'static str {
        match (self, tls) {
            (Self::Tcp, false) => "tcp",
            (Self::Tcp, true) => "tls",
            (Self::WebSocket, false) => "ws",
            (Self::WebSocket, true) => "wss",
            (Self::Http, false) => "http",
            (Self::Http, true) => "https",
        }
    }
}

/// What the task that owns the phone system is told.
pub(crate) enum Input {
    /// Somebody has come in by the door with this place among all.
    Open(Client, usize, mpsc::Sender<Output>),
    Data(Client, Data),
    Request(Client, Request, mpsc::Sender<Output>),
    /// The answer is no longer awaited.
    Answered(Client),
    Closed(Client),
    Subprotocol(oneshot::Sender<Option<&'static str>>),
    Control(serde_json::Value, oneshot::Sender<serde_json::Value>),
}

/// What a protocol runs over.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The numbers of clients, given out once over all doors.
#[derive(Debug, Default)]
pub(crate) struct Numbers(std::sync::atomic::AtomicU64);

impl Numbers {
    fn next(&self) -> Client {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1
    }
}

/// Serves a door for ever.
pub(crate) async fn serve(
    listener: TcpListener,
    (door, kind): (usize, Kind),
    tls: Option<TlsAcceptor>,
    inputs: mpsc::Sender<Input>,
    numbers: Arc<Numbers>,
) {
    let room = Arc::new(Semaphore::new(CLIENTS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Some(stream) = next(&listener).await else { continue };
        let (tls, inputs, numbers) = (tls.clone(), inputs.clone(), Arc::clone(&numbers));
        tokio::spawn(async move {
            let stream: Box<dyn Stream> = match tls {
                None => Box::new(stream),
                Some(tls) => match timeout(PATIENCE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => Box::new(stream),
                    _ => return,
                },
            };
            match kind {
                Kind::Tcp => tcp::serve(stream, numbers.next(), door, &inputs).await,
                Kind::WebSocket => websocket::serve(stream, numbers.next(), door, &inputs).await,
                Kind::Http => http::serve(stream, &numbers, &inputs).await,
            }
            drop(place);
        });
    }
}

/// The next connection; `None` after a moment when there is none to be had, as when files have run out.
pub(crate) async fn next(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => {
            drop(stream.set_nodelay(true));
            Some(stream)
        }
        Err(_) => {
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
