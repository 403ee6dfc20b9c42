//! Drivers that end their process or hang, in any of their functions: their own connection begins anew, and nobody else
//! notices.

use std::fs;
use std::io::Write;

use serde_json::{Value, json};

use super::bed::{Bed, ONE, OUTSIDE, Plan, TWO, call_id, library};

const OTHER_TOKEN: &str = "watch-token-01234567890";
/// A line of another connection to another TAPI library, in another process.
const BESIDE: &str = "good/301";

/// A bed with a second connection, on which a call is up.
struct Both {
    bed: Bed,
    call: Value,
}

impl Both {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let name = library().file_name().unwrap().to_owned();
        fs::copy(library(), dir.path().join(&name)).unwrap();
        let good = dir.path().join("good");
        fs::create_dir(&good).unwrap();
        let good = good.join(&name);
        fs::copy(library(), &good).unwrap();
        let lines = json!({"lines": [{"name": "Line 301", "addresses": [{"number": "301"}]}]});
        fs::write(good.with_extension("json"), lines.to_string()).unwrap();
        fs::write(good.with_extension("commands"), "").unwrap();
        let mut plan = Plan::new("process");
        plan.settings = format!(
            "request_timeout = 10\nhang_timeout = 2\n[[user]]\nname = \"watch\"\nrole = \"service\"\ntoken = \
             \"{OTHER_TOKEN}\"\nlines = [\"good/*\"]\n[[connection]]\nid = \"good\"\nplugin = \"tapi\"\nisolation = \
             \"process\"\ngrant = [\"threads\", \"libraries\"]\n[connection.settings]\nlibrary = \
             \"{}\"\n[[line]]\nname = \"{BESIDE}\"",
            good.display()
        );
        let bed = Bed::at(plan, dir);
        let mut watch = bed.host.client(OTHER_TOKEN).unwrap();
        watch.named("lineStateChanged", BESIDE).unwrap();
        let call = json!({"do": "call", "from": "380501234567", "to": "301"});
        let mut commands = fs::OpenOptions::new().append(true).open(good.with_extension("commands")).unwrap();
        commands.write_all(format!("{call}\n").as_bytes()).unwrap();
        let call = call_id(&watch.named("callStarted", BESIDE).unwrap());
        watch.call("answerCall", &json!({"line": BESIDE, "callId": call})).unwrap();
        watch.named("commutationStarted", BESIDE).unwrap();
        Self { bed, call }
    }

    /// A fault that the library has taken on, and that its next life knows nothing of.
    fn arm(&mut self, fault: Value) {
        self.bed.tapi(json!({"do": "fault", "fault": fault}));
        self.mark(&fault.to_string());
        self.bed.forget();
    }

    /// What was commanded before is done.
    fn mark(&mut self, name: &str) {
        self.bed.tapi(json!({"do": "info", "number": "101", "caller": OUTSIDE, "name": name}));
        self.bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["caller"]["name"] == name);
    }

    /// The adapter's process ended for this reason; its only call is over, once; its lines come back and can be used.
    fn began_anew(&mut self, call: &Value, reason: &str) {
        let Self { bed, .. } = self;
        // It is about the connection, no line.
        bed.client.look_again();
        let fault = bed.client.event(|e| e["method"] == "error" && e["params"]["data"]["code"] == "adapterFault");
        let fault = fault.unwrap_or_else(|e| panic!("{e}\n{}", bed.host.log()));
        let text = fault["params"]["data"]["message"].as_str().unwrap();
        assert!(text.contains(reason), "{text}");
        let lost = bed.of("callFinished", ONE, call);
        assert_eq!(lost["params"]["cause"]["code"], "lost", "{lost}");
        for line in [ONE, TWO] {
            bed.first("initialized", line, |_| true);
        }
        let ended = bed.told(ONE).iter().filter(|told| told.starts_with("callFinished")).count();
        assert_eq!(ended, 1, "{:?}", bed.told(ONE));
        bed.forget();
        bed.next("after it");
        let again = bed.incoming(ONE);
        bed.asks(ONE, "holdCall", json!({"callId": again}));
        bed.of("hold", ONE, &again);
        bed.asks(ONE, "dropCall", json!({"callId": again}));
        bed.of("callFinished", ONE, &again);
        self.is_untouched();
    }

    /// The other connection's call is up and can be used; its adapter is the same as in the beginning.
    fn is_untouched(&mut self) {
        // A new client each time: one that nobody reads from is dropped.
        let mut watch = self.bed.host.client(OTHER_TOKEN).unwrap();
        let shown = watch.call("queryActiveCallSnapshot", &json!({"line": BESIDE})).unwrap();
        assert_eq!((&shown["activeCalls"][0]["callId"], &shown["activeCalls"][1]), (&self.call, &Value::Null));
        for (command, event) in [("holdCall", "hold"), ("unholdCall", "unhold")] {
            watch.call(command, &json!({"line": BESIDE, "callId": self.call})).unwrap();
            watch.named(event, BESIDE).unwrap();
        }
        let bad = ["error", "disconnected", "callFinished"];
        let told =
            watch.events.iter().filter(|e| e["params"]["resent"] != true && bad.iter().any(|b| e["method"] == *b));
        assert_eq!(told.count(), 0, "{:#?}", watch.events);
        let log = self.bed.host.log();
        let about = log.lines().filter(|line| line.contains("\"connection\":\"good\""));
        let (mut started, mut complaints) = (0, 0);
        for line in about {
            started += usize::from(line.contains("adapter started"));
            complaints += usize::from(line.contains("\"level\":\"ERROR\"") || line.contains("\"level\":\"WARN\""));
        }
        assert_eq!((started, complaints), (1, 0), "{log}");
        self.bed.clean();
    }
}

/// So many calls of a function pass before its fault begins, where it is called by itself: until the library has taken
/// the fault on, and its file of commands is empty again.
const PASS: u32 = 12;

impl Both {
    /// Has a function called often: each of these is told by a message, and looked up.
    fn much_happens(&self) {
        for number in 0..2 * PASS {
            let name = format!("number {number}");
            self.bed.tapi(json!({"do": "info", "number": "101", "caller": OUTSIDE, "name": name}));
        }
    }

    /// Faults of the thread that calls functions, and of the one that reads messages.
    fn goes_wrong(&mut self, on: &str, key: &str, how: Value, reason: &str) {
        self.bed.next(&format!("{on} {key} {how}"));
        let call = self.bed.incoming(ONE);
        if on == "lineHold" {
            self.arm(json!({"on": on, key: how}));
            self.bed.try_asks(ONE, "holdCall", json!({"callId": call})).unwrap_err();
        } else {
            self.arm(json!({"on": on, "after": PASS, key: how}));
            self.much_happens();
        }
        self.began_anew(&call, reason);
    }
}

#[test]
fn a_driver_that_ends_its_process_hurts_nobody() {
    let mut both = Both::new();
    for (on, how, reason) in [
        ("lineHold", "abort", "SIGABRT"),
        ("lineHold", "segv", "SIGSEGV"),
        ("lineHold", "exit", "exit code 3"),
        ("lineGetCallStatus", "segv", "SIGSEGV"),
        ("lineGetMessage", "abort", "SIGABRT"),
    ] {
        both.goes_wrong(on, "crash", how.into(), reason);
    }
}

#[test]
fn a_driver_that_hangs_hurts_nobody() {
    let mut both = Both::new();
    for (on, reason) in [
        ("lineHold", "has not returned from lineHold for 2 s"),
        ("lineGetCallStatus", "has not returned from lineGetCallInfo or lineGetCallStatus for 2 s"),
        ("lineGetMessage", "has not returned from lineGetMessage for 2 s"),
    ] {
        both.goes_wrong(on, "hang", true.into(), reason);
    }
    // All functions at once, and the library's own thread.
    both.bed.next("everything hangs");
    let call = both.bed.incoming(ONE);
    both.bed.tapi(json!({"do": "hang"}));
    both.bed.client.event(|e| e["method"] == "error").unwrap();
    both.bed.forget();
    both.began_anew(&call, "has not returned from");
}
