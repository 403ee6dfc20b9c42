//! One document as a tree of local names: namespaces and prefixes are passed over, because systems differ in them.

use std::borrow::Cow;

use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use quick_xml::{XmlVersion, escape};

use super::{DEEPEST, MOST_ELEMENTS};

/// Why a text is no document that is read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// There is no element.
    #[error("there is no element in it")]
    Empty,
    /// It brings a document type: entities could be declared there, which grow without bound.
    #[error("it has a document type (DTD), which is refused")]
    DocumentType,
    /// An entity that XML itself does not declare.
    #[error("the entity `&{0};` is none of XML's own")]
    Entity(String),
    /// Elements within elements, too many.
    #[error("elements stand more than {DEEPEST} deep")]
    Deep,
    /// Too many elements.
    #[error("there are more than {MOST_ELEMENTS} elements in it")]
    Large,
    /// Something stands behind the document's end.
    #[error("something stands behind the end of the document, at byte {0}")]
    Trailing(u64),
    /// It is not well formed.
    #[error("it is not well formed, at byte {at}: {text}")]
    Malformed {
        /// Where.
        at: u64,
        /// What was found.
        text: String,
    },
}

#[derive(Debug)]
struct Entry<'a> {
    name: &'a str,
    attributes: &'a str,
    text: Cow<'a, str>,
    /// The number of the first entry that is not within this one.
    end: usize,
}

/// A document: its elements in the order of their start tags.
#[derive(Debug)]
pub struct Tree<'a> {
    entries: Vec<Entry<'a>>,
}

impl<'a> Tree<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// It is not well formed, or more than what is read (see [`XmlError`]).
    pub fn parse(text: &'a str) -> Result<Self, XmlError> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().trim_text_start = false;
        let mut tree = Self { entries: Vec::with_capacity(text.len() / 48 + 4) };
        let mut open: Vec<usize> = Vec::with_capacity(DEEPEST);
        loop {
            let event = reader
                .read_event()
                .map_err(|error| XmlError::Malformed { at: reader.error_position(), text: error.to_string() })?;
            match event {
                Event::Start(start) => {
                    tree.add(text, &start, &open, reader.buffer_position())?;
                    open.push(tree.entries.len() - 1);
                }
                Event::Empty(start) => tree.add(text, &start, &open, reader.buffer_position())?,
                Event::End(_) => {
                    let end = tree.entries.len();
                    if let Some(entry) = open.pop().and_then(|at| tree.entries.get_mut(at)) {
                        entry.end = end;
                    }
                }
                Event::Text(said) => {
                    tree.text(&open, said.into_inner(), reader.buffer_position())?;
                }
                Event::CData(said) => tree.text(&open, said.into_inner(), reader.buffer_position())?,
                Event::GeneralRef(reference) => {
                    let text = match reference.resolve_char_ref() {
                        Ok(Some(character)) => Cow::Owned(character.to_string()),
                        Ok(None) => match escape::resolve_xml_entity(&reference) {
                            Some(text) => Cow::Borrowed(text),
                            None => return Err(XmlError::Entity(reference.chars().take(40).collect())),
                        },
                        Err(error) => {
                            let at = reader.buffer_position();
                            return Err(XmlError::Malformed { at, text: error.to_string() });
                        }
                    };
                    tree.text(&open, text, reader.buffer_position())?;
                }
                Event::DocType(_) => return Err(XmlError::DocumentType),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof if !open.is_empty() => {
                    let at = reader.buffer_position();
                    return Err(XmlError::Malformed { at, text: "it ends within an element".to_owned() });
                }
                Event::Eof => break,
            }
        }
        if tree.entries.is_empty() { Err(XmlError::Empty) } else { Ok(tree) }
    }

    fn add(&mut self, text: &'a str, start: &BytesStart<'_>, open: &[usize], at: u64) -> Result<(), XmlError> {
        if open.is_empty() && !self.entries.is_empty() {
            return Err(XmlError::Trailing(at));
        }
        if open.len() >= DEEPEST {
            return Err(XmlError::Deep);
        }
        if self.entries.len() >= MOST_ELEMENTS {
            return Err(XmlError::Large);
        }
        // The reader lends its text for the time of the event; this is the same text for as long as the document.
        let within = |part: &str| {
            let from = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
            text.get(from..from.checked_add(part.len())?)
        };
        let (Some(name), Some(attributes)) = (within(start.local_name().into_inner()), within(start.attributes_raw()))
        else {
            return Err(XmlError::Malformed { at, text: "an element without a name".to_owned() });
        };
        if name.is_empty() {
            return Err(XmlError::Malformed { at, text: "an element without a name".to_owned() });
        }
        let end = self.entries.len() + 1;
        self.entries.push(Entry { name, attributes, text: Cow::Borrowed(""), end });
        Ok(())
    }

    fn text(&mut self, open: &[usize], text: Cow<'a, str>, at: u64) -> Result<(), XmlError> {
        let Some(last) = open.last() else {
            return if text.trim().is_empty() { Ok(()) } else { Err(XmlError::Trailing(at)) };
        };
        if let Some(entry) = self.entries.get_mut(*last) {
            if entry.text.is_empty() {
                entry.text = text;
            } else {
                entry.text.to_mut().push_str(&text);
            }
        }
        Ok(())
    }

    /// The document's element.
    #[must_use]
    pub fn root(&self) -> Node<'_, 'a> {
        Node { tree: self, at: 0 }
    }
}

/// An element of a [`Tree`].
#[derive(Debug, Clone, Copy)]
pub struct Node<'t, 'a> {
    tree: &'t Tree<'a>,
    at: usize,
}

impl<'t, 'a> Node<'t, 'a> {
    fn entry(self) -> Option<&'t Entry<'a>> {
        self.tree.entries.get(self.at)
    }

    /// The local name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.entry().map_or("", |entry| entry.name)
    }

    /// The text that stands directly in it, without white space around it.
    #[must_use]
    pub fn text(self) -> &'t str {
        self.entry().map_or("", |entry| entry.text.trim())
    }

    /// The elements that stand directly in it.
    #[must_use]
    pub fn children(self) -> Children<'t, 'a> {
        let end = self.entry().map_or(0, |entry| entry.end);
        Children { tree: self.tree, next: self.at + 1, end }
    }

    /// The first element of a name that stands directly in it.
    #[must_use]
    pub fn child(self, name: &str) -> Option<Self> {
        self.children().find(|child| child.name() == name)
    }

    /// The first element of a name anywhere in it.
    #[must_use]
    pub fn find(self, name: &str) -> Option<Self> {
        let end = self.entry().map_or(0, |entry| entry.end);
        (self.at + 1..end).map(|at| Node { tree: self.tree, at }).find(|node| node.name() == name)
    }

    /// An attribute's value, by its local name.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The attributes that can be read, with their local names.
    pub fn attributes(self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let raw = self.entry().map_or("", |entry| entry.attributes);
        let mut attributes = Attributes::new(raw, 0);
        attributes.with_checks(false);
        attributes.filter_map(|attribute| {
            let attribute = attribute.ok()?;
            let value = match &attribute.value {
                Cow::Borrowed(value) if !value.contains(['&', '\t', '\r', '\n']) => Cow::Borrowed(*value),
                _ => attribute.normalized_value(XmlVersion::Explicit1_0).ok()?,
            };
            Some((attribute.key.local_name().into_inner(), value))
        })
    }

    /// Reads its children one after the other.
    #[must_use]
    pub fn fields(self) -> Fields<'t, 'a> {
        let end = self.entry().map_or(0, |entry| entry.end);
        Fields { tree: self.tree, first: self.at + 1, next: self.at + 1, end }
    }
}

/// The elements that stand directly in another one.
#[derive(Debug, Clone)]
pub struct Children<'t, 'a> {
    tree: &'t Tree<'a>,
    next: usize,
    end: usize,
}

impl<'t, 'a> Iterator for Children<'t, 'a> {
    type Item = Node<'t, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let node = Node { tree: self.tree, at: self.next };
        self.next = node.entry()?.end;
        Some(node)
    }
}

/// Children by name. They usually stand in the order in which they are asked for, so the search goes on where the last
/// one ended; but any order is understood.
#[derive(Debug)]
pub struct Fields<'t, 'a> {
    tree: &'t Tree<'a>,
    first: usize,
    next: usize,
    end: usize,
}

impl<'t, 'a> Fields<'t, 'a> {
    /// The next child of this name, or else the first one.
    pub fn take(&mut self, name: &str) -> Option<Node<'t, 'a>> {
        let from = |next| Children { tree: self.tree, next, end: self.end };
        let found = from(self.next).find(|node| node.name() == name).or_else(|| {
            let mut before = from(self.first).take_while(|node| node.at < self.next);
            before.find(|node| node.name() == name)
        })?;
        self.next = found.entry()?.end;
        Some(found)
    }

    /// All children of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = Node<'t, 'a>> {
        Children { tree: self.tree, next: self.first, end: self.end }.filter(move |node| node.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_local_and_text_is_read_as_xml_means_it() {
        let tree = Tree::parse(
            "<?xml version=\"1.0\"?>\n<!-- x -->\n<a:One xmlns:a='u' k=\"1 &lt; 2\"><b>&#x41;&amp;<![CDATA[<&>]]> z</b>\n  <b:c/> </a:One>\n",
        )
        .unwrap();
        let one = tree.root();
        assert_eq!((one.name(), one.text()), ("One", ""));
        assert_eq!(one.attribute("k").as_deref(), Some("1 < 2"));
        assert_eq!(one.child("b").map(Node::text), Some("A&<&> z"));
        assert_eq!(one.children().map(Node::name).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn fields_are_found_in_any_order() {
        let tree = Tree::parse("<r><c>1</c><a>2</a><b><a>inner</a></b></r>").unwrap();
        let mut fields = tree.root().fields();
        assert_eq!(fields.take("a").map(Node::text), Some("2"));
        assert_eq!(fields.take("b").map(Node::name), Some("b"));
        assert_eq!(fields.take("c").map(Node::text), Some("1"));
        assert!(fields.take("d").is_none());
        assert_eq!(tree.root().find("b").and_then(|b| b.find("a")).map(Node::text), Some("inner"));
    }

    #[test]
    fn what_could_grow_or_lead_elsewhere_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert_eq!(Tree::parse(bomb).unwrap_err(), XmlError::DocumentType);
        assert_eq!(Tree::parse("<a>&c;</a>").unwrap_err(), XmlError::Entity("c".to_owned()));
        assert!(matches!(Tree::parse("<a>&#0;</a>"), Err(XmlError::Malformed { .. })));
        let deep = format!("{}{}", "<a>".repeat(DEEPEST + 1), "</a>".repeat(DEEPEST + 1));
        assert_eq!(Tree::parse(&deep).unwrap_err(), XmlError::Deep);
        let many = format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS));
        assert_eq!(Tree::parse(&many).unwrap_err(), XmlError::Large);
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert_eq!(Tree::parse(" \n").unwrap_err(), XmlError::Empty);
        assert!(matches!(Tree::parse("<a/><b/>"), Err(XmlError::Trailing(_))));
        assert!(matches!(Tree::parse("<a/>x"), Err(XmlError::Trailing(_))));
        for text in ["<a>", "<a></b>", "</a>", "<a", "<a><b></a></b>", "< a/>"] {
            assert!(matches!(Tree::parse(text), Err(XmlError::Malformed { .. })), "{text}");
        }
    }
}
