//! Requests: `GET base/group/method/?Name=value&…`.

use std::fmt::Write;

use encoding_rs::Encoding;
use jackfield_plugin_api::HttpRequest;

use crate::config::Config;

/// No value that is sent is longer, in characters.
pub(crate) const LONGEST_VALUE: usize = 256;

/// A request under construction.
#[derive(Debug)]
pub(crate) struct Query {
    url: String,
    encoding: &'static Encoding,
    first: bool,
    /// Every character of its values exists in the encoding.
    pub(crate) whole: bool,
}

impl Query {
    /// A request for a path: `/call/make/`.
    pub(crate) fn new(config: &Config, path: &str) -> Self {
        let mut url = config.url.trim_end_matches('/').to_owned();
        url.push_str(if config.slash { path } else { path.trim_end_matches('/') });
        Self { url, encoding: config.text_encoding().unwrap_or(encoding_rs::UTF_8), first: true, whole: true }
    }

    /// With a parameter.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.url.push(if self.first { '?' } else { '&' });
        self.first = false;
        self.url.push_str(name);
        self.url.push('=');
        let (bytes, _, lossy) = self.encoding.encode(value);
        self.whole &= !lossy;
        for byte in bytes.iter() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => self.url.push(char::from(*byte)),
                // Never fails: it goes into a text.
                _ => drop(write!(self.url, "%{byte:02X}")),
            }
        }
        self
    }

    /// The address, to be shown.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What the host is to ask. A question may be asked twice; a command never.
    pub(crate) fn request(&self, config: &Config, repeatable: bool) -> HttpRequest {
        let mut request = HttpRequest::new("GET", self.url.as_str());
        request.timeout_ms = u64::from(config.answer_timeout) * 1_000;
        request.tls = config.tls.clone();
        request.repeatable = repeatable;
        request
    }
}

/// Whether a text can be a value.
pub(crate) fn fits(value: &str) -> bool {
    !value.trim().is_empty() && value.chars().count() <= LONGEST_VALUE && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    #[test]
    fn nothing_of_a_value_becomes_part_of_the_address() {
        let query =
            Query::new(&config(), "/call/make/").with("Extension", "101").with("Number", "+7 (495) 1&IDCall=2#é");
        assert_eq!(
            query.url(),
            "http://infinity.example:10080/call/make/?Extension=101&Number=%2B7%20%28495%29%201%26IDCall%3D2%23%C3%A9"
        );
    }

    #[test]
    fn the_encoding_and_the_slash_are_settings() {
        let mut config = config();
        (config.encoding, config.slash) = ("windows-1251".to_owned(), false);
        let query = Query::new(&config, "/call/make/").with("Tag", "Ж");
        assert_eq!(query.url(), "http://infinity.example:10080/call/make?Tag=%C6");
        assert!(query.whole && !query.with("X", "漢").whole);
    }
}
