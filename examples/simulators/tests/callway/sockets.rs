//! The simulator behind its sockets: TCP plain and over TLS, the control channel, and connections that break.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use jackfield_sim::{
    Behaviour, Door, Kind, Server, Tls,
    callway::{Config, Simulator},
    serve,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls};

use crate::world::{Message, ONE, block, field, messages};

/// So long a test waits for what must come; never a measure of anything.
const LONG: Duration = Duration::from_secs(60);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn start(tls: Option<Tls>) -> Server {
    let config = Config { outside: Behaviour::Manual, lift_ms: 0, ..Config::default() };
    let mut doors = vec![Door { at: loopback(), kind: Kind::Tcp, tls: None }];
    doors.extend(tls.map(|tls| Door { at: loopback(), kind: Kind::Tcp, tls: Some(tls) }));
    serve(Simulator::new(config, 1), doors, loopback()).await.unwrap()
}

struct Client<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn say(&mut self, kind: &str, fields: &[(&str, &str)]) {
        self.0.write_all(block(kind, fields).as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The next message; none: the connection has ended.
    async fn read(&mut self) -> Option<Message> {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            let read = timeout(LONG, self.0.read_line(&mut text)).await.expect("the server is silent").unwrap_or(0);
            if read == 0 {
                return None;
            }
        }
        messages(&text).pop()
    }

    async fn log_in(&mut self, password: &str) -> String {
        self.say("AuthorizationRequest", &[("Login", "integration"), ("Password", password)]).await;
        field(&self.read().await.unwrap(), "AuthorizationResult").to_owned()
    }
}

async fn plain(server: &Server) -> Client<TcpStream> {
    Client(BufReader::new(TcpStream::connect(server.doors[0].1).await.unwrap()))
}

async fn control(server: &Server, command: Value) -> Value {
    let mut stream = BufReader::new(TcpStream::connect(server.control).await.unwrap());
    stream.write_all(format!("{command}\n").as_bytes()).await.unwrap();
    let mut line = String::new();
    timeout(LONG, stream.read_line(&mut line)).await.unwrap().unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answer["ok"], true, "{command}: {answer}");
    answer
}

#[tokio::test]
async fn two_operators_talk_over_one_connection() {
    let server = start(None).await;
    assert_eq!(server.doors[0].0, "tcp");
    let mut client = plain(&server).await;
    assert_eq!(client.log_in("wrong").await, "Failed");
    assert_eq!(client.log_in("Secret1").await, "Success");
    client.say("MakeCall", &[("OperatorId", "210"), ("Number", "211")]).await;
    let (here, there) = (client.read().await.unwrap(), client.read().await.unwrap());
    assert_eq!((field(&here, "OperatorId"), field(&there, "OperatorId")), ("210", "211"));
    client.say("Answer", &[("OperatorId", "211"), ("UniqueId", field(&there, "UniqueId"))]).await;
    for _ in 0..2 {
        assert_eq!(field(&client.read().await.unwrap(), "State"), "Bridge");
    }
    client.say("Drop", &[("OperatorId", "210"), ("UniqueId", field(&here, "UniqueId"))]).await;
    for _ in 0..2 {
        assert_eq!(field(&client.read().await.unwrap(), "State"), "Hangup");
    }
}

#[tokio::test]
async fn calls_outlive_a_connection_and_nobody_tells_of_them_afterwards() {
    let server = start(None).await;
    let mut client = plain(&server).await;
    client.log_in("Secret1").await;
    control(&server, json!({ "do": "call", "from": ONE, "to": "210" })).await;
    let rings = client.read().await.unwrap();
    assert_eq!(control(&server, json!({ "do": "cut", "number": "210" })).await["sessions"], 1);
    assert!(client.read().await.is_none());
    let mut client = plain(&server).await;
    client.log_in("Secret1").await;
    client.say("GetOperatorState", &[("OperatorId", "210")]).await;
    assert_eq!(client.read().await.unwrap().0, "OperatorState");
    control(&server, json!({ "do": "answer", "number": "210" })).await;
    let bridge = client.read().await.unwrap();
    assert_eq!((field(&bridge, "State"), field(&bridge, "UniqueId")), ("Bridge", field(&rings, "UniqueId")));
    // Half of the last message, and the end.
    control(&server, json!({ "do": "half", "number": "integration" })).await;
    assert!(client.read().await.is_none());
    let mut visits = control(&server, json!({ "do": "visits" })).await;
    for visit in visits["visits"].as_array_mut().unwrap() {
        assert_eq!(visit["login"], "integration");
        *visit = visit["what"].take();
    }
    assert_eq!(visits["visits"], json!(["login", "gone", "login", "gone"]));
}

#[tokio::test]
async fn what_is_no_message_ends_no_connection_and_what_has_no_end_does() {
    let server = start(None).await;
    let mut client = plain(&server).await;
    client.0.write_all(b"\0\xff\r\n\r\nMessage\r\n\r\n\n\nA: b\r\n\r\n").await.unwrap();
    assert_eq!(client.log_in("Secret1").await, "Success");
    control(&server, json!({ "do": "garbage", "number": "210" })).await;
    assert_eq!(client.read_rubbish().await, "\r\n\r\n");
    control(&server, json!({ "do": "raw", "number": "all", "text": "Message: X\r\n\r\n" })).await;
    assert_eq!(client.read().await.unwrap().0, "X");
    drop(client.0.write_all(&vec![b'x'; 100_000]).await);
    assert!(client.read().await.is_none());
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// The end of a block that is not even text.
    async fn read_rubbish(&mut self) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(timeout(LONG, self.0.read_u8()).await.expect("the server is silent").unwrap());
        }
        assert!(std::str::from_utf8(&bytes).is_err());
        String::from_utf8_lossy(&bytes[bytes.len() - 4..]).into_owned()
    }
}

#[tokio::test]
async fn tls_is_the_same() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = Tls { certificates: key.cert.pem().into_bytes(), key: key.signing_key.serialize_pem().into_bytes() };
    let server = start(Some(tls)).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(key.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let stream = TcpStream::connect(server.doors[1].1).await.unwrap();
    let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    let mut client = Client(BufReader::new(stream));
    assert_eq!(client.log_in("Secret1").await, "Success");
}
