//! Accepting connections: plain or TLS, with limits on what has not said anything yet.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower_service::Service as _;

use crate::config::{ServerConfig, TlsFiles};

/// A resume storm brings thousands of connections at once.
const BACKLOG: i32 = 4_096;
/// How long a TLS handshake, the head of a request and its body may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A client's socket.
#[derive(Debug)]
pub enum Stream {
    /// Plain.
    Tcp(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// The client's address.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn peer(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr(),
            Self::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

/// A socket that listens, and how its clients are encrypted.
pub struct Server {
    listener: TcpListener,
    tls: Option<Certificate>,
}

/// The certificate that new clients are shown; it can be renewed while the host runs.
#[derive(Clone)]
pub struct Certificate(Arc<ArcSwap<rustls::ServerConfig>>);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate")
    }
}

impl Certificate {
    /// Reads the files again. Clients that are connected stay.
    ///
    /// # Errors
    /// They cannot be used; the certificate stays as it was.
    pub fn renew(&self, files: &TlsFiles) -> Result<(), String> {
        self.0.store(encryption(files)?);
        Ok(())
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).field("tls", &self.tls.is_some()).finish()
    }
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// The address cannot be had, or the certificate cannot be used.
    pub fn listen(config: &ServerConfig) -> Result<Self, String> {
        let tls = config.tls.as_ref().map(encryption).transpose()?;
        let tls = tls.map(|tls| Certificate(Arc::new(ArcSwap::new(tls))));
        let listener = bind(config).map_err(|e| {
            let next = match e.kind() {
                io::ErrorKind::AddrInUse => {
                    "; another program listens there, maybe another host: stop it, or choose another port"
                }
                io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
                io::ErrorKind::PermissionDenied => "; ports below 1024 are root's: choose another one",
                _ => "",
            };
            format!("server.listen: {}: {e}{next}", config.listen)
        })?;
        Ok(Self { listener, tls })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The certificate, when clients are encrypted.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        self.tls.clone()
    }

    /// Accepts until the task is dropped.
    pub async fn serve(self, router: Router, most: usize) {
        // Some more than sessions: health checks, and who is about to be refused in words.
        let permits = Arc::new(Semaphore::new(most.saturating_add(256).min(Semaphore::MAX_PERMITS)));
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // No file descriptor is left, mostly: others may free one.
                    tracing::error!("a client cannot be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            let (router, tls) = (router.clone(), self.tls.as_ref().map(|tls| TlsAcceptor::from(tls.0.load_full())));
            tokio::spawn(async move {
                if stream.set_nodelay(true).is_err() {
                    return;
                }
                give_up_who_takes_nothing(&stream);
                let stream = match tls {
                    None => Stream::Tcp(stream),
                    Some(tls) => match tokio::time::timeout(PATIENCE, tls.accept(stream)).await {
                        Ok(Ok(stream)) => Stream::Tls(Box::new(stream)),
                        _ => return,
                    },
                };
                converse(router, stream).await;
                drop(permit);
            });
        }
    }
}

/// Where a request comes from, as one of its extensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// One HTTP connection. After an upgrade it ends here, and the socket lives on elsewhere.
async fn converse(router: Router, stream: Stream) {
    let peer = stream.peer().ok().map(|address| Peer(address.ip()));
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        router.clone().call(request)
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(32 * 1024);
    // Who breaks off a request has told us nothing.
    let _ = http.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// How long a client may take nothing of what is sent to it: as long as a WebSocket may be silent.
#[cfg(target_os = "linux")]
const STALLED: Duration = Duration::from_secs(60);

/// Has the system break a connection whose other side acknowledges nothing, or has no room, for so long. Who asks for
/// much and reads none of it would keep its place for ever.
#[cfg(target_os = "linux")]
fn give_up_who_takes_nothing(stream: &TcpStream) {
    let millis = u32::try_from(STALLED.as_millis()).unwrap_or(u32::MAX);
    // A system that does not know it does without.
    let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, millis);
}

#[cfg(not(target_os = "linux"))]
const fn give_up_who_takes_nothing(_: &TcpStream) {}

fn bind(config: &ServerConfig) -> io::Result<TcpListener> {
    let address = config.listen;
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Whether a host could show this certificate: its files are readable, and the key is the certificate's.
///
/// # Errors
/// It could not, and why.
pub fn check_certificate(files: &TlsFiles) -> Result<(), String> {
    encryption(files).map(drop)
}

fn encryption(files: &TlsFiles) -> Result<Arc<rustls::ServerConfig>, String> {
    let told = |path: &std::path::Path, e: &dyn std::fmt::Display| format!("server.tls: {}: {e}", path.display());
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect).map_err(|e| told(&files.cert, &e))?;
    if certificates.is_empty() {
        return Err(told(&files.cert, &"there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| told(&files.key, &e))?;
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|e| told(&files.cert, &e))?;
    Ok(Arc::new(config))
}
