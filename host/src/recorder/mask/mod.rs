//! What of a recording must not be seen: secrets, and where it is wanted phone numbers. Both are replaced by
//! pseudonyms of the same length, the same one for the same value, so that what was recorded still fits together.

mod finder;
mod numbers;
mod packed;
mod secret;
mod stream;

use std::collections::BTreeMap;

use finder::{Finder, SHORTEST};
use numbers::Numbers;
use serde_json::Value;
use stream::Stream;

pub(super) use stream::Fed;

/// Mixes a number well (the finaliser of SplitMix64).
const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Random numbers for pseudonyms: they hide nothing by being hard to guess, but by having nothing to do with what they
/// stand for.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    fn below(&mut self, most: u32) -> u32 {
        u32::try_from(self.next() % u64::from(most)).unwrap_or(0)
    }

    fn of(&mut self, among: &[u8]) -> char {
        among[usize::try_from(self.next()).unwrap_or(0) % among.len()].into()
    }
}

/// What is looked for.
#[derive(Debug, Default)]
pub(super) struct Mask {
    finder: Finder,
    numbers: Option<Numbers>,
}

impl Mask {
    fn bytes(&self, before: Option<u8>, bytes: &mut [u8], after: Option<u8>) {
        self.finder.mask(before, bytes, after);
        if let Some(numbers) = self.numbers {
            numbers.mask(before, bytes, after);
        }
    }
}

/// Masks what one connection records.
#[derive(Debug, Default)]
pub(super) struct Masks {
    mask: Mask,
    pseudonyms: BTreeMap<String, String>,
    dice: Option<Dice>,
    incoming: BTreeMap<u32, Stream>,
    /// What was sent last and may be the beginning of a secret.
    outgoing: BTreeMap<u32, Vec<u8>>,
}

impl Masks {
    /// Masks for these secrets, and for numbers. `seed`: nobody can know it.
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>, numbers: bool, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let numbers = numbers.then(|| Numbers::new(dice.next()));
        let mask = Mask { finder: Finder::default(), numbers };
        let mut masks = Self { mask, dice: Some(dice), ..Self::default() };
        masks.learn(secrets);
        masks
    }

    /// More secrets; those that are known keep their pseudonyms.
    pub(super) fn learn<'a>(&mut self, secrets: impl IntoIterator<Item = &'a str>) {
        let Some(dice) = &mut self.dice else { return };
        let known = self.pseudonyms.len();
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            if !self.pseudonyms.contains_key(secret) {
                self.pseudonyms.insert(secret.to_owned(), secret::pseudonym(secret, dice));
            }
        }
        if self.pseudonyms.len() > known {
            self.mask.finder = Finder::new(self.pseudonyms.iter().map(|(s, p)| (s.as_str(), p.as_str())));
        }
    }

    /// Secrets too short to be looked for; they are replaced where they are set, and nowhere else.
    pub(super) fn too_short(&self) -> usize {
        self.pseudonyms.keys().filter(|secret| secret.len() < SHORTEST).count()
    }

    #[cfg(test)]
    pub(super) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Bytes that stand for themselves: a message, a body.
    pub(super) fn bytes(&self, bytes: &mut [u8]) {
        self.mask.bytes(None, bytes, None);
    }

    /// The same of a text.
    pub(super) fn text(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.bytes(&mut bytes);
        String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// MessagePack, text by text.
    pub(super) fn packed(&self, bytes: &mut [u8]) {
        packed::texts(bytes, &mut |text| self.bytes(text));
    }

    /// A read of a stream.
    pub(super) fn read(&mut self, transport: u32, number: u64, bytes: &[u8]) -> Fed {
        self.incoming.entry(transport).or_default().feed(&self.mask, number, bytes)
    }

    /// A stream is over, or every one is: what was held back of it.
    pub(super) fn over(&mut self, transport: Option<u32>) -> Vec<(u64, Vec<u8>)> {
        match transport {
            Some(transport) => {
                self.outgoing.remove(&transport);
                self.incoming.remove(&transport).map(|mut stream| stream.end(&self.mask)).unwrap_or_default()
            }
            None => {
                self.outgoing.clear();
                let mut told: Vec<_> = self.incoming.values_mut().flat_map(|stream| stream.end(&self.mask)).collect();
                told.sort_by_key(|(number, _)| *number);
                told
            }
        }
    }

    /// What is sent on a stream. `false`: it must not be seen, since a secret may be cut in two by its edges.
    pub(super) fn sent(&mut self, transport: u32, bytes: &mut [u8]) -> bool {
        let finder = &self.mask.finder;
        let before = self.outgoing.remove(&transport).unwrap_or_default();
        let mut both = before.clone();
        both.extend_from_slice(bytes);
        let cut = !before.is_empty() && finder.begins_within(&both, before.len());
        let open = finder.open_end(&both);
        if open > 0 {
            self.outgoing.insert(transport, both.split_off(both.len() - open));
        }
        self.mask.bytes(None, bytes, None);
        // A few bytes of a secret's beginning tell nothing of it.
        !cut && open < SHORTEST
    }

    /// Settings as JSON: what `shown` has another text for is secret, and stands for itself however short it is.
    pub(super) fn settings(&mut self, settings: &str, is_secret: &dyn Fn(&[String]) -> bool) -> String {
        let Ok(mut value) = serde_json::from_str::<Value>(settings) else { return "{}".to_owned() };
        self.within(&mut value, &mut Vec::new(), is_secret);
        value.to_string()
    }

    fn within(&mut self, value: &mut Value, path: &mut Vec<String>, is_secret: &dyn Fn(&[String]) -> bool) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    path.push(key.clone());
                    self.within(member, path, is_secret);
                    path.pop();
                }
            }
            Value::Array(members) => {
                for (index, member) in members.iter_mut().enumerate() {
                    path.push(index.to_string());
                    self.within(member, path, is_secret);
                    path.pop();
                }
            }
            Value::String(text) => {
                *text = match self.pseudonyms.get(text.as_str()) {
                    Some(shown) if is_secret(path) => shown.clone(),
                    _ => self.text(text),
                };
            }
            Value::Number(number) if is_secret(path) => {
                let shown = self.pseudonyms.get(&number.to_string()).and_then(|shown| shown.parse().ok());
                *value = shown.map_or(Value::from(0), Value::Number);
            }
            _ => {}
        }
    }
}
