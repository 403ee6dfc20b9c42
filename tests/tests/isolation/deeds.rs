//! The deeds, and what must come of each.

/// What becomes of the connection whose adapter does a deed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum After {
    /// Everything that was tried was refused; it goes on.
    Refused,
    /// It goes on: what was done is bounded, skipped, or nobody's.
    Lives,
    /// The adapter is ended and started again; the reason has one of these words.
    Ends(&'static [&'static str]),
}

/// A deed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deed {
    /// Its name in the hostile library.
    pub(crate) name: &'static str,
    /// In plain words.
    pub(crate) what: &'static str,
    pub(crate) after: After,
}

const fn deed(name: &'static str, what: &'static str, after: After) -> Deed {
    Deed { name, what, after }
}

use After::{Ends, Lives, Refused};

/// What is said of an adapter whose time is over.
const LATE: &[&str] = &["did not answer within"];

impl Deed {
    /// Whether it ends with the time for an input.
    pub(crate) fn takes_its_time(&self) -> bool {
        matches!(self.after, Ends(words) if words == LATE)
    }
}

/// Ends and standstills.
pub(crate) const CRASHES: &[Deed] = &[
    deed("segv", "writes to address zero", Ends(&["SIGSEGV"])),
    deed("abort", "aborts", Ends(&["SIGABRT"])),
    deed("panic", "panics", Ends(&["it panicked at"])),
    deed("stack-overflow", "calls itself without end", Ends(&["SIGABRT", "SIGSEGV"])),
    deed("exit", "ends its process with code 3", Ends(&["3"])),
    deed("exit-in-order", "ends its process with code 0", Ends(&["0"])),
    deed("endless-loop", "counts for ever", Ends(LATE)),
    deed("sleep-for-ever", "sleeps for ever", Ends(LATE)),
    deed("memory-without-end", "allocates until there is no more", Ends(&["memory"])),
];

/// Too much of everything.
pub(crate) const FLOODS: &[Deed] = &[
    deed("million-outputs", "gives a million outputs for one input", Lives),
    deed("many-calls", "reports 400,000 calls at once", Ends(&["answers one input with"])),
    deed("output-of-100-mb", "gives one output of 100 MB", Ends(&["answers one input with"])),
    deed("send-100-mb", "sends 100 MB to its phone system at once", Ends(&["answers one input with"])),
    deed("log-flood", "logs 10,000 lines at once", Lives),
    deed("raw-flood", "shows 10,000 raw messages at once", Lives),
    deed("thousand-calls", "reports a thousand calls that there are not", Lives),
    deed("long-texts", "reports texts of a megabyte", Lives),
    deed("timers", "sets 100,000 timers", Lives),
    deed("requests", "makes 1,000 HTTP requests at once", Lives),
    deed("stdout-flood", "prints 100 MB to standard output, and to standard error", Ends(LATE)),
    deed("print-secret", "prints its password", Lives),
    deed("post-flood", "posts from a thread without end, without a grant", Lives),
];

/// Things of others, and things that are none.
pub(crate) const RUBBISH: &[Deed] = &[
    deed("replies-never-asked", "answers 10,000 commands that nobody gave", Lives),
    deed("transports-of-nobody", "sends on, breaks and closes 1,000 transports that are not open", Lives),
    deed("calls-of-others", "reports calls on lines that are not its own", Lives),
    deed("thousand-opens", "opens 1,000 transports", Lives),
    deed("unknown-kinds", "gives frames of kinds that there are not", Lives),
    deed("wrong-lengths", "gives a frame that is said to be longer than it is", Lives),
    deed("cut-frame", "gives half a frame", Lives),
    deed("wrong-payloads", "gives frames whose contents do not fit their kinds", Lives),
    deed("huge-counts", "gives contents that say to be of 4,000 million parts", Lives),
    deed("nested-payload", "gives lists in lists in lists, 100,000 deep", Lives),
    deed("unknown-status", "returns a status that there is not", Ends(&["77"])),
    deed("refusal-of-nothing", "refuses an input without saying why", Ends(&["does not say what"])),
    deed("fault-of-nothing", "says that it panicked, and nothing of it", Ends(&["does not say why"])),
];

/// Its own descriptors.
pub(crate) const DESCRIPTORS: &[Deed] = &[
    deed("write-every-descriptor", "writes rubbish to every descriptor that it finds", Ends(&[""])),
    deed("read-every-descriptor", "reads from every descriptor that it finds", Ends(LATE)),
    deed("close-every-descriptor", "closes every descriptor that it finds", Ends(&[""])),
    deed("pass-descriptors", "hands the host descriptors", Ends(&["what no runner says"])),
    deed(
        "forge-answers",
        "writes answers on its runner's socket that nobody asked for",
        Ends(&["what no runner says"]),
    ),
    deed("forge-posts", "writes posts on its runner's socket, without a grant", Ends(&["what no runner says"])),
];

/// What the system is asked for.
pub(crate) const ATTEMPTS: &[Deed] = &[
    deed("read-files", "reads files", Refused),
    deed("write-files", "makes, changes and removes files", Refused),
    deed("connect", "connects", Refused),
    deed("bind", "listens", Refused),
    deed("processes", "starts processes", Refused),
    deed("execute", "runs programs", Refused),
    deed("threads", "starts threads, without a grant", Refused),
    deed("host-memory", "reads the host's memory and descriptors", Refused),
    deed("host-signals", "signals the host", Refused),
    deed("host-signals-by-descriptor", "has the kernel signal the host", Refused),
    deed("host-limits", "changes the host's limits", Refused),
    deed("undo-sandbox", "undoes what it was bound with", Refused),
    deed("own-limits", "raises its own limits", Refused),
    deed("namespaces", "makes namespaces, mounts, changes the machine", Refused),
    deed("keys-and-programs", "uses keys, BPF, modules, file notifications", Refused),
    deed("io-uring", "uses io_uring", Refused),
    deed("shared-memory", "makes shared memory", Refused),
    deed("executable-memory", "makes code while it runs", Refused),
];

/// What is done with threads that were granted.
pub(crate) const WITH_THREADS: &[Deed] = &[
    deed("thread-loops", "counts for ever in eight threads", Lives),
    deed("post-flood", "posts from a thread without end", Lives),
    deed("long-post", "posts a megabyte at once", Lives),
    deed("thread-panics", "panics in a thread", Lives),
    deed("thread-aborts", "aborts in a thread", Ends(&["SIGABRT"])),
    deed("thread-exits", "ends its process in a thread", Ends(&["3"])),
    deed("thread-outlives", "panics and leaves a thread behind that counts for ever", Ends(&["it panicked at"])),
    deed("thread-forges", "writes posts on its runner's socket from a thread, without end", Lives),
];

/// Those that a host can survive which has the adapter in itself.
pub(crate) const IN_HOST: &[&str] = &[
    "panic",
    "log-flood",
    "raw-flood",
    "thousand-calls",
    "long-texts",
    "calls-of-others",
    "timers",
    "requests",
    "post-flood",
    "replies-never-asked",
    "transports-of-nobody",
    "thousand-opens",
    "unknown-kinds",
    "wrong-lengths",
    "cut-frame",
    "wrong-payloads",
    "huge-counts",
    "nested-payload",
    "unknown-status",
    "refusal-of-nothing",
    "fault-of-nothing",
];

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Deed> {
    [CRASHES, FLOODS, RUBBISH, DESCRIPTORS, ATTEMPTS].into_iter().flatten()
}

/// What an attempt came to: the answers of a refusal, and those of a system that has no such thing.
pub(crate) fn is_refusal(answer: &str) -> bool {
    matches!(answer, "EPERM" | "EACCES" | "ENOSYS" | "EAFNOSUPPORT" | "none")
}
