//! Where things are by default, as the XDG base directories and the file hierarchy of Unix have it.

use std::ffi::OsString;
use std::path::PathBuf;

const SYSTEM: &str = "/etc/jackfield/jackfield.toml";

/// The configuration file when none is named: the user's own when there is one and the user is not root, else the
/// system's.
pub(super) fn default_config() -> PathBuf {
    choose(user_config(), is_root(), |path| path.exists())
}

/// The folder of the user's configurations.
pub(super) fn user_config() -> Option<PathBuf> {
    config_home(|name| std::env::var_os(name))
}

fn config_home(set: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // A relative one is to be ignored, says the specification.
    let absolute = |name: &str| set(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))
}

fn choose(user: Option<PathBuf>, root: bool, is_there: impl Fn(&PathBuf) -> bool) -> PathBuf {
    user.filter(|_| !root)
        .map(|folder| folder.join("jackfield/jackfield.toml"))
        .filter(is_there)
        .unwrap_or_else(|| PathBuf::from(SYSTEM))
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
const fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_users_own_configuration_comes_first_but_not_for_root() {
        let of = |variables: &[(&str, &str)]| {
            let variables: Vec<_> = variables.iter().map(|(k, v)| ((*k).to_owned(), OsString::from(v))).collect();
            config_home(|name| variables.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
        };
        let home = of(&[("HOME", "/home/me")]);
        assert_eq!(home.as_deref(), Some(Path::new("/home/me/.config")));
        assert_eq!(of(&[("HOME", "/home/me"), ("XDG_CONFIG_HOME", "/x")]).as_deref(), Some(Path::new("/x")));
        assert_eq!(of(&[("HOME", "/home/me"), ("XDG_CONFIG_HOME", "x")]), home);
        assert_eq!(of(&[]), None);
        let mine = Path::new("/home/me/.config/jackfield/jackfield.toml");
        assert_eq!(choose(home.clone(), false, |path| path == mine), mine);
        assert_eq!(choose(home.clone(), false, |_| false), Path::new(SYSTEM));
        assert_eq!(choose(home, true, |_| true), Path::new(SYSTEM));
        assert_eq!(choose(None, false, |_| true), Path::new(SYSTEM));
    }
}
