//! Files and sockets by name (Landlock): only what the dynamic linker reads.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    Scope, path_beneath_rules,
};

use super::Grants;

/// Where systems keep their shared libraries, and the linker its list of them.
const LIBRARIES: [&str; 7] =
    ["/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"];

/// What a program reads that resolves names and checks certificates.
const NETWORK: [&str; 7] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ssl",
    "/usr/share/ca-certificates",
];

/// What no grant of files opens: other processes, the kernel's settings, devices. An administrator who grants files
/// thinks of files.
const NO_FILES: [&str; 3] = ["dev", "proc", "sys"];
/// Of it, what programs read and write without harm.
const HARMLESS: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/// What later kernels can do is asked for; what this one cannot is told.
const WISHED: ABI = ABI::V6;

/// Whether the kernel takes a list of rules. (Making one restricts nobody yet.)
pub(super) fn is_there() -> bool {
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules.handle_access(AccessFs::from_all(ABI::V1)).is_ok_and(|rules| rules.create().is_ok())
}

pub(super) fn restrict(granted: Grants) -> Result<Vec<String>, String> {
    let status = apply(granted).map_err(|e| format!("its files cannot be taken away: {e}"))?;
    Ok(match status {
        RulesetStatus::FullyEnforced => Vec::new(),
        RulesetStatus::PartiallyEnforced => {
            vec!["this kernel's Landlock is older than 6.12's: files are closed to adapters, not all else".to_owned()]
        }
        RulesetStatus::NotEnforced => vec![
            "this kernel has no Landlock (Linux 5.13, switched on): until a library is loaded it can read files"
                .to_owned(),
        ],
    })
}

fn apply(granted: Grants) -> Result<RulesetStatus, landlock::RulesetError> {
    let mut rules = Ruleset::default().set_compatibility(CompatLevel::BestEffort).scope(Scope::from_all(WISHED))?;
    rules = rules.handle_access(AccessFs::from_all(WISHED))?;
    if !granted.network {
        rules = rules.handle_access(AccessNet::from_all(WISHED))?;
    }
    let mut rules = rules.create()?;
    let network = NETWORK.into_iter().filter(|_| granted.network);
    // What is not there is left out.
    let read = LIBRARIES.into_iter().chain(network);
    rules = rules.add_rules(path_beneath_rules(read, AccessFs::from_read(WISHED)))?;
    if granted.files || granted.libraries {
        let access = if granted.files { AccessFs::from_all(WISHED) } else { AccessFs::from_read(WISHED) };
        rules = rules.add_rules(path_beneath_rules(all_files(), access))?;
        rules = rules.add_rules(path_beneath_rules(HARMLESS, AccessFs::from_file(WISHED) & access))?;
    }
    Ok(rules.restrict_self()?.ruleset)
}

/// The folders of the root that have files in them. (What comes to the root later is not among them.)
fn all_files() -> Vec<PathBuf> {
    let all = std::fs::read_dir("/").into_iter().flatten().flatten();
    all.filter(|entry| NO_FILES.iter().all(|name| entry.file_name() != *name)).map(|entry| entry.path()).collect()
}
