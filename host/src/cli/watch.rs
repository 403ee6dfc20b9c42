//! `jackfield watch`: a client for the terminal, and for scripts.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};

use super::watch_line::Printer;
use super::{Failure, output};
use crate::api::websocket::SUBPROTOCOL;

/// Connects to a running host and prints events as they come.
///
/// Comes back by itself when the host goes away, and misses nothing that the host still keeps.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  JACKFIELD_TOKEN=… jackfield watch
  JACKFIELD_TOKEN=… jackfield watch wss://cti.example/ws --line ast/101 --json")]
pub(super) struct Watch {
    /// The host's address.
    #[arg(default_value = "ws://127.0.0.1:8080/ws", env = "JACKFIELD_URL")]
    url: String,
    /// The token. Other users of this machine can read command lines: prefer the variable.
    #[arg(long, env = "JACKFIELD_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Only these lines; else all that the token may see.
    #[arg(long = "line", value_name = "NAME")]
    lines: Vec<String>,
    /// One JSON object per line, as it came.
    #[arg(long)]
    json: bool,
    /// Ends when the connection ends, instead of coming back.
    #[arg(long)]
    once: bool,
}

/// How a connection ended.
enum End {
    /// Trying again is of use.
    Lost(String),
    /// It is not.
    Refused(String),
    /// Nobody reads any more, or Ctrl-C.
    Done,
}

impl Watch {
    pub(super) fn main(self) -> Result<(), Failure> {
        if self.token.as_deref().is_none_or(str::is_empty) {
            let text = "a token is needed, one of the configuration's users: JACKFIELD_TOKEN=… jackfield watch";
            return Err(Failure { code: 2, text: text.to_owned() });
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new(format!("the runtime: {e}")))?;
        runtime.block_on(async {
            tokio::select! {
                done = self.watch() => done,
                _ = tokio::signal::ctrl_c() => Ok(()),
            }
        })
    }

    async fn watch(&self) -> Result<(), Failure> {
        let mut seen: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut wait = Duration::from_millis(500);
        let printer = Printer::new(self.json);
        loop {
            let began = std::time::Instant::now();
            match self.connection(&printer, &mut seen).await {
                End::Done => return Ok(()),
                End::Refused(why) => return Err(Failure::new(why)),
                End::Lost(why) if self.once => return Err(Failure::new(why)),
                End::Lost(why) => {
                    output::note(&format!("-- {}; trying again in {} ms", output::harmless(&why), wait.as_millis()));
                    tokio::time::sleep(wait).await;
                    let lasted = began.elapsed() > Duration::from_secs(30);
                    wait = if lasted { Duration::from_millis(500) } else { (wait * 2).min(Duration::from_secs(15)) };
                }
            }
        }
    }

    async fn connection(&self, printer: &Printer, seen: &mut BTreeMap<String, (u64, u64)>) -> End {
        let mut request = match self.url.as_str().into_client_request() {
            Ok(request) => request,
            Err(e) => return End::Refused(format!("`{}`: {e}", self.url)),
        };
        if !matches!(request.uri().scheme_str(), Some("ws" | "wss")) {
            let hint = match self.url.strip_prefix("http") {
                Some(rest) if rest.contains("://") => {
                    format!("; the host's is ws{}/ws", rest.split('#').next().unwrap_or_default().trim_end_matches('/'))
                }
                _ => String::new(),
            };
            return End::Refused(format!("`{}`: an address begins with ws:// or wss://{hint}", self.url));
        }
        let Ok(bearer) = HeaderValue::try_from(format!("Bearer {}", self.token.as_deref().unwrap_or_default())) else {
            return End::Refused("a token consists of printable characters".to_owned());
        };
        request.headers_mut().insert("authorization", bearer);
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let (mut socket, _) = match tokio_tungstenite::connect_async(request).await {
            Ok(connected) => connected,
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
                let text = format!("{}: the host answers {}: {body}", self.url, response.status());
                return if response.status().is_server_error() { End::Lost(text) } else { End::Refused(text) };
            }
            Err(tungstenite::Error::Tls(e)) => return End::Refused(format!("{}: TLS: {e}", self.url)),
            Err(tungstenite::Error::Io(e)) if e.kind() == std::io::ErrorKind::InvalidData => {
                let hint = "SSL_CERT_FILE names a file with further trusted roots";
                return End::Refused(format!("{}: TLS: {e}; {hint}", self.url));
            }
            Err(e) => return End::Lost(format!("{}: {e}", self.url)),
        };
        let resume: Vec<Value> =
            seen.iter().map(|(line, (epoch, seq))| json!({ "line": line, "epoch": epoch, "seq": seq })).collect();
        let mut params = json!({
            "client": { "name": "jackfield watch", "version": env!("CARGO_PKG_VERSION") },
            "resume": resume,
        });
        if !self.lines.is_empty() {
            params["lines"] = json!(self.lines);
        }
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "hello", "params": params });
        if let Err(e) = socket.send(Message::text(hello.to_string())).await {
            return End::Lost(e.to_string());
        }
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => match take(&text, printer, seen) {
                    Ok(()) => {}
                    Err(end) => return end,
                },
                Some(Ok(Message::Close(Some(frame)))) => {
                    let why = format!("the host closed: {} {}", u16::from(frame.code), frame.reason);
                    return match u16::from(frame.code) {
                        4400 | 4401 | 4403 => End::Refused(why),
                        _ => End::Lost(why),
                    };
                }
                Some(Ok(_)) => {}
                Some(Err(e)) => return End::Lost(e.to_string()),
                None => return End::Lost("the host is gone".to_owned()),
            }
        }
    }
}

fn take(text: &str, printer: &Printer, seen: &mut BTreeMap<String, (u64, u64)>) -> Result<(), End> {
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        return Err(End::Refused("the host sends something that is no JSON".to_owned()));
    };
    if let Some(error) = message.get("error") {
        let why = error.get("message").and_then(Value::as_str).unwrap_or("refused");
        return Err(End::Refused(output::harmless(why)));
    }
    let params = &message["params"];
    if let (Some(line), Some(epoch), Some(seq)) =
        (params["line"].as_str(), params["epoch"].as_u64(), params["seq"].as_u64())
    {
        seen.insert(line.to_owned(), (epoch, seq));
    }
    printer.print(text, &message).map_err(|_| End::Done)
}
