//! Any course of clients that come, go, lag, resume and are cut at any byte: each sees every event of its lines once
//! and in order, or is told where it stands.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::rc::Rc;

use proptest::prelude::*;
use tokio::net::{TcpListener, TcpStream};

use super::*;

const LINES: u32 = 3;
const CLIENTS: usize = 4;
/// Few events, so that clients fall out of the log often.
const REPLAY: usize = 40;

#[derive(Debug, Clone)]
enum Op {
    /// Comes (again), with what it has seen; over TCP or by a queue, as with TLS.
    Connect {
        client: usize,
        tcp: bool,
    },
    /// Is cut after so many more bytes.
    Cut {
        client: usize,
        after: usize,
    },
    /// Reads so many bytes.
    Read {
        client: usize,
        bytes: usize,
    },
    Subscribe {
        client: usize,
        line: u32,
    },
    Unsubscribe {
        client: usize,
        line: u32,
    },
    /// Something that is no event.
    Answer {
        client: usize,
        size: usize,
    },
    Publish {
        line: u32,
        count: u64,
        size: usize,
    },
    /// The phone system was lost and came back.
    Epoch {
        line: u32,
    },
    /// So many of the views that were asked for come.
    Views {
        count: usize,
    },
    /// Connections are too busy to be asked, or not any more.
    Refuse {
        yes: bool,
    },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let client = || 0..CLIENTS;
    let line = || 1..=LINES;
    let op = prop_oneof![
        3 => (client(), any::<bool>()).prop_map(|(client, tcp)| Op::Connect { client, tcp }),
        2 => (client(), 0..3_000usize).prop_map(|(client, after)| Op::Cut { client, after }),
        6 => (client(), 1..20_000usize).prop_map(|(client, bytes)| Op::Read { client, bytes }),
        1 => (client(), line()).prop_map(|(client, line)| Op::Subscribe { client, line }),
        1 => (client(), line()).prop_map(|(client, line)| Op::Unsubscribe { client, line }),
        1 => (client(), 1..2_000usize).prop_map(|(client, size)| Op::Answer { client, size }),
        10 => (line(), 1..30u64, 10..1_500usize).prop_map(|(line, count, size)| Op::Publish { line, count, size }),
        1 => line().prop_map(|line| Op::Epoch { line }),
        6 => (1..8usize).prop_map(|count| Op::Views { count }),
        1 => any::<bool>().prop_map(|yes| Op::Refuse { yes }),
    ];
    prop::collection::vec(op, 1..120)
}

/// Where the bytes of a client come out.
enum Inlet {
    Tcp(std::net::TcpStream),
    Queue(mpsc::Receiver<Bytes>),
}

/// A client: what it knows, over all its sockets.
#[derive(Default)]
struct Client {
    socket: Option<(SessionId, Inlet)>,
    /// Read and not yet understood.
    buffer: Vec<u8>,
    /// Taken out of a queue and not yet read.
    spare: Vec<u8>,
    /// Up to where it has seen each line.
    seen: BTreeMap<u32, (u64, u64)>,
    /// What it wants to see on this socket.
    lines: Vec<u32>,
    /// Lines that it left while their events may still be under way.
    left: Vec<u32>,
    answers: usize,
    events: usize,
    resumed: usize,
    overflows: usize,
}

impl Client {
    /// Reads up to `most` bytes that are there, and understands them. How many.
    fn read(&mut self, most: usize) -> Result<usize, TestCaseError> {
        let Some((_, inlet)) = &mut self.socket else { return Ok(0) };
        let mut count = 0;
        let mut bytes = vec![0; most.min(64 * 1024)];
        while count < most {
            let room = bytes.len().min(most - count);
            let got = match inlet {
                Inlet::Tcp(stream) => match stream.read(&mut bytes[..room]) {
                    Ok(got) => got,
                    Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                    Err(e) => return Err(TestCaseError::fail(format!("the socket broke: {e}"))),
                },
                Inlet::Queue(queue) => {
                    while self.spare.len() < room {
                        let Ok(piece) = queue.try_recv() else { break };
                        self.spare.extend_from_slice(&piece);
                    }
                    let got = self.spare.len().min(room);
                    bytes[..got].copy_from_slice(&self.spare[..got]);
                    self.spare.drain(..got);
                    got
                }
            };
            if got == 0 {
                break;
            }
            count += got;
            self.buffer.extend_from_slice(&bytes[..got]);
        }
        self.understand()?;
        Ok(count)
    }

    fn understand(&mut self) -> Result<(), TestCaseError> {
        let mut at = 0;
        while let Some((opcode, payload, end)) = split_frame(&self.buffer[at..]) {
            let text = String::from_utf8(payload.to_vec()).map_err(|e| TestCaseError::fail(e.to_string()))?;
            at += end;
            match opcode {
                0x81 => self.frame(&text)?,
                0x89 => {}
                other => return Err(TestCaseError::fail(format!("a frame that begins with {other:x}"))),
            }
        }
        self.buffer.drain(..at);
        Ok(())
    }

    fn frame(&mut self, text: &str) -> Result<(), TestCaseError> {
        let mut words = text.split(' ');
        let (kind, rest) = (words.next().unwrap_or_default(), words);
        let numbers: Vec<u64> = rest.map_while(|w| w.parse().ok()).collect();
        match (kind, numbers.as_slice()) {
            ("event", [line, epoch, seq]) => {
                let line = u32::try_from(*line).unwrap();
                self.events += 1;
                let Some((known, last)) = self.seen.get(&line).copied() else {
                    return Err(TestCaseError::fail(format!("{text:.40}: an event of a line never shown")));
                };
                let next = if *epoch == known { *seq == last + 1 } else { *epoch > known && *seq == 1 };
                prop_assert!(next, "{text:.40} after {known}:{last}");
                self.seen.insert(line, (*epoch, *seq));
            }
            // How the line is now: never older than what was shown before.
            ("view", [line, epoch, seq, overflow]) => {
                let line = u32::try_from(*line).unwrap();
                let before = self.seen.insert(line, (*epoch, *seq));
                prop_assert!(before <= Some((*epoch, *seq)), "{text:.40} after {before:?}");
                self.overflows += usize::from(*overflow == 1);
            }
            ("answer", _) => self.answers += 1,
            _ => {
                let answer: Value =
                    serde_json::from_str(text).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
                for line in answer["result"]["lines"].as_array().into_iter().flatten() {
                    self.resumed += usize::from(line["resumed"] == true);
                }
            }
        }
        Ok(())
    }
}

/// The first frame: its first byte, payload and length in all.
fn split_frame(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (begin, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        short => (2, usize::from(short)),
    };
    Some((first, bytes.get(begin..begin + length)?, begin + length))
}

type Pending = Rc<RefCell<Vec<(SessionId, LineKey, ViewReason)>>>;

struct Course {
    hub: Hub,
    clients: Vec<Client>,
    /// Epoch and last number of each line.
    state: BTreeMap<u32, (u64, u64)>,
    /// Views that somebody waits for, oldest first.
    asked: Arc<Mutex<Vec<(SessionId, LineKey, ViewReason)>>>,
    pending: Pending,
    refuse: Arc<std::sync::atomic::AtomicBool>,
}

impl Course {
    async fn new() -> Self {
        let asked: Asked = Arc::default();
        let refuse: Arc<std::sync::atomic::AtomicBool> = Arc::default();
        let (remember, no) = (Arc::clone(&asked), Arc::clone(&refuse));
        let ask: AskView = Arc::new(move |session, line, reason| {
            if no.load(Ordering::Relaxed) {
                return false;
            }
            remember.lock().unwrap().push((session, line, reason));
            true
        });
        let hub = Hub::start(ask, Metrics::new().hub);
        for line in 1..=LINES {
            hub.line(LineKey(line), REPLAY).await;
        }
        let state = (1..=LINES).map(|line| (line, (1, 0))).collect();
        let clients = (0..CLIENTS).map(|_| Client::default()).collect();
        Self { hub, clients, state, asked, pending: Pending::default(), refuse }
    }

    async fn run(&mut self, op: &Op) -> Result<(), TestCaseError> {
        match *op {
            Op::Connect { client, tcp } => self.connect(client, tcp).await,
            Op::Cut { client, after } => {
                self.settle().await;
                self.clients[client].read(after)?;
                self.cut(client).await;
            }
            Op::Read { client, bytes } => {
                self.settle().await;
                self.clients[client].read(bytes)?;
            }
            Op::Subscribe { client, line } => {
                let Some((id, _)) = self.clients[client].socket else { return Ok(()) };
                if !self.clients[client].lines.contains(&line) {
                    self.clients[client].lines.push(line);
                }
                self.want(id, vec![Wanted { line: LineKey(line), resume: None }]).await;
            }
            Op::Unsubscribe { client, line } => {
                let Some((id, _)) = self.clients[client].socket else { return Ok(()) };
                self.clients[client].lines.retain(|l| *l != line);
                self.clients[client].left.push(line);
                self.hub.unwant(id, vec![LineKey(line)]).await;
            }
            Op::Answer { client, size } => {
                if let Some((id, _)) = self.clients[client].socket {
                    let text = format!("answer {:0>size$}", 0);
                    self.hub.frame(id, frame::text(text.as_bytes())).await;
                }
            }
            Op::Publish { line, count, size } => self.publish(line, count, size).await,
            Op::Epoch { line } => {
                if let Some(state) = self.state.get_mut(&line) {
                    *state = (state.0 + 1, 0);
                }
                self.publish(line, 3, 50).await;
            }
            Op::Views { count } => self.views(count).await,
            Op::Refuse { yes } => self.refuse.store(yes, Ordering::Relaxed),
        }
        Ok(())
    }

    async fn connect(&mut self, client: usize, tcp: bool) {
        self.cut(client).await;
        let (outlet, inlet) = if tcp {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            socket2::SockRef::from(&server).set_send_buffer_size(4 * 1024).unwrap();
            socket2::SockRef::from(&stream).set_recv_buffer_size(4 * 1024).unwrap();
            (Outlet::Tcp(Arc::new(server)), Inlet::Tcp(stream.into_std().unwrap()))
        } else {
            let (to, from) = mpsc::channel(8);
            (Outlet::Queue(to), Inlet::Queue(from))
        };
        let id = self.hub.next_session();
        let reader = tokio::spawn(std::future::pending::<()>()).abort_handle();
        let heard = Arc::new(AtomicU64::new(u64::MAX / 2));
        self.hub.join(NewSession { id, outlet, reader, heard }).await;
        let it = &mut self.clients[client];
        it.socket = Some((id, inlet));
        it.lines = (1..=LINES).collect();
        let wanted = it.lines.iter().map(|l| Wanted { line: LineKey(*l), resume: it.seen.get(l).copied() }).collect();
        self.want(id, wanted).await;
    }

    /// As a session does it: the hub first, then the connections are asked.
    async fn want(&self, id: SessionId, wanted: Vec<Wanted>) {
        let lines: Vec<_> = wanted.iter().map(|w| w.line).collect();
        self.hub.want(id, json_id(), wanted, b"{}".to_vec()).await;
        self.pending.borrow_mut().extend(lines.into_iter().map(|line| (id, line, ViewReason::Session)));
    }

    async fn cut(&mut self, client: usize) {
        let it = &mut self.clients[client];
        it.buffer.clear();
        it.spare.clear();
        if let Some((id, inlet)) = it.socket.take() {
            drop(inlet);
            self.hub.gone(id);
        }
    }

    async fn publish(&mut self, line: u32, count: u64, size: usize) {
        let Some((epoch, last)) = self.state.get_mut(&line) else { return };
        let (mut bytes, mut ends, first_seq) = (Vec::new(), Vec::new(), *last + 1);
        for _ in 0..count {
            *last += 1;
            let text = format!("event {line} {epoch} {last} {:x>size$}", "");
            ends.push(u32::try_from(frame::push_text(&mut bytes, |b| b.extend_from_slice(text.as_bytes()))).unwrap());
        }
        let batch = Batch { epoch: *epoch, first_seq, bytes: bytes.into(), ends: ends.into(), born: None };
        self.hub.publish(LineKey(line), batch).await;
    }

    async fn views(&mut self, count: usize) {
        self.settle().await;
        self.pending.borrow_mut().append(&mut self.asked.lock().unwrap());
        let ready: Vec<_> = {
            let mut pending = self.pending.borrow_mut();
            let count = count.min(pending.len());
            pending.drain(..count).collect()
        };
        for (id, line, reason) in ready {
            let Some((epoch, seq)) = self.state.get(&line.0) else { continue };
            let text = format!("view {} {epoch} {seq} {}", line.0, u8::from(reason == ViewReason::Overflow));
            let status = serde_json::json!({ "line": line.0 }).to_string().into_bytes();
            let view = View { prelude: frame::text(text.as_bytes()), status, has_epoch: true };
            self.hub.view(id, line, view).await;
        }
    }

    /// Lets the hub do what it can.
    async fn settle(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    /// In the end everybody reads everything.
    async fn end(&mut self) -> Result<(), TestCaseError> {
        self.refuse.store(false, Ordering::Relaxed);
        let begin = tokio::time::Instant::now();
        let mut idle_for = 0;
        while begin.elapsed() < Duration::from_secs(20) {
            self.views(usize::MAX).await;
            let mut idle = true;
            for client in &mut self.clients {
                idle &= client.read(usize::MAX)? == 0;
            }
            if idle && self.clients.iter().all(|c| c.is_at(&self.state)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            idle_for = if idle { idle_for + 1 } else { 0 };
            // A connection that was too busy to be asked is asked again when there is news.
            if idle_for % 20 == 19 {
                for line in 1..=LINES {
                    self.publish(line, 1, 10).await;
                }
            }
        }
        let they: Vec<_> = self.clients.iter().map(|c| (c.socket.is_some(), &c.seen, &c.lines)).collect();
        Err(TestCaseError::fail(format!("{they:?} never reached {:?}", self.state)))
    }
}

impl Client {
    fn is_at(&self, state: &BTreeMap<u32, (u64, u64)>) -> bool {
        self.socket.is_none() || self.lines.iter().all(|line| self.seen.get(line) == state.get(line))
    }
}

#[test]
fn whatever_clients_do_they_see_every_event_once_or_are_told_where_they_stand() {
    let totals = RefCell::new([0usize; 4]);
    // As many as this variable says in a long run.
    let cases = std::env::var("JACKFIELD_COURSES").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_time: 60_000, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&ops(), |ops| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut course = Course::new().await;
                for op in &ops {
                    course.run(op).await?;
                }
                course.end().await?;
                let mut totals = totals.borrow_mut();
                for client in &course.clients {
                    let seen = [client.events, client.resumed, client.overflows, client.answers];
                    totals.iter_mut().zip(seen).for_each(|(total, n)| *total += n);
                }
                Ok(())
            })
        })
        .unwrap();
    let [events, resumed, overflows, answers] = totals.into_inner();
    assert!(resumed > 0 && overflows > 0 && answers > 0, "the courses are too tame");
    #[allow(clippy::print_stdout, reason = "what the test run shows")]
    {
        println!("{cases} courses: {events} events seen, {resumed} lines resumed, {overflows} overflows");
    }
}
