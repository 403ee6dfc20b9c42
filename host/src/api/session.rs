//! A client's session: what it may ask, from `hello` to goodbye. This task only reads; the hub writes.

mod stay;
mod wanted;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role as Side, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use super::Shared;
use super::auth::User;
use super::budget::Budget;
use super::present::{Here, Who};
use super::recordings;
use super::server::Stream;
use super::split::{self, ReadHalf};
use crate::config::Role;
use crate::connection::{ClientCommand, DEFAULT_TIMEOUT, MOST_TIMEOUT, is_command};
use crate::hub::{NewSession, SessionId, close_code, frame};
use crate::rpc::{self, Request, RpcError};
use jackfield_plugin_api::ErrorCode;
use stay::Ends;

/// How long a client may take to say `hello`.
const HELLO: Duration = Duration::from_secs(5);
/// The largest request; a WebRTC signal carries up to 64 KiB.
const MOST_REQUEST: usize = 128 * 1024;
/// A small buffer: there may be thousands of clients, and the default one is zeroed at every read.
const READ_BUFFER: usize = 512;

/// The answer to `hello`, without the lines.
#[derive(Debug, Serialize)]
struct Hello<'a> {
    protocol: u8,
    session: String,
    user: UserOfHello<'a>,
}

#[derive(Debug, Serialize)]
struct UserOfHello<'a> {
    name: &'a str,
    role: &'a str,
}

/// A client's socket, as the session reads it.
type Socket = WebSocketStream<ReadHalf>;

/// Serves a client until it is gone. What leads to its session is boxed by whoever calls this: it takes more than what
/// comes after, and there may be thousands of clients.
pub(super) async fn serve(beginning: Pin<Box<impl Future<Output = Option<(Session, Socket)>>>>) {
    let Some((mut session, mut socket)) = beginning.await else { return };
    if let Some(goodbye) = session.until_goodbye(&mut socket).await {
        Box::pin(session.say_goodbye(&mut socket, goodbye)).await;
    }
}

/// A session from the handshake to the answer to `hello`; `own` is the task that serves it. None: it came to nothing.
pub(super) async fn begin(
    shared: Arc<Shared>,
    stream: Stream,
    read: Bytes,
    token: Option<String>,
    own: AbortHandle,
) -> Option<(Session, Socket)> {
    let id = shared.hub.next_session();
    let from = stream.peer().map(|a| a.to_string()).unwrap_or_default();
    tracing::debug!(target: "audit", session = %id, from, "a client connects");
    let (outlet, half) = split::split(stream, Arc::clone(&shared), id);
    let heard = Arc::new(AtomicU64::new(shared.hub.ticks().load(Ordering::Relaxed)));
    shared.hub.join(NewSession { id, outlet, reader: own, heard: Arc::clone(&heard) }).await;
    let mut session = Session {
        id,
        from,
        user: None,
        token,
        heard,
        budget: Budget::new(),
        replaced: shared.replaced(),
        ends: Ends::default(),
        here: None,
        shared,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MOST_REQUEST))
        .max_frame_size(Some(MOST_REQUEST));
    let early = read.to_vec();
    // It is a piece of the handshake's buffer, and would keep all of that as long as the session lives.
    drop(read);
    let mut socket = WebSocketStream::from_partially_read(half, early, Side::Server, Some(config)).await;
    let goodbye = match tokio::time::timeout(HELLO, session.until_hello(&mut socket)).await {
        Ok(Ok(())) => return Some((session, socket)),
        Ok(Err(goodbye)) => goodbye?,
        Err(_) => Goodbye(close_code::NOT_AUTHENTICATED, "no `hello` within 5 s".to_owned()),
    };
    session.say_goodbye(&mut socket, goodbye).await;
    None
}

/// A client that was let in, or is about to be.
pub(super) struct Session {
    shared: Arc<Shared>,
    id: SessionId,
    /// Its address.
    from: String,
    user: Option<Arc<User>>,
    /// A token that came with the handshake.
    token: Option<String>,
    heard: Arc<AtomicU64>,
    budget: Budget,
    /// Tells when users and lines have changed.
    replaced: watch::Receiver<()>,
    /// When the token ends, if it does.
    ends: Ends,
    /// That it is here, for as long as it is.
    here: Option<Here>,
}

impl Drop for Session {
    /// Also when the hub has ended the task.
    fn drop(&mut self) {
        self.shared.hub.gone(self.id);
    }
}

/// How a session ends: close code and reason.
struct Goodbye(u16, String);

impl Session {
    /// Closes the session, and waits for the client to see it.
    async fn say_goodbye(&self, socket: &mut Socket, Goodbye(code, reason): Goodbye) {
        self.shared.hub.close(self.id, code, reason).await;
        // What still comes is read and dropped: closing a socket with unread bytes would reset it, and the client would
        // never see why it was closed. The hub ends this task after a while.
        let mut rest = vec![0; 4096];
        while socket.get_mut().read(&mut rest).await.is_ok_and(|count| count > 0) {}
    }

    /// The next request. `Err(None)`: the client is gone.
    async fn next(&mut self, socket: &mut Socket) -> Result<String, Option<Goodbye>> {
        loop {
            let message = tokio::select! {
                message = socket.next() => message,
                Ok(()) = self.replaced.changed() => {
                    self.may_stay()?;
                    continue;
                }
                () = self.ends.run_out() => {
                    self.may_stay()?;
                    continue;
                }
            };
            self.heard.store(self.shared.hub.ticks().load(Ordering::Relaxed), Ordering::Relaxed);
            match message {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Binary(_))) => {
                    let reason = "requests are text frames".to_owned();
                    return Err(Some(Goodbye(close_code::PROTOCOL, reason)));
                }
                Some(Ok(Message::Close(_))) | None => return Err(None),
                Some(Ok(_)) => {}
                Some(Err(tungstenite::Error::Capacity(_))) => {
                    let reason = format!("a request has at most {MOST_REQUEST} bytes");
                    return Err(Some(Goodbye(close_code::PROTOCOL, reason)));
                }
                Some(Err(tungstenite::Error::Protocol(e))) => {
                    return Err(Some(Goodbye(close_code::PROTOCOL, e.to_string())));
                }
                Some(Err(tungstenite::Error::Utf8(_))) => {
                    return Err(Some(Goodbye(close_code::PROTOCOL, "a text frame is UTF-8".to_owned())));
                }
                Some(Err(_)) => return Err(None),
            }
        }
    }

    /// Until the client has proved who it is.
    async fn until_hello(&mut self, socket: &mut Socket) -> Result<(), Option<Goodbye>> {
        let text = self.next(socket).await?;
        let protocol = |why: &str| Err(Some(Goodbye(close_code::PROTOCOL, why.to_owned())));
        let request = match rpc::read(&text) {
            Ok(request) => request,
            Err((id, error)) => {
                self.refuse(&id, &error).await;
                return protocol("the first request is `hello`");
            }
        };
        if request.method != "hello" {
            let error = RpcError::ours(ErrorCode::AuthenticationFailed, "the first request is `hello`");
            self.refuse(&request.id, &error).await;
            return protocol("the first request is `hello`");
        }
        let offered = request.params.get("token").and_then(Value::as_str).map(ToOwned::to_owned);
        let token = offered.or_else(|| self.token.take()).unwrap_or_default();
        let Some(user) = self.shared.authenticate(&token) else {
            tracing::warn!(target: "audit", session = %self.id, from = self.from, "a client without a valid token was refused");
            let text = "the token is missing or not valid; it comes in the Authorization header, as the subprotocol \
                        `bearer.<token>`, or as `token` of `hello`";
            self.refuse(&request.id, &RpcError::ours(ErrorCode::AuthenticationFailed, text)).await;
            let reason = "not authenticated".to_owned();
            return Err(Some(Goodbye(close_code::NOT_AUTHENTICATED, reason)));
        };
        let client = request.params.get("client").and_then(|c| c.get("name")).and_then(Value::as_str).unwrap_or("");
        let client: String = client.chars().filter(|c| !c.is_control()).take(60).collect();
        tracing::info!(target: "audit", session = %self.id, user = %user.name, role = user.role.as_str(), client, from = self.from, "hello");
        self.ends = Ends::of(&user);
        self.user = Some(Arc::clone(&user));
        self.here = Some(Here::enter(&self.shared, self.id, Who::new(&user, client, self.from.clone())));
        let (session, name, role) = (self.id.to_string(), &user.name, user.role.as_str());
        let answer = Hello { protocol: 1, session, user: UserOfHello { name, role } };
        // Numbers and texts: there is nothing in it that cannot be written.
        let answer = serde_json::to_vec(&answer).unwrap_or_else(|_| b"{}".to_vec());
        match self.lines(&user, &request.params) {
            Ok(wanted) => {
                self.want(request.id, wanted, answer).await;
                Ok(())
            }
            Err(error) => {
                self.refuse(&request.id, &error).await;
                let code = if error.is_malformed() { close_code::PROTOCOL } else { close_code::FORBIDDEN };
                Err(Some(Goodbye(code, error.message)))
            }
        }
    }

    async fn until_goodbye(&mut self, socket: &mut Socket) -> Option<Goodbye> {
        loop {
            let text = match self.next(socket).await {
                Ok(text) => text,
                Err(goodbye) => return goodbye,
            };
            let mut read = rpc::read(&text);
            if !self.budget.take() {
                let id = read.map_or_else(|(id, _)| id, |request| request.id);
                read = Err((id, RpcError::ours(ErrorCode::RateLimited, "too many requests; slow down")));
            }
            let request = match read {
                Ok(request) => request,
                Err((id, error)) => {
                    self.refuse(&id, &error).await;
                    continue;
                }
            };
            match Box::pin(self.request(request)).await {
                Ok(None) => {}
                Ok(Some(goodbye)) => return Some(goodbye),
                Err((id, error)) => self.refuse(&id, &error).await,
            }
        }
    }

    async fn request(&mut self, request: Request) -> Result<Option<Goodbye>, (Value, RpcError)> {
        let Some(user) = self.user.clone() else { return Ok(None) };
        let Request { id, method, params } = request;
        match method.as_str() {
            "hello" => Err((id, RpcError::invalid_request("`hello` was said already"))),
            "goodbye" => {
                self.shared.hub.frame(self.id, frame::text(rpc::result(&id, &json!({})).as_bytes())).await;
                Ok(Some(Goodbye(close_code::NORMAL, "goodbye".to_owned())))
            }
            "subscribeRaw" | "unsubscribeRaw" => {
                if user.role != Role::Admin {
                    let text = "raw messages are for admins: they show everybody's calls";
                    return Err((id, RpcError::ours(ErrorCode::Forbidden, text)));
                }
                let lines = match method.as_str() {
                    "subscribeRaw" => self.lines(&user, &params).map_err(|e| (id.clone(), e))?,
                    _ => Vec::new(),
                };
                self.shared.hub.want_raw(self.id, lines.into_iter().map(|w| w.line).collect()).await;
                self.shared.hub.frame(self.id, frame::text(rpc::result(&id, &json!({})).as_bytes())).await;
                Ok(None)
            }
            "authenticate" => {
                self.authenticate(&user, &params).map_err(|e| (id.clone(), e))?;
                self.shared.hub.frame(self.id, frame::text(rpc::result(&id, &json!({})).as_bytes())).await;
                Ok(None)
            }
            "subscribe" => {
                let wanted = self.lines(&user, &params).map_err(|e| (id.clone(), e))?;
                self.want(id, wanted, b"{}".to_vec()).await;
                Ok(None)
            }
            "unsubscribe" => {
                let wanted = self.lines(&user, &params).map_err(|e| (id.clone(), e))?;
                self.shared.hub.unwant(self.id, wanted.into_iter().map(|w| w.line).collect()).await;
                self.shared.hub.frame(self.id, frame::text(rpc::result(&id, &json!({})).as_bytes())).await;
                Ok(None)
            }
            _ if is_command(&method) => {
                self.command(&user, id.clone(), method, params).await.map_err(|e| (id, e))?;
                Ok(None)
            }
            _ => Err((id, RpcError::method_not_found(&method))),
        }
    }

    /// A new token on the live socket: of the same user, or everything that was shown so far would be another's.
    fn authenticate(&mut self, user: &User, params: &Map<String, Value>) -> Result<(), RpcError> {
        let token = params.get("token").and_then(Value::as_str).unwrap_or_default();
        match self.shared.authenticate(token) {
            Some(new) if new.name == user.name => {
                self.ends = Ends::of(&new);
                self.user = Some(new);
                Ok(())
            }
            Some(_) => {
                tracing::warn!(target: "audit", session = %self.id, user = %user.name, "a token of another user was refused");
                Err(RpcError::ours(ErrorCode::Forbidden, "the token is another user's; connect anew"))
            }
            None => Err(RpcError::ours(ErrorCode::AuthenticationFailed, "the token is not valid")),
        }
    }

    async fn refuse(&self, id: &Value, error: &RpcError) {
        self.shared.hub.frame(self.id, frame::text(rpc::error(id, error).as_bytes())).await;
    }

    async fn command(
        &self,
        user: &Arc<User>,
        id: Value,
        method: String,
        mut params: Map<String, Value>,
    ) -> Result<(), RpcError> {
        let Some(Value::String(name)) = params.remove("line") else {
            return Err(RpcError::invalid_params("/params/line", "every command names its `line`"));
        };
        let forbidden = |text: String| {
            tracing::warn!(target: "audit", session = %self.id, user = %user.name, method, "{text}");
            RpcError::ours(ErrorCode::Forbidden, text)
        };
        let Some(key) = user.line(&name) else {
            let shown: String = name.chars().take(100).collect();
            return Err(forbidden(format!("`{shown}` is not one of your lines")));
        };
        if !user.role.commands() && !method.starts_with("query") && method != "getCapabilities" {
            return Err(forbidden(format!("a {} sees lines, but does not command them", user.role.as_str())));
        }
        params.remove("connection");
        let idempotency_key = match params.remove("idempotencyKey") {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) if (1..=100).contains(&key.len()) => Some(key),
            Some(_) => {
                let text = "`idempotencyKey` is a text of 1 to 100 bytes";
                return Err(RpcError::invalid_params("/params/idempotencyKey", text));
            }
        };
        let timeout = match params.remove("timeoutMs") {
            None | Some(Value::Null) => DEFAULT_TIMEOUT,
            Some(value) => {
                let most = u64::try_from(MOST_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
                let millis = value.as_u64().filter(|ms| (1..=most).contains(ms)).ok_or_else(|| {
                    RpcError::invalid_params("/params/timeoutMs", format!("`timeoutMs` is a number from 1 to {most}"))
                })?;
                Duration::from_millis(millis)
            }
        };
        if method == "queryCallRecords" && recordings::answer(&self.shared, user, self.id, &id, &name, &params) {
            return Ok(());
        }
        let Some(connection) = self.shared.directory().connections.get(&key).cloned() else {
            return Err(RpcError::ours(ErrorCode::General, "the line has no connection"));
        };
        let params = Value::Object(params);
        let (session, user) = (self.id, user.name.clone());
        let command = ClientCommand { session, user, id, line: key, method, params, idempotency_key, timeout };
        match connection.command(command).await {
            true => Ok(()),
            false => Err(RpcError::ours(ErrorCode::ConnectionLost, "the host is stopping")),
        }
    }
}
