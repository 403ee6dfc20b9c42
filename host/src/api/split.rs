//! A client's socket in two halves: the session reads, the hub writes.
//!
//! The WebSocket library answers pings and closes by itself; what it writes goes through the hub, so that nothing ever
//! lands inside a half-written frame.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::Shared;
use super::server::Stream;
use crate::hub::{Outlet, SessionId};

/// Pieces that may wait for encryption; more wait as a cursor in the log.
const TLS_QUEUE: usize = 64;

/// What the session reads from, and the hub, which takes control frames.
pub(super) struct ReadHalf {
    input: Input,
    shared: Arc<Shared>,
    id: SessionId,
}

enum Input {
    Tcp(Arc<TcpStream>),
    Tls(tokio::io::ReadHalf<Box<tokio_rustls::server::TlsStream<TcpStream>>>),
}

/// Splits a socket.
pub(super) fn split(stream: Stream, shared: Arc<Shared>, id: SessionId) -> (Outlet, ReadHalf) {
    match stream {
        Stream::Tcp(stream) => {
            let stream = Arc::new(stream);
            (Outlet::Tcp(Arc::clone(&stream)), ReadHalf { input: Input::Tcp(stream), shared, id })
        }
        Stream::Tls(stream) => {
            let (read, mut write) = tokio::io::split(stream);
            let (queue, mut pieces) = mpsc::channel::<Bytes>(TLS_QUEUE);
            tokio::spawn(async move {
                while let Some(first) = pieces.recv().await {
                    // Whatever waits is flushed together, and kept nowhere else meanwhile.
                    let mut next = Some(first);
                    while let Some(piece) = next {
                        if write.write_all(&piece).await.is_err() {
                            return;
                        }
                        next = pieces.try_recv().ok();
                    }
                    if write.flush().await.is_err() {
                        return;
                    }
                }
                let _ = write.shutdown().await;
            });
            (Outlet::Queue(queue), ReadHalf { input: Input::Tls(read), shared, id })
        }
    }
}

impl AsyncRead for ReadHalf {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.input {
            Input::Tcp(stream) => loop {
                ready!(stream.poll_read_ready(cx))?;
                match stream.try_read(buf.initialize_unfilled()) {
                    Ok(count) => {
                        buf.advance(count);
                        return Poll::Ready(Ok(()));
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    Err(e) => return Poll::Ready(Err(e)),
                }
            },
            Input::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for ReadHalf {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // Bounded by what a client can send: a pong or close per ping or close.
        self.shared.hub.frame_soon(self.id, Bytes::copy_from_slice(buf));
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
