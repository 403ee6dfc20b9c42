//! Names of constants, for people: errors, messages, sets of bits.

use std::sync::OnceLock;

/// Name and value, in the order of the table.
fn table() -> &'static [(&'static str, u32)] {
    static TABLE: OnceLock<Vec<(&'static str, u32)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let rows = include_str!("../../tables/constants.csv").lines().filter_map(|line| line.split_once(','));
        rows.filter_map(|(name, value)| {
            Some((name, u32::from_str_radix(value.strip_prefix("0x").unwrap_or(value), 16).ok()?))
        })
        .collect()
    })
}

/// The value of a constant.
#[cfg(test)]
pub(crate) fn value(name: &str) -> Option<u32> {
    table().iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The name of one value of a family (`LINE_`, `LINEERR_`), without the family; a number when there is none.
pub(crate) fn one(family: &str, value: u32) -> String {
    let known = table().iter().find(|(name, known)| *known == value && name.starts_with(family));
    known.map_or_else(|| format!("{value:#x}"), |(name, _)| name[family.len()..].to_owned())
}

/// The names of the bits of a family that are set, joined by `+`.
pub(crate) fn bits(family: &str, value: u32) -> String {
    let mut left = value;
    let mut names = Vec::new();
    for (name, bit) in table().iter().filter(|(name, bit)| name.starts_with(family) && bit.count_ones() == 1) {
        if left & bit != 0 {
            left &= !bit;
            names.push(name[family.len()..].to_owned());
        }
    }
    if left != 0 || names.is_empty() {
        names.push(format!("{left:#x}"));
    }
    names.join("+")
}

/// An error as a function returned it: `LINEERR_INVALCALLSTATE (0x8000001c)`.
pub(crate) fn error(code: i32) -> String {
    let value = code.cast_unsigned();
    let name = one("LINEERR_", value);
    if name.starts_with("0x") { format!("error {name}") } else { format!("LINEERR_{name} ({value:#x})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_names() {
        assert_eq!(error(0x8000_001c_u32.cast_signed()), "LINEERR_INVALCALLSTATE (0x8000001c)");
        assert_eq!(error(-5), "error 0xfffffffb");
        assert_eq!(one("LINE_", 12), "REPLY");
        assert_eq!(one("LINECALLSTATE_", 0x100), "CONNECTED");
        assert_eq!(bits("LINECALLFEATURE_", 0x84), "ANSWER+DROP");
        assert_eq!(bits("LINECALLFEATURE_", 0), "0x0");
    }
}
