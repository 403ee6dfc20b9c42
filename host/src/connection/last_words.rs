//! What an adapter said last arrives, whoever ends the link and whatever the phone system says meanwhile.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jackfield_plugin_api::{HttpRequest, RequestId, TlsOptions, TransportId, TransportSpec};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use super::backoff::BackOff;
use super::http::Https;
use super::transports::{Happened, Order, TransportEvent, Transports};

const LINK: TransportId = TransportId(1);
/// As long as a busy machine needs.
const LONG: Duration = Duration::from_secs(60);
/// More than the host reads before it is told to close, and little enough to lie in sockets.
const CHATTER: usize = 48 * 1024;
/// More than the phone system's socket takes (see [`listener`]), so that the last word still waits at the host's end.
const BEFORE: usize = 64 * 1024;

/// A listener whose sockets take little before they are read.
fn listener() -> (TcpListener, SocketAddr) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(16).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn open(spec: TransportSpec, patience: Duration) -> (Transports, mpsc::Receiver<TransportEvent>) {
    let (sender, events) = mpsc::channel(1);
    let back_off = BackOff::new(crate::config::BackOff::default(), 1);
    let mut transports = Transports::new(sender, back_off).patient(patience);
    transports.open(LINK, spec, 1).unwrap();
    (transports, events)
}

/// A transport with something on the way to it, over which something and then a logout is sent; it is closed as `close`
/// does. The phone system reads nothing before it has `go`; whether closing waited for that.
async fn leave(
    spec: TransportSpec,
    go: oneshot::Sender<()>,
    close: impl FnOnce(&mut Transports),
    text: impl Fn(String) -> Order,
) -> bool {
    let (mut transports, mut events) = open(spec, LONG);
    assert!(matches!(events.recv().await.unwrap().happened, Happened::Opened));
    assert!(transports.order(LINK, text("x".repeat(BEFORE))));
    assert!(transports.order(LINK, text("Logoff".to_owned())));
    close(&mut transports);
    let closing = transports.close_all();
    tokio::pin!(closing);
    // In time to be wrong, if it is: a link that was broken off would be gone now.
    let early = tokio::time::timeout(Duration::from_millis(300), take(&mut events, &mut closing)).await;
    go.send(()).unwrap();
    if early.is_err() {
        take(&mut events, &mut closing).await;
    }
    early.is_err()
}

/// Takes what comes, as a connection does that closes.
async fn take(events: &mut mpsc::Receiver<TransportEvent>, until: &mut (impl Future<Output = ()> + Unpin)) {
    loop {
        tokio::select! {
            () = &mut *until => return,
            Some(_) = events.recv() => {}
        }
    }
}

/// A phone system that talks, and reads only when it is let; all that it has read.
async fn talk(stream: impl AsyncRead + AsyncWrite, go: oneshot::Receiver<()>) -> std::io::Result<Vec<u8>> {
    let (mut read, mut write) = tokio::io::split(stream);
    write.write_all(&vec![b'e'; CHATTER]).await.unwrap();
    write.flush().await.unwrap();
    go.await.unwrap();
    let mut heard = Vec::new();
    read.read_to_end(&mut heard).await?;
    Ok(heard)
}

fn is_whole(heard: &[u8]) {
    assert_eq!(heard.len(), BEFORE + 6);
    assert!(heard.ends_with(b"xLogoff"));
}

#[tokio::test]
async fn who_still_talks_hears_the_last_word() {
    let (listener, address) = listener();
    let (go, may_read) = oneshot::channel();
    let pbx = tokio::spawn(async move { talk(listener.accept().await.unwrap().0, may_read).await });
    let spec = TransportSpec::tcp("127.0.0.1", address.port());
    assert!(leave(spec, go, |_| (), |text| Order::Send(text.into_bytes())).await);
    is_whole(&pbx.await.unwrap().unwrap());
}

#[tokio::test]
async fn what_the_adapter_closes_itself_is_waited_for() {
    let (listener, address) = listener();
    let (go, may_read) = oneshot::channel();
    let pbx = tokio::spawn(async move { talk(listener.accept().await.unwrap().0, may_read).await });
    let spec = TransportSpec::tcp("127.0.0.1", address.port());
    let close = |transports: &mut Transports| assert!(transports.order(LINK, Order::Close));
    assert!(leave(spec, go, close, |text| Order::Send(text.into_bytes())).await);
    is_whole(&pbx.await.unwrap().unwrap());
}

/// A certificate of its own, and the file that says so.
fn certificate() -> (tempfile::NamedTempFile, std::sync::Arc<rustls::ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut ca = tempfile::NamedTempFile::new().unwrap();
    ca.write_all(made.cert.pem().as_bytes()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    (ca, std::sync::Arc::new(config))
}

fn trusting(ca: &tempfile::NamedTempFile) -> TlsOptions {
    let ca = ca.path().to_str().unwrap().to_owned();
    TlsOptions { ca: Some(ca), server_name: Some("localhost".to_owned()) }
}

#[tokio::test]
async fn who_still_talks_over_tls_hears_it_and_that_it_was_the_last() {
    let (listener, address) = listener();
    let (go, may_read) = oneshot::channel();
    let (ca, config) = certificate();
    let pbx = tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        let stream = tokio_rustls::TlsAcceptor::from(config).accept(stream).await.unwrap();
        // An end without `close_notify` would be an error here.
        talk(stream, may_read).await
    });
    let spec = TransportSpec::tls("127.0.0.1", address.port(), trusting(&ca));
    assert!(leave(spec, go, |_| (), |text| Order::Send(text.into_bytes())).await);
    is_whole(&pbx.await.unwrap().unwrap());
}

/// A phone system behind a WebSocket that talks until it is told to close: all texts that it heard, and how it ended.
async fn chat(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    go: oneshot::Receiver<()>,
) -> (Vec<String>, Option<tokio_tungstenite::tungstenite::Error>) {
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    socket.send(Message::text("e".repeat(CHATTER))).await.unwrap();
    go.await.unwrap();
    // It is said to the last: also between the host's goodbye and the answer to it.
    socket.send(Message::text("one more")).await.unwrap();
    let mut heard = Vec::new();
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => heard.push(text.to_string()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return (heard, Some(error)),
            None => return (heard, None),
        }
    }
}

#[tokio::test]
async fn who_still_talks_over_a_websocket_hears_it_and_the_handshake() {
    let (listener, address) = listener();
    let (go, may_read) = oneshot::channel();
    let pbx = tokio::spawn(async move { chat(listener.accept().await.unwrap().0, may_read).await });
    assert!(leave(TransportSpec::websocket(format!("ws://{address}")), go, |_| (), Order::Text).await);
    let (heard, error) = pbx.await.unwrap();
    assert!(error.is_none(), "{error:?}");
    assert_eq!(heard.iter().map(String::len).collect::<Vec<_>>(), [BEFORE, 6]);
}

#[tokio::test]
async fn the_same_within_tls() {
    let (listener, address) = listener();
    let (go, may_read) = oneshot::channel();
    let (ca, config) = certificate();
    let pbx = tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        chat(tokio_rustls::TlsAcceptor::from(config).accept(stream).await.unwrap(), may_read).await
    });
    let mut spec = TransportSpec::websocket(format!("wss://localhost:{}", address.port()));
    let TransportSpec::WebSocket { tls, .. } = &mut spec else { panic!("{spec:?}") };
    *tls = trusting(&ca);
    assert!(leave(spec, go, |_| (), Order::Text).await);
    let (heard, error) = pbx.await.unwrap();
    assert!(error.is_none(), "{error:?}");
    assert_eq!(heard.iter().map(String::len).collect::<Vec<_>>(), [BEFORE, 6]);
}

#[tokio::test]
async fn a_link_that_is_made_anew_is_closed_in_order_too() {
    let (listener, address) = listener();
    let (go, may_read) = oneshot::channel();
    let pbx = tokio::spawn(async move { talk(listener.accept().await.unwrap().0, may_read).await });
    let spec = TransportSpec::tcp("127.0.0.1", address.port());
    let again = |transports: &mut Transports| {
        assert!(transports.order(LINK, Order::Reconnect("it knows us no more".to_owned())));
    };
    // Its goodbye is nobody's business any more.
    leave(spec, go, again, |text| Order::Send(text.into_bytes())).await;
    is_whole(&pbx.await.unwrap().unwrap());
}

#[tokio::test]
async fn who_does_not_read_is_left() {
    let (listener, address) = listener();
    let (mut transports, mut events) =
        open(TransportSpec::tcp("127.0.0.1", address.port()), Duration::from_millis(200));
    let (_stream, _) = listener.accept().await.unwrap();
    assert!(matches!(events.recv().await.unwrap().happened, Happened::Opened));
    // More than the sockets hold.
    assert!(transports.order(LINK, Order::Send(vec![0; 4 * 1024 * 1024])));
    tokio::time::timeout(LONG, transports.close_all()).await.unwrap();
    assert!(!transports.order(LINK, Order::Send(b"more".to_vec())), "it is closed");
}

#[tokio::test]
async fn who_does_not_close_is_left() {
    let (listener, address) = listener();
    let (mut transports, mut events) =
        open(TransportSpec::tcp("127.0.0.1", address.port()), Duration::from_millis(200));
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(matches!(events.recv().await.unwrap().happened, Happened::Opened));
    assert!(transports.order(LINK, Order::Send(b"Logoff".to_vec())));
    tokio::time::timeout(LONG, transports.close_all()).await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "Logoff");
}

#[tokio::test]
async fn closing_again_and_again_keeps_no_more_sockets_than_there_may_be() {
    let (listener, address) = listener();
    let (sender, mut events) = mpsc::channel(1);
    let back_off = BackOff::new(crate::config::BackOff::default(), 1);
    let mut transports = Transports::new(sender, back_off).patient(LONG);
    let mut streams = Vec::new();
    for _ in 0..200 {
        transports.open(LINK, TransportSpec::tcp("127.0.0.1", address.port()), 0).unwrap();
        streams.push(listener.accept().await.unwrap().0);
        assert!(matches!(events.recv().await.unwrap().happened, Happened::Opened));
        assert!(transports.order(LINK, Order::Close));
    }
    // The phone system never closes: the first are broken off, and nothing waits for them.
    let mut byte = [0];
    assert_eq!(tokio::time::timeout(LONG, streams[0].read(&mut byte)).await.unwrap().unwrap(), 0);
    let broken = async {
        while streams[0].write_all(b"e").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, broken).await.unwrap();
    drop(streams);
    tokio::time::timeout(LONG, transports.close_all()).await.unwrap();
}

/// A server that takes its time for an answer. How the connection stood when it was written: true, somebody waited.
fn slow_server() -> (String, std::sync::mpsc::Sender<()>, std::thread::JoinHandle<bool>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/logoff", listener.local_addr().unwrap());
    let (answer, may_answer) = std::sync::mpsc::channel::<()>();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            asked.push(byte[0]);
        }
        may_answer.recv().unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n").unwrap();
        // Who has gone answers the head with a reset.
        std::thread::sleep(Duration::from_millis(200));
        stream.write_all(b"ok").is_ok()
    });
    (url, answer, server)
}

#[tokio::test]
async fn the_last_request_is_answered_and_a_question_is_not_waited_for() {
    let (url, answer, server) = slow_server();
    let (question_url, _, _) = slow_server();
    let mut https = Https::default();
    let mut question = HttpRequest::new("GET", question_url);
    question.repeatable = true;
    https.start(RequestId(1), question);
    https.drop_questions();
    https.start(RequestId(2), HttpRequest::new("GET", url));
    let finish = https.finish(LONG);
    tokio::pin!(finish);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut finish).await.is_err(), "it is not answered yet");
    answer.send(()).unwrap();
    finish.await;
    assert!(server.join().unwrap());
}

#[tokio::test]
async fn a_request_without_an_answer_is_left() {
    let (url, _answer, _server) = slow_server();
    let mut https = Https::default();
    https.start(RequestId(1), HttpRequest::new("GET", url));
    tokio::time::timeout(LONG, https.finish(Duration::from_millis(100))).await.unwrap();
}
