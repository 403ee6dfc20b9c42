//! Messages as a client reads them.

use quick_xml::{Reader, events::Event};

/// An element by its local name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first element at the end of a path of names; names that stand deeper may be left out.
    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// Its text, or nothing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.find(name).map_or("", |found| found.text.as_str())
    }

    /// The names of the children.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.children.iter().map(|child| child.name.as_str()).collect()
    }
}

/// Reads a document that must be one.
pub(crate) fn parse(body: &[u8]) -> Element {
    let mut reader = Reader::from_str(std::str::from_utf8(body).unwrap());
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open.push(Element { name: start.local_name().as_ref().into(), ..Element::default() });
            }
            Event::Empty(start) => {
                let element = Element { name: start.local_name().as_ref().into(), ..Element::default() };
                open.last_mut().unwrap().children.push(element);
            }
            Event::End(_) => {
                let element = open.pop().unwrap();
                open.last_mut().unwrap().children.push(element);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
            Event::GeneralRef(_) => open.last_mut().unwrap().text.push('&'),
            Event::Eof => break,
            Event::Decl(_) => {}
            other => panic!("{other:?} has no place in a message"),
        }
    }
    let mut root = open.pop().unwrap();
    assert_eq!((open.len(), root.children.len()), (0, 1), "one element at the top");
    root.children.pop().unwrap()
}
