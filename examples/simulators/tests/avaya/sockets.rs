//! The simulator behind its sockets: TCP, TLS, the control channel, a pair of servers.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use jackfield_sim::{Door, Kind, Server, Tls, avaya::Simulator, serve};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls};

use crate::{
    world::{FILTER, INVERT, ONE, frame, quiet},
    xml::{Element, parse},
};

/// So long a test waits for what must come; never a measure of anything.
const LONG: Duration = Duration::from_secs(60);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn start(tls: Option<Tls>) -> Server {
    let mut doors = vec![Door { at: loopback(), kind: Kind::Tcp, tls: None }];
    doors.push(Door { at: loopback(), kind: Kind::Tcp, tls });
    serve(Simulator::new(quiet(), 1).behind(&[0, 1]), doors, loopback()).await.unwrap()
}

/// Reads one frame; `None`: the connection has ended.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Element)> {
    let mut header = [0; 8];
    timeout(LONG, stream.read_exact(&mut header)).await.expect("the server is silent").ok()?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([header[2], header[3]])) - 8];
    timeout(LONG, stream.read_exact(&mut body)).await.expect("the server is silent").ok()?;
    Some((String::from_utf8(header[4..].to_vec()).unwrap(), parse(&body)))
}

/// Logs in and watches 101.
async fn watch(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let login = "<StartApplicationSession><applicationInfo><applicationSpecificInfo><SessionLoginInfo>\
                 <userName>cti</userName><password>Secret1</password></SessionLoginInfo></applicationSpecificInfo>\
                 </applicationInfo><requestedProtocolVersions><protocolVersion>\
                 http://www.ecma-international.org/standards/ecma-323/csta/ed3/priv7</protocolVersion>\
                 </requestedProtocolVersions></StartApplicationSession>";
    let monitor = format!(
        "<MonitorStart><monitorObject><deviceObject>101:CM1::0</deviceObject></monitorObject>{FILTER}{INVERT}</MonitorStart>"
    );
    // Both in one piece: the second one does not wait for the answer.
    let both = [frame(1, login.as_bytes()), frame(2, monitor.as_bytes())].concat();
    stream.write_all(&both).await.unwrap();
    let answers = [read(stream).await.unwrap(), read(stream).await.unwrap()];
    assert_eq!((answers[0].0.as_str(), answers[0].1.name.as_str()), ("0001", "StartApplicationSessionPosResponse"));
    assert_eq!((answers[1].0.as_str(), answers[1].1.name.as_str()), ("0002", "MonitorStartResponse"));
}

async fn command(server: &Server, command: Value) -> Value {
    let mut stream = BufReader::new(TcpStream::connect(server.control).await.unwrap());
    stream.write_all(format!("{command}\n").as_bytes()).await.unwrap();
    let mut line = String::new();
    timeout(LONG, stream.read_line(&mut line)).await.unwrap().unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answer["ok"], true, "{command}: {answer}");
    answer
}

#[tokio::test]
async fn a_call_travels_over_tcp_and_the_pair_has_one_switch() {
    let server = start(None).await;
    let mut first = TcpStream::connect(server.doors[0].1).await.unwrap();
    let mut second = TcpStream::connect(server.doors[1].1).await.unwrap();
    watch(&mut first).await;
    watch(&mut second).await;
    command(&server, json!({ "do": "call", "from": ONE, "to": "101" })).await;
    for stream in [&mut first, &mut second] {
        let (invoke, event) = read(stream).await.unwrap();
        assert_eq!((invoke.as_str(), event.name.as_str()), ("9999", "DeliveredEvent"));
    }
    command(&server, json!({ "do": "server", "number": 0, "up": false })).await;
    assert!(read(&mut first).await.is_none(), "cut off");
    command(&server, json!({ "do": "answer", "number": "101" })).await;
    assert_eq!(read(&mut second).await.unwrap().1.name, "EstablishedEvent");
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection() {
    let server = start(None).await;
    let mut stream = TcpStream::connect(server.doors[0].1).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(read(&mut stream).await.is_none());
}

#[tokio::test]
async fn the_same_over_tls() {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let pem = certified.cert.pem().into_bytes();
    let server = start(Some(Tls { certificates: pem, key: certified.signing_key.serialize_pem().into_bytes() })).await;
    assert_eq!(server.doors[1].0, "tls");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let stream = TcpStream::connect(server.doors[1].1).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    watch(&mut stream).await;
    command(&server, json!({ "do": "call", "from": ONE, "to": "101" })).await;
    assert_eq!(read(&mut stream).await.unwrap().1.name, "DeliveredEvent");
}
