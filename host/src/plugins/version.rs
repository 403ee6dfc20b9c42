//! Versions: their order, and what a pin means.

/// A part of what follows the dash: numbers come before texts, and are compared as numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

/// A version as one can compare it: three numbers, then pre-releases before the release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VersionKey {
    numbers: [u64; 3],
    released: bool,
    pre: Vec<Part>,
}

/// What a version is ordered by. `None`: it is no version.
pub(super) fn version_key(version: &str) -> Option<VersionKey> {
    let without_build = version.split_once('+').map_or(version, |(v, _)| v);
    let (numbers, pre) = match without_build.split_once('-') {
        Some((_, "")) => return None,
        Some((numbers, pre)) => (numbers, Some(pre)),
        None => (without_build, None),
    };
    let mut parsed = numbers.split('.').map(|n| n.parse::<u64>().ok());
    let numbers = [parsed.next()??, parsed.next()??, parsed.next()??];
    if parsed.next().is_some() {
        return None;
    }
    let part = |p: &str| p.parse().map_or_else(|_| Part::Text(p.to_owned()), Part::Number);
    Some(VersionKey {
        numbers,
        released: pre.is_none(),
        pre: pre.into_iter().flat_map(|p| p.split('.').map(part)).collect(),
    })
}

/// Whether a version is the pinned one: `1`, `1.2` and `1.2.3` all pin 1.2.3.
pub(crate) fn is_pinned(version: &str, pin: &str) -> bool {
    version == pin || version.strip_prefix(pin).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_people_mean_them() {
        let mut versions = ["1.10.0", "1.9.3", "1.10.0-rc.10", "1.10.0-rc.9", "1.10.0-rc", "1.10.0-9", "0.4.0"];
        versions.sort_by_key(|v| version_key(v));
        assert_eq!(versions, ["0.4.0", "1.9.3", "1.10.0-9", "1.10.0-rc", "1.10.0-rc.9", "1.10.0-rc.10", "1.10.0"]);
        for bad in ["", "1", "1.2", "1.2.x", "1.2.3.4", "v1.2.3", "1.2.3-"] {
            assert_eq!(version_key(bad), None, "{bad}");
        }
        assert_eq!(version_key("1.2.3+build"), version_key("1.2.3"));
    }

    #[test]
    fn a_pin_names_a_version_or_its_beginning() {
        assert!(is_pinned("1.2.3", "1.2") && is_pinned("1.2.3", "1.2.3") && is_pinned("1.2.3", "1"));
        assert!(!is_pinned("1.20.3", "1.2") && !is_pinned("1.2.3", "1.2.4"));
    }
}
