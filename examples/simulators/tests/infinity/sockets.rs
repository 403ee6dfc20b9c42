//! The simulator behind its door, and what it sends by itself.

use std::{net::SocketAddr, time::Duration};

use jackfield_sim::{
    Behaviour, Door, Kind,
    infinity::{Config, Simulator},
    serve,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// So long a test waits for what must come; never a measure of anything.
const LONG: Duration = Duration::from_secs(60);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// One answer of a connection that stays open.
async fn answer(stream: &mut BufReader<TcpStream>) -> (u16, Vec<u8>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(timeout(LONG, stream.read_line(&mut head)).await.unwrap().unwrap() > 0, "{head}");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    timeout(LONG, stream.read_exact(&mut body)).await.unwrap().unwrap();
    (head[9..12].parse().unwrap(), body)
}

#[tokio::test]
async fn it_is_asked_and_told_over_sockets() {
    let events = TcpListener::bind(loopback()).await.unwrap();
    let url = format!("http://{}/hooks/inf/secret", events.local_addr().unwrap());
    let config = Config { outside: Behaviour::Manual, events_url: Some(url), ..Config::default() };
    let door = Door { at: loopback(), kind: Kind::Http, tls: None };
    let server = serve(Simulator::new(config, 1), vec![door], loopback()).await.unwrap();
    let mut control = BufReader::new(TcpStream::connect(server.control).await.unwrap());
    let mut tell = async |command: Value| {
        control.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        timeout(LONG, control.read_line(&mut line)).await.unwrap().unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer
    };
    tell(json!({ "do": "call", "from": "79990000001", "to": "101" })).await;
    let mut stream = BufReader::new(TcpStream::connect(server.doors[0].1).await.unwrap());
    for (target, wanted) in [
        ("/call/getactivecalls/?Extension=101", "79990000001"),
        ("/call/accept/?Extension=101&IDCall=1001", "1001"),
        ("/user/setstate/?IDUser=11&IDUserState=301", "301"),
    ] {
        stream.write_all(format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let (status, body) = answer(&mut stream).await;
        assert_eq!(status, 200);
        assert!(String::from_utf8(body).unwrap().contains(wanted), "{target}");
    }
    let (mut told, _) = timeout(LONG, events.accept()).await.unwrap().unwrap();
    let mut head = [0; 70];
    timeout(LONG, told.read_exact(&mut head)).await.unwrap().unwrap();
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("GET /hooks/inf/secret/user/OnStateChanged/?IDUser=11&IDUserState=301"), "{head}");
    // Fifty megabytes arrive.
    tell(json!({ "do": "faults", "faults": { "answers": "huge", "count": 1 } })).await;
    stream.write_all(b"GET /call/getactivecalls/?IDUser=11 HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(answer(&mut stream).await.1.len(), 50_000_000);
    let counted = tell(json!({ "do": "requests" })).await;
    assert_eq!((&counted["total"], &counted["paths"]["call/getactivecalls"]), (&json!(4), &json!(2)));
    let shown = tell(json!({ "do": "show" })).await;
    assert_eq!(shown["users"][0]["calls"][0]["state"], 21, "{shown}");
}
