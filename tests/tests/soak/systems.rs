//! The phone systems, and what is different about them.

use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

/// A kind of phone system.
pub(crate) struct Kind {
    /// The simulator's name, and the plugin's.
    pub(crate) name: &'static str,
    /// The connection.
    pub(crate) id: &'static str,
    /// The numbers of its lines.
    pub(crate) numbers: [&'static str; 4],
    /// What makes outside numbers ring until a hand lifts them, and calls last.
    phones: &'static str,
    /// Deeds with one number alone.
    pub(crate) alone: &'static [&'static str],
    /// Deeds with another number.
    pub(crate) with: &'static [&'static str],
    /// What goes wrong at it, besides what goes wrong at all of them.
    pub(crate) faults: &'static [&'static str],
    /// Further troubles of its own: whole commands.
    pub(crate) troubles: &'static [&'static str],
    /// Whether connections are cut by the number of a line, each for itself.
    pub(crate) each: bool,
    /// Whether it has connections that can be cut.
    pub(crate) cut: bool,
}

pub(crate) const KINDS: [Kind; 4] = [
    Kind {
        name: "callway",
        id: "cw",
        numbers: ["210", "211", "212", "213"],
        phones: "outside = \"manual\"\nlift_ms = 0\n",
        alone: &["answer", "answer", "answer", "hangup", "decline", "hold", "unhold", "join"],
        with: &["call", "call", "transfer"],
        faults: &[r#"{"twice":3}"#, r#"{"strange":4}"#],
        troubles: &[r#"{"do":"restart"}"#],
        each: false,
        cut: true,
    },
    Kind {
        name: "infinity",
        id: "inf",
        numbers: ["101", "102", "103", "104"],
        phones: "outside = \"manual\"\ninferred = true\nlines = 3\n",
        alone: &["answer", "answer", "answer", "hangup", "hold", "unhold", "finish-transfer", "conference"],
        with: &["call", "call", "transfer", "start-transfer"],
        faults: &[
            r#"{"answers":"500","every":3,"count":4}"#,
            r#"{"answers":"half","every":4,"count":4}"#,
            r#"{"answers":"none","every":4,"count":4}"#,
            r#"{"late_ms":120}"#,
        ],
        troubles: &[r#"{"do":"restart"}"#],
        each: false,
        cut: false,
    },
    Kind {
        name: "oktell",
        id: "okt",
        numbers: ["101", "102", "103", "104"],
        phones: "outside = \"manual\"\nlift_ms = 0\n",
        alone: &["answer", "answer", "answer", "hangup", "decline", "flash", "return"],
        with: &["call", "call", "transfer"],
        faults: &[r#"{"late_ms":150}"#, r#"{"multipart_over":200}"#, r#"{"forget_sessions":true}"#],
        troubles: &[],
        each: true,
        cut: true,
    },
    Kind {
        name: "avaya",
        id: "aes",
        numbers: ["101", "102", "103", "104"],
        phones: "outside = \"manual\"\nbusy_tone_ms = 0\nno_answer_ms = 0\n",
        alone: &["answer", "answer", "answer", "hangup", "hold", "lift"],
        with: &["call", "call", "dial"],
        faults: &[
            r#"{"duplicate_events":3}"#,
            r#"{"late_replies":true}"#,
            r#"{"swap_replies":true}"#,
            r#"{"cut_every":40}"#,
        ],
        troubles: &[
            r#"{"do":"prank","number":"101","kind":"empty"}"#,
            r#"{"do":"prank","number":"102","kind":"unknown"}"#,
        ],
        each: false,
        cut: true,
    },
];

/// Numbers outside.
pub(crate) const OUTSIDE: [&str; 3] = ["79990000001", "79990000002", "79990000003"];

impl Kind {
    pub(crate) fn start(&self) -> Sim {
        Sim::start(self.name, self.phones).unwrap()
    }

    pub(crate) fn line(&self, number: &str) -> String {
        format!("{}/{number}", self.id)
    }

    /// The connection and its lines.
    pub(crate) fn config(&self, url: &str) -> String {
        let (_, port) = url.rsplit_once(':').unwrap();
        let (settings, line): (String, fn(&str) -> String) = match self.name {
            "callway" => (
                format!("host = \"127.0.0.1\"\nport = {port}\nlogin = \"integration\"\npassword = \"Secret1\"\n"),
                |_| String::new(),
            ),
            "infinity" => (format!("url = \"{url}\"\nbusy_ms = 50\nidle_ms = 150\nstate_ms = 300\n"), |number| {
                format!("user = \"{}\"\n", number.parse::<u32>().unwrap() - 90)
            }),
            "oktell" => (format!("url = \"{url}\"\nlook = 1\n"), |number| {
                format!("login = \"op{}\"\npassword = \"Secret1\"\n", number.parse::<u32>().unwrap() - 100)
            }),
            _ => (
                format!(
                    "servers = [\"127.0.0.1:{port}\"]\nusername = \"cti\"\npassword = \"Secret1\"\nswitch = \
                     \"CM1\"\nplain = true\n"
                ),
                |number| format!("extension = \"{number}\"\n"),
            ),
        };
        let mut config = format!(
            "[[connection]]\nid = \"{}\"\nplugin = \"{}\"\nisolation = \"process\"\nbackoff = {{ first = \"50ms\", most \
             = \"300ms\" }}\nstale_timeout = \"5s\"\n[connection.settings]\n{settings}",
            self.id, self.name
        );
        for number in self.numbers {
            config += &format!("[[line]]\nname = \"{}\"\n[line.settings]\n{}", self.line(number), line(number));
        }
        config
    }

    /// Whether the phone system has no call.
    pub(crate) fn is_silent(&self, shown: &Value) -> bool {
        match self.name {
            "infinity" => shown["talks"] == 0,
            _ => shown["calls"] == json!([]),
        }
    }
}
