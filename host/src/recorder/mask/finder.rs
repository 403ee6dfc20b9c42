//! Finds secrets in bytes, in one pass for all of them, and puts pseudonyms into their places.

use aho_corasick::{AhoCorasick, MatchKind};

use super::secret::{Form, forms};

/// A shorter secret is looked for as a word of its own only: within others it would be found everywhere.
const WITHIN_FROM: usize = 8;
/// A still shorter one is not looked for at all.
pub(super) const SHORTEST: usize = 4;

/// Finds and replaces.
#[derive(Debug, Default)]
pub(super) struct Finder {
    anywhere: Option<Patterns>,
    words: Option<Patterns>,
    /// Every pattern, in order: to know what may be the beginning of one.
    sorted: Vec<(Vec<u8>, bool)>,
    /// Which bytes a pattern begins with, and which two.
    first: Vec<bool>,
    pairs: Vec<u64>,
    longest: usize,
}

#[derive(Debug)]
struct Patterns {
    automaton: AhoCorasick,
    shown: Vec<Vec<u8>>,
}

impl Patterns {
    fn new(forms: &[Form]) -> Option<Self> {
        if forms.is_empty() {
            return None;
        }
        let patterns = forms.iter().map(|(real, _)| real);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok()?;
        Some(Self { automaton, shown: forms.iter().map(|(_, shown)| shown.clone()).collect() })
    }
}

const fn pair(a: u8, b: u8) -> usize {
    (a as usize) << 8 | b as usize
}

fn joins(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80)
}

impl Finder {
    /// Looks for these secrets; each with its pseudonym.
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut anywhere, mut words): (Vec<Form>, Vec<Form>) = (Vec::new(), Vec::new());
        for (secret, pseudonym) in secrets.into_iter().filter(|(secret, _)| secret.len() >= SHORTEST) {
            for form in forms(secret, pseudonym) {
                let list = if form.0.len() < WITHIN_FROM { &mut words } else { &mut anywhere };
                list.push(form);
            }
        }
        let mut sorted: Vec<(Vec<u8>, bool)> = anywhere.iter().map(|(real, _)| (real.clone(), false)).collect();
        sorted.extend(words.iter().map(|(real, _)| (real.clone(), true)));
        sorted.sort();
        sorted.dedup();
        let (mut first, mut pairs) = (vec![false; 256], vec![0; 1024]);
        for (pattern, _) in &sorted {
            first[usize::from(pattern[0])] = true;
            let pair = pair(pattern[0], pattern[1]);
            pairs[pair / 64] |= 1 << (pair % 64);
        }
        let longest = sorted.iter().map(|(pattern, _)| pattern.len()).max().unwrap_or(0);
        Self { anywhere: Patterns::new(&anywhere), words: Patterns::new(&words), sorted, first, pairs, longest }
    }

    /// Replaces what is found. `before` and `after`: the bytes around, if there are any.
    pub(super) fn mask(&self, before: Option<u8>, bytes: &mut [u8], after: Option<u8>) {
        let mut at = 0;
        while let Some(patterns) = &self.anywhere
            && let Some(found) = patterns.automaton.find(&bytes[at..])
        {
            let range = at + found.start()..at + found.end();
            at = range.end;
            bytes[range].copy_from_slice(&patterns.shown[found.pattern()]);
        }
        let mut at = 0;
        while let Some(patterns) = &self.words
            && let Some(found) = patterns.automaton.find(&bytes[at..])
        {
            let (start, end) = (at + found.start(), at + found.end());
            let left = start.checked_sub(1).map_or(before, |left| Some(bytes[left]));
            let right = bytes.get(end).copied().or(after);
            if joins(left) || joins(right) {
                at = start + 1;
                continue;
            }
            bytes[start..end].copy_from_slice(&patterns.shown[found.pattern()]);
            at = end;
        }
    }

    /// Whether a secret begins among the first `within` bytes.
    pub(super) fn begins_within(&self, bytes: &[u8], within: usize) -> bool {
        let patterns = [&self.anywhere, &self.words];
        patterns.into_iter().flatten().any(|p| p.automaton.find(bytes).is_some_and(|found| found.start() < within))
    }

    /// How many of the last bytes may be the beginning of something that is looked for.
    pub(super) fn open_end(&self, bytes: &[u8]) -> usize {
        let most = bytes.len().min(self.longest);
        for length in (1..=most).rev() {
            let end = &bytes[bytes.len() - length..];
            let may = match end {
                [only] => self.first[usize::from(*only)],
                [a, b, ..] => {
                    let pair = pair(*a, *b);
                    self.pairs[pair / 64] & 1 << (pair % 64) != 0
                }
                [] => false,
            };
            if may && self.is_beginning(end) {
                return length;
            }
        }
        0
    }

    /// How many of the last bytes are to be held back when these are: a secret that is there already is not cut in two.
    pub(super) fn not_cut(&self, bytes: &[u8], open: usize) -> usize {
        let mut split = bytes.len() - open;
        if open == 0 {
            return 0;
        }
        for patterns in [&self.anywhere, &self.words].into_iter().flatten() {
            let mut at = split.saturating_sub(self.longest);
            while let Some(found) = patterns.automaton.find(&bytes[at..]) {
                let (start, end) = (at + found.start(), at + found.end());
                if start >= split {
                    break;
                }
                if end > split {
                    split = start;
                    break;
                }
                at = start + 1;
            }
        }
        bytes.len() - split
    }

    fn is_beginning(&self, end: &[u8]) -> bool {
        let at = self.sorted.partition_point(|(pattern, _)| pattern.as_slice() < end);
        // A whole word is not known as one before the next byte is there.
        let open = |(pattern, word): &(Vec<u8>, bool)| pattern.len() > end.len() || *word;
        self.sorted[at..].iter().take_while(|(pattern, _)| pattern.starts_with(end)).any(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(finder: &Finder, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        finder.mask(None, &mut bytes, None);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn long_secrets_are_found_anywhere_and_short_ones_as_words() {
        let finder = Finder::new([("hunter2hunter2", "abcdef3abcdef4"), ("1234", "7777"), ("ab", "xy")]);
        assert_eq!(masked(&finder, "xhunter2hunter2y"), "xabcdef3abcdef4y");
        assert_eq!(masked(&finder, "1234 12345 a1234 \"1234\" 1234"), "7777 12345 a1234 \"7777\" 7777");
        assert_eq!(masked(&finder, "ab"), "ab");
    }

    #[test]
    fn what_may_go_on_is_held_back() {
        let finder = Finder::new([("hunter2secret2", "abcdef3abcdef4"), ("1234", "7777")]);
        assert_eq!(finder.open_end(b"xx hunter2"), 7);
        assert_eq!(finder.open_end(b"xx h"), 1);
        assert_eq!(finder.open_end(b"xx 1234"), 4, "it may be 12345");
        assert_eq!(finder.open_end(b"xx hunter2secret2"), 0);
        assert_eq!(finder.open_end(b"\r\n\r\n"), 0);
        assert_eq!(Finder::default().open_end(b"anything"), 0);
        // Digits at its end may be those of a number, but they are its own.
        assert_eq!(finder.not_cut(b"xx hunter2secret2", 1), 14);
        assert_eq!(finder.not_cut(b"xx hunter2secret2 12", 2), 2);
    }
}
