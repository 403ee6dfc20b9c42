//! The simulator behind its sockets: WebSocket plain and over TLS, the control channel, and connections that break.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use jackfield_sim::{
    Behaviour, Door, Kind, Server, Tls,
    oktell::{Config, Simulator, hash},
    serve,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// So long a test waits for what must come; never a measure of anything.
const LONG: Duration = Duration::from_secs(30);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn start(tls: Option<Tls>) -> Server {
    let config = Config { outside: Behaviour::Manual, lift_ms: 0, ..Config::default() };
    let mut doors = vec![Door { at: loopback(), kind: Kind::WebSocket, tls: None }];
    doors.extend(tls.map(|tls| Door { at: loopback(), kind: Kind::WebSocket, tls: Some(tls) }));
    serve(Simulator::new(config, 1), doors, loopback()).await.unwrap()
}

struct Client<S> {
    socket: WebSocketStream<S>,
    subprotocol: Option<String>,
    events: Vec<Value>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn over(stream: S, url: &str) -> Self {
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "json".parse().unwrap());
        let (socket, response) = timeout(LONG, client_async(request, stream)).await.unwrap().unwrap();
        let subprotocol = response.headers().get("sec-websocket-protocol").map(|it| it.to_str().unwrap().to_owned());
        Self { socket, subprotocol, events: Vec::new() }
    }

    async fn read(&mut self) -> Option<Value> {
        match timeout(LONG, self.socket.next()).await.expect("the server is silent")? {
            Ok(Message::Text(text)) => Some(serde_json::from_str(&text).unwrap_or(Value::Null)),
            _ => None,
        }
    }

    async fn ask(&mut self, method: &str, mut body: Value) -> Value {
        body["qid"] = method.into();
        self.socket.send(Message::text(json!([method, body]).to_string())).await.unwrap();
        loop {
            let message = self.read().await.expect("the socket has ended");
            if message[1]["qid"] == method {
                return message;
            }
            self.events.push(message);
        }
    }

    async fn event(&mut self, name: &str) -> Value {
        loop {
            let event = if self.events.is_empty() { self.read().await.unwrap() } else { self.events.remove(0) };
            if event[0] == name {
                return event;
            }
        }
    }

    async fn log_in(&mut self, login: &str) -> Value {
        assert_eq!(self.ask("ping", json!({})).await[0], "pong");
        let answer = self.ask("login", json!({ "userlogin": login, "Password": hash("Secret1") })).await;
        assert_eq!(answer[1]["result"], 1, "{answer}");
        self.ask("subscribeevent", json!({ "eventmethod": ["phoneevent", "linestatechanged"] })).await;
        answer
    }
}

async fn plain(server: &Server) -> Client<TcpStream> {
    Client::over(TcpStream::connect(server.doors[0].1).await.unwrap(), "ws://localhost/").await
}

struct Control(BufReader<TcpStream>);

impl Control {
    async fn open(server: &Server) -> Self {
        Self(BufReader::new(TcpStream::connect(server.control).await.unwrap()))
    }

    async fn raw(&mut self, line: &str) -> Value {
        self.0.write_all(line.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(LONG, self.0.read_line(&mut answer)).await.unwrap().unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    async fn run(&mut self, command: Value) -> Value {
        let answer = self.raw(&format!("{command}\n")).await;
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer
    }
}

#[tokio::test]
async fn two_agents_talk_to_each_other_and_each_sees_the_other() {
    let server = start(None).await;
    let (mut one, mut two) = (plain(&server).await, plain(&server).await);
    assert_eq!(one.subprotocol.as_deref(), Some("json"));
    one.log_in("op1").await;
    two.log_in("OP2").await;
    let mut control = Control::open(&server).await;

    assert_eq!(one.ask("pbxautocallstart", json!({ "number": "102", "sequence": "user" })).await[1]["result"], 1);
    one.event("phoneevent_ringstarted").await;
    control.run(json!({ "do": "answer", "number": "101" })).await;
    let ring = two.event("phoneevent_ringstarted").await;
    assert_eq!(ring[1]["callerid"], "101");
    assert_eq!(two.ask("pbxanswercall", json!({ "userlogin": "op2" })).await[1]["result"], 1);
    let (here, there) = (one.event("phoneevent_commstarted").await, two.event("phoneevent_commstarted").await);
    assert_eq!(here[1]["commutationid"], there[1]["commutationid"]);
    for (client, other) in [(&mut one, "102"), (&mut two, "101")] {
        let line = client.ask("getextendedlineinfo", json!({})).await;
        assert_eq!(line[1]["linestatestr"], "lsCommutated");
        assert_eq!((&line[1]["abonent"]["number"], &line[1]["abonent"]["iscommutated"]), (&json!(other), &json!(true)));
    }
    assert_eq!(two.ask("pbxabortcall", json!({})).await[1]["result"], 1);
    one.event("phoneevent_commstopped").await;
    assert_eq!(one.ask("getextendedlineinfo", json!({})).await[1]["abonent"], json!({}));
    assert_eq!(control.run(json!({ "do": "journal" })).await["calls"][0]["cause"], "left");
}

#[tokio::test]
async fn calls_outlive_a_socket_and_the_session_comes_back() {
    let server = start(None).await;
    let mut control = Control::open(&server).await;
    let mut client = plain(&server).await;
    let session = client.log_in("op1").await[1]["sessionid"].clone();
    control.run(json!({ "do": "call", "from": "79990000001", "to": "101" })).await;
    control.run(json!({ "do": "answer", "number": "101" })).await;
    client.event("phoneevent_commstarted").await;
    assert_eq!(control.run(json!({ "do": "cut", "number": "101" })).await["sessions"], 1);
    while client.read().await.is_some() {}

    let mut client = plain(&server).await;
    let answer = client.ask("login", json!({ "userlogin": "op1", "sessionid": session })).await;
    assert_eq!((&answer[1]["result"], &answer[1]["sessionid"]), (&json!(1), &session));
    let line = client.ask("getextendedlineinfo", json!({})).await;
    assert_eq!(line[1]["abonent"]["number"], "79990000001");

    let wrong = client.ask("login", json!({ "userlogin": "op2", "sessionid": session })).await;
    assert_eq!(wrong[1]["errormsg"], "Bad request. Invalid session user");
    let unknown = client.ask("login", json!({ "userlogin": "op1", "sessionid": "never" })).await;
    assert_eq!(unknown[1]["errormsg"], "Bad request. Session does not exist");
    // After the answer to logout it is the server that closes.
    assert_eq!(client.ask("logout", json!({})).await[0], "logoutresult");
    assert!(client.read().await.is_none());
    let visits = control.run(json!({ "do": "visits" })).await;
    let what: Vec<&str> = visits["visits"].as_array().unwrap().iter().filter_map(|v| v["what"].as_str()).collect();
    assert_eq!(what, ["login", "gone", "resumed", "refused", "refused", "logout"]);
    assert_eq!(
        visits["visits"][3],
        json!({ "login": "op2", "what": "refused", "why": "Bad request. Invalid session user" })
    );
}

#[tokio::test]
async fn faults_come_and_go() {
    let server = start(None).await;
    let mut control = Control::open(&server).await;
    control.run(json!({ "do": "faults", "faults": { "redirect": true, "no_subprotocol": true } })).await;
    let stream = TcpStream::connect(server.doors[0].1).await.unwrap();
    // A strict client fails here, as it would at such a server.
    let request = {
        let mut request = "ws://localhost/".into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "json".parse().unwrap());
        request
    };
    assert!(timeout(LONG, client_async(request, stream)).await.unwrap().is_err());
    control.run(json!({ "do": "faults", "faults": { "redirect": true } })).await;
    let mut client = plain(&server).await;
    assert_eq!(client.ask("ping", json!({})).await[0], "websocketredirect");
    client.log_in("op1").await;

    control.run(json!({ "do": "faults", "faults": { "service_down": true } })).await;
    let mut second = plain(&server).await;
    let refused = second.ask("login", json!({ "userlogin": "op2", "Password": hash("Secret1") })).await;
    assert_eq!(refused[1]["errormsg"], "Service not available");

    control.run(json!({ "do": "faults", "faults": { "garbage": 1, "delay_ms": 20 } })).await;
    control.run(json!({ "do": "call", "from": "79990000001", "to": "101" })).await;
    assert_eq!(client.read().await.unwrap(), Value::Null);
    assert_eq!(client.read().await.unwrap()[0], "phoneevent_ringstarted");

    control.run(json!({ "do": "faults", "faults": {} })).await;
    client.ask("ping", json!({})).await;
    control.run(json!({ "do": "half-message", "number": "101" })).await;
    assert_eq!(client.read().await.unwrap(), Value::Null);
    control.run(json!({ "do": "half", "number": "101" })).await;
    assert!(client.read().await.is_none());
}

#[tokio::test]
async fn what_is_no_message_ends_a_socket_and_nothing_else() {
    let server = start(None).await;
    let mut other = plain(&server).await;
    other.log_in("op2").await;
    for bad in ["", "{}", "[\"ping\"]", &"[".repeat(100_000), &" ".repeat(300 * 1024)] {
        let mut client = plain(&server).await;
        drop(client.socket.send(Message::text(bad.to_owned())).await);
        assert!(client.read().await.is_none());
    }
    let mut stream = TcpStream::connect(server.doors[0].1).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\nrubbish").await.unwrap();
    drop(timeout(LONG, stream.read_to_end(&mut Vec::new())).await.unwrap());

    let mut control = Control::open(&server).await;
    for bad in ["\n", "[]\n", "{\"do\":\"dance\"}\n", "{\"do\":\"cut\",\"number\":\"999\"}\n"] {
        assert_eq!(control.raw(bad).await["ok"], false);
    }
    assert_eq!(control.raw(&"x".repeat(256 * 1024)).await["ok"], false);
    assert_eq!(other.ask("ping", json!({})).await[0], "pong");
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
    let mut client = Client::over(stream, "wss://localhost/").await;
    client.log_in("op1").await;
    assert_eq!(client.ask("getmyuserinfo", json!({})).await[1]["mainpbxnumber"], "101");
}
