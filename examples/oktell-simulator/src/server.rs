//! The phone system behind sockets: one task owns it, one task serves each socket.

use std::{collections::VecDeque, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::HeaderValue,
        protocol::WebSocketConfig,
    },
};

use crate::{Config, Millis, Output, SessionId, Simulator};

/// How many clients there may be at once.
const CLIENTS: usize = 1_000;
/// How many control connections.
const CONTROLS: usize = 16;
/// The longest message from a client, and the longest control command, in bytes.
const LONGEST: usize = 256 * 1024;
/// How many messages may wait for a client that does not read.
const WAITING: usize = 4_096;
/// How long a handshake may take, and a write to a client that does not read.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where and how to listen. A port of 0 is one that is free.
#[derive(Debug)]
pub struct Options {
    /// The WebSocket, plain.
    pub listen: SocketAddr,
    /// The WebSocket over TLS, and with what.
    pub tls: Option<(SocketAddr, Tls)>,
    /// The control channel.
    pub control: SocketAddr,
    /// The seed of the ids.
    pub seed: u32,
}

/// Certificate and key, both PEM.
#[derive(Debug)]
pub struct Tls {
    /// The chain of certificates, the server's own first.
    pub certificates: Vec<u8>,
    /// The private key.
    pub key: Vec<u8>,
}

/// Why the simulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened at.
    #[error("cannot listen at {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// Certificate or key cannot be used.
    #[error("the certificate or its key cannot be used: {0}; both must be PEM and belong together")]
    Tls(String),
}

/// A running simulator; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where the WebSocket listens.
    pub address: SocketAddr,
    /// Where the WebSocket over TLS listens.
    pub tls_address: Option<SocketAddr>,
    /// Where the control channel listens.
    pub control: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// What the task that owns the phone system is told.
enum Input {
    Open(SessionId, mpsc::Sender<Output>),
    Text(SessionId, String),
    Closed(SessionId),
    Subprotocol(oneshot::Sender<bool>),
    Control(Value, oneshot::Sender<Value>),
}

/// Starts a simulator.
///
/// # Errors
/// An address is taken, or the certificate cannot be used.
pub async fn serve(config: Config, options: Options) -> Result<Server, ServeError> {
    let (inputs, receiver) = mpsc::channel(1_024);
    let mut tasks = vec![tokio::spawn(own(Simulator::new(config, options.seed), receiver))];
    let room = Arc::new(Semaphore::new(CLIENTS));
    let (listener, address) = bind(options.listen).await?;
    tasks.push(tokio::spawn(accept(listener, None, inputs.clone(), Arc::clone(&room), 0)));
    let mut tls_address = None;
    if let Some((at, tls)) = options.tls {
        let acceptor = acceptor(&tls)?;
        let (listener, address) = bind(at).await?;
        tls_address = Some(address);
        tasks.push(tokio::spawn(accept(listener, Some(acceptor), inputs.clone(), room, 1)));
    }
    let (listener, control) = bind(options.control).await?;
    tasks.push(tokio::spawn(accept_controls(listener, inputs)));
    Ok(Server { address, tls_address, control, tasks })
}

async fn bind(at: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let listener = TcpListener::bind(at).await.map_err(|error| ServeError::Listen(at, error))?;
    let address = listener.local_addr().map_err(|error| ServeError::Listen(at, error))?;
    Ok((listener, address))
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ServeError> {
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let certificates = CertificateDer::pem_slice_iter(&tls.certificates).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| ServeError::Tls(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&tls.key).map_err(|error| ServeError::Tls(error.to_string()))?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| ServeError::Tls(error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The phone system's own task: inputs one at a time, and what happens by itself.
async fn own(mut simulator: Simulator, mut inputs: mpsc::Receiver<Input>) {
    let start = Instant::now();
    let mut clients: std::collections::BTreeMap<SessionId, mpsc::Sender<Output>> = std::collections::BTreeMap::new();
    loop {
        let due = simulator.due().map(|due| start + Duration::from_millis(due));
        let input = tokio::select! {
            input = inputs.recv() => match input {
                Some(input) => Some(input),
                None => return,
            },
            () = sleep_until(due.unwrap_or(start)), if due.is_some() => None,
        };
        let now = Millis::try_from(start.elapsed().as_millis()).unwrap_or(Millis::MAX);
        match input {
            None => simulator.tick(now),
            Some(Input::Open(session, client)) => {
                clients.insert(session, client);
                simulator.open(session, now);
            }
            Some(Input::Text(session, text)) => simulator.receive(session, &text, now),
            Some(Input::Closed(session)) => {
                clients.remove(&session);
                simulator.closed(session, now);
            }
            Some(Input::Subprotocol(answer)) => drop(answer.send(simulator.answers_subprotocol())),
            Some(Input::Control(command, answer)) => drop(answer.send(simulator.control(&command, now))),
        }
        for output in simulator.outputs() {
            let (Output::Text { session, .. } | Output::Close { session, .. } | Output::Cut { session, .. }) = output;
            let Some(client) = clients.get(&session) else { continue };
            // Who does not read is let go; the task sees that its sender is gone.
            if client.try_send(output).is_err() {
                clients.remove(&session);
                simulator.closed(session, now);
            }
        }
    }
}

/// What a WebSocket runs over.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    inputs: mpsc::Sender<Input>,
    room: Arc<Semaphore>,
    offset: u64,
) {
    let mut session = offset;
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Some(stream) = next(&listener).await else { continue };
        session += 2;
        let (tls, inputs, session) = (tls.clone(), inputs.clone(), session);
        tokio::spawn(async move {
            let stream: Box<dyn Stream> = match tls {
                None => Box::new(stream),
                Some(tls) => match timeout(PATIENCE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => Box::new(stream),
                    _ => return,
                },
            };
            serve_client(stream, session, &inputs).await;
            drop(inputs.send(Input::Closed(session)).await);
            drop(place);
        });
    }
}

/// The next connection; `None` after a moment when there is none to be had, as when files have run out.
async fn next(listener: &TcpListener) -> Option<TcpStream> {
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

async fn serve_client(stream: Box<dyn Stream>, session: SessionId, inputs: &mpsc::Sender<Input>) {
    let (answer, echo) = oneshot::channel();
    if inputs.send(Input::Subprotocol(answer)).await.is_err() {
        return;
    }
    let echo = echo.await.unwrap_or(true);
    // The callback's type is the library's.
    #[allow(clippy::result_large_err, reason = "the callback's type is the library's")]
    let subprotocol = move |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let asked = request.headers().get_all("sec-websocket-protocol").iter();
        let mut asked = asked.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        if echo && asked.any(|name| name.trim() == "json") {
            response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("json"));
        }
        Ok(response)
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST))
        .read_buffer_size(4_096);
    let handshake = accept_hdr_async_with_config(stream, subprotocol, Some(config));
    let Ok(Ok(socket)) = timeout(PATIENCE, handshake).await else { return };
    let (sender, outputs) = mpsc::channel(WAITING);
    if inputs.send(Input::Open(session, sender)).await.is_ok() {
        converse(socket, session, inputs, outputs).await;
    }
}

/// Reads and writes one socket until it ends. `None` of anything means that it has.
async fn converse(
    mut socket: WebSocketStream<Box<dyn Stream>>,
    session: SessionId,
    inputs: &mpsc::Sender<Input>,
    mut outputs: mpsc::Receiver<Output>,
) -> Option<()> {
    let mut waiting: VecDeque<(Instant, Output)> = VecDeque::new();
    loop {
        let due = waiting.front().map(|(due, _)| *due);
        tokio::select! {
            message = socket.next() => match message?.ok()? {
                Message::Text(text) => inputs.send(Input::Text(session, text.as_str().to_owned())).await.ok()?,
                Message::Close(_) => {
                    // The answer to a close frame is written by going on.
                    drop(timeout(PATIENCE, socket.close(None)).await);
                    return None;
                }
                _ => {}
            },
            output = outputs.recv(), if waiting.len() < WAITING => {
                let output = output?;
                let (Output::Text { delay, .. } | Output::Close { delay, .. }) = output else {
                    cut(socket, output).await;
                    return None;
                };
                let due = Instant::now() + Duration::from_millis(delay);
                // A message never overtakes one that waits longer.
                let due = waiting.back().map_or(due, |(before, _)| due.max(*before));
                waiting.push_back((due, output));
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                match waiting.pop_front()?.1 {
                    Output::Text { text, .. } => {
                        timeout(PATIENCE, socket.send(Message::text(text))).await.ok()?.ok()?;
                    }
                    _ => {
                        timeout(PATIENCE, socket.close(None)).await.ok()?.ok()?;
                        // The client's answer is awaited, not for ever.
                        drop(timeout(PATIENCE, async { while let Some(Ok(_)) = socket.next().await {} }).await);
                        return None;
                    }
                }
            }
        }
    }
}

/// Drops a connection, perhaps in the middle of a frame.
async fn cut(mut socket: WebSocketStream<Box<dyn Stream>>, output: Output) {
    if let Output::Cut { half: Some(text), .. } = output {
        let length = u8::try_from(text.len().min(125)).unwrap_or(125);
        let mut frame = vec![0x81, length];
        frame.extend(text.bytes().take(usize::from(length) / 2));
        let stream = socket.get_mut();
        drop(timeout(PATIENCE, stream.write_all(&frame)).await);
        drop(timeout(PATIENCE, stream.flush()).await);
    }
}

async fn accept_controls(listener: TcpListener, inputs: mpsc::Sender<Input>) {
    let room = Arc::new(Semaphore::new(CONTROLS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Some(stream) = next(&listener).await else { continue };
        let inputs = inputs.clone();
        tokio::spawn(async move {
            drop(serve_control(stream, &inputs).await);
            drop(place);
        });
    }
}

async fn serve_control(stream: TcpStream, inputs: &mpsc::Sender<Input>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader).take(LONGEST as u64).read_until(b'\n', &mut line).await?;
        if read == 0 {
            return Ok(());
        }
        let whole = line.ends_with(b"\n") || read < LONGEST;
        let answer = match serde_json::from_slice(&line) {
            _ if !whole => json!({ "ok": false, "error": format!("a command has at most {LONGEST} bytes") }),
            Ok(command) => {
                let (sender, answer) = oneshot::channel();
                if inputs.send(Input::Control(command, sender)).await.is_err() {
                    return Ok(());
                }
                answer.await.unwrap_or(Value::Null)
            }
            Err(error) => json!({ "ok": false, "error": format!("this is no JSON: {error}") }),
        };
        timeout(PATIENCE, writer.write_all(format!("{answer}\n").as_bytes())).await??;
        if !whole {
            return Ok(());
        }
    }
}
