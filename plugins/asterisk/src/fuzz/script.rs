//! A conversation as text that a fuzzer can tear apart and people can read.
//!
//! Lines that begin with `@` say what happens; everything else are bytes from Asterisk, as they stand.
//!
//! ```text
//! @settings rooms              (first; others: plain, local)
//! @open
//! Asterisk Call Manager/11.0.0
//! @answer                      (Asterisk answers with yes what it was asked; @refuse: with no)
//! Event: FullyBooted
//!
//! @command 101 holdCall {"callId": "$0"}
//! @wait 1500
//! @cut 7                       (from here on reads are so long; 0: whole pieces)
//! @line 103  @close-line 103  @swap  @close  @stop
//! ```
//!
//! `$0` to `$9` in a command are the calls that were reported on its line, the newest first. `$CALL` in Asterisk's bytes
//! is the id of the leg that the adapter asked for last.

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Receive(&'a [u8]),
    Settings(&'a str),
    Open,
    Close,
    Answer { yes: bool },
    Wait(u64),
    Cut(usize),
    Line(&'a str),
    CloseLine(&'a str),
    Command { line: &'a str, name: &'a str, params: &'a str },
    Swap,
    Stop,
}

/// The steps of an input; directives that are none are left out.
pub(super) fn steps(input: &[u8]) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < input.len() {
        let end = memchr::memchr(b'\n', &input[at..]).map_or(input.len(), |length| at + length + 1);
        if input[at] == b'@' {
            if begin < at {
                steps.push(Step::Receive(&input[begin..at]));
            }
            steps.extend(std::str::from_utf8(&input[at + 1..end]).ok().and_then(directive));
            begin = end;
        }
        at = end;
    }
    if begin < input.len() {
        steps.push(Step::Receive(&input[begin..]));
    }
    steps
}

fn directive(line: &str) -> Option<Step<'_>> {
    let line = line.trim();
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(match word {
        "settings" => Step::Settings(rest),
        "open" => Step::Open,
        "close" => Step::Close,
        "answer" => Step::Answer { yes: true },
        "refuse" => Step::Answer { yes: false },
        "wait" => Step::Wait(rest.parse().ok()?),
        "cut" => Step::Cut(rest.parse().ok()?),
        "line" => Step::Line(rest),
        "close-line" => Step::CloseLine(rest),
        "command" => {
            let (line, rest) = rest.split_once(' ')?;
            let (name, params) = rest.split_once(' ').unwrap_or((rest, "{}"));
            Step::Command { line, name, params }
        }
        "swap" => Step::Swap,
        "stop" => Step::Stop,
        _ => return None,
    })
}
