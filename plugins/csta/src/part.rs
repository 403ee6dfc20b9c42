//! How a type is read from an element and written as one: one table per type, in the order of the schema.

use crate::dialect::Ns;
use crate::xml::{Node, Writer};

/// A type that an element holds.
///
/// Reading never fails: what is missing has its default, what is unknown is passed over, and children may stand in any
/// order, since servers are seen to take such liberties. Writing keeps the order of the standard.
pub trait Part: Sized {
    /// Reads it from an element.
    fn read(node: Node<'_, '_>) -> Self;
    /// Writes it as an element of this name and namespace.
    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>);
}

impl Part for String {
    fn read(node: Node<'_, '_>) -> Self {
        node.text().to_owned()
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.leaf(name, ns, &[], self);
    }
}

impl Part for bool {
    fn read(node: Node<'_, '_>) -> Self {
        matches!(node.text(), "true" | "1")
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.leaf(name, ns, &[], if *self { "true" } else { "false" });
    }
}

impl Part for u32 {
    fn read(node: Node<'_, '_>) -> Self {
        node.text().parse().unwrap_or_default()
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.leaf(name, ns, &[], &self.to_string());
    }
}

/// Declares types of elements: `how "elementName" field: Type`, in the schema's order. `one` is a field that is always
/// written, `opt` one that may be missing, `all` one that may come several times. `@Ns` names another namespace than the
/// type's own.
macro_rules! parts {
    ($($(#[$meta:meta])* $T:ident in $ns:ident {
        $($(#[$fmeta:meta])* $how:ident $xml:literal $(@$fns:ident)? $field:ident: $ty:ty,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $T {
            $($(#[$fmeta])* #[doc = concat!("`", $xml, "`.")] pub $field: $crate::part::parts!(@type $how $ty),)*
        }

        impl $crate::part::Part for $T {
            #[allow(unused_mut, unused_variables, reason = "some have no fields")]
            fn read(node: $crate::xml::Node<'_, '_>) -> Self {
                let mut fields = node.fields();
                $(let $field = $crate::part::parts!(@read $how fields $xml);)*
                Self { $($field,)* }
            }

            fn write(&self, name: &str, ns: $crate::dialect::Ns, writer: &mut $crate::xml::Writer<'_>) {
                writer.open(name, ns);
                $($crate::part::parts!(@write $how &self.$field, $xml, $crate::part::parts!(@ns $ns $($fns)?), writer);)*
                writer.close(name, ns);
            }
        }

        impl $T {
            /// The names of the elements in it, in the order in which they are written.
            pub const ORDER: &'static [&'static str] = &[$($xml,)*];
        }
    )*};
    (@type one $ty:ty) => { $ty };
    (@type opt $ty:ty) => { Option<$ty> };
    (@type all $ty:ty) => { Vec<$ty> };
    (@ns $ns:ident) => { $crate::dialect::Ns::$ns };
    (@ns $ns:ident $fns:ident) => { $crate::dialect::Ns::$fns };
    (@read one $fields:ident $xml:literal) => {
        $fields.take($xml).map($crate::part::Part::read).unwrap_or_default()
    };
    (@read opt $fields:ident $xml:literal) => { $fields.take($xml).map($crate::part::Part::read) };
    (@read all $fields:ident $xml:literal) => { $fields.all($xml).map($crate::part::Part::read).collect() };
    (@write one $value:expr, $xml:literal, $ns:expr, $writer:ident) => {
        $crate::part::Part::write($value, $xml, $ns, $writer)
    };
    (@write opt $value:expr, $xml:literal, $ns:expr, $writer:ident) => {
        if let Some(value) = $value {
            $crate::part::Part::write(value, $xml, $ns, $writer);
        }
    };
    (@write all $value:expr, $xml:literal, $ns:expr, $writer:ident) => {
        for value in $value {
            $crate::part::Part::write(value, $xml, $ns, $writer);
        }
    };
}
pub(crate) use parts;

/// Declares an enum whose values are words of the standard; an unknown word is read as the first value.
macro_rules! words {
    ($(#[$meta:meta])* $T:ident { $($(#[$vmeta:meta])* $V:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        pub enum $T {
            /// A word that is not known here, or none.
            #[default]
            Unknown,
            $($(#[$vmeta])* #[doc = concat!("`", $word, "`.")] $V,)*
        }

        impl $T {
            /// The word; empty: unknown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::Unknown => "",
                    $(Self::$V => $word,)*
                }
            }

            /// The value of a word.
            #[must_use]
            pub fn from_word(word: &str) -> Self {
                match word {
                    $($word => Self::$V,)*
                    _ => Self::Unknown,
                }
            }
        }

        impl $crate::part::Part for $T {
            fn read(node: $crate::xml::Node<'_, '_>) -> Self {
                Self::from_word(node.text())
            }

            fn write(&self, name: &str, ns: $crate::dialect::Ns, writer: &mut $crate::xml::Writer<'_>) {
                writer.leaf(name, ns, &[], self.as_str());
            }
        }
    };
}
pub(crate) use words;
