//! One way to write an enum whose values are names on the wire.

/// Declares a field-less enum whose values travel as the given names.
///
/// `names! { … }` refuses a name it does not know (what a client sends must be right).
/// `names! { lenient V; … }` reads an unknown name as `V` (what a newer plugin or host sends must not break an older one).
macro_rules! names {
    (@common $(#[doc = $doc:literal])* $T:ident { $($(#[doc = $vdoc:literal])* $V:ident = $name:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $T { $($(#[doc = $vdoc])* $V,)* }

        impl $T {
            /// Every value, in the order of its declaration.
            pub const ALL: &'static [$T] = &[$($T::$V,)*];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($T::$V => $name,)* }
            }

            /// The value of a name; `None` when there is no such name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some($T::$V),)* _ => None }
            }
        }

        impl std::fmt::Display for $T {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $T {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl schemars::JsonSchema for $T {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($T).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let about = concat!($($doc, "\n",)*);
                let values = concat!($("\n- `", $name, "`:", $($vdoc,)*)*);
                let about = about.lines().map(str::trim).collect::<Vec<_>>().join("\n");
                schemars::json_schema!({
                    "type": "string",
                    "description": format!("{about}\n{values}"),
                    "enum": [$($name,)*],
                })
            }
        }
    };
    ($(#[doc = $doc:literal])* pub enum $T:ident { $($body:tt)* }) => {
        $crate::names::names!(@common $(#[doc = $doc])* $T { $($body)* });

        impl<'de> serde::Deserialize<'de> for $T {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                $T::from_name(&name).ok_or_else(|| {
                    let known = $T::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", ");
                    serde::de::Error::custom(format_args!("unknown name `{name}`, expected one of: {known}"))
                })
            }
        }
    };
    (lenient $other:ident; $(#[doc = $doc:literal])* pub enum $T:ident { $($body:tt)* }) => {
        $crate::names::names!(@common $(#[doc = $doc])* $T { $($body)* });

        impl Default for $T {
            fn default() -> Self { $T::$other }
        }

        impl<'de> serde::Deserialize<'de> for $T {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok($T::from_name(&name).unwrap_or($T::$other))
            }
        }
    };
}
pub(crate) use names;
