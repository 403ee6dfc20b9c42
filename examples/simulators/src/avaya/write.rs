//! Messages as they leave: a tree of elements, and the dialects in which it can be written down.

use std::fmt::Write;

use serde::Deserialize;

/// What a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// ECMA-323.
    Csta,
    /// ECMA-354.
    Session,
    /// Avaya's extensions.
    Avaya,
}

impl Space {
    fn uri(self) -> &'static str {
        match self {
            Self::Csta => "http://www.ecma-international.org/standards/ecma-323/csta/ed3",
            Self::Session => "http://www.ecma-international.org/standards/ecma-354/appl_session",
            Self::Avaya => "http://www.avaya.com/csta",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Csta => "c",
            Self::Session => "s",
            Self::Avaya => "acx",
        }
    }
}

/// How namespaces are written; clients have met all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Namespaces {
    /// The root's is the default one, others have a prefix.
    #[default]
    Standard,
    /// Every name has a prefix.
    Prefixed,
    /// There are none.
    None,
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    space: Space,
    name: &'static str,
    attributes: Vec<(&'static str, &'static str)>,
    text: String,
    children: Vec<Node>,
}

/// An element of ECMA-323.
pub(crate) fn csta(name: &'static str) -> Node {
    node(Space::Csta, name)
}

/// An element of Avaya's.
pub(crate) fn avaya(name: &'static str) -> Node {
    node(Space::Avaya, name)
}

/// An element.
pub(crate) fn node(space: Space, name: &'static str) -> Node {
    Node { space, name, attributes: Vec::new(), text: String::new(), children: Vec::new() }
}

impl Node {
    /// With a text.
    #[allow(clippy::needless_pass_by_value, reason = "numbers and texts are written where they are given")]
    pub(crate) fn text(mut self, text: impl ToString) -> Self {
        self.text = text.to_string();
        self
    }

    /// With an attribute.
    pub(crate) fn attribute(mut self, name: &'static str, value: &'static str) -> Self {
        self.attributes.push((name, value));
        self
    }

    /// With another child at the end.
    pub(crate) fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With some more children at the end.
    pub(crate) fn and(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// With a child that holds nothing but a text.
    pub(crate) fn say(self, name: &'static str, text: impl ToString) -> Self {
        let child = node(self.space, name).text(text);
        self.with(child)
    }

    /// What this element is called.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The children backwards, but for the first: an order that no schema has.
    pub(crate) fn disordered(mut self) -> Self {
        if let Some(rest) = self.children.get_mut(1..) {
            rest.reverse();
        }
        self
    }

    /// The whole document.
    pub(crate) fn document(&self, namespaces: Namespaces, prolog: bool) -> String {
        let mut out = String::new();
        if prolog {
            out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        }
        let writer = Writer { namespaces, root: self.space };
        writer.write(&mut out, self, &mut Vec::new());
        out
    }
}

struct Writer {
    namespaces: Namespaces,
    root: Space,
}

impl Writer {
    fn write(&self, out: &mut String, node: &Node, declared: &mut Vec<Space>) {
        let default = self.namespaces == Namespaces::Standard && node.space == self.root;
        let prefix = if default || self.namespaces == Namespaces::None { "" } else { node.space.prefix() };
        let (colon, new) = (if prefix.is_empty() { "" } else { ":" }, !declared.contains(&node.space));
        // Writing to a text does not fail.
        _ = write!(out, "<{prefix}{colon}{}", node.name);
        if new && self.namespaces != Namespaces::None {
            let uri = node.space.uri();
            _ = if default { write!(out, " xmlns=\"{uri}\"") } else { write!(out, " xmlns:{prefix}=\"{uri}\"") };
        }
        for (name, value) in &node.attributes {
            _ = write!(out, " {name}=\"{value}\"");
        }
        out.push('>');
        escape(out, &node.text);
        if new {
            declared.push(node.space);
        }
        for child in &node.children {
            self.write(out, child, declared);
        }
        if new {
            declared.pop();
        }
        _ = write!(out, "</{prefix}{colon}{}>", node.name);
    }
}

/// Writes a text so that it is read as it was; what XML has no room for becomes a question mark.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'.. => out.push(character),
            _ => out.push('?'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_in_three_dialects() {
        let message = csta("A").say("b", "x < y").with(avaya("P").with(csta("d").attribute("k", "v")).with(avaya("e")));
        let (csta, avaya) = (Space::Csta.uri(), Space::Avaya.uri());
        assert_eq!(
            message.document(Namespaces::Standard, false),
            format!(
                "<A xmlns=\"{csta}\"><b>x &lt; y</b><acx:P xmlns:acx=\"{avaya}\"><d k=\"v\"></d><acx:e></acx:e></acx:P></A>"
            )
        );
        assert_eq!(
            message.document(Namespaces::Prefixed, true),
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<c:A xmlns:c=\"{csta}\"><c:b>x &lt; y</c:b><acx:P \
                 xmlns:acx=\"{avaya}\"><c:d k=\"v\"></c:d><acx:e></acx:e></acx:P></c:A>"
            )
        );
        let none = "<A><P><d k=\"v\"></d><e></e></P><b>x &lt; y</b></A>";
        assert_eq!(message.document(Namespaces::None, false).len(), none.len());
        let third = message.say("z", "");
        assert_eq!(
            third.disordered().document(Namespaces::None, false),
            "<A><b>x &lt; y</b><z></z><P><d k=\"v\"></d><e></e></P></A>"
        );
    }
}
