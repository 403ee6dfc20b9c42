//! Who a client is: tokens, and what each user may see and do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::login::token::{self, Claims};
use crate::config::{Config, Role};
use crate::hub::LineKey;

/// A user, with the lines they may see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their lines, in their order; the first is the panel's default.
    pub lines: Arc<[(String, LineKey)]>,
    /// Their configured token, as a hash.
    secret: [u8; 32],
    /// The login that let them in, when it was not that token.
    login: Option<Claims>,
}

impl User {
    /// The key of a line, when the user may see it.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<LineKey> {
        self.lines.iter().find(|(n, _)| n == name).map(|(_, key)| *key)
    }

    /// When what they showed ends. None: never.
    #[must_use]
    pub fn until(&self) -> Option<SystemTime> {
        self.login.as_ref().map(Claims::ends)
    }

    /// The login that let them in, when it was not their configured token.
    pub(super) fn login(&self) -> Option<&Claims> {
        self.login.as_ref()
    }

    /// A token that says what `claims` say.
    pub(super) fn sign(&self, claims: &Claims) -> String {
        claims.sign(&self.secret)
    }
}

/// All users, by what they show. Only hashes of tokens are kept, so neither a dump nor the time of a look-up tells one.
#[derive(Debug, Default)]
pub struct Users {
    by_token: HashMap<[u8; 32], Arc<User>>,
    by_name: HashMap<String, Arc<User>>,
}

/// What is kept of a secret text.
pub(super) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl Users {
    /// The users of a configuration. `lines` are all lines there are, with their names.
    #[must_use]
    pub fn new(config: &Config, lines: &[(String, LineKey)]) -> Self {
        let (mut by_token, mut by_name) = (HashMap::new(), HashMap::new());
        for user in &config.users {
            let mut seen: Vec<(String, LineKey)> = Vec::new();
            let mut add = |wanted: &dyn Fn(&str) -> bool| {
                for (name, key) in lines {
                    if wanted(name) && !seen.iter().any(|(_, k)| k == key) {
                        seen.push((name.clone(), *key));
                    }
                }
            };
            for pattern in &user.lines {
                match pattern.strip_suffix('*') {
                    Some(prefix) => add(&|name| name.starts_with(prefix)),
                    None => add(&|name| name == pattern),
                }
            }
            if user.role == Role::Admin {
                add(&|_| true);
            }
            let secret = digest(user.token.reveal());
            let user = User { name: user.name.clone(), role: user.role, lines: seen.into(), secret, login: None };
            let user = Arc::new(user);
            by_name.insert(user.name.clone(), Arc::clone(&user));
            by_token.insert(secret, user);
        }
        Self { by_token, by_name }
    }

    /// The user of a token: of a configured one, or of one that a login gave and that has not ended.
    #[must_use]
    pub fn authenticate(&self, token: &str) -> Option<Arc<User>> {
        if let Some(user) = self.by_token.get(&digest(token)) {
            return Some(Arc::clone(user));
        }
        let claims = token::read(token, SystemTime::now(), |name| self.named(name).map(|user| user.secret))?;
        let user = self.named(&claims.user)?;
        Some(Arc::new(User { login: Some(claims), ..User::clone(user) }))
    }

    /// The user of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<User>> {
        self.by_name.get(name)
    }

    /// The users' names, in the order of the alphabet.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// What has become of somebody who was let in before: the user that what they showed stands for now.
    #[must_use]
    pub fn again(&self, user: &User) -> Option<Arc<User>> {
        let now = self.named(&user.name).filter(|now| now.secret == user.secret)?;
        if user.until().is_some_and(|until| until <= SystemTime::now()) {
            return None;
        }
        Some(Arc::new(User { login: user.login.clone(), ..User::clone(now) }))
    }
}
