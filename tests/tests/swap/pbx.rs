//! The phone system behind the adapter that is replaced: it counts who connects, and answers what it is asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jackfield_tests::host::PATIENCE;

#[derive(Debug, Clone)]
struct Call {
    key: String,
    line: String,
    way: &'static str,
    number: String,
    state: &'static str,
}

impl Call {
    fn told(&self) -> String {
        let Self { key, line, way, number, state } = self;
        format!("CALL {key} {line} {way} {number} {state}\n")
    }
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    last: u32,
    adapter: Option<TcpStream>,
    accepted: usize,
    heard: Vec<String>,
    /// Answers are kept back.
    mute: bool,
    kept_back: String,
    /// Who connects is hung up on.
    closed: bool,
    /// The list of calls is the test's to send.
    silent: bool,
}

impl State {
    fn send(&mut self, text: &str) {
        if self.mute {
            self.kept_back.push_str(text);
        } else if let Some(adapter) = &mut self.adapter {
            // Should it be gone, what is waited for next does not come.
            let _ = adapter.write_all(text.as_bytes());
        }
    }

    fn list(&self) -> String {
        format!("LIST\n{}END\n", self.calls.iter().map(Call::told).collect::<String>())
    }

    fn begin(&mut self, line: &str, way: &'static str, number: &str) -> Call {
        self.last += 1;
        let key = self.last.to_string();
        let (line, number) = (line.to_owned(), number.to_owned());
        let call = Call { key, line, way, number, state: "alerting" };
        self.calls.push(call.clone());
        call
    }

    fn change(&mut self, key: &str, state: &'static str) -> String {
        let Some(call) = self.calls.iter_mut().find(|call| call.key == key) else { return String::new() };
        call.state = state;
        call.told()
    }

    fn end(&mut self, key: &str) -> String {
        let Some(at) = self.calls.iter().position(|call| call.key == key) else { return String::new() };
        let call = self.calls.remove(at);
        format!("GONE {key} {}\n", call.line)
    }

    fn line_of(&self, key: &str) -> String {
        self.calls.iter().find(|call| call.key == key).map(|call| call.line.clone()).unwrap_or_default()
    }

    fn answer(&mut self, words: &[&str]) {
        let told = match *words {
            ["HELLO"] if self.silent => return,
            ["HELLO"] => self.list(),
            ["ANSWER" | "RESUME", id, key] => format!("OK {id}\n{}", self.change(key, "connected")),
            ["HOLD", id, key] => format!("OK {id}\n{}", self.change(key, "held")),
            ["DROP", id, key] => format!("OK {id}\n{}", self.end(key)),
            ["DIAL", id, line, number] => {
                let call = self.begin(line, "out", number);
                format!("OK {id} {}\n{}", call.key, call.told())
            }
            ["CONSULT", id, key, number] => {
                let held = self.change(key, "held");
                let line = self.line_of(key);
                let call = self.begin(&line, "out", number);
                format!("OK {id} {}\n{held}{}", call.key, call.told())
            }
            _ => return,
        };
        self.send(&told);
    }
}

/// A phone system.
#[derive(Debug)]
pub(crate) struct Pbx {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

impl Pbx {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                {
                    let mut state = lock(&shared);
                    state.accepted += 1;
                    if state.closed {
                        continue;
                    }
                    state.adapter = stream.try_clone().ok();
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    for line in BufReader::new(stream).lines().map_while(Result::ok) {
                        let mut state = lock(&shared);
                        state.heard.push(line.clone());
                        let words: Vec<&str> = line.split_ascii_whitespace().collect();
                        state.answer(&words);
                    }
                });
            }
        });
        Self { port, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// A call comes in; its key.
    pub(crate) fn ring(&self, line: &str, number: &str) -> String {
        let mut state = self.state();
        let call = state.begin(line, "in", number);
        state.send(&call.told());
        call.key
    }

    /// A call is so now.
    pub(crate) fn now(&self, key: &str, to: &'static str) {
        let mut state = self.state();
        let told = state.change(key, to);
        state.send(&told);
    }

    /// A call is so now, and nobody is told: the line that would tell it.
    pub(crate) fn quietly(&self, key: &str, to: &'static str) -> String {
        self.state().change(key, to)
    }

    /// Says bytes.
    pub(crate) fn raw(&self, bytes: &str) {
        self.state().send(bytes);
    }

    /// The list of all calls.
    pub(crate) fn list(&self) -> String {
        self.state().list()
    }

    /// The last call that began.
    pub(crate) fn last(&self) -> String {
        self.state().last.to_string()
    }

    pub(crate) fn mute(&self, mute: bool) {
        let mut state = self.state();
        state.mute = mute;
        let kept = std::mem::take(&mut state.kept_back);
        state.send(&kept);
    }

    pub(crate) fn silent(&self, silent: bool) {
        self.state().silent = silent;
    }

    /// Hangs up on the adapter, and on everybody until it opens again.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        if let Some(adapter) = state.adapter.take() {
            let _ = adapter.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn open(&self) {
        self.state().closed = false;
    }

    /// How often somebody has connected.
    pub(crate) fn accepted(&self) -> usize {
        self.state().accepted
    }

    /// What adapters have said, by its first word.
    pub(crate) fn heard(&self, word: &str) -> Vec<String> {
        self.state().heard.iter().filter(|line| line.split(' ').next() == Some(word)).cloned().collect()
    }

    /// Waits until adapters have said so many lines that begin with a word.
    pub(crate) fn wait_heard(&self, word: &str, count: usize) {
        let until = Instant::now() + PATIENCE;
        while self.heard(word).len() < count {
            assert!(Instant::now() < until, "{word} was said {} times", self.heard(word).len());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn lock(mutex: &Mutex<State>) -> MutexGuard<'_, State> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
