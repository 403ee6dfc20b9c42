//! Call ids: issued by the host, never changed, never reused (M1.4).

use std::sync::Arc;

use jackfield_plugin_api::Timestamp;

/// The host's name for a call, the same over native renames, reconnects and epochs. In production a UUIDv7 text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, schemars::JsonSchema)]
pub struct CallId(Arc<str>);

impl CallId {
    /// The id of this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CallId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for CallId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Arc::<str>::deserialize(deserializer).map(Self)
    }
}

impl serde::Serialize for CallId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Where call ids come from. Injected, so that two runs over one recording give the same ids.
pub trait CallIds: Send {
    /// An id that this generator gave nobody before.
    fn next(&mut self, now: Timestamp) -> CallId;

    /// Where it stands, for a model that is to go on elsewhere. `None`: it cannot say.
    fn mark(&self) -> Option<UuidV7Ids> {
        None
    }
}

/// UUIDv7 (RFC 9562, method 1 of section 6.2): millisecond, a counter within it, and 62 bits from a seeded generator.
/// Ids grow strictly, also when the clock stands still or steps back.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct UuidV7Ids {
    random: SplitMix64,
    millis: u64,
    counter: u16,
}

impl UuidV7Ids {
    /// A generator. Two hosts must not share a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { random: SplitMix64(seed), millis: 0, counter: 0 }
    }
}

impl CallIds for UuidV7Ids {
    fn next(&mut self, now: Timestamp) -> CallId {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        if millis > self.millis {
            self.millis = millis;
            // The upper half of the counter's range stays free for further ids of this millisecond.
            self.counter = (self.random.next() & 0x7ff) as u16;
        } else if self.counter < 0xfff {
            self.counter += 1;
        } else {
            self.millis += 1;
            self.counter = (self.random.next() & 0x7ff) as u16;
        }
        let tail = (self.random.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let high = self.millis & 0xffff_ffff_ffff;
        CallId::new(format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            high >> 16,
            high & 0xffff,
            self.counter,
            tail >> 48,
            tail & 0xffff_ffff_ffff
        ))
    }

    fn mark(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and enough for ids that need to differ, not to be secret.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
