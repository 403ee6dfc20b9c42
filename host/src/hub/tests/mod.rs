//! The hub against real sockets: what clients get, byte for byte.

use std::sync::Mutex;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::*;

use crate::metrics::Metrics;

mod machine;

const LINE: LineKey = LineKey(1);

type Asked = Arc<Mutex<Vec<(SessionId, LineKey, ViewReason)>>>;

struct Bed {
    hub: Hub,
    asked: Asked,
    seq: u64,
}

impl Bed {
    async fn new(replay: usize) -> Self {
        let asked: Asked = Arc::default();
        let remember = Arc::clone(&asked);
        let ask: AskView = Arc::new(move |session, line, reason| {
            remember.lock().unwrap().push((session, line, reason));
            true
        });
        let hub = Hub::start(ask, Metrics::new().hub);
        hub.line(LINE, replay).await;
        Self { hub, asked, seq: 0 }
    }

    /// A client that has joined; what it reads, and its id.
    async fn client(&self) -> (SessionId, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        // A small window, so that a client that does not read is soon seen.
        socket2::SockRef::from(&server).set_send_buffer_size(8 * 1024).unwrap();
        let id = self.hub.next_session();
        let reader = tokio::spawn(std::future::pending::<()>()).abort_handle();
        let heard = Arc::new(AtomicU64::new(0));
        self.hub.join(NewSession { id, outlet: Outlet::Tcp(Arc::new(server)), reader, heard }).await;
        (id, client)
    }

    async fn subscribe(&self, id: SessionId, resume: Option<(u64, u64)>) {
        self.hub.want(id, json_id(), vec![Wanted { line: LINE, resume }], b"{}".to_vec()).await;
        self.view(id, "prelude").await;
    }

    async fn view(&self, id: SessionId, text: &str) {
        let view = View { prelude: frame::text(text.as_bytes()), status: b"{}".to_vec(), has_epoch: true };
        self.hub.view(id, LINE, view).await;
    }

    async fn publish(&mut self, count: u64, size: usize) {
        let (mut bytes, mut ends, first_seq) = (Vec::new(), Vec::new(), self.seq + 1);
        for _ in 0..count {
            self.seq += 1;
            let text = format!("{:0>size$}", self.seq);
            ends.push(u32::try_from(frame::push_text(&mut bytes, |b| b.extend_from_slice(text.as_bytes()))).unwrap());
        }
        self.hub.publish(LINE, Batch { epoch: 1, first_seq, bytes: bytes.into(), ends: ends.into(), born: None }).await;
    }
}

fn json_id() -> Value {
    serde_json::json!(1)
}

/// The next text frame; panics when what comes is no frame.
async fn frame(stream: &mut TcpStream) -> String {
    loop {
        let mut head = [0; 2];
        stream.read_exact(&mut head).await.unwrap();
        let mut length = usize::from(head[1]);
        assert!(length < 127, "a broken frame: {head:?}");
        if length == 126 {
            length = usize::from(stream.read_u16().await.unwrap());
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        match head[0] {
            0x81 => return String::from_utf8(payload).unwrap(),
            0x88 => return format!("close {}", u16::from_be_bytes([payload[0], payload[1]])),
            0x89 => {}
            other => panic!("a broken frame: {other:x}"),
        }
    }
}

async fn number(stream: &mut TcpStream) -> u64 {
    let text = frame(stream).await;
    text.trim_start_matches('0').parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

#[tokio::test]
async fn everybody_gets_every_event_once_and_in_order() {
    let mut bed = Bed::new(1_000).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let (id, stream) = bed.client().await;
        bed.subscribe(id, None).await;
        clients.push(stream);
    }
    for _ in 0..100 {
        bed.publish(3, 20).await;
    }
    for stream in &mut clients {
        assert!(frame(stream).await.contains("\"resumed\":false"));
        assert_eq!(frame(stream).await, "prelude");
        for expected in 1..=300 {
            assert_eq!(number(stream).await, expected);
        }
    }
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_and_nothing_else() {
    let mut bed = Bed::new(1_000).await;
    bed.publish(10, 20).await;
    let (id, mut stream) = bed.client().await;
    bed.subscribe(id, Some((1, 7))).await;
    bed.publish(1, 20).await;
    assert!(frame(&mut stream).await.contains("\"resumed\":true"));
    for expected in 8..=11 {
        assert_eq!(number(&mut stream).await, expected);
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_falls_behind_alone_and_gets_the_present_state() {
    let mut bed = Bed::new(50).await;
    let (slow, mut slow_stream) = bed.client().await;
    let (quick, mut quick_stream) = bed.client().await;
    bed.subscribe(slow, None).await;
    bed.subscribe(quick, None).await;
    let reader = tokio::spawn(async move {
        frame(&mut quick_stream).await;
        frame(&mut quick_stream).await;
        for expected in 1..=20_000 {
            assert_eq!(number(&mut quick_stream).await, expected, "the quick client");
        }
    });
    for _ in 0..20_000 {
        bed.publish(1, 600).await;
        if bed.seq.is_multiple_of(20) {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }
    tokio::time::timeout(Duration::from_secs(60), reader).await.unwrap().unwrap();
    // Now the slow one reads: whole frames in order, then a gap, where a view was asked for.
    frame(&mut slow_stream).await;
    frame(&mut slow_stream).await;
    let mut last = 0;
    let begin = tokio::time::Instant::now();
    while bed.asked.lock().unwrap().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(60), "no view was asked for");
        match tokio::time::timeout(Duration::from_millis(100), number(&mut slow_stream)).await {
            Ok(next) => {
                assert_eq!(next, last + 1);
                last = next;
            }
            Err(_) => continue,
        }
    }
    assert_eq!(*bed.asked.lock().unwrap(), [(slow, LINE, ViewReason::Overflow)]);
    bed.view(slow, "present").await;
    bed.publish(1, 600).await;
    loop {
        let text = frame(&mut slow_stream).await;
        if text == "present" {
            break;
        }
        last += 1;
        assert_eq!(text.trim_start_matches('0'), last.to_string());
    }
    assert_eq!(number(&mut slow_stream).await, 20_001);
}

#[tokio::test]
async fn a_closed_client_gets_a_close_frame_after_what_waited() {
    let bed = Bed::new(10).await;
    let (id, mut stream) = bed.client().await;
    bed.hub.frame(id, frame::text(b"answer")).await;
    bed.hub.close(id, close_code::STOPPING, "the end").await;
    bed.hub.frame(id, frame::text(b"too late")).await;
    assert_eq!(frame(&mut stream).await, "answer");
    assert_eq!(frame(&mut stream).await, "close 4503");
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn who_cannot_even_take_answers_is_closed() {
    let bed = Bed::new(10).await;
    let (id, stream) = bed.client().await;
    for _ in 0..200 {
        bed.hub.frame(id, frame::text(&[b'x'; 60_000])).await;
    }
    let begin = tokio::time::Instant::now();
    while bed.hub.sessions() > 0 {
        assert!(begin.elapsed() < Duration::from_secs(30), "it was not closed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(stream);
}

/// Waits until an audience is as it should be.
async fn becomes(audience: &Audience, there: bool) {
    let begin = tokio::time::Instant::now();
    while audience.is_there() != there {
        assert!(begin.elapsed() < Duration::from_secs(60), "the audience does not become {there}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_line_has_an_audience_from_its_first_client_to_its_last() {
    let bed = Bed::new(10).await;
    let audience = Audience::new(&Arc::default());
    bed.hub.audience(LINE, Some(Arc::clone(&audience))).await;
    let (one, _keep) = bed.client().await;
    let (two, _keep) = bed.client().await;
    assert!(!bed.hub.is_there(SessionId(999)).await && !audience.is_there());
    bed.subscribe(one, None).await;
    becomes(&audience, true).await;
    bed.subscribe(two, None).await;
    // Somebody asks twice, and leaves once.
    bed.subscribe(one, None).await;
    bed.hub.unwant(one, vec![LINE]).await;
    bed.hub.unwant(one, vec![LINE]).await;
    assert!(bed.hub.is_there(two).await && audience.is_there());
    bed.hub.gone(two);
    becomes(&audience, false).await;

    // Whoever asks later is told at once.
    bed.subscribe(one, None).await;
    let later = Audience::new(&Arc::default());
    bed.hub.audience(LINE, Some(Arc::clone(&later))).await;
    becomes(&later, true).await;
    bed.hub.audience(LINE, None).await;
    bed.hub.gone(one);
    assert!(!bed.hub.is_there(one).await && later.is_there());
}

#[tokio::test]
async fn who_is_closed_for_not_reading_is_nobodys_audience() {
    let bed = Bed::new(10).await;
    let audience = Audience::new(&Arc::default());
    bed.hub.audience(LINE, Some(Arc::clone(&audience))).await;
    let (id, stream) = bed.client().await;
    bed.subscribe(id, None).await;
    becomes(&audience, true).await;
    for _ in 0..200 {
        bed.hub.frame(id, frame::text(&[b'x'; 60_000])).await;
    }
    becomes(&audience, false).await;
    drop(stream);
}

#[tokio::test]
async fn a_line_that_was_closed_has_nothing_to_go_on_from() {
    let mut bed = Bed::new(10).await;
    bed.publish(3, 20).await;
    let (id, mut stream) = bed.client().await;
    let wanted = vec![Wanted { line: LINE, resume: Some((1, 2)) }];
    bed.hub.want(id, json_id(), wanted, b"{}".to_vec()).await;
    let status = br#"{"state":"notStarted"}"#.to_vec();
    bed.hub.view(id, LINE, View { prelude: Bytes::new(), status, has_epoch: false }).await;
    assert!(frame(&mut stream).await.contains("\"resumed\":false"));
    bed.publish(1, 20).await;
    assert_eq!(number(&mut stream).await, 4);
}
