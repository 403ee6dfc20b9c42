//! A client that only listens.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::histogram::Histogram;
use super::process::Process;
use crate::api::websocket::SUBPROTOCOL;

const DAY_MS: u64 = 86_400_000;

/// A connected client.
pub(super) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects, and asks for one line.
pub(super) async fn connect(process: &Process, line: u32) -> Result<Client, String> {
    let error = |e: tokio_tungstenite::tungstenite::Error| format!("a client of {}: {e}", process.url);
    let mut request = process.url.as_str().into_client_request().map_err(error)?;
    let bearer = HeaderValue::try_from(format!("Bearer {}", process.token)).map_err(|e| e.to_string())?;
    request.headers_mut().insert("authorization", bearer);
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.map_err(error)?;
    let params = json!({
        "client": { "name": "jackfield bench", "version": env!("CARGO_PKG_VERSION") },
        "lines": [format!("sim/{line}")],
    });
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "hello", "params": params });
    socket.send(Message::text(hello.to_string())).await.map_err(error)?;
    Ok(socket)
}

/// Counts how long each event took, until the connection ends; why it did.
pub(super) async fn listen(mut socket: Client, took: Arc<Histogram>) -> String {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                // What is shown anew to one client happened before.
                if let Some(at) = time_of_day(&text).filter(|_| !text.contains(r#""resent":true"#)) {
                    took.add((now_of_day() + DAY_MS - at) % DAY_MS);
                }
            }
            Some(Ok(Message::Close(Some(frame)))) => {
                return format!("the host closed a client: {} {}", u16::from(frame.code), frame.reason);
            }
            Some(Ok(_)) => {}
            Some(Err(e)) => return format!("a client: {e}"),
            None => return "the host closed a client".to_owned(),
        }
    }
}

/// When an event happened, in milliseconds of its day; none for what is no event.
fn time_of_day(event: &str) -> Option<u64> {
    let (_, rest) = event.split_once(r#""at":""#)?;
    // 2026-11-20T09:14:07.310Z
    let digits = |from: usize, to: usize| rest.get(from..to)?.parse::<u64>().ok();
    Some(((digits(11, 13)? * 60 + digits(14, 16)?) * 60 + digits(17, 19)?) * 1000 + digits(20, 23)?)
}

fn now_of_day() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis() % u128::from(DAY_MS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::time_of_day;

    #[test]
    fn the_time_of_an_event_is_found() {
        let at = |text: &str| time_of_day(text);
        assert_eq!(at(r#"{"params":{"at":"2026-11-20T09:14:07.310Z"}}"#), Some(33_247_310));
        assert_eq!(at(r#"{"params":{"at":"2026-11-20T23:59:59.999Z"}}"#), Some(86_399_999));
        assert_eq!(at(r#"{"id":1,"result":{}}"#), None);
        assert_eq!(at(r#"{"at":"ї"}"#), None);
    }
}
