//! Who a client is: tokens, and what each user may see and do.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

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
    pub lines: Vec<(String, LineKey)>,
    /// What they showed, as a hash.
    shown: [u8; 32],
}

impl User {
    /// The key of a line, when the user may see it.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<LineKey> {
        self.lines.iter().find(|(n, _)| n == name).map(|(_, key)| *key)
    }
}

/// All users, by what they show. Only hashes of tokens are kept, so neither a dump nor the time of a look-up tells one.
#[derive(Debug, Default)]
pub struct Users {
    by_token: HashMap<[u8; 32], Arc<User>>,
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl Users {
    /// The users of a configuration. `lines` are all lines there are, with their names.
    #[must_use]
    pub fn new(config: &Config, lines: &[(String, LineKey)]) -> Self {
        let mut by_token = HashMap::new();
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
            let shown = digest(user.token.reveal());
            by_token.insert(shown, Arc::new(User { name: user.name.clone(), role: user.role, lines: seen, shown }));
        }
        Self { by_token }
    }

    /// The user of a token.
    #[must_use]
    pub fn authenticate(&self, token: &str) -> Option<Arc<User>> {
        self.by_token.get(&digest(token)).cloned()
    }

    /// What has become of somebody who was let in before: the user that their token stands for now.
    #[must_use]
    pub fn again(&self, user: &User) -> Option<Arc<User>> {
        self.by_token.get(&user.shown).filter(|now| now.name == user.name).cloned()
    }
}
