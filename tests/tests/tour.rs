//! The tours of the administrator's page and of the history's, as they are shown: every command is given, every answer
//! compared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use jackfield_tests::build::{self, Version};
use jackfield_tests::page::{Block, blocks, fits};

/// How long a command of the tour may take; some of them wait for the host.
const PATIENCE: Duration = Duration::from_secs(60);
/// What ends a command's output.
const END: &str = "-- the end of a command --";

/// One shell for the whole tour.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: mpsc::Receiver<String>,
}

impl Shell {
    fn new(home: &Path, program: &Path, library: &Path) -> Self {
        let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
        let mut child = Command::new("bash")
            .current_dir(home)
            .env("PATH", path)
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env("LIBRARIES", library.parent().unwrap())
            .env_remove("RUNTIME_DIRECTORY")
            .env_remove("JACKFIELD_LOG")
            .env_remove("JACKFIELD_CONFIG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "exec 2>&1").unwrap();
        let (to, output) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| to.send(line)));
        Self { child, input, output }
    }

    /// What a command prints, and then how it ended when that was not 0.
    fn run(&mut self, command: &str) -> Vec<String> {
        writeln!(self.input, "{command}\nprintf '%s %d\\n' '{END}' $?").unwrap();
        let mut printed = Vec::new();
        loop {
            let line = self.output.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|e| panic!("`{command}` does not end ({e}):\n{}", printed.join("\n")));
            match line.strip_prefix(END) {
                Some(" 0") => return printed,
                Some(code) => {
                    printed.push(format!("[exit code{code}]"));
                    return printed;
                }
                None => printed.push(line),
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The host of a tour that broke off goes, too.
        let _ = writeln!(self.input, "kill $(jobs -p); exit");
        let _ = self.child.wait();
    }
}

#[test]
fn the_administrators_tour_is_as_its_page_shows_it() {
    play("administrator.md");
}

#[test]
fn the_tour_of_the_history_is_as_its_page_shows_it() {
    if Command::new("curl").arg("--version").output().is_err() {
        #[allow(clippy::print_stderr, reason = "shown by the test runner")]
        {
            eprintln!("NOT TESTED: the tour of the history needs curl (apt-get install curl)");
        }
        return;
    }
    play("history.md");
}

#[test]
fn the_tour_of_the_recorder_is_as_its_page_shows_it() {
    play("recorder.md");
}

fn play(page: &str) {
    let home = tempfile::tempdir().unwrap();
    let program = build::jackfield(Version::Present).unwrap();
    let library = build::library("simulator", Version::Present).unwrap();
    let mut shell = Shell::new(home.path(), &program, &library);
    let mut commands = 0;
    for block in blocks(page, "A tour").unwrap() {
        match block {
            Block::File(name, text) => fs::write(home.path().join(name), text).unwrap(),
            Block::Console(list) => {
                for (command, shown) in list {
                    let printed = shell.run(&command);
                    let same = printed.len() == shown.len() && shown.iter().zip(&printed).all(|(s, p)| fits(s, p));
                    let log = fs::read_to_string(home.path().join("host.log")).unwrap_or_default();
                    assert!(
                        same,
                        "$ {command}\n--- printed\n{}\n--- shown\n{}\n--- the host's log\n{log}",
                        printed.join("\n"),
                        shown.join("\n")
                    );
                    commands += 1;
                }
            }
        }
    }
    assert!(commands > 10, "the tour is short: {commands} commands");
}
