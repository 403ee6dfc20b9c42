//! The page: its conversations and its examples.

use std::fs;

use jackfield_tests::build::workspace;

/// A conversation of the page.
#[derive(Debug)]
pub(crate) struct Conversation {
    /// The line of the page where it begins.
    pub(crate) at: usize,
    /// Its clients have said `hello` already.
    pub(crate) after_hello: bool,
    /// What happens, with its line of the page.
    pub(crate) steps: Vec<(usize, Step)>,
}

/// One line of a conversation. The first word is the client, who need not be named.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// `→ {…}`: the client sends.
    Send(String, String),
    /// `⇢ …`: the client sends a text as it is.
    SendText(String, String),
    /// `← {…}`: the host sends.
    Receive(String, String),
    /// `← …`: messages that are not shown.
    Unshown(String),
    /// `← closes 4401`.
    Closed(String, u16),
    /// `(the socket breaks)`.
    Cut(String),
    /// `(the host is stopped)`.
    Stop,
}

/// The page, as far as it is executed.
#[derive(Debug)]
pub(crate) struct Page {
    /// The host's configuration.
    pub(crate) config: String,
    pub(crate) conversations: Vec<Conversation>,
    /// Messages that are only shown, with their line of the page.
    pub(crate) examples: Vec<(usize, String)>,
}

/// Who speaks when nobody is named.
const NOBODY_ELSE: &str = "alice";

impl Page {
    pub(crate) fn read() -> Result<Self, String> {
        let path = workspace().join("docs/protocol.md");
        Self::parse(&fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut page = Self { config: String::new(), conversations: Vec::new(), examples: Vec::new() };
        let mut lines = text.lines().enumerate().map(|(n, line)| (n + 1, line));
        while let Some((at, line)) = lines.next() {
            let Some(kind) = line.strip_prefix("```") else { continue };
            let block: Vec<(usize, &str)> = lines.by_ref().take_while(|(_, line)| *line != "```").collect();
            match kind {
                "toml host" => page.config = block.iter().map(|(_, line)| format!("{line}\n")).collect(),
                "wire" | "wire after hello" => {
                    let steps: Result<Vec<_>, String> = block
                        .into_iter()
                        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with("//"))
                        .map(|(at, line)| Ok((at, step(line).ok_or_else(|| format!("line {at}: what is `{line}`?"))?)))
                        .collect();
                    let steps = steps?;
                    if steps.is_empty() {
                        return Err(format!("line {at}: nothing happens in this conversation"));
                    }
                    page.conversations.push(Conversation { at, after_hello: kind != "wire", steps });
                }
                "json" => {
                    page.examples.extend(block.into_iter().map(|(at, line)| (at, line.to_owned())));
                }
                // A message in any other block would be looked at by nobody.
                _ if block.iter().any(|(_, line)| line.contains("\"jsonrpc\"") && !kind.starts_with("js")) => {
                    return Err(format!("line {at}: a block of kind `{kind}` has messages that nobody checks"));
                }
                _ => {}
            }
        }
        Ok(page)
    }
}

fn step(line: &str) -> Option<Step> {
    let line = line.trim();
    if line == "(the host is stopped)" {
        return Some(Step::Stop);
    }
    let (who, rest) = match line.split_once(' ') {
        Some((word, rest)) if word.chars().all(|c| c.is_ascii_lowercase()) => (word.to_owned(), rest.trim()),
        _ => (NOBODY_ELSE.to_owned(), line),
    };
    let (mark, what) = rest.split_once(' ')?;
    let what = what.trim();
    Some(match (mark, what) {
        ("→", what) => Step::Send(who, what.to_owned()),
        ("⇢", what) => Step::SendText(who, what.to_owned()),
        ("←", "…") => Step::Unshown(who),
        ("←", what) => match what.strip_prefix("closes ") {
            Some(code) => Step::Closed(who, code.parse().ok()?),
            None => Step::Receive(who, what.to_owned()),
        },
        ("(the", "socket breaks)") => Step::Cut(who),
        _ => return None,
    })
}
