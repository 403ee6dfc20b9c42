//! Tokens of a login: `jf1.CLAIMS.SIGNATURE`, both in base64url. The claims say whose it is and when it ends; the
//! signature is an HMAC-SHA-256 (RFC 2104) with a key that only the host has, another one for each user.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::{LOGIN_LASTS, TOKEN_LASTS};

/// What every such token begins with.
const PREFIX: &str = "jf1.";
/// The longest that is looked at; a user's name has no more than some hundred bytes.
const LONGEST: usize = 4_096;
/// Keeps keys made for this apart from keys made for anything else.
const PURPOSE: &[u8] = b"jackfield: tokens of logins, 1";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::api) struct Claims {
    /// The user.
    #[serde(rename = "u")]
    pub(in crate::api) user: String,
    /// The login.
    #[serde(rename = "i")]
    pub(in crate::api) login: String,
    /// When it ends, in seconds since 1970.
    #[serde(rename = "e")]
    ends: u64,
    /// When the login ends.
    #[serde(rename = "l")]
    login_ends: u64,
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Claims {
    /// Those of a new login.
    pub(in crate::api) fn new(user: &str, login: String, now: SystemTime) -> Self {
        let (ends, login_ends) = (seconds(now + TOKEN_LASTS), seconds(now + LOGIN_LASTS));
        Self { user: user.to_owned(), login, ends, login_ends }
    }

    /// The same login, for longer, as far as it goes.
    pub(in crate::api) fn renewed(&self, now: SystemTime) -> Self {
        Self { ends: seconds(now + TOKEN_LASTS).min(self.login_ends), ..self.clone() }
    }

    /// When the token ends.
    pub(in crate::api) fn ends(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.ends)
    }

    /// When the login ends.
    pub(in crate::api) fn login_ends(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.login_ends)
    }

    /// The token that says so, signed for a user with this secret.
    pub(in crate::api) fn sign(&self, secret: &[u8; 32]) -> String {
        // A struct of texts and numbers always serialises.
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key(secret), claims.as_bytes()));
        format!("{PREFIX}{claims}.{signature}")
    }
}

/// What a token says, if it is one, is signed by this host and has not ended. `secret`: a user's.
pub(in crate::api) fn read(
    token: &str,
    now: SystemTime,
    secret: impl FnOnce(&str) -> Option<[u8; 32]>,
) -> Option<Claims> {
    let (claims, signature) = token.strip_prefix(PREFIX).filter(|_| token.len() <= LONGEST)?.split_once('.')?;
    let said: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    // Compares in constant time.
    hmac::verify(&key(&secret(&said.user)?), claims.as_bytes(), &signature).ok()?;
    (seconds(now) < said.ends && said.ends <= said.login_ends).then_some(said)
}

fn key(secret: &[u8; 32]) -> hmac::Key {
    let made = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), PURPOSE);
    hmac::Key::new(hmac::HMAC_SHA256, made.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: [u8; 32] = [7; 32];

    fn alice(user: &str) -> Option<[u8; 32]> {
        (user == "alice").then_some(ALICE)
    }

    #[test]
    fn a_token_is_good_until_it_ends() {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let claims = Claims::new("alice", "login".to_owned(), now);
        let token = claims.sign(&ALICE);
        assert!(
            token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)),
            "a subprotocol takes it: {token}"
        );
        assert_eq!(read(&token, now, alice), Some(claims.clone()));
        let last = now + TOKEN_LASTS - Duration::from_secs(1);
        assert_eq!(read(&token, last, alice), Some(claims.clone()));
        assert_eq!(read(&token, now + TOKEN_LASTS, alice), None);
        let later = claims.renewed(last);
        assert_eq!(read(&later.sign(&ALICE), now + TOKEN_LASTS, alice), Some(later));
        let end = now + LOGIN_LASTS;
        assert_eq!(claims.renewed(end - Duration::from_secs(5)).ends(), end, "not beyond the login");
    }

    #[test]
    fn nothing_but_what_was_signed() {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let claims = Claims::new("alice", "login".to_owned(), now);
        let token = claims.sign(&ALICE);
        let (claims_text, signature) = token.strip_prefix(PREFIX).unwrap().split_once('.').unwrap();
        let longer = Claims { ends: claims.ends + 1, ..claims.clone() };
        let longer = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&longer).unwrap());
        for wrong in [
            String::new(),
            PREFIX.to_owned(),
            "jf1..".to_owned(),
            format!("jf1.{claims_text}"),
            format!("jf1.{claims_text}."),
            format!("jf1.{claims_text}.AAAA"),
            format!("jf1.{longer}.{signature}"),
            format!("jf2.{claims_text}.{signature}"),
            format!("{token}A"),
            format!("jf1.{}.{signature}", "A".repeat(1_000_000)),
            claims.sign(&[8; 32]),
            Claims::new("bob", "login".to_owned(), now).sign(&ALICE),
        ] {
            assert_eq!(read(&wrong, now, alice), None, "{}", wrong.get(..100).unwrap_or(&wrong));
        }
        // Every single bit counts, but for those that base64url leaves over at the end.
        for at in PREFIX.len()..token.len() - 1 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(read(&String::from_utf8(bytes).unwrap(), now, alice), None, "{at}");
        }
    }
}
