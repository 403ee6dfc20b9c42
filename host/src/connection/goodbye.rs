//! How a link is closed: so that what was said on it last is heard.
//!
//! A socket that is closed while something lies in it unread answers with a reset, and a reset takes with it what is
//! still on its way to the other side: a logout, the end of a session. So the host says that nothing more comes (the
//! closing handshake of WebSocket, TLS's `close_notify`, TCP's half-close), and reads what the other side still says
//! until it has closed, too. Whoever goes on talking or does not close is left after a while.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::dial::Link;

/// How many bytes are read that nobody wants any more.
const MOST_UNWANTED: usize = 64 * 1024 * 1024;
/// Read at once.
const READ_SIZE: usize = 16 * 1024;

impl Link {
    /// Says goodbye, and waits until the other side has closed, too, but not longer than this. What was sent before
    /// goes out first.
    pub(super) async fn close(&mut self, patience: Duration) {
        let goodbye = async {
            match self {
                Self::Tcp(stream, _) => half_close(stream).await,
                Self::Tls(stream, _) => {
                    // It says `close_notify` and half-closes. What still comes need not be deciphered.
                    if stream.shutdown().await.is_ok() {
                        drain(stream.get_mut().0).await;
                    }
                }
                Self::WebSocket(stream) => {
                    // Who does not answer the handshake has heard what came before it all the same.
                    let _ = tokio::time::timeout(patience / 2, shake_hands(stream)).await;
                    match stream.get_mut() {
                        MaybeTlsStream::Plain(stream) => half_close(stream).await,
                        MaybeTlsStream::Rustls(stream) => {
                            if stream.shutdown().await.is_ok() {
                                drain(stream.get_mut().0).await;
                            }
                        }
                        _ => {}
                    }
                }
            }
        };
        let _ = tokio::time::timeout(patience, goodbye).await;
    }
}

/// WebSocket's closing handshake (RFC 6455, 7.1.2): a close frame, and messages until one comes back.
async fn shake_hands(stream: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) {
    if stream.close(None).await.is_err() {
        return;
    }
    let mut unwanted = 0_usize;
    while let Some(Ok(message)) = stream.next().await {
        unwanted = unwanted.saturating_add(message.len());
        if matches!(message, Message::Close(_)) || unwanted > MOST_UNWANTED {
            return;
        }
    }
}

async fn half_close(stream: &mut TcpStream) {
    // One that is broken already has nobody who reads.
    if stream.shutdown().await.is_ok() {
        drain(stream).await;
    }
}

/// Reads until the other side has closed.
async fn drain(stream: &mut TcpStream) {
    let mut unwanted = vec![0; READ_SIZE];
    let mut left = MOST_UNWANTED;
    while left > 0 {
        match stream.read(&mut unwanted).await {
            Ok(0) | Err(_) => return,
            Ok(read) => left = left.saturating_sub(read),
        }
    }
}
