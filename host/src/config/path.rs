//! Where a value stands: `connection[0].settings.port`.

use std::fmt;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Index(usize),
}

/// The way from the top of the file to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct KeyPath(Vec<Step>);

impl KeyPath {
    /// The value of a key at the top.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self::default().key(key)
    }

    /// The value of a key in this table.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.and(Step::Key(key.to_owned()))
    }

    /// A value of this list, counted from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.and(Step::Index(index))
    }

    fn and(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// The table or list that it stands in; none at the top.
    pub(super) fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    /// Whether it is `other` or stands within it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The key it begins with and the number after it: `("connection", 0)`, and the rest.
    pub(super) fn element(&self) -> Option<(&str, usize, Self)> {
        match self.0.as_slice() {
            [Step::Key(key), Step::Index(index), rest @ ..] => Some((key, *index, Self(rest.to_vec()))),
            _ => None,
        }
    }

    /// The first key, if it begins with one.
    pub(crate) fn first_key(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// This way, and on from its end.
    pub(super) fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The table or list that holds the value.
    pub(super) fn above<'a>(&self, top: &'a mut toml::Value) -> Option<&'a mut toml::Value> {
        let (_, above) = self.0.split_last()?;
        above.iter().try_fold(top, |value, step| match step {
            Step::Key(key) => value.get_mut(key.as_str()),
            Step::Index(index) => value.get_mut(*index),
        })
    }

    /// The key it ends with; none for a member of a list.
    pub(super) fn last_key(&self) -> Option<&str> {
        match self.0.last() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// The number it ends with, if it is a member of a list.
    pub(super) fn last_index(&self) -> Option<usize> {
        match self.0.last() {
            Some(Step::Index(index)) => Some(*index),
            _ => None,
        }
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    if number > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(&super::words::key(key))?;
                }
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_toml_would_write_it() {
        let path = KeyPath::of("connection").index(0).key("settings").key("answer_after").key("+4930");
        assert_eq!(path.to_string(), "connection[0].settings.answer_after.\"+4930\"");
        let (key, index, rest) = path.element().unwrap();
        assert_eq!((key, index, rest.to_string().as_str()), ("connection", 0, "settings.answer_after.\"+4930\""));
        assert!(path.is_within(&KeyPath::of("connection")) && !KeyPath::of("connection").is_within(&path));
    }
}
