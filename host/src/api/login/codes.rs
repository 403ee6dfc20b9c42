//! Codes that wait to be used.

use std::collections::HashMap;
use std::time::Instant;

use super::CODE_LASTS;
use crate::api::auth::digest;

/// The most that may wait. Each was asked for on this machine, by who may end the host.
const MOST: usize = 1_000;

/// By their hashes, as tokens are: the time of a look-up tells nothing.
#[derive(Debug, Default)]
pub(super) struct Codes(HashMap<[u8; 32], Code>);

#[derive(Debug)]
struct Code {
    user: String,
    until: Instant,
}

impl Codes {
    pub(super) fn add(&mut self, code: &str, user: &str, now: Instant) -> Result<(), String> {
        self.0.retain(|_, code| code.until > now);
        if self.0.len() >= MOST {
            return Err(format!("{MOST} codes wait to be used; each ends after {} s", CODE_LASTS.as_secs()));
        }
        self.0.insert(digest(code), Code { user: user.to_owned(), until: now + CODE_LASTS });
        Ok(())
    }

    pub(super) fn take(&mut self, code: &str, now: Instant) -> Option<String> {
        let found = self.0.remove(&digest(code))?;
        (found.until > now).then_some(found.user)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_code_ends() {
        let (mut codes, now) = (Codes::default(), Instant::now());
        codes.add("one", "alice", now).unwrap();
        codes.add("two", "alice", now + Duration::from_secs(1)).unwrap();
        let then = now + CODE_LASTS;
        assert_eq!((codes.take("one", then), codes.take("two", then).as_deref()), (None, Some("alice")));
    }

    #[test]
    fn there_are_not_too_many() {
        let (mut codes, now) = (Codes::default(), Instant::now());
        (0..MOST).for_each(|number| codes.add(&number.to_string(), "alice", now).unwrap());
        assert!(codes.add("one more", "alice", now).is_err());
        codes.add("one more", "alice", now + CODE_LASTS).unwrap();
        assert_eq!(codes.0.len(), 1);
    }
}
