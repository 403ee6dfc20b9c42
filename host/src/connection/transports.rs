//! The sockets of a connection: opened for the adapter, kept open with back-off, bounded both ways.
//!
//! Every transport is one task. It tells the connection what happens through one bounded queue (a connection that is
//! busy slows the phone system's socket down, nothing else) and takes what is to be sent from a channel whose bytes
//! are counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jackfield_plugin_api::{CloseKind, CloseReason, TransportId, TransportSpec};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::backoff::BackOff;
use super::dial::{self, Link};
use super::leaving::Leaving;

/// What may wait to be sent on one transport: a phone system that does not read this much is not alive.
const MOST_WAITING: usize = 4 * 1024 * 1024;
/// Transports of one connection, whatever its lines: what a phone system needs for itself.
const MOST_TRANSPORTS: usize = 64;
/// And for each line: first-party phone systems have one per user, some a second one. Every transport is an open file
/// of the host, and the host's open files are everybody's.
const MOST_PER_LINE: usize = 4;
/// How long a transport may take to send what waits and to say goodbye; then it is broken off.
const CLOSING: Duration = Duration::from_secs(2);

/// What a transport's task tells.
#[derive(Debug)]
pub(super) enum Happened {
    Opened,
    Received(Bytes),
    Text(String),
    Binary(Bytes),
    Closed(CloseReason),
}

/// What happened, where. An event of an earlier opening of the same transport is recognised by `life`.
#[derive(Debug)]
pub(super) struct TransportEvent {
    pub(super) transport: TransportId,
    life: u64,
    /// When it happened.
    pub(super) at: Instant,
    pub(super) happened: Happened,
}

/// What a transport's task is told.
#[derive(Debug)]
pub(super) enum Order {
    Send(Vec<u8>),
    Text(String),
    Binary(Vec<u8>),
    Close,
    Reconnect(String),
    /// The adapter is content with the link: the back-off begins anew.
    Settled,
    /// Trying soon is of no use: wait for the longest back-off.
    Slow,
}

impl Order {
    fn size(&self) -> usize {
        match self {
            Self::Send(bytes) | Self::Binary(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
            _ => 0,
        }
    }
}

/// A transport's task, as the connection holds it. Dropped, it is broken off.
pub(super) struct Open {
    life: u64,
    orders: mpsc::UnboundedSender<Order>,
    waiting: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Open {
    /// Waits until it has ended.
    pub(super) async fn ended(&self) {
        self.orders.closed().await;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// All transports of a connection.
pub(super) struct Transports {
    open: HashMap<TransportId, Open>,
    leaving: Leaving,
    /// How many there may be.
    most: usize,
    /// How long one that is closed may take.
    patience: Duration,
    events: mpsc::Sender<TransportEvent>,
    backoff: BackOff,
    lives: u64,
}

impl Transports {
    pub(super) fn new(events: mpsc::Sender<TransportEvent>, backoff: BackOff) -> Self {
        let (open, leaving) = (HashMap::new(), Leaving::default());
        Self { open, leaving, most: MOST_TRANSPORTS, patience: CLOSING, events, backoff, lives: 0 }
    }

    /// How long one that is closed may take.
    #[cfg(test)]
    pub(super) fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The transport, when there is only one.
    pub(super) fn only(&self) -> Option<TransportId> {
        self.open.keys().next().copied().filter(|_| self.open.len() == 1)
    }

    /// Transports that are opened from now on wait like this.
    pub(super) fn set_back_off(&mut self, backoff: BackOff) {
        self.backoff = backoff;
    }

    /// Opens a transport of a connection with so many lines, and keeps it open.
    ///
    /// # Errors
    /// It is open already, or there are too many.
    pub(super) fn open(&mut self, transport: TransportId, spec: TransportSpec, lines: usize) -> Result<(), String> {
        if self.open.contains_key(&transport) {
            return Err(format!("transport {transport} is open already"));
        }
        self.most = MOST_TRANSPORTS + MOST_PER_LINE * lines;
        if self.open.len() >= self.most {
            return Err(format!("a connection with {lines} lines has at most {} transports", self.most));
        }
        self.lives += 1;
        let (orders, from) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let task = Task {
            teller: Teller { transport, life: self.lives, events: self.events.clone() },
            orders: from,
            waiting: Arc::clone(&waiting),
            backoff: self.backoff.clone_for(self.lives),
            // What waits has its time, too.
            goodbye: self.patience * 3 / 4,
        };
        let task = tokio::spawn(task.run(spec)).abort_handle();
        self.open.insert(transport, Open { life: self.lives, orders, waiting, task });
        Ok(())
    }

    /// Gives an order. `false`: there is no such transport, or too much waits.
    pub(super) fn order(&mut self, transport: TransportId, order: Order) -> bool {
        let Some(open) = self.open.get(&transport) else { return false };
        let size = order.size();
        if open.waiting.fetch_add(size, Ordering::Relaxed) + size > MOST_WAITING {
            open.waiting.fetch_sub(size, Ordering::Relaxed);
            let _ = open.orders.send(Order::Reconnect(format!(
                "more than {MOST_WAITING} bytes wait to be sent: the phone system does not read"
            )));
            return false;
        }
        if !matches!(order, Order::Close) {
            return open.orders.send(order).is_ok();
        }
        self.close(transport)
    }

    /// Closes a transport in order: its task goes on until what waits was sent and the other side knows.
    fn close(&mut self, transport: TransportId) -> bool {
        let Some(open) = self.open.remove(&transport) else { return false };
        let sent = open.orders.send(Order::Close).is_ok();
        self.leaving.add(open, self.patience, self.most);
        sent
    }

    /// Gives every transport an order.
    pub(super) fn order_all(&mut self, order: impl Fn() -> Order) {
        for transport in self.open.keys().copied().collect::<Vec<_>>() {
            self.order(transport, order());
        }
    }

    /// Whether an event belongs to a transport as it is open now.
    pub(super) fn is_current(&self, event: &TransportEvent) -> bool {
        self.open.get(&event.transport).is_some_and(|open| open.life == event.life)
    }

    /// Closes everything in order; nothing waits for it.
    pub(super) fn dismiss_all(&mut self) {
        self.order_all(|| Order::Close);
    }

    /// Closes everything in order, and waits until it is closed, also what was told to close before. What takes too
    /// long is broken off.
    pub(super) fn close_all(&mut self) -> impl Future<Output = ()> + use<> {
        self.dismiss_all();
        std::mem::take(&mut self.leaving).all()
    }
}

struct Teller {
    transport: TransportId,
    life: u64,
    events: mpsc::Sender<TransportEvent>,
}

impl Teller {
    /// `false`: the connection is gone.
    async fn tell(&self, happened: Happened) -> bool {
        self.events
            .send(TransportEvent { transport: self.transport, life: self.life, at: Instant::now(), happened })
            .await
            .is_ok()
    }
}

struct Task {
    teller: Teller,
    orders: mpsc::UnboundedReceiver<Order>,
    waiting: Arc<AtomicUsize>,
    backoff: BackOff,
    /// How long a goodbye may take.
    goodbye: Duration,
}

/// How a link ended.
enum End {
    /// For good.
    Closed,
    Broken(CloseReason),
}

impl Task {
    async fn run(mut self, spec: TransportSpec) {
        loop {
            let end = match self.dial(&spec).await {
                Some(Ok(link)) => {
                    if !self.teller.tell(Happened::Opened).await {
                        return;
                    }
                    self.serve(link).await
                }
                Some(Err(reason)) => End::Broken(reason),
                None => return,
            };
            let End::Broken(mut reason) = end else { return };
            let fatal = reason.kind == CloseKind::Unsupported;
            let wait = self.backoff.next();
            reason.retry_in_ms = (!fatal).then(|| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
            if !self.teller.tell(Happened::Closed(reason)).await || fatal || !self.pause(wait).await {
                return;
            }
        }
    }

    /// Dials; what was to be sent on the link before is dropped. `None`: closed meanwhile.
    async fn dial(&mut self, spec: &TransportSpec) -> Option<Result<Link, CloseReason>> {
        let dialling = dial::dial(spec);
        tokio::pin!(dialling);
        loop {
            tokio::select! {
                link = &mut dialling => return Some(link),
                order = self.orders.recv() => if !self.idle(&order?) { return None },
            }
        }
    }

    /// Waits between tries. `false`: closed meanwhile.
    async fn pause(&mut self, wait: Duration) -> bool {
        let mut until = Instant::now() + wait;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return true,
                order = self.orders.recv() => match order {
                    Some(Order::Slow) => {
                        self.backoff.slow();
                        let wait = self.backoff.next();
                        tracing::info!("trying soon is of no use: the next try is in {} ms", wait.as_millis());
                        until = Instant::now() + wait;
                    }
                    Some(order) => if !self.idle(&order) { return false },
                    None => return false,
                },
            }
        }
    }

    /// An order while nothing is open. `false`: closed.
    fn idle(&mut self, order: &Order) -> bool {
        self.waiting.fetch_sub(order.size(), Ordering::Relaxed);
        match order {
            Order::Close => false,
            Order::Slow => {
                self.backoff.slow();
                true
            }
            _ => true,
        }
    }

    async fn serve(&mut self, mut link: Link) -> End {
        loop {
            tokio::select! {
                read = link.read() => match read {
                    Ok(happened) => if !self.teller.tell(happened).await { return End::Closed },
                    Err(reason) => return End::Broken(reason),
                },
                order = self.orders.recv() => match self.obey(order, &mut link).await {
                    Ok(()) => {}
                    Err(end) => {
                        if matches!(&end, End::Broken(reason) if reason.kind == CloseKind::Local) {
                            // The next link does not wait until the other side has closed this one.
                            let patience = self.goodbye;
                            tokio::spawn(async move { link.close(patience).await });
                        }
                        return end;
                    }
                },
            }
        }
    }

    async fn obey(&mut self, order: Option<Order>, link: &mut Link) -> Result<(), End> {
        let Some(order) = order else {
            link.close(self.goodbye).await;
            return Err(End::Closed);
        };
        let size = order.size();
        let written = match order {
            Order::Send(bytes) => link.send(&bytes).await,
            Order::Text(text) => link.send_text(text).await,
            Order::Binary(bytes) => link.send_binary(bytes).await,
            Order::Close => {
                link.close(self.goodbye).await;
                return Err(End::Closed);
            }
            Order::Reconnect(why) => Err(CloseReason::new(CloseKind::Local, why)),
            Order::Settled => {
                self.backoff.reset();
                Ok(())
            }
            Order::Slow => {
                self.backoff.slow();
                Ok(())
            }
        };
        self.waiting.fetch_sub(size, Ordering::Relaxed);
        written.map_err(End::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_are_so_many_transports_as_lines_may_need() {
        let (sender, _events) = mpsc::channel(4);
        let mut transports = Transports::new(sender, BackOff::new(crate::config::BackOff::default(), 1));
        let mut open = |id: usize, lines| {
            transports.open(TransportId(u32::try_from(id).unwrap()), TransportSpec::tcp("127.0.0.1", 9), lines)
        };
        let most = MOST_TRANSPORTS + MOST_PER_LINE;
        (0..most).for_each(|id| open(id, 1).unwrap());
        assert!(open(most, 1).unwrap_err().contains("at most"));
        assert!(open(0, 1_000).unwrap_err().contains("open already"));
        open(most, 2).unwrap();
    }
}
