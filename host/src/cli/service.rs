//! `jackfield service`: the unit of systemd, with this machine's paths filled in.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{ConfigFile, Failure, output};

const SYSTEM: &str = include_str!("../../../packaging/jackfield.service");
const USER: &str = include_str!("../../../packaging/jackfield-user.service");
const SYSUSERS: &str = include_str!("../../../packaging/jackfield.sysusers");
const SYSUSERS_PATH: &str = "/etc/sysusers.d/jackfield.conf";
/// Secrets that systemd reads for the service.
const ENVIRONMENT: &str = "/etc/jackfield/environment";
/// What the units say of programs and files.
const BINARY: &str = "/usr/local/bin/jackfield";
const CONFIG: &str = "/etc/jackfield/jackfield.toml";

/// Runs the host as a service of systemd: prints or installs its unit.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield service unit                   the unit, to read it
  jackfield service install --dry-run      what would be written, and where
  jackfield service install                for the system (as root)
  jackfield service install --user         for you alone
  jackfield service uninstall              takes the unit away again")]
pub(super) struct Service {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Prints the unit.
    Unit(Unit),
    /// Writes the unit where systemd finds it, and says what to do next. Starts nothing.
    Install {
        #[command(flatten)]
        unit: Unit,
        /// Writes nothing; says what would be written.
        #[arg(long)]
        dry_run: bool,
        /// Replaces a unit that says something else.
        #[arg(long)]
        force: bool,
    },
    /// Removes what `install` wrote, when the service is disabled, and says what else there may be. Stops nothing.
    Uninstall {
        /// What was installed for the user who calls.
        #[arg(long)]
        user: bool,
        /// Removes nothing; says what would be removed.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Unit {
    #[command(flatten)]
    file: ConfigFile,
    /// For the user who calls, not for the system.
    #[arg(long)]
    user: bool,
    /// The program; else the one that runs now.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// A file to write.
struct Target {
    path: PathBuf,
    text: String,
}

impl Service {
    pub(super) fn main(self) -> Result<(), Failure> {
        match self.what {
            What::Unit(unit) => output::say(unit.text()?.trim_end()),
            What::Install { unit, dry_run, force } => unit.install(dry_run, force),
            What::Uninstall { user, dry_run } => uninstall(user, dry_run),
        }
    }
}

impl Unit {
    fn binary(&self) -> Result<PathBuf, Failure> {
        let binary = match &self.binary {
            Some(binary) => binary.clone(),
            None => {
                std::env::current_exe().map_err(|e| Failure::new(format!("where this program is: {e}; --binary")))?
            }
        };
        std::path::absolute(&binary).map_err(|e| Failure::new(format!("{}: {e}", binary.display())))
    }

    fn config(&self) -> Result<PathBuf, Failure> {
        let config = &self.file.config;
        std::path::absolute(config).map_err(|e| Failure::new(format!("{}: {e}", config.display())))
    }

    fn text(&self) -> Result<String, Failure> {
        let template = if self.user { USER } else { SYSTEM };
        fill_in(template, &self.binary()?, &self.config()?).map_err(Failure::new)
    }

    fn install(&self, dry_run: bool, force: bool) -> Result<(), Failure> {
        let mut targets = vec![Target { path: unit_path(self.user)?, text: self.text()? }];
        if !self.user {
            targets.insert(0, Target { path: PathBuf::from(SYSUSERS_PATH), text: SYSUSERS.to_owned() });
        }
        // All of them are looked at before any is written.
        let needed = targets.iter().map(|target| target.is_needed(force)).collect::<Result<Vec<_>, _>>();
        let needed = needed.map_err(Failure::new)?;
        for (target, needed) in targets.iter().zip(needed) {
            match (needed, dry_run) {
                (false, _) => output::say(&format!("{} is there already", target.path.display()))?,
                (true, true) => {
                    output::say(&format!("would write {}:\n\n{}", target.path.display(), target.text))?;
                }
                (true, false) => {
                    target.write().map_err(Failure::new)?;
                    output::say(&format!("wrote {}", target.path.display()))?;
                }
            }
        }
        self.next_steps()
    }

    fn next_steps(&self) -> Result<(), Failure> {
        let (binary, config) = (self.binary()?, self.config()?);
        for warning in warnings(&binary, &config, self.user) {
            output::note(&format!("warning: {warning}"));
        }
        let steps = if self.user {
            "next:\n  systemctl --user daemon-reload\n  systemctl --user enable --now jackfield\n  \
             loginctl enable-linger            # that it runs while you are not logged in\n  jackfield doctor"
                .to_owned()
        } else {
            // The last of the rights: the file is read by systemd, and whatever its group may read, adapters with
            // `files` may.
            format!(
                "next:\n  systemd-sysusers                  # makes the user jackfield\n  \
                 chgrp -R jackfield {0} && chmod -R g+rX,o-rwx {0}\n  \
                 chmod -f go= {ENVIRONMENT}         # if there is one: it is for root alone\n  \
                 systemctl daemon-reload\n  systemctl enable --now jackfield\n  jackfield doctor",
                shell(config.parent().unwrap_or(Path::new("/")))
            )
        };
        output::say(&steps)
    }
}

/// Where a unit is installed.
fn unit_path(user: bool) -> Result<PathBuf, Failure> {
    if !user {
        return Ok(PathBuf::from("/etc/systemd/system/jackfield.service"));
    }
    let folder = super::paths::user_config()
        .ok_or_else(|| Failure::new("neither XDG_CONFIG_HOME nor HOME is set: there is no place for a user's unit"))?;
    Ok(folder.join("systemd/user/jackfield.service"))
}

fn uninstall(user: bool, dry_run: bool) -> Result<(), Failure> {
    let unit = unit_path(user)?;
    let (wanting, systemctl) = if user { ("default", "systemctl --user") } else { ("multi-user", "systemctl") };
    let link = unit.with_file_name(format!("{wanting}.target.wants")).join("jackfield.service");
    if link.is_symlink() {
        let next = format!("first: {systemctl} disable --now jackfield");
        return Err(Failure::new(format!("the service is enabled ({}); {next}", link.display())));
    }
    let mut files = vec![unit];
    if !user {
        files.push(PathBuf::from(SYSUSERS_PATH));
    }
    for file in files {
        let shown = file.display();
        if !file.exists() {
            output::say(&format!("{shown} is not there"))?;
        } else if dry_run {
            output::say(&format!("would remove {shown}"))?;
        } else {
            fs::remove_file(&file).map_err(|e| Failure::new(format!("{shown}: {e}")))?;
            output::say(&format!("removed {shown}"))?;
        }
    }
    output::say(if user {
        "next:\n  systemctl --user daemon-reload"
    } else {
        "next:\n  systemctl daemon-reload\n\
         and what is yours: its drop-ins, configuration, secrets, adapters, calls; its user\n  \
         rm -r /etc/systemd/system/jackfield.service.d /etc/jackfield /var/lib/jackfield\n  userdel jackfield"
    })
}

impl Target {
    /// Whether there is something to write.
    fn is_needed(&self, force: bool) -> Result<bool, String> {
        match fs::read_to_string(&self.path) {
            Ok(there) if there == self.text => Ok(false),
            Ok(_) if force => Ok(true),
            Ok(_) => Err(format!(
                "{} is there and says something else; --force replaces it, --dry-run shows what would be written",
                self.path.display()
            )),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(true),
            Err(e) => Err(format!("{}: {e}", self.path.display())),
        }
    }

    fn write(&self) -> Result<(), String> {
        let told = |e: std::io::Error| match e.kind() {
            ErrorKind::PermissionDenied => {
                format!(
                    "{}: {e}; a service of the system is installed by root, one of yours with --user",
                    self.path.display()
                )
            }
            _ => format!("{}: {e}", self.path.display()),
        };
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(told)?;
        }
        fs::write(&self.path, &self.text).map_err(told)
    }
}

/// What the unit forbids, and these paths need.
fn warnings(binary: &Path, config: &Path, user: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    for path in [binary, config] {
        if !path.exists() {
            warnings.push(format!("{} is not there yet", path.display()));
        }
        let hidden = ["/home", "/root", "/run/user"].iter().any(|home| path.starts_with(home));
        if !user && hidden {
            let path = path.display();
            warnings.push(format!("{path}: ProtectHome=yes hides it from the service; put it elsewhere, or --user"));
        }
        if !user && (path.starts_with("/tmp") || path.starts_with("/var/tmp")) {
            warnings.push(format!("{}: PrivateTmp=yes hides it from the service; put it elsewhere", path.display()));
        }
    }
    warnings
}

fn fill_in(template: &str, binary: &Path, config: &Path) -> Result<String, String> {
    let (program, file) = (quoted(binary, true)?, quoted(config, false)?);
    let lines: Vec<String> = template
        .lines()
        .map(|line| match line.strip_prefix("ExecStart=").or_else(|| line.strip_prefix("ExecReload=")) {
            Some(command) => {
                let key = &line[..line.len() - command.len()];
                let arguments = command.strip_prefix(BINARY).unwrap_or(command);
                let arguments = arguments.strip_suffix(CONFIG).unwrap_or(arguments);
                format!("{key}{program}{arguments}{file}")
            }
            None => line.to_owned(),
        })
        .collect();
    Ok(lines.join("\n") + "\n")
}

/// A path as a unit writes it. The program itself is not looked up in the environment, so its `$` is one.
fn quoted(path: &Path, program: bool) -> Result<String, String> {
    let text = path.to_str().ok_or_else(|| format!("{}: a unit can only name paths that are UTF-8", path.display()))?;
    if text.chars().any(char::is_control) {
        return Err(format!("{text:?}: a unit cannot name a path with control characters"));
    }
    let mut escaped = text.replace('%', "%%").replace('\\', "\\\\").replace('"', "\\\"");
    if !program {
        escaped = escaped.replace('$', "$$");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    Ok(if text.chars().all(plain) { escaped } else { format!("\"{escaped}\"") })
}

/// A path as a shell reads it.
fn shell(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_filled_in_as_systemd_reads_them() {
        let unit = fill_in(SYSTEM, Path::new("/opt/a b/jack$field"), Path::new("/srv/100%/\"x\"$y.toml")).unwrap();
        let commands: Vec<&str> = unit.lines().filter(|line| line.starts_with("Exec")).collect();
        assert_eq!(
            commands,
            [
                r#"ExecStart="/opt/a b/jack$field" run --config "/srv/100%%/\"x\"$$y.toml""#,
                r#"ExecReload="/opt/a b/jack$field" reload --config "/srv/100%%/\"x\"$$y.toml""#,
            ]
        );
        assert!(fill_in(SYSTEM, Path::new("/a\nExecStartPre=/bin/evil"), Path::new("/c")).is_err());
    }

    #[test]
    fn the_shipped_units_are_what_is_printed_for_the_usual_paths() {
        for template in [SYSTEM, USER] {
            assert_eq!(fill_in(template, Path::new(BINARY), Path::new(CONFIG)).unwrap(), template);
        }
    }

    #[test]
    fn what_the_unit_hides_is_told() {
        let told = warnings(Path::new("/home/me/jackfield"), Path::new("/tmp/c.toml"), false).join("\n");
        assert!(told.contains("ProtectHome=yes") && told.contains("PrivateTmp=yes"), "{told}");
        assert_eq!(shell(Path::new("/a b/it's")), "'/a b/it'\\''s'");
    }
}
