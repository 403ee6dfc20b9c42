//! A WebSocket server that says what a test tells it to say: the state of each user's line, and the events. It is no
//! phone system; what a line is after a command is the test's to say.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jackfield_tests::host::PATIENCE;
use serde_json::{Map, Value, json};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::{Message, WebSocket};

pub(crate) const OUTSIDE: &str = "79990000001";
pub(crate) const CHAIN: &str = "11111111-aaaa-4aaa-8aaa-000000000001";
pub(crate) const CHAIN_2: &str = "22222222-aaaa-4aaa-8aaa-000000000002";
const ZERO: &str = "00000000-0000-0000-0000-000000000000";

/// A user.
struct User {
    info: Value,
    state: Value,
    refuses: bool,
    /// What is to be sent to each session: an event, or nothing, which ends it.
    sessions: Vec<Sender<Option<Value>>>,
    requests: Vec<String>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Server {
    users: Arc<Mutex<BTreeMap<String, User>>>,
    port: u16,
}

pub(crate) fn idle() -> Value {
    json!({"linestatestr": "lsHookDown", "chainid": ZERO, "abonent": {}, "isflashing": false})
}

pub(crate) fn party(number: &str) -> Value {
    json!({"number": number, "callerid": number, "isextline": true, "extline": "00901"})
}

/// A line with somebody there whose record has this flag.
pub(crate) fn with(number: &str, chain: &str, flag: &str) -> Value {
    let mut abonent = if number.is_empty() { json!({}) } else { party(number) };
    match flag.split_once('=') {
        Some((key, value)) => {
            abonent[key] = json!(value);
            abonent["isringing"] = json!(true);
        }
        None => abonent[flag] = json!(true),
    }
    let state = if flag == "iscommutated" { "lsCommutated" } else { "lsOther" };
    json!({"linestatestr": state, "chainid": chain, "abonent": abonent, "isflashing": false})
}

/// The same with somebody on hold.
pub(crate) fn holding(mut info: Value, number: &str, chain: &str) -> Value {
    info["isflashing"] = json!(true);
    info["flashed"] = party(number);
    info["flashed"]["chainid"] = json!(chain);
    info
}

impl Server {
    /// Listens, with these users.
    pub(crate) fn start(logins: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let user = || User {
            info: idle(),
            state: json!({"userstateid": 1, "oncallcenter": false, "onlunch": false, "onccmanual": false, "onredirect": false}),
            refuses: false,
            sessions: Vec::new(),
            requests: Vec::new(),
        };
        let users = logins.iter().map(|login| ((*login).to_owned(), user())).collect();
        let server = Self { users: Arc::new(Mutex::new(users)), port };
        let accepting = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = accepting.clone();
                std::thread::spawn(move || server.session(stream));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    fn user<T>(&self, login: &str, act: impl FnOnce(&mut User) -> T) -> T {
        act(self.users.lock().unwrap().get_mut(login).unwrap())
    }

    /// The user's line is as this from now on, and these events tell. `userstatechanged 5`: its state, `flash 1`: a hold.
    pub(crate) fn becomes(&self, login: &str, info: Value, events: &[&str]) {
        self.user(login, |user| {
            user.info = info;
            for event in events {
                let (name, value) = event.split_once(' ').unwrap_or((event, "0"));
                let value: i64 = value.parse().unwrap();
                let message = match name {
                    "flash" => json!(["flashstatechanged", {"flashtypeid": value, "userlogin": login}]),
                    "userstatechanged" => {
                        user.state["userstateid"] = json!(value);
                        json!(["userstatechanged", {"userstateid": value, "userlogin": login}])
                    }
                    name => json!([name, {"userlogin": login}]),
                };
                user.sessions.retain(|session| session.send(Some(message.clone())).is_ok());
            }
        });
    }

    /// Breaks the user's sessions.
    pub(crate) fn cut(&self, login: &str) {
        self.user(login, |user| user.sessions.drain(..).for_each(|session| drop(session.send(None))));
    }

    pub(crate) fn refuses(&self, login: &str, refuses: bool) {
        self.user(login, |user| user.refuses = refuses);
    }

    /// Waits until a request of this name came.
    pub(crate) fn wait_for(&self, login: &str, request: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.user(login, |user| {
                let at = user.requests.iter().position(|name| name == request);
                at.map(|at| user.requests.drain(..=at).count())
            });
            if found.is_some() {
                return;
            }
            assert!(Instant::now() < until, "{login} never asked for {request}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn session(&self, stream: TcpStream) {
        #[allow(clippy::result_large_err, reason = "the library's own type")]
        let echo = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            let asked = request.headers().get("sec-websocket-protocol").cloned();
            if let Some(asked) = asked {
                response.headers_mut().insert("sec-websocket-protocol", asked);
            }
            Ok(response)
        };
        let Ok(mut socket) = tungstenite::accept_hdr(stream, echo) else { return };
        // Short enough that events go out at once, whatever the client says.
        if socket.get_mut().set_read_timeout(Some(Duration::from_millis(2))).is_err() {
            return;
        }
        let mut login = None;
        let (sender, events) = channel();
        while self.turn(&mut socket, &mut login, &sender, &events) {}
    }

    /// One look at the socket. `false`: the session is over.
    fn turn(
        &self,
        socket: &mut WebSocket<TcpStream>,
        login: &mut Option<String>,
        sender: &Sender<Option<Value>>,
        events: &Receiver<Option<Value>>,
    ) -> bool {
        while let Ok(event) = events.try_recv() {
            let Some(event) = event else { return false };
            if socket.send(Message::text(event.to_string())).is_err() {
                return false;
            }
        }
        match socket.read() {
            Ok(Message::Text(text)) => {
                let message: Value = serde_json::from_str(&text).unwrap();
                let name = message[0].as_str().unwrap().to_owned();
                let body = message[1].as_object().unwrap();
                if name == "login" {
                    *login = body["userlogin"].as_str().map(ToOwned::to_owned);
                }
                let reply = self.reply(login.as_deref(), &name, body, sender);
                socket.send(Message::text(reply.to_string())).is_ok()
            }
            Ok(Message::Close(_)) => false,
            Ok(_) => true,
            Err(tungstenite::Error::Io(e)) => {
                matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
            }
            Err(_) => false,
        }
    }

    fn reply(
        &self,
        login: Option<&str>,
        name: &str,
        body: &Map<String, Value>,
        sender: &Sender<Option<Value>>,
    ) -> Value {
        let mut reply = json!({"result": 1});
        if let Some(login) = login {
            let number = login.trim_start_matches("op");
            self.user(login, |user| {
                user.requests.push(name.to_owned());
                reply = match name {
                    "login" if user.refuses => json!({"result": 0, "errormsg": "Wrong login/pass combination"}),
                    "login" => {
                        user.sessions.push(sender.clone());
                        json!({"result": 1, "userid": format!("user-{number}"), "sessionid": format!("s-{number}")})
                    }
                    "getversion" => json!({"version": {"dated": 150_501, "build": "2.12"}}),
                    "getmyuserinfo" => json!({"mainpbxnumber": number, "hasline": true}),
                    "getuserstate" | "setuserstate" => user.state.clone(),
                    "getextendedlineinfo" => user.info.clone(),
                    _ => json!({"result": 1}),
                };
            });
        }
        reply["qid"] = body["qid"].clone();
        json!([if name == "ping" { "pong".to_owned() } else { format!("{name}result") }, reply])
    }
}
