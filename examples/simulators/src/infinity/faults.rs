//! What goes wrong on purpose, beyond what goes wrong with every phone system.

use serde::Deserialize;

use crate::Millis;

/// All faults.
pub type Faults = crate::faults::Faults<Own>;

/// The faults that only this phone system has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// What becomes of answers.
    pub answers: Answers,
    /// Of those to these methods only (`call/getactivecalls`); empty: of all.
    pub methods: Vec<String>,
    /// Of every n-th of them; 0 and 1: of each.
    pub every: u32,
    /// So many of them, then no more; 0: of all that come.
    pub count: u32,
    /// Those answers are so much late. What they say was true when they were asked for.
    pub late_ms: Millis,
    /// Every n-th list of calls is empty, whatever calls there are; 0: none is.
    pub empty_lists: u32,
    /// Its own requests are each made twice.
    pub double_hooks: bool,
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Answers {
    /// It is right.
    #[default]
    #[serde(rename = "right")]
    Right,
    /// Status 406, and a sentence. What was asked for is not done.
    #[serde(rename = "406")]
    NotAcceptable,
    /// Status 500 and a page. What was asked for is not done.
    #[serde(rename = "500")]
    Broken,
    /// Status 200 and a page. What was asked for is done.
    #[serde(rename = "html")]
    Html,
    /// It breaks off in the middle. What was asked for is done.
    #[serde(rename = "half")]
    Half,
    /// It is there twice. What was asked for is done.
    #[serde(rename = "twice")]
    Twice,
    /// It has 50 MB. What was asked for is done.
    #[serde(rename = "huge")]
    Huge,
    /// Status 200, and nothing. What was asked for is done.
    #[serde(rename = "empty")]
    Empty,
    /// The connection ends. What was asked for is done.
    #[serde(rename = "none")]
    None,
}
