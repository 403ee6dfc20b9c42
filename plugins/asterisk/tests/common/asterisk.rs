//! Asterisk's answers to what the adapter asks by itself.

/// What a test's Asterisk has.
#[derive(Default)]
pub(crate) struct Pbx {
    inbox: Vec<String>,
    /// Actions that no answer comes to by itself.
    open: Vec<String>,
    /// Items of lists, by action: events without their end.
    pub(crate) lists: Vec<(&'static str, String)>,
    /// The actions that the user may do; empty: all.
    pub(crate) may: Vec<&'static str>,
    /// The event that a question for a leg's status is answered with; none: there is no such leg.
    pub(crate) status: Option<String>,
    /// Answers nothing.
    pub(crate) mute: bool,
    /// Refuses the login.
    pub(crate) refuses: bool,
}

impl Pbx {
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        self.inbox.extend(actions(&text));
    }

    /// Answers to actions of this name.
    pub(crate) fn answers_to(&mut self, name: &str) -> Vec<u8> {
        let named = |action: &String| field(action, "Action").is_some_and(|n| n == name);
        let (now, later) = std::mem::take(&mut self.inbox).into_iter().partition(named);
        self.inbox = now;
        let answers = self.answers();
        self.inbox = later;
        answers
    }

    /// Answers to what came in.
    pub(crate) fn answers(&mut self) -> Vec<u8> {
        let mut answers = String::new();
        if self.mute {
            self.inbox.clear();
        }
        for action in std::mem::take(&mut self.inbox) {
            let id = field(&action, "ActionID").unwrap_or_default();
            let name = field(&action, "Action").unwrap();
            let ok = |more: &str| format!("Response: Success\r\nActionID: {id}\r\n{more}\r\n");
            let answer = match name.as_str() {
                "Challenge" => ok("Challenge: 941134803\r\n"),
                "Status" => match &self.status {
                    Some(status) => ok("EventList: start\r\n") + &status.replace("ACTIONID", &id),
                    None => format!("Response: Error\r\nActionID: {id}\r\nMessage: No such channel\r\n\r\n"),
                },
                "Login" if self.refuses => {
                    format!("Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n")
                }
                "Login" => ok("Message: Authentication accepted\r\n"),
                "Ping" => ok("Ping: Pong\r\nTimestamp: 1795196610.130885\r\n"),
                "CoreSettings" => {
                    ok("AMIversion: 11.0.0\r\nAsteriskVersion: 22.10.1+dfsg+~cs6\r\nSystemName: testpbx\r\n")
                }
                "ListCommands" if self.may.is_empty() => {
                    format!("Response: Error\r\nActionID: {id}\r\nMessage: Permission denied\r\n\r\n")
                }
                "ListCommands" => {
                    ok(&self.may.iter().map(|a| format!("{a}: Does it.  (Priv: x)\r\n")).collect::<String>())
                }
                "BridgeList" | "CoreShowChannels" | "QueueStatus" | "DeviceStateList" => {
                    let mut list = ok("EventList: start\r\nMessage: List will follow\r\n");
                    for (_, item) in self.lists.iter().filter(|(of, _)| *of == name) {
                        list.push_str(&item.replace("ACTIONID", &id));
                    }
                    list + &format!(
                        "Event: {name}Complete\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: 0\r\n\r\n"
                    )
                }
                _ => {
                    self.open.push(action);
                    continue;
                }
            };
            answers.push_str(&answer);
        }
        answers.into_bytes()
    }

    pub(crate) fn take(&mut self) -> Vec<String> {
        self.answers();
        std::mem::take(&mut self.open)
    }
}

/// The actions in what was sent.
pub(crate) fn actions(text: &str) -> Vec<String> {
    text.split("\r\n\r\n").filter(|a| !a.is_empty()).map(str::to_owned).collect()
}

/// A field of an action.
pub(crate) fn field(action: &str, key: &str) -> Option<String> {
    action.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ").map(str::to_owned))
}
