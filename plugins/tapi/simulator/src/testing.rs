//! For tests of programs: libraries that lack functions.

/// The bytes of a library of which `names` cannot be found: their names are changed, as if they had never been exported.
/// Works on the finished library of every system, since it only knows texts: a name counts where null bytes stand before
/// and behind it. `None`: one of the names is not there.
#[must_use]
pub fn without(library: &[u8], names: &[&str]) -> Option<Vec<u8>> {
    let mut changed = library.to_vec();
    for name in names {
        let pattern: Vec<u8> = [&[0], name.as_bytes(), &[0]].concat();
        let mut found = false;
        for at in 0..changed.len().saturating_sub(pattern.len()) {
            if changed[at..].starts_with(&pattern) {
                // The last letter: in a sorted table the name keeps its place.
                changed[at + name.len()] = b'_';
                found = true;
            }
        }
        if !found {
            return None;
        }
    }
    Some(changed)
}
