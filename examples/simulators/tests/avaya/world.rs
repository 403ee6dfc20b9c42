//! The simulator with clients at it, without sockets and without a clock.

use jackfield_sim::{
    Behaviour, Data, Output, System as _,
    avaya::{Config, Simulator},
};
use serde_json::{Value, json};

use crate::{
    order,
    xml::{Element, parse},
};

/// Somebody outside.
pub(crate) const ONE: &str = "380501112233";
/// Somebody else.
pub(crate) const TWO: &str = "380502223344";

/// All events of calls, agents and telephones.
pub(crate) const FILTER: &str = "<requestedMonitorFilter><callcontrol><bridged>true</bridged><callCleared>true</callCleared>\
    <conferenced>true</conferenced><connectionCleared>true</connectionCleared><delivered>true</delivered>\
    <diverted>true</diverted><established>true</established><failed>true</failed><held>true</held>\
    <networkReached>true</networkReached><originated>true</originated><queued>true</queued><retrieved>true</retrieved>\
    <serviceInitiated>true</serviceInitiated><transferred>true</transferred></callcontrol><callAssociated>\
    <callInformation>true</callInformation><digitsGenerated>true</digitsGenerated></callAssociated><logicalDeviceFeature>\
    <agentBusy>true</agentBusy><agentLoggedOn>true</agentLoggedOn><agentLoggedOff>true</agentLoggedOff>\
    <agentNotReady>true</agentNotReady><agentReady>true</agentReady>\
    <agentWorkingAfterCall>true</agentWorkingAfterCall><doNotDisturb>true</doNotDisturb><forwarding>true</forwarding>\
    </logicalDeviceFeature><maintenance><backInService>true</backInService><outOfService>true</outOfService></maintenance>\
    </requestedMonitorFilter>";
/// What makes a filter say what is wanted.
pub(crate) const INVERT: &str = "<extensions><privateData><private><AvayaEvents><invertFilter>true</invertFilter>\
    <callControlPrivate><enteredDigits>true</enteredDigits></callControlPrivate></AvayaEvents></private></privateData>\
    </extensions>";

/// The simulator and what it has said.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) now: u64,
    asked: u16,
    /// To whom, with which invoke id, what.
    pub(crate) said: Vec<(u64, u16, Element)>,
    /// Whom it has cut off or closed.
    pub(crate) cut: Vec<u64>,
    /// Whether messages must have the standard's order.
    pub(crate) ordered: bool,
}

impl World {
    /// Nothing happens by itself; the client 1 has a session and watches the stations (monitors 1, 2, …).
    pub(crate) fn watching(stations: &[&str]) -> Self {
        Self::with(quiet(), stations)
    }

    pub(crate) fn with(config: Config, stations: &[&str]) -> Self {
        let mut world = Self::empty(config);
        world.connect(1);
        for station in stations {
            world.monitor(1, station);
        }
        world
    }

    pub(crate) fn empty(config: Config) -> Self {
        let simulator = Simulator::new(config, 1).behind(&[0, 1]);
        Self { simulator, now: 0, asked: 0, said: Vec::new(), cut: Vec::new(), ordered: true }
    }

    /// A client comes and begins a session.
    pub(crate) fn connect(&mut self, client: u64) -> String {
        self.simulator.open_at(client, 0, self.now);
        let reply = self.start(client, "Secret1", "60", "");
        assert_eq!(reply.name, "StartApplicationSessionPosResponse", "{reply:?}");
        reply.text("sessionID").to_owned()
    }

    pub(crate) fn start(&mut self, client: u64, password: &str, cleanup: &str, old: &str) -> Element {
        let old = if old.is_empty() { String::new() } else { format!("<acx:sessionID>{old}</acx:sessionID>") };
        let body = format!(
            "<StartApplicationSession xmlns=\"http://www.ecma-international.org/standards/ecma-354/appl_session\">\
             <applicationInfo><applicationID>test</applicationID><applicationSpecificInfo>\
             <acx:SessionLoginInfo xmlns:acx=\"http://www.avaya.com/csta\"><acx:userName>cti</acx:userName>\
             <acx:password>{password}</acx:password><acx:sessionCleanupDelay>{cleanup}</acx:sessionCleanupDelay>{old}\
             </acx:SessionLoginInfo></applicationSpecificInfo></applicationInfo><requestedProtocolVersions>\
             <protocolVersion>http://www.ecma-international.org/standards/ecma-323/csta/ed3/privX</protocolVersion>\
             <protocolVersion>http://www.ecma-international.org/standards/ecma-323/csta/ed3/priv7</protocolVersion>\
             </requestedProtocolVersions><requestedSessionDuration>180</requestedSessionDuration>\
             </StartApplicationSession>"
        );
        self.ask_raw(client, &body).expect("an answer")
    }

    pub(crate) fn monitor(&mut self, client: u64, number: &str) -> Element {
        let object = format!("<monitorObject><deviceObject>{number}:CM1::0</deviceObject></monitorObject>");
        let reply = self.ask(client, "MonitorStart", &format!("{object}{FILTER}{INVERT}"));
        assert_eq!(reply.name, "MonitorStartResponse", "{reply:?}");
        reply
    }

    /// Watches the calls that come through a number.
    pub(crate) fn monitor_calls(&mut self, client: u64, number: &str) {
        let object = format!("<monitorObject><deviceObject>{number}:CM1::0</deviceObject></monitorObject>");
        let kind = "<monitorType>call</monitorType>";
        let reply = self.ask(client, "MonitorStart", &format!("{object}{FILTER}{kind}{INVERT}"));
        assert_eq!(reply.name, "MonitorStartResponse", "{reply:?}");
    }

    /// Asks, and has the answer.
    pub(crate) fn ask(&mut self, client: u64, service: &str, inner: &str) -> Element {
        self.ask_raw(client, &format!("<{service}>{inner}</{service}>")).expect("an answer")
    }

    pub(crate) fn ask_raw(&mut self, client: u64, body: &str) -> Option<Element> {
        self.asked = self.asked % 9_998 + 1;
        let asked = self.asked;
        self.simulator.receive(client, Data::Bytes(frame(asked, body.as_bytes())), self.now);
        self.collect();
        let place = self.said.iter().position(|(to, invoke, _)| (*to, *invoke) == (client, asked))?;
        Some(self.said.remove(place).2)
    }

    /// Asks for something that is done.
    pub(crate) fn done(&mut self, client: u64, service: &str, inner: &str) -> Element {
        let reply = self.ask(client, service, inner);
        assert_eq!(reply.name, format!("{service}Response"), "{inner}: {reply:?}");
        reply
    }

    /// Asks for something that is refused, and why.
    pub(crate) fn refused(&mut self, client: u64, service: &str, inner: &str) -> String {
        let reply = self.ask(client, service, inner);
        assert_eq!(reply.name, "CSTAErrorCode", "{service} {inner}: {reply:?}");
        format!("{} {}", reply.children[0].name, reply.children[0].text)
    }

    pub(crate) fn make_call(&mut self, from: &str, to: &str) -> u32 {
        let inner = format!(
            "<callingDevice>{from}:CM1::0</callingDevice><calledDirectoryNumber>{to}:CM1::0</calledDirectoryNumber>\
             <autoOriginate>doNotPrompt</autoOriginate>"
        );
        self.done(1, "MakeCall", &inner).text("callID").parse().unwrap()
    }

    /// One of the services that name a single connection.
    pub(crate) fn on(&mut self, service: &str, name: &str, call: u32, number: &str) {
        self.done(1, service, &connection(name, call, number));
    }

    pub(crate) fn answer(&mut self, call: u32, number: &str) {
        self.on("AnswerCall", "callToBeAnswered", call, number);
    }

    /// One of the services that name a call on hold and another one.
    pub(crate) fn pair(&mut self, service: &str, held: u32, active: u32, number: &str) -> Element {
        let inner = connection("heldCall", held, number) + &connection("activeCall", active, number);
        self.done(1, service, &inner)
    }

    pub(crate) fn consult(&mut self, call: u32, number: &str, to: &str) -> u32 {
        let inner =
            connection("existingCall", call, number) + &format!("<consultedDevice>{to}:CM1::0</consultedDevice>");
        self.done(1, "ConsultationCall", &inner).text("callID").parse().unwrap()
    }

    /// A command of the control channel that is obeyed.
    pub(crate) fn control(&mut self, command: &Value) -> Value {
        let answer = self.simulator.control(command, self.now);
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        self.collect();
        answer
    }

    /// A command that names one number.
    pub(crate) fn at(&mut self, what: &str, number: &str) {
        self.control(&json!({ "do": what, "number": number }));
    }

    pub(crate) fn call(&mut self, from: &str, to: &str) -> u32 {
        let answer = self.control(&json!({ "do": "call", "from": from, "to": to }));
        u32::try_from(answer["call"].as_u64().unwrap()).unwrap()
    }

    /// Somebody works at a telephone.
    pub(crate) fn agent(&mut self, number: &str, id: &str, mode: &str) {
        self.control(&json!({ "do": "agent", "number": number, "id": id, "mode": mode }));
    }

    pub(crate) fn wait(&mut self, time: u64) {
        self.now += time;
        self.simulator.tick(self.now);
        self.collect();
    }

    pub(crate) fn collect(&mut self) {
        self.simulator.check().unwrap();
        for output in self.simulator.outputs() {
            match output {
                Output::Send { client, data: Data::Bytes(bytes), .. } => {
                    let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                    assert_eq!((length, &bytes[..2]), (bytes.len(), &[0, 0][..]));
                    let invoke: u16 = std::str::from_utf8(&bytes[4..8]).unwrap().parse().unwrap();
                    let message = parse(&bytes[8..]);
                    if self.ordered {
                        order::check(&message).unwrap();
                    }
                    self.said.push((client, invoke, message));
                }
                Output::Close { client, .. } | Output::Cut { client, .. } => self.cut.push(client),
                other => panic!("{other:?}"),
            }
        }
    }

    /// What the monitors were told since the last question: monitor, event, whose connection, the own state, the cause.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        let said = std::mem::take(&mut self.said);
        said.iter().filter(|(_, invoke, _)| *invoke == 9_999).map(|(_, _, event)| brief(event)).collect()
    }

    /// The same of one monitor, without its number.
    pub(crate) fn heard_by(&mut self, monitor: u32) -> Vec<String> {
        let own = format!("{monitor} ");
        self.heard().into_iter().filter_map(|event| event.strip_prefix(&own).map(str::to_owned)).collect()
    }

    /// The events themselves, with this name.
    pub(crate) fn events(&mut self, name: &str) -> Vec<Element> {
        let said = std::mem::take(&mut self.said);
        said.into_iter().map(|(_, _, event)| event).filter(|event| event.name == name).collect()
    }
}

/// Nothing happens by itself.
pub(crate) fn quiet() -> Config {
    Config { outside: Behaviour::Manual, busy_tone_ms: 0, no_answer_ms: 0, ..Config::default() }
}

/// A connection of a station.
pub(crate) fn connection(name: &str, call: u32, number: &str) -> String {
    format!("<{name}><callID>{call}</callID><deviceID>{number}:CM1::0</deviceID></{name}>")
}

/// A message in its frame, written by other means than the simulator's.
pub(crate) fn frame(invoke: u16, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::from(u32::try_from(body.len() + 8).unwrap().to_be_bytes());
    frame.extend(format!("{invoke:04}").as_bytes());
    frame.extend(body);
    frame
}

fn number(device: &Element) -> String {
    device.text.split(':').next().unwrap_or("").to_owned()
}

fn brief(event: &Element) -> String {
    let mut words = vec![event.text("monitorCrossRefID").to_owned()];
    words.push(event.name.trim_end_matches("Event").to_owned());
    match event.name.as_str() {
        "TransferedEvent" | "ConferencedEvent" => {
            let news = event.find("transferredConnections").or_else(|| event.find("conferenceConnections")).unwrap();
            let new = news.children.iter().map(|item| {
                let connection = item.find("newConnection").unwrap();
                format!("{}/{}", number(connection.find("deviceID").unwrap()), connection.text("callID"))
            });
            words.push(new.collect::<Vec<_>>().join(","));
        }
        _ => words.extend(event.find("deviceID").or_else(|| event.find("deviceIdentifier")).map(number)),
    }
    for name in ["localConnectionInfo", "cause"] {
        words.extend(event.find(name).map(|found| found.text.clone()));
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}
