//! A phone system of three sentences at every kind of door: what comes in, what goes out, and what befalls it there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::{net::SocketAddr, time::Duration};

use jackfield_sim::{
    Arrives, Client, Data, Door, Hook, Kind, Millis, Request, Response, Server, System,
    faults::{Faults, WireFaults},
    serve,
    wire::Wire,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// So long a test waits for what must come; never a measure of anything.
const LONG: Duration = Duration::from_secs(60);

/// Sends back what it is sent; when somebody calls, it tells everybody, and whoever wants it by HTTP.
struct Echo {
    wire: Wire,
    clients: Vec<Client>,
    hook: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl System for Echo {
    const HELP: &'static str = "  {\"do\":\"tell\",\"text\":\"…\"}";

    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn open(&mut self, client: Client, _: Millis) {
        self.wire.open(client);
        self.clients.push(client);
    }

    fn receive(&mut self, client: Client, data: Data, _: Millis) {
        self.wire.reply(client, [data]);
    }

    fn closed(&mut self, client: Client, _: Millis) {
        self.wire.closed(client);
        self.clients.retain(|one| *one != client);
    }

    fn request(&mut self, client: Client, request: Request, _: Millis) {
        let body = format!("{} {}?{} {}", request.method, request.path, request.query, request.body.len());
        let arrives = match request.path.as_str() {
            "/half" => Arrives::Half,
            "/twice" => Arrives::Twice,
            "/nothing" => Arrives::Nothing,
            _ => Arrives::Whole,
        };
        let body = body.into_bytes();
        self.wire.respond(client, Response { status: 202, content_type: "text/x-echo", body, arrives });
    }

    fn tick(&mut self, _: Millis) {}

    fn due(&self) -> Option<Millis> {
        None
    }

    fn command(&mut self, command: &Value, _: Millis) -> Result<Value, String> {
        match command["do"].as_str() {
            Some("tell") => {
                for client in self.clients.clone() {
                    self.wire.event(client, Data::Bytes(b"told\n".to_vec()));
                }
                if let Some(url) = &self.hook {
                    let text = command["text"].as_str().unwrap_or_default();
                    let body = Some(("text/plain", text.as_bytes().to_vec()));
                    self.wire.hook(Hook { method: "POST", url: format!("{url}?from=echo"), body });
                }
            }
            Some("faults") => {
                let faults = Faults::<Nothing>::deserialize(&command["faults"]).map_err(|error| error.to_string())?;
                self.wire.set_faults(faults.wire);
            }
            other => return Err(format!("{other:?} is no command")),
        }
        Ok(json!({ "clients": self.clients.len() }))
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    fn calls(&self) -> usize {
        0
    }

    fn clients_of(&self, who: &str) -> Result<Vec<Client>, String> {
        if who == "all" { Ok(self.clients.clone()) } else { Err(format!("there is no {who}")) }
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn start(hook: Option<String>) -> Server {
    let wire = Wire::new(WireFaults::default(), Data::Bytes(b"\0rubbish".to_vec()));
    let doors = [Kind::Tcp, Kind::Http].map(|kind| Door { at: loopback(), kind, tls: None });
    serve(Echo { wire, clients: Vec::new(), hook }, doors.into(), loopback()).await.unwrap()
}

async fn control(server: &Server, command: Value) -> Value {
    let stream = TcpStream::connect(server.control).await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(format!("{command}\n").as_bytes()).await.unwrap();
    let mut line = String::new();
    timeout(LONG, stream.read_line(&mut line)).await.unwrap().unwrap();
    serde_json::from_str(&line).unwrap()
}

async fn expect(stream: &mut TcpStream, wanted: &[u8]) {
    let mut read = vec![0; wanted.len()];
    timeout(LONG, stream.read_exact(&mut read)).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(wanted));
}

/// What is left of a connection until it ends.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end as well.
    drop(timeout(LONG, stream.read_to_end(&mut rest)).await.expect("the connection does not end"));
    rest
}

#[tokio::test]
async fn bytes_go_both_ways_and_a_half_is_a_half() {
    let server = start(None).await;
    let mut stream = TcpStream::connect(server.doors[0].1).await.unwrap();
    stream.write_all(b"hello\0world").await.unwrap();
    expect(&mut stream, b"hello\0world").await;
    assert_eq!(control(&server, json!({ "do": "tell" })).await["clients"], 1);
    expect(&mut stream, b"told\n").await;
    assert_eq!(control(&server, json!({ "do": "raw", "number": "all", "text": "raw" })).await["sessions"], 1);
    expect(&mut stream, b"raw").await;
    control(&server, json!({ "do": "garbage", "number": "all" })).await;
    expect(&mut stream, b"\0rubbish").await;
    control(&server, json!({ "do": "faults", "faults": { "drop_events": 1 } })).await;
    control(&server, json!({ "do": "tell" })).await;
    control(&server, json!({ "do": "faults", "faults": {} })).await;
    control(&server, json!({ "do": "half", "number": "all" })).await;
    assert_eq!(rest(&mut stream).await, b"\0rub");
    for (wrong, why) in [
        (json!({ "do": "cut", "number": "nobody" }), "nobody"),
        (json!({ "do": "cut" }), "number"),
        (json!({ "do": "dance" }), "dance"),
        (json!({ "do": "faults", "faults": { "delay": 1 } }), "delay"),
    ] {
        let answer = control(&server, wrong).await;
        assert!(answer["ok"] == false && answer["error"].as_str().unwrap().contains(why), "{answer}");
    }
    let help = control(&server, json!({ "do": "help" })).await["help"].to_string();
    assert!(help.contains("tell") && help.contains("garbage"), "{help}");
}

#[tokio::test]
async fn silence_keeps_the_socket_open() {
    let server = start(None).await;
    let mut stream = TcpStream::connect(server.doors[0].1).await.unwrap();
    stream.write_all(b"1").await.unwrap();
    expect(&mut stream, b"1").await;
    control(&server, json!({ "do": "faults", "faults": { "silent": true } })).await;
    control(&server, json!({ "do": "tell" })).await;
    control(&server, json!({ "do": "faults", "faults": {} })).await;
    stream.write_all(b"2").await.unwrap();
    expect(&mut stream, b"2").await;
    control(&server, json!({ "do": "cut", "number": "all" })).await;
    assert!(rest(&mut stream).await.is_empty());
}

#[tokio::test]
async fn requests_are_answered_each_by_itself() {
    let server = start(None).await;
    let ask = async |head: &str, body: &str| {
        let mut stream = TcpStream::connect(server.doors[1].1).await.unwrap();
        let length = body.len();
        let text = format!("{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(text.as_bytes()).await.unwrap();
        String::from_utf8(rest(&mut stream).await).unwrap()
    };
    let answer = ask("POST /a/b?c=d", "12345").await;
    assert!(answer.starts_with("HTTP/1.1 202") && answer.contains("content-type: text/x-echo"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nPOST /a/b?c=d 5"), "{answer}");
    // The head and a half of the body, everything twice, nothing.
    let half = ask("GET /half?1234", "").await;
    assert!(half.contains("content-length: 16\r\n") && half.ends_with("\r\n\r\nGET /hal"), "{half}");
    let twice = ask("GET /twice", "").await;
    let (one, other) = twice.split_at(twice.len() / 2);
    assert!(one == other && one.starts_with("HTTP/1.1 202") && one.ends_with("GET /twice? 0"), "{twice}");
    assert_eq!(ask("GET /nothing", "").await, "");
    assert!(ask("PUT /", &"x".repeat(300 * 1024)).await.starts_with("HTTP/1.1 413"));
    control(&server, json!({ "do": "faults", "faults": { "garbage": 1 } })).await;
    assert!(ask("GET /", "").await.ends_with("\r\n\r\n\0rubbish"));
    assert!(ask("rubbish", "").await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn hooks_are_made_in_their_order() {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let server = start(Some(format!("http://{}/hooks/x", listener.local_addr().unwrap()))).await;
    for text in ["one", "two"] {
        control(&server, json!({ "do": "tell", "text": text })).await;
    }
    for text in ["one", "two"] {
        let (mut stream, _) = timeout(LONG, listener.accept()).await.unwrap().unwrap();
        let mut request = String::new();
        while !request.ends_with(text) {
            let mut piece = [0; 512];
            let read = timeout(LONG, stream.read(&mut piece)).await.unwrap().unwrap();
            assert!(read > 0, "{request}");
            request += std::str::from_utf8(&piece[..read]).unwrap();
        }
        assert!(request.starts_with("POST /hooks/x?from=echo HTTP/1.1\r\n"), "{request}");
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    }
}
