//! `jackfield man`, `jackfield completions`: made from the command line's own definition.

use std::io::Write;
use std::path::PathBuf;

use clap::CommandFactory;

use super::{Cli, Failure, output};

/// Prints the manual page, or writes one for every command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield man | man -l -
  jackfield man --dir /usr/local/share/man/man1")]
pub(super) struct Man {
    /// Writes jackfield.1 and a page for every command into this folder, which must be there.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the completions of a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield completions bash > /etc/bash_completion.d/jackfield
  jackfield completions zsh > \"${fpath[1]}/_jackfield\"
  jackfield completions fish > ~/.config/fish/completions/jackfield.fish")]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

impl Man {
    pub(super) fn main(self) -> Result<(), Failure> {
        // One page per command of ours; of `help` itself there is nothing to say.
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        let Some(dir) = self.dir else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command)
                .render(&mut page)
                .map_err(|e| Failure::new(format!("the manual page: {e}")))?;
            return output::say(String::from_utf8_lossy(&page).trim_end());
        };
        clap_mangen::generate_to(command, &dir).map_err(|e| Failure::new(format!("{}: {e}", dir.display())))
    }
}

impl Completions {
    pub(super) fn main(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "jackfield", &mut script);
        let mut out = std::io::stdout().lock();
        match out.write_all(&script).and_then(|()| out.flush()) {
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(format!("standard output: {e}"))),
            _ => Ok(()),
        }
    }
}
