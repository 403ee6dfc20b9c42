//! Starting runners and burying them: one thread that lives as long as the host.
//!
//! The kernel ends a runner when the *thread* that started it ends, so that thread is never one of a pool. And a
//! process that has ended is only gone when somebody has asked how.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// How often those that are about to end are looked at.
const LOOK: Duration = Duration::from_millis(2);

/// This process's own program.
const OWN_FILE: &str = "/proc/self/exe";

/// By which program adapters are run.
#[derive(Debug)]
pub(crate) enum Program {
    /// This one.
    Own,
    /// `jackfield`, wherever it is.
    Other(PathBuf),
}

enum Work {
    Start(Box<Command>, oneshot::Sender<io::Result<Child>>),
    Bury(Dying),
}

struct Dying {
    child: Child,
    /// It ends by itself until then.
    until: Instant,
    killed: bool,
    status: Option<oneshot::Sender<ExitStatus>>,
}

/// Who starts runners. Cheap to clone; the runners end with the last clone.
#[derive(Debug, Clone)]
pub(crate) struct Runners {
    work: Sender<Work>,
    /// What this system's sandbox lacks; told once.
    told: Arc<Mutex<Vec<String>>>,
}

static PROGRAM: OnceLock<Program> = OnceLock::new();
static OWN: OnceLock<Option<Runners>> = OnceLock::new();

impl Runners {
    /// Says by which program adapters are run; the first word counts. Only `jackfield` knows the command, so another
    /// program that has this library in it must not start itself.
    pub(crate) fn allow(program: Program) {
        PROGRAM.get_or_init(|| program);
    }

    /// Who starts runners of this program. None: it is another program that has this library in it.
    #[must_use]
    pub(crate) fn own() -> Option<Self> {
        let begin = || {
            let (work, todo) = channel();
            std::thread::Builder::new().name("runners".to_owned()).spawn(move || nurse(&todo)).ok()?;
            Some(Self { work, told: Arc::default() })
        };
        PROGRAM.get()?;
        OWN.get_or_init(begin).clone()
    }

    /// What is started.
    pub(super) fn program() -> io::Result<PathBuf> {
        match PROGRAM.get() {
            Some(Program::Other(path)) => Ok(path.clone()),
            // Its file may have been replaced since; this one is the same all the same.
            _ if Path::new(OWN_FILE).exists() => Ok(OWN_FILE.into()),
            _ => std::env::current_exe(),
        }
    }

    pub(super) fn start(&self, command: Command) -> oneshot::Receiver<io::Result<Child>> {
        let (done, wait) = oneshot::channel();
        // A thread that is gone drops the sender, which whoever waits sees.
        let _ = self.work.send(Work::Start(Box::new(command), done));
        wait
    }

    /// Ends a process: by itself within `patience`, else by force. How it ended, unless nobody is left to say it.
    pub(super) fn bury(&self, child: Child, patience: Duration) -> oneshot::Receiver<ExitStatus> {
        let (status, wait) = oneshot::channel();
        let dying = Dying { child, until: Instant::now() + patience, killed: false, status: Some(status) };
        let _ = self.work.send(Work::Bury(dying));
        wait
    }

    /// Whether this was not told before.
    pub(super) fn is_news(&self, missing: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let news = !told.iter().any(|t| t == missing);
        if news {
            told.push(missing.to_owned());
        }
        news
    }
}

fn nurse(todo: &Receiver<Work>) {
    let mut dying: Vec<Dying> = Vec::new();
    loop {
        let work = if dying.is_empty() {
            todo.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            todo.recv_timeout(LOOK)
        };
        match work {
            Ok(Work::Start(mut command, done)) => {
                if let Err(Ok(mut child)) = done.send(command.spawn()) {
                    // Nobody wants it any more.
                    let _ = child.kill();
                    dying.push(Dying { child, until: Instant::now(), killed: true, status: None });
                }
            }
            Ok(Work::Bury(one)) => dying.push(one),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        dying.retain_mut(|one| !one.is_gone());
    }
}

impl Dying {
    fn is_gone(&mut self) -> bool {
        match self.child.try_wait() {
            Ok(Some(status)) => {
                if let Some(wanted) = self.status.take() {
                    let _ = wanted.send(status);
                }
                true
            }
            Ok(None) => {
                if !self.killed && Instant::now() >= self.until {
                    self.killed = true;
                    let _ = self.child.kill();
                }
                false
            }
            // Somebody else has asked how it ended.
            Err(_) => true,
        }
    }
}
