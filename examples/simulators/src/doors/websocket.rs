//! A WebSocket door.

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::AsyncWriteExt,
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::HeaderValue,
        protocol::WebSocketConfig,
    },
};

use super::{Input, LONGEST, PATIENCE, Stream, outbox::Outbox};
use crate::{Client, Data, Output};

pub(super) async fn serve(stream: Box<dyn Stream>, client: Client, door: usize, inputs: &mpsc::Sender<Input>) {
    let (answer, echo) = oneshot::channel();
    if inputs.send(Input::Subprotocol(answer)).await.is_err() {
        return;
    }
    let echo = echo.await.unwrap_or(None);
    #[allow(clippy::result_large_err, reason = "the callback's type is the library's")]
    let subprotocol = move |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let asked = request.headers().get_all("sec-websocket-protocol").iter();
        let mut asked = asked.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        if let Some(own) = echo.filter(|own| asked.any(|name| name.trim() == *own)) {
            response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(own));
        }
        Ok(response)
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST))
        .read_buffer_size(4_096);
    let handshake = accept_hdr_async_with_config(stream, subprotocol, Some(config));
    let Ok(Ok(socket)) = timeout(PATIENCE, handshake).await else { return };
    let (sender, outbox) = Outbox::new();
    if inputs.send(Input::Open(client, door, sender)).await.is_ok() {
        converse(socket, client, inputs, outbox).await;
        drop(inputs.send(Input::Closed(client)).await);
    }
}

/// Reads and writes one socket until it ends. `None` of anything means that it has.
async fn converse(
    mut socket: WebSocketStream<Box<dyn Stream>>,
    client: Client,
    inputs: &mpsc::Sender<Input>,
    mut outbox: Outbox,
) -> Option<()> {
    loop {
        tokio::select! {
            message = socket.next() => {
                let data = match message?.ok()? {
                    Message::Text(text) => Data::Text(text.as_str().to_owned()),
                    Message::Binary(bytes) => Data::Bytes(bytes.to_vec()),
                    Message::Close(_) => {
                        // The answer to a close frame is written by going on.
                        drop(timeout(PATIENCE, socket.close(None)).await);
                        return None;
                    }
                    _ => continue,
                };
                inputs.send(Input::Data(client, data)).await.ok()?;
            }
            output = outbox.next() => match output? {
                Output::Send { data, .. } => {
                    let message = match data {
                        Data::Text(text) => Message::text(text),
                        Data::Bytes(bytes) => Message::binary(bytes),
                    };
                    timeout(PATIENCE, socket.send(message)).await.ok()?.ok()?;
                }
                Output::Cut { half, .. } => {
                    cut(socket, half).await;
                    return None;
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

/// Drops a connection, perhaps in the middle of a frame.
async fn cut(mut socket: WebSocketStream<Box<dyn Stream>>, half: Option<Data>) {
    if let Some(data) = half {
        let bytes = data.as_bytes();
        let length = u8::try_from(bytes.len().min(125)).unwrap_or(125);
        let kind = if matches!(data, Data::Text(_)) { 0x81 } else { 0x82 };
        let mut frame = vec![kind, length];
        frame.extend(&bytes[..usize::from(length) / 2]);
        let stream = socket.get_mut();
        drop(timeout(PATIENCE, stream.write_all(&frame)).await);
        drop(timeout(PATIENCE, stream.flush()).await);
    }
}
