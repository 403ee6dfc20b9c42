//! Writing: elements in the order in which they are given, namespaces by the dialect.

use crate::dialect::{Dialect, Ns};

/// A stretch in which prefixes are declared: the document's element, or the first private one within.
#[derive(Debug)]
struct Scope {
    /// Where declarations go, in the text.
    at: usize,
    depth: usize,
    used: Vec<Ns>,
    /// Within it nothing stands without a prefix.
    is_private: bool,
}

/// Writes one document.
#[derive(Debug)]
pub struct Writer<'d> {
    dialect: &'d Dialect,
    default: Ns,
    out: String,
    scopes: Vec<Scope>,
    depth: usize,
}

impl<'d> Writer<'d> {
    /// A document whose element, and all without a prefix, is of this namespace.
    #[must_use]
    pub fn new(dialect: &'d Dialect, default: Ns) -> Self {
        Self { dialect, default, out: String::with_capacity(512), scopes: Vec::new(), depth: 0 }
    }

    fn prefix(&mut self, ns: Ns) -> Option<&'static str> {
        let scope = self.scopes.last_mut()?;
        if ns == self.default && !scope.is_private {
            return None;
        }
        if !scope.used.contains(&ns) {
            scope.used.push(ns);
        }
        Some(ns.prefix())
    }

    fn begin(&mut self, name: &str, ns: Ns) {
        let private = ns == Ns::Private && self.default != Ns::Private;
        let opens = self.scopes.is_empty() || (private && !self.scopes.iter().any(|scope| scope.is_private));
        if opens {
            self.scopes.push(Scope { at: 0, depth: self.depth, used: Vec::new(), is_private: private });
        }
        self.out.push('<');
        self.name(name, ns);
        if opens && let Some(scope) = self.scopes.last_mut() {
            scope.at = self.out.len();
        }
    }

    fn name(&mut self, name: &str, ns: Ns) {
        if let Some(prefix) = self.prefix(ns) {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(name);
    }

    fn end_scope(&mut self) {
        if self.scopes.last().is_none_or(|scope| scope.depth != self.depth) {
            return;
        }
        let Some(scope) = self.scopes.pop() else { return };
        let mut declared = String::new();
        if self.scopes.is_empty() {
            declared = format!(" xmlns=\"{}\"", self.dialect.uri(self.default));
        }
        for ns in [Ns::Private, Ns::Csta, Ns::Session] {
            if scope.used.contains(&ns) {
                declared.push_str(&format!(" xmlns:{}=\"{}\"", ns.prefix(), self.dialect.uri(ns)));
            }
        }
        self.out.insert_str(scope.at, &declared);
    }

    /// An element's start.
    pub fn open(&mut self, name: &str, ns: Ns) {
        self.begin(name, ns);
        self.out.push('>');
        self.depth += 1;
    }

    /// Its end.
    pub fn close(&mut self, name: &str, ns: Ns) {
        self.depth = self.depth.saturating_sub(1);
        // An element with nothing in it is written short, but for the document's.
        let short = self.depth > 0 && self.out.ends_with('>') && self.is_just_opened(name);
        if short {
            self.out.pop();
            self.out.push_str("/>");
        } else {
            self.out.push_str("</");
            self.name(name, ns);
            self.out.push('>');
        }
        self.end_scope();
    }

    fn is_just_opened(&self, name: &str) -> bool {
        let Some(start) = self.out.rfind('<') else { return false };
        let tag = self.out.get(start + 1..self.out.len() - 1).unwrap_or_default();
        !tag.starts_with('/') && !tag.ends_with('/') && tag.split([' ', ':']).any(|part| part == name)
    }

    /// An element with text and attributes.
    pub fn leaf(&mut self, name: &str, ns: Ns, attributes: &[(&str, &str)], text: &str) {
        self.begin(name, ns);
        for (key, value) in attributes {
            self.out.push(' ');
            self.out.push_str(key);
            self.out.push_str("=\"");
            escape(&mut self.out, value);
            self.out.push('"');
        }
        if text.is_empty() {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            escape(&mut self.out, text);
            self.out.push_str("</");
            self.name(name, ns);
            self.out.push('>');
        }
        self.end_scope();
    }

    /// The document.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }
}

/// Text as XML writes it. What XML cannot write (control characters) becomes U+FFFD.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::AVAYA;

    #[test]
    fn prefixes_are_declared_where_they_begin() {
        let mut writer = Writer::new(&AVAYA, Ns::Csta);
        writer.open("Root", Ns::Csta);
        writer.open("private", Ns::Csta);
        writer.open("Block", Ns::Private);
        writer.leaf("own", Ns::Private, &[], "1 < 2 & \"3\"\u{1}");
        writer.leaf("theirs", Ns::Csta, &[("k", "<v>")], "");
        writer.close("Block", Ns::Private);
        writer.close("private", Ns::Csta);
        writer.open("empty", Ns::Csta);
        writer.close("empty", Ns::Csta);
        writer.close("Root", Ns::Csta);
        let (csta, private) = (AVAYA.uri(Ns::Csta), AVAYA.uri(Ns::Private));
        let expected = format!(
            "<Root xmlns=\"{csta}\"><private><acx:Block xmlns:acx=\"{private}\" xmlns:c=\"{csta}\"><acx:own>1 &lt; 2 &amp; \
             &quot;3&quot;\u{fffd}</acx:own><c:theirs k=\"&lt;v&gt;\"/></acx:Block></private><empty/></Root>"
        );
        assert_eq!(writer.finish(), expected);
    }

    #[test]
    fn the_document_alone_is_written_long() {
        let mut writer = Writer::new(&AVAYA, Ns::Private);
        writer.open("Done", Ns::Private);
        writer.close("Done", Ns::Private);
        assert_eq!(writer.finish(), "<Done xmlns=\"http://www.avaya.com/csta\"></Done>");
    }
}
