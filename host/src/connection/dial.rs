//! Opening client-side links: TCP, TLS, WebSocket.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use jackfield_plugin_api::{CloseKind, CloseReason, TlsOptions, TransportSpec};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::transports::Happened;

/// How long opening may take, name lookup and handshakes included.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a write may wait for the other side to read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Read at once.
const READ_SIZE: usize = 16 * 1024;
/// The largest WebSocket message of a phone system.
const MOST_MESSAGE: usize = 16 * 1024 * 1024;

/// An open link.
pub(crate) enum Link {
    Tcp(TcpStream, BytesMut),
    Tls(Box<TlsStream<TcpStream>>, BytesMut),
    WebSocket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
}

/// Opens a link.
///
/// # Errors
/// Why it cannot be opened: what was tried, what came of it.
pub(crate) async fn dial(spec: &TransportSpec) -> Result<Link, CloseReason> {
    match tokio::time::timeout(DIAL_TIMEOUT, open(spec)).await {
        Ok(link) => link,
        Err(_) => {
            let text = format!("{}: no connection within {} s", target(spec), DIAL_TIMEOUT.as_secs());
            Err(CloseReason::new(CloseKind::Timeout, text))
        }
    }
}

fn target(spec: &TransportSpec) -> String {
    match spec {
        TransportSpec::Tcp { host, port } | TransportSpec::Tls { host, port, .. } => format!("{host}:{port}"),
        TransportSpec::WebSocket { url, .. } => url.split('?').next().unwrap_or_default().to_owned(),
        _ => "a transport of a later version".to_owned(),
    }
}

async fn open(spec: &TransportSpec) -> Result<Link, CloseReason> {
    match spec {
        TransportSpec::Tcp { host, port } => Ok(Link::Tcp(tcp(host, *port).await?, BytesMut::new())),
        TransportSpec::Tls { host, port, tls } => {
            let config = client_config(tls).await?;
            let name = tls.server_name.as_deref().unwrap_or(host).to_owned();
            let name = ServerName::try_from(name)
                .map_err(|e| CloseReason::new(CloseKind::Tls, format!("{host}: no name for a certificate: {e}")))?;
            let stream = tcp(host, *port).await?;
            let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|e| tls_failed(spec, &e))?;
            Ok(Link::Tls(Box::new(stream), BytesMut::new()))
        }
        TransportSpec::WebSocket { url, headers, subprotocols, tls } => {
            websocket(spec, url, headers, subprotocols, tls).await
        }
        _ => Err(CloseReason::new(CloseKind::Unsupported, "this host does not know this kind of transport")),
    }
}

fn tls_failed(spec: &TransportSpec, error: &std::io::Error) -> CloseReason {
    let text = format!("{}: TLS failed: {error}; if the certificate is your own, name its root as `ca`", target(spec));
    CloseReason::new(CloseKind::Tls, text)
}

async fn tcp(host: &str, port: u16) -> Result<TcpStream, CloseReason> {
    let failed = |e: std::io::Error| CloseReason::new(CloseKind::Refused, format!("{host}:{port}: {e}"));
    let stream = TcpStream::connect((host, port)).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let alive = socket2::TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10));
    socket2::SockRef::from(&stream).set_tcp_keepalive(&alive).map_err(failed)?;
    Ok(stream)
}

/// Roots of the system, and those of `ca`. Read at every dial: certificates are renewed while the host runs.
async fn client_config(tls: &TlsOptions) -> Result<Arc<ClientConfig>, CloseReason> {
    let ca = tls.ca.clone();
    let config = tokio::task::spawn_blocking(move || {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if let Some(file) = ca {
            let certificates = rustls_pki_types::CertificateDer::pem_file_iter(&file)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|e| format!("ca `{file}`: {e}"))?;
            if certificates.is_empty() {
                return Err(format!("ca `{file}`: there is no certificate in it"));
            }
            roots.add_parsable_certificates(certificates);
        }
        Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
    });
    let config = config.await.map_err(|e| CloseReason::new(CloseKind::Tls, e.to_string()))?;
    config.map_err(|text| CloseReason::new(CloseKind::Tls, text))
}

async fn websocket(
    spec: &TransportSpec,
    url: &str,
    headers: &[(String, String)],
    subprotocols: &[String],
    tls: &TlsOptions,
) -> Result<Link, CloseReason> {
    let bad = |text: String| CloseReason::new(CloseKind::Refused, format!("{}: {text}", target(spec)));
    let mut request = url.into_client_request().map_err(|e| bad(e.to_string()))?;
    let mut header = |name: &str, value: &str| {
        let name = http::HeaderName::try_from(name).map_err(|e| bad(format!("header `{name}`: {e}")))?;
        let value = http::HeaderValue::try_from(value).map_err(|e| bad(format!("header `{name}`: {e}")))?;
        request.headers_mut().append(name, value);
        Ok::<_, CloseReason>(())
    };
    for (name, value) in headers {
        header(name, value)?;
    }
    if !subprotocols.is_empty() {
        header("sec-websocket-protocol", &subprotocols.join(", "))?;
    }
    let config = WebSocketConfig::default().max_message_size(Some(MOST_MESSAGE)).max_frame_size(Some(MOST_MESSAGE));
    let connector = Connector::Rustls(client_config(tls).await?);
    let connected =
        tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, Some(connector)).await;
    match connected {
        Ok((stream, _)) => Ok(Link::WebSocket(Box::new(stream))),
        Err(tungstenite::Error::Http(response)) => Err(bad(format!("the server answers {}", response.status()))),
        Err(tungstenite::Error::Tls(e)) => Err(CloseReason::new(CloseKind::Tls, format!("{}: {e}", target(spec)))),
        Err(e) => Err(bad(e.to_string())),
    }
}

fn lost(error: &std::io::Error) -> CloseReason {
    CloseReason::new(CloseKind::Lost, error.to_string())
}

fn remote() -> CloseReason {
    CloseReason::new(CloseKind::Remote, "the phone system closed the connection")
}

async fn read_some<S: tokio::io::AsyncRead + Unpin>(
    stream: &mut S,
    buf: &mut BytesMut,
) -> Result<Happened, CloseReason> {
    buf.reserve(READ_SIZE);
    match stream.read_buf(buf).await {
        Ok(0) => Err(remote()),
        Ok(_) => Ok(Happened::Received(buf.split().freeze())),
        Err(error) => Err(lost(&error)),
    }
}

async fn in_time(write: impl Future<Output = std::io::Result<()>>) -> Result<(), CloseReason> {
    match tokio::time::timeout(WRITE_TIMEOUT, write).await {
        Ok(written) => written.map_err(|e| lost(&e)),
        Err(_) => {
            let text = format!("the phone system has not read for {} s", WRITE_TIMEOUT.as_secs());
            Err(CloseReason::new(CloseKind::Timeout, text))
        }
    }
}

impl Link {
    /// What comes next. Cancel safe.
    pub(super) async fn read(&mut self) -> Result<Happened, CloseReason> {
        match self {
            Self::Tcp(stream, buf) => read_some(stream, buf).await,
            Self::Tls(stream, buf) => read_some(stream, buf).await,
            Self::WebSocket(stream) => loop {
                match stream.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(Happened::Text(text.as_str().to_owned())),
                    Some(Ok(Message::Binary(bytes))) => return Ok(Happened::Binary(bytes)),
                    Some(Ok(Message::Close(_))) | None => return Err(remote()),
                    Some(Ok(_)) => {}
                    Some(Err(tungstenite::Error::Capacity(e))) => {
                        return Err(CloseReason::new(CloseKind::Limit, e.to_string()));
                    }
                    Some(Err(e)) => return Err(CloseReason::new(CloseKind::Lost, e.to_string())),
                }
            },
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), CloseReason> {
        match self {
            Self::Tcp(stream, _) => in_time(stream.write_all(bytes)).await,
            Self::Tls(stream, _) => {
                in_time(async {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                })
                .await
            }
            Self::WebSocket(_) => self.send_binary(bytes.to_vec()).await,
        }
    }

    pub(super) async fn send_text(&mut self, text: String) -> Result<(), CloseReason> {
        match self {
            Self::WebSocket(_) => self.message(Message::text(text)).await,
            _ => self.send(text.as_bytes()).await,
        }
    }

    pub(super) async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<(), CloseReason> {
        match self {
            Self::WebSocket(_) => self.message(Message::binary(bytes)).await,
            Self::Tcp(..) | Self::Tls(..) => Box::pin(self.send(&bytes)).await,
        }
    }

    async fn message(&mut self, message: Message) -> Result<(), CloseReason> {
        let Self::WebSocket(stream) = self else { return Ok(()) };
        in_time(async { stream.send(message).await.map_err(std::io::Error::other) }).await
    }
}
