//! Logging in from a page: a code or a configured token is exchanged for a token that ends by itself.
//!
//! A code is made for who may ask on this machine (`jackfield login`), goes into an address behind the `#`, and is good
//! once. The token that comes of it is signed with a key that is made from the user's configured token
//! ([`token`]), so it is worth nothing any more when that one changes, and a restart of the host ends nobody's
//! day. Nothing here is on the way of an event.

mod attempts;
mod codes;
pub(super) mod token;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

use attempts::Attempts;
use codes::Codes;

/// How long a code is good.
pub const CODE_LASTS: Duration = Duration::from_secs(5 * 60);
/// How long a token is good.
pub(super) const TOKEN_LASTS: Duration = Duration::from_secs(60 * 60);
/// How long tokens are renewed after a login: a long shift.
pub(super) const LOGIN_LASTS: Duration = Duration::from_secs(16 * 60 * 60);
/// Logins that were ended and are remembered. Beyond it the oldest may come alive again until its token ends.
const MOST_ENDED: usize = 10_000;

/// What of logins is not in the tokens themselves.
#[derive(Debug, Default)]
pub(super) struct Logins {
    codes: Mutex<Codes>,
    attempts: Mutex<Attempts>,
    /// Logins that were ended by their user, and when they would have ended by themselves.
    ended: Mutex<HashMap<Box<str>, SystemTime>>,
    random: Random,
}

#[derive(Debug)]
struct Random(SystemRandom);

impl Default for Random {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked with it left whole entries.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Logins {
    /// A code for a user.
    ///
    /// # Errors
    /// Too many wait to be used, or the system has no random numbers.
    pub(super) fn code(&self, user: &str) -> Result<String, String> {
        let code = self.random_text()?;
        lock(&self.codes).add(&code, user, Instant::now())?;
        Ok(code)
    }

    /// The user whose code this is. It is used now.
    pub(super) fn redeem(&self, code: &str) -> Option<String> {
        lock(&self.codes).take(code, Instant::now())
    }

    /// A name for a login.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn name(&self) -> Result<String, String> {
        self.random_text()
    }

    /// 128 random bits, as text that needs no quoting anywhere.
    fn random_text(&self) -> Result<String, String> {
        let mut bytes = [0; 16];
        self.random.0.fill(&mut bytes).map_err(|_| "the system has no random numbers now".to_owned())?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Ends a login before its time.
    pub(super) fn end(&self, login: &str, until: SystemTime) {
        let mut ended = lock(&self.ended);
        if ended.len() >= MOST_ENDED {
            let now = SystemTime::now();
            ended.retain(|_, until| *until > now);
        }
        if ended.len() >= MOST_ENDED
            && let Some(first) = ended.iter().min_by_key(|(_, until)| **until).map(|(login, _)| login.clone())
        {
            ended.remove(&first);
        }
        ended.insert(login.into(), until);
    }

    /// Whether a login was ended.
    pub(super) fn has_ended(&self, login: &str) -> bool {
        lock(&self.ended).contains_key(login)
    }

    /// Whether somebody at this address may try now; if not, when again.
    pub(super) fn may_try(&self, from: IpAddr) -> Result<(), Duration> {
        lock(&self.attempts).may(from, Instant::now())
    }

    /// Somebody at this address tried with something wrong.
    pub(super) fn failed(&self, from: IpAddr) {
        lock(&self.attempts).failed(from, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once() {
        let logins = Logins::default();
        let (one, other) = (logins.code("alice").unwrap(), logins.code("bob").unwrap());
        assert_ne!(one, other);
        assert!(one.len() >= 22 && one.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{one}");
        assert_eq!(logins.redeem("no such code"), None);
        assert_eq!(logins.redeem(&one).as_deref(), Some("alice"));
        assert_eq!(logins.redeem(&one), None, "it was used");
        assert_eq!(logins.redeem(&other).as_deref(), Some("bob"));
    }

    #[test]
    fn logins_that_ended_are_remembered_as_long_as_they_matter() {
        let logins = Logins::default();
        let soon = SystemTime::now() + Duration::from_secs(60);
        logins.end("long ago", SystemTime::now() - Duration::from_secs(1));
        for number in 0..MOST_ENDED {
            logins.end(&format!("login-{number}"), soon + Duration::from_secs(number as u64));
        }
        assert!(!logins.has_ended("long ago"));
        assert!(logins.has_ended(&format!("login-{}", MOST_ENDED - 1)));
        logins.end("one more", soon);
        assert!(logins.has_ended("one more") && !logins.has_ended("login-0"), "the oldest gives way");
        assert!(lock(&logins.ended).len() <= MOST_ENDED);
    }
}
