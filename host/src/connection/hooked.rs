//! Requests of the phone system, on their way to the adapter. They were answered already.

use jackfield_plugin_api::Webhook;
use jackfield_plugin_api::frame::input::InputFrame;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::task::Task;

/// A request that the phone system made.
#[derive(Debug)]
pub struct Hooked {
    /// Everything but its body.
    pub head: HookHead,
    /// Its body.
    pub body: Vec<u8>,
    /// Its place among those that may wait; free when the adapter has had it.
    pub place: OwnedSemaphorePermit,
}

/// What a request says of itself, less what led it here.
#[derive(Debug)]
pub struct HookHead {
    /// The method.
    pub method: String,
    /// The path below `/hooks/<connection>` and the secret, as it was sent.
    pub path: String,
    /// The query without `?`, as it was sent.
    pub query: String,
    /// The header fields; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The sender's address, by its socket.
    pub from: String,
}

impl Task {
    pub(super) async fn hooked(&mut self, hooked: Hooked) {
        let Hooked { head: HookHead { method, path, query, headers, from }, body, place } = hooked;
        self.born = Some(Instant::now());
        let webhook = Webhook::new(method, path).query(query).headers(headers).body(&body).from(from);
        self.input(&InputFrame::webhook(webhook)).await;
        drop(place);
    }
}
