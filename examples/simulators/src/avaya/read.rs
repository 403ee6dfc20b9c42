//! Requests as they come: a tree of local names. Namespaces are not looked at, as with the real server.

use quick_xml::{Reader, events::Event};

/// How deep elements may be nested.
const DEEPEST: usize = 32;
/// How many elements a request may have.
const MANY: usize = 4_096;

/// An element without its namespace and attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// The text between its tags, without what is white around it.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first child with this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first element with this name at any depth.
    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// The text of the first child with this name; empty when there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    /// Whether the first element with this name at any depth says `true`.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.find(name).is_some_and(|found| matches!(found.text.as_str(), "true" | "1"))
    }
}

/// Reads one document; the error says what is wrong with it.
pub(crate) fn parse(body: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(body).map_err(|error| format!("no UTF-8: {error}"))?;
    let mut reader = Reader::from_str(text);
    let (mut open, mut root, mut count) = (Vec::<Element>::new(), None, 0_usize);
    loop {
        let event = reader.read_event().map_err(|error| format!("no XML: {error}"))?;
        let element = match event {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                open.push(Element { name, ..Element::default() });
                count += 1;
                if open.len() > DEEPEST || count > MANY {
                    return Err(format!("more than {MANY} elements, or deeper than {DEEPEST}"));
                }
                continue;
            }
            Event::Empty(start) => {
                count += 1;
                Element { name: start.local_name().as_ref().to_owned(), ..Element::default() }
            }
            Event::End(_) => {
                let mut element = open.pop().ok_or("an end without a beginning")?;
                element.text = element.text.trim().to_owned();
                element
            }
            Event::Text(text) => {
                add(&mut open, &text.xml10_content());
                continue;
            }
            Event::CData(text) => {
                add(&mut open, &text.xml10_content());
                continue;
            }
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| format!("no character: {error}"))?;
                let character = match (character, reference.xml10_content().as_ref()) {
                    (Some(character), _) => character,
                    (None, "amp") => '&',
                    (None, "lt") => '<',
                    (None, "gt") => '>',
                    (None, "quot") => '"',
                    (None, "apos") => '\'',
                    (None, other) => return Err(format!("the entity {other:?} is none of the five")),
                };
                add(&mut open, character.encode_utf8(&mut [0; 4]));
                continue;
            }
            Event::DocType(_) => return Err("a document type definition is not taken".into()),
            Event::Eof if open.is_empty() => return root.ok_or_else(|| "an empty document".into()),
            Event::Eof => return Err("the document ends too early".into()),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if root.is_none() => root = Some(element),
            None => return Err("more than one element at the top".into()),
        }
    }
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_local_and_texts_are_unescaped() {
        let body = br#"<?xml version="1.0"?><x:A xmlns:x="u"><!-- c --><x:b y="1"> 1 &lt; &#x32; <![CDATA[&]]> </x:b><c/></x:A>"#;
        let root = parse(body).unwrap();
        assert_eq!((root.name.as_str(), root.text_of("b")), ("A", "1 < 2 &"));
        assert_eq!(root.child("c"), Some(&Element { name: "c".into(), ..Element::default() }));
    }

    #[test]
    fn what_is_no_request_is_refused_in_words() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for wrong in ["", "<a>", "<a></b>", "<a/><b/>", "<!DOCTYPE a><a/>", "<a>&x;</a>", "</a>", &deep] {
            parse(wrong.as_bytes()).unwrap_err();
        }
        parse(b"<a>\xff</a>").unwrap_err();
    }
}
