//! Outputs as a recording has them.
//!
//! What is sent during a login may be made from a secret in a way that nobody can look for (a digest over a challenge),
//! so of what an adapter sends before it says that the transport does its work (`settled`, `up`) a recording has
//! nothing but that it was sent. Of requests over HTTP, which carry their credentials each time, it has method, address
//! and the names of the header fields. Raw messages, which repeat what was sent and received, are told by their length
//! and checksum. Everything else is there, with pseudonyms.
//!
//! The same is done to what an adapter answers when it is played again, so that both can be compared frame by frame.

use std::collections::BTreeSet;

use jackfield_plugin_api::frame::output::{self as outputs, Output};
use jackfield_plugin_api::frame::{HEADER, frames, input as inputs, pack};
use jackfield_plugin_api::{HttpRequest, TransportSpec};

use super::mask::Masks;

/// Marks the kind of a frame of which nothing else is told.
pub(super) const HIDDEN: u32 = 1 << 31;
/// Stands for what is not told.
const NOT_TOLD: &str = "…";
/// Header fields that are no secrets.
const PLAIN: [&str; 4] = ["accept", "content-type", "soapaction", "user-agent"];

/// Hides what must not be seen.
#[derive(Debug, Default)]
pub(super) struct Hide {
    /// Transports that do their work.
    settled: BTreeSet<u32>,
    /// Transports that are open.
    open: BTreeSet<u32>,
}

impl Hide {
    /// An input, before its answer.
    pub(super) fn input(&mut self, kind: u32, arg: u32) {
        if matches!(kind, inputs::OPENED | inputs::CLOSED) {
            self.settled.remove(&arg);
        }
    }

    /// Another adapter begins.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// An adapter that goes on: its login is over as far as it is up.
    pub(super) fn go_on(&mut self, settled: impl IntoIterator<Item = u32>) {
        self.settled = settled.into_iter().collect();
        self.open.clone_from(&self.settled);
    }

    /// The transports that do their work.
    pub(super) fn settled(&self) -> Vec<u32> {
        self.settled.iter().copied().collect()
    }

    /// Appends output frames to `out`, with what may be seen of them. The commands that they name.
    pub(super) fn outputs(&mut self, masks: &mut Masks, all: &[u8], out: &mut Vec<u8>) {
        for frame in frames(all) {
            let Ok(frame) = frame else {
                // What ends inside a frame is nothing that the host obeys.
                return;
            };
            let (kind, arg) = (frame.kind, frame.arg);
            let start = out.len();
            out.extend_from_slice(&kind.to_le_bytes());
            out.extend_from_slice(&arg.to_le_bytes());
            out.extend_from_slice(&0u32.to_le_bytes());
            let shown = match kind {
                outputs::OPEN => {
                    self.open.insert(arg);
                    self.settled.remove(&arg);
                    open(masks, frame.payload, out)
                }
                outputs::CLOSE => {
                    self.open.remove(&arg);
                    self.settled.remove(&arg);
                    true
                }
                outputs::SEND | outputs::SEND_TEXT | outputs::SEND_BINARY if !self.settled.contains(&arg) => false,
                outputs::SEND => {
                    let from = out.len();
                    out.extend_from_slice(frame.payload);
                    masks.sent(arg, &mut out[from..])
                }
                outputs::SEND_TEXT | outputs::SEND_BINARY | outputs::RECONNECT => {
                    let from = out.len();
                    out.extend_from_slice(frame.payload);
                    masks.bytes(&mut out[from..]);
                    true
                }
                outputs::SETTLED => {
                    self.settled.insert(arg);
                    true
                }
                outputs::HTTP => http(masks, frame, out),
                outputs::RAW => raw(masks, frame.payload, out),
                outputs::SET_TIMER | outputs::CANCEL_TIMER | outputs::SLOW => {
                    out.extend_from_slice(frame.payload);
                    true
                }
                _ => {
                    if kind == outputs::UP {
                        self.settled.clone_from(&self.open);
                    }
                    let from = out.len();
                    out.extend_from_slice(frame.payload);
                    masks.packed(&mut out[from..]);
                    true
                }
            };
            if !shown {
                out.truncate(start + HEADER);
                out[start..start + 4].copy_from_slice(&(kind | HIDDEN).to_le_bytes());
            }
            let length = u32::try_from(out.len() - start - HEADER).unwrap_or(0);
            out[start + 8..start + HEADER].copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// Whether a frame as it was recorded and one as an adapter gives it now, hidden alike, are the same.
pub(super) fn same(recorded: (u32, u32, &[u8]), now: (u32, u32, &[u8])) -> bool {
    let plain = |kind: u32| kind & !HIDDEN;
    if (recorded.0 | now.0) & HIDDEN != 0 {
        return plain(recorded.0) == plain(now.0) && recorded.1 == now.1;
    }
    recorded == now
}

/// Without the secrets that an address or its header fields may carry.
fn open(masks: &Masks, payload: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(Some(Output::Open { spec: Ok(spec), .. })) =
        Output::decode(jackfield_plugin_api::frame::Frame { kind: outputs::OPEN, arg: 0, payload })
    else {
        return false;
    };
    let spec = match spec {
        TransportSpec::WebSocket { url, headers, subprotocols, tls } => {
            TransportSpec::WebSocket { url: address(masks, &url), headers: fields(masks, headers), subprotocols, tls }
        }
        other => other,
    };
    let mut packed = pack(&spec);
    masks.packed(&mut packed);
    out.extend(packed);
    true
}

fn http(masks: &Masks, frame: jackfield_plugin_api::frame::Frame<'_>, out: &mut Vec<u8>) -> bool {
    let Ok(Some(Output::Http { http, .. })) = Output::decode(frame) else { return false };
    let mut shown = HttpRequest::new(http.method, address(masks, &http.url));
    shown.headers = fields(masks, http.headers);
    shown.timeout_ms = http.timeout_ms;
    shown.tls = http.tls;
    if !http.body.is_empty() {
        shown.body = NOT_TOLD.as_bytes().to_vec();
    }
    let mut packed = pack(&shown);
    masks.packed(&mut packed);
    out.extend(packed);
    true
}

/// An address without user and query.
fn address(masks: &Masks, url: &str) -> String {
    let (before, query) = url.split_once('?').map_or((url, ""), |(before, _)| (before, "?…"));
    let shown = match before.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rsplit_once('@').map_or_else(|| rest[..end].to_owned(), |(_, h)| format!("…@{h}"));
            format!("{scheme}://{host}{}{query}", &rest[end..])
        }
        None => format!("{before}{query}"),
    };
    masks.text(&shown)
}

fn fields(masks: &Masks, fields: Vec<(String, String)>) -> Vec<(String, String)> {
    let shown = |(name, value): (String, String)| {
        let plain = PLAIN.contains(&name.to_ascii_lowercase().as_str());
        let value = if plain { masks.text(&value) } else { NOT_TOLD.to_owned() };
        (name, value)
    };
    fields.into_iter().map(shown).collect()
}

/// A raw message's length and checksum, and its line.
fn raw(masks: &Masks, payload: &[u8], out: &mut Vec<u8>) -> bool {
    let mut packed = payload.to_vec();
    masks.packed(&mut packed);
    out.extend_from_slice(&u32::try_from(packed.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&packed).to_le_bytes());
    true
}
