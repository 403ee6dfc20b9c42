//! The structures of TAPI 2.2, packed to one byte as its header says. Nothing here is read through references: fields
//! are found in bytes by their offsets ([`super::read`]). The tables that they are checked against are in `tables/`.

#![allow(non_snake_case, clippy::upper_case_acronyms, reason = "all is called as in the documents of TAPI")]

/// A structure, and its fields with their offsets and sizes for the test against the tables.
macro_rules! structure {
    ($T:ident { $($field:ident: $ty:ty,)* }) => {
        #[repr(C, packed)]
        #[derive(Clone, Copy)]
        #[allow(dead_code, reason = "fields are places: most are never read by name")]
        pub(crate) struct $T { $(pub(crate) $field: $ty,)* }

        impl $T {
            #[cfg(test)]
            pub(crate) const FIELDS: &'static [(&'static str, usize, usize)] =
                &[$((stringify!($field), std::mem::offset_of!($T, $field), size_of::<$ty>()),)*];
        }
    };
}

mod agent;
mod call;
mod line;

pub(crate) use agent::*;
pub(crate) use call::*;
pub(crate) use line::*;

structure! {
    LINEINITIALIZEEXPARAMS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwOptions: u32,
        Handles: usize,
        dwCompletionKey: u32,
    }
}
structure! {
    LINEMESSAGE {
        hDevice: u32,
        dwMessageID: u32,
        dwCallbackInstance: usize,
        dwParam1: usize,
        dwParam2: usize,
        dwParam3: usize,
    }
}
structure! {
    LINEEXTENSIONID {
        dwExtensionID0: u32,
        dwExtensionID1: u32,
        dwExtensionID2: u32,
        dwExtensionID3: u32,
    }
}
structure! {
    LINEDIALPARAMS {
        dwDialPause: u32,
        dwDialSpeed: u32,
        dwDigitDuration: u32,
        dwWaitForDialtone: u32,
    }
}
structure! {
    VARSTRING {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwStringFormat: u32,
        dwStringSize: u32,
        dwStringOffset: u32,
    }
}
structure! {
    LINEPROVIDERLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumProviders: u32,
        dwProviderListSize: u32,
        dwProviderListOffset: u32,
    }
}
structure! {
    LINEPROVIDERENTRY {
        dwPermanentProviderID: u32,
        dwProviderFilenameSize: u32,
        dwProviderFilenameOffset: u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the table says of a structure, for this processor.
    fn table(structure: &str) -> (usize, Vec<(&'static str, usize, usize)>) {
        let wide = cfg!(target_pointer_width = "64");
        let rows =
            include_str!("../../../tables/structures.csv").lines().map(|line| line.split(',').collect::<Vec<_>>());
        let (mut size, mut fields) = (0, Vec::new());
        for row in rows.filter(|row| row[0] == structure) {
            let number = |at: usize| row[at].parse::<usize>().unwrap();
            let of = if wide { 3 } else { 5 };
            match row[1] {
                "" => size = number(of),
                field => fields.push((field, number(of - 1), number(of))),
            }
        }
        (size, fields)
    }

    #[test]
    fn every_field_is_where_the_header_has_it() {
        let mut fields = 0;
        macro_rules! check {
            ($($T:ident)*) => {$(
                let (size, fields_of) = table(stringify!($T));
                assert_eq!(size_of::<$T>(), size, stringify!($T));
                assert_eq!($T::FIELDS, fields_of, stringify!($T));
                fields += fields_of.len();
            )*};
        }
        check! {
            LINEINITIALIZEEXPARAMS
            LINEMESSAGE
            LINEEXTENSIONID
            LINEDIALPARAMS
            LINEDEVCAPS
            LINEADDRESSCAPS
            LINECALLPARAMS
            LINECALLINFO
            LINECALLSTATUS
            LINEDEVSTATUS
            LINEADDRESSSTATUS
            LINECALLLIST
            LINEFORWARD
            LINEFORWARDLIST
            LINEAGENTSTATUS
            LINEAGENTCAPS
            LINEAGENTGROUPLIST
            LINEAGENTGROUPENTRY
            LINEAGENTACTIVITYLIST
            LINEAGENTACTIVITYENTRY
            VARSTRING
            LINEPROVIDERLIST
            LINEPROVIDERENTRY
        }
        let rows = include_str!("../../../tables/structures.csv").lines().filter(|row| !row.starts_with('#'));
        let all = rows.filter(|row| row.split(',').nth(1).is_some_and(|field| !field.is_empty() && field != "field"));
        assert_eq!(fields, all.count(), "the table has structures that are not checked");
    }
}
