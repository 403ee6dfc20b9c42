//! The structures that cross the boundary, in the layout of TAPI 3.1, and their sizes in each version.
//!
//! Everything is packed to one byte. Handles have 32 bits, also in a program of 64 bits; only what is a pointer's size
//! has 8. A version's structure is the newest one's beginning, so one definition serves all of them. The names are
//! those of the header, which is what whoever compares them with it looks for.
#![allow(non_snake_case, missing_docs, reason = "the names and meanings are the header's")]

mod agent;
mod call;
mod line;

pub use agent::*;
pub use call::*;
pub use line::*;

/// One field of a structure: its name, its offset and its size in bytes.
pub type Field = (&'static str, usize, usize);

/// A value that lies in a structure as it is.
pub(crate) trait Plain {
    fn put(self, bytes: &mut Vec<u8>);
}

impl Plain for u32 {
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_ne_bytes());
    }
}

impl Plain for usize {
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_ne_bytes());
    }
}

impl Plain for [u32; 4] {
    fn put(self, bytes: &mut Vec<u8>) {
        for word in self {
            word.put(bytes);
        }
    }
}

/// Defines packed structures that know their fields and give their bytes.
macro_rules! layouts {
    ($($name:ident { $($field:ident: $kind:ty,)* })*) => {
        $(
            #[allow(clippy::upper_case_acronyms)]
            #[derive(Clone, Copy, Default)]
            #[repr(C, packed)]
            pub struct $name { $(pub $field: $kind,)* }

            impl $name {
                /// Every field, in order.
                pub const FIELDS: &'static [$crate::layout::Field] =
                    &[$((stringify!($field), std::mem::offset_of!($name, $field), size_of::<$kind>()),)*];

                /// The whole structure as it lies in memory.
                #[must_use]
                pub fn bytes(&self) -> Vec<u8> {
                    let mut bytes = Vec::with_capacity(size_of::<Self>());
                    $($crate::layout::Plain::put({ self.$field }, &mut bytes);)*
                    bytes
                }
            }
        )*
    };
}
use layouts;

/// A version of TAPI as programs and drivers negotiate it: the major number in the upper half.
pub type Version = u32;

/// Version 1.4.
pub const V1_4: Version = 0x0001_0004;
/// Version 2.0.
pub const V2_0: Version = 0x0002_0000;
/// Version 2.2.
pub const V2_2: Version = 0x0002_0002;
/// Version 3.0.
pub const V3_0: Version = 0x0003_0000;
/// Version 3.1.
pub const V3_1: Version = 0x0003_0001;

/// The size of a structure's fixed part in a version: the last step of `steps` that the version has reached.
#[must_use]
pub const fn size_in(steps: &[(Version, usize)], version: Version) -> usize {
    let mut size = 0;
    let mut at = 0;
    while at < steps.len() {
        if steps[at].0 <= version || at == 0 {
            size = steps[at].1;
        }
        at += 1;
    }
    size
}

/// `LINEDEVCAPS`.
pub const DEV_CAPS: &[(Version, usize)] = &[(V1_4, 240), (V2_0, 252), (V2_2, 268), (V3_0, 292)];
/// `LINEADDRESSCAPS`.
pub const ADDRESS_CAPS: &[(Version, usize)] = &[(V1_4, 180), (V2_0, 228)];
/// `LINECALLPARAMS`.
pub const CALL_PARAMS: &[(Version, usize)] = &[(V1_4, 112), (V2_0, 176), (V3_0, 180)];
/// `LINECALLINFO`.
pub const CALL_INFO: &[(Version, usize)] = &[(V1_4, 296), (V2_0, 324), (V3_0, 344)];
/// `LINECALLSTATUS`.
pub const CALL_STATUS: &[(Version, usize)] = &[(V1_4, 36), (V2_0, 56)];
/// `LINEDEVSTATUS`.
pub const DEV_STATUS: &[(Version, usize)] = &[(V1_4, 76), (V2_0, 88)];
/// One `LINEFORWARD` in a list.
pub const FORWARD: &[(Version, usize)] = &[(V1_4, 24), (V3_1, 32)];
/// `LINEAGENTCAPS`.
pub const AGENT_CAPS: &[(Version, usize)] = &[(V2_0, 56), (V2_2, 72)];
/// `LINEADDRESSSTATUS`, in every version.
pub const ADDRESS_STATUS: &[(Version, usize)] = &[(V1_4, 64)];
/// `LINEAGENTSTATUS`, in every version.
pub const AGENT_STATUS: &[(Version, usize)] = &[(V2_0, 56)];
/// `LINECALLLIST`, `VARSTRING`, `LINEPROVIDERLIST` and the lists of agents, in every version.
pub const LIST: &[(Version, usize)] = &[(V1_4, 24)];
/// `LINETRANSLATEOUTPUT`, in every version.
pub const TRANSLATE_OUTPUT: &[(Version, usize)] = &[(V1_4, 40)];
