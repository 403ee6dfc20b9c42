//! The panel in a real browser before a real Asterisk: what is clicked there happens at the phone.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Caller, Pbx, Phone};

use crate::bed::{Bed, CALLER, L101, TOKEN, config};

/// How long the browser may take for one of its steps on a busy machine.
const STEP: Duration = Duration::from_secs(180);

/// The script that clicks; `None`, and why in words, where there is no browser to click in.
fn script() -> Option<PathBuf> {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients");
    let browser = std::env::var_os("CHROMIUM").map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from);
    let (built, fetched) =
        (clients.join("panel/dist/jackfield-panel.js"), clients.join("node_modules/playwright-core"));
    let missing = [browser, built, fetched].into_iter().find(|path| !path.exists());
    let Some(missing) = missing else { return Some(clients.join("e2e/asterisk.mjs")) };
    let why = format!("the panel is not tried: there is no {} (cargo xtask test makes it)", missing.display());
    assert!(std::env::var_os("JACKFIELD_REQUIRE_BROWSER").is_none(), "{why}");
    eprintln!("{why}");
    None
}

struct Panel {
    process: Child,
    said: Receiver<String>,
}

impl Panel {
    fn start(script: &Path, address: &str) -> Self {
        let mut node = Command::new("node");
        node.arg(script).arg(format!("http://{address}")).arg(CALLER).env("JACKFIELD_TOKEN", TOKEN);
        let mut process = node.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let (tell, said) = channel();
        let out = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok()));
        Self { process, said }
    }

    fn says(&self, wanted: &str) {
        let said = self.said.recv_timeout(STEP).unwrap_or_else(|_| "nothing more; its own words are above".to_owned());
        assert_eq!(said, wanted, "what the browser said");
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        // Most often it has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_panel_answers_holds_records_and_ends_a_call_at_a_real_phone() {
    let Some(script) = script() else { return };
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let folder = pbx.monitor_dir();
    let place = format!("[connection.recordings]\nfolder = {:?}\n[[user]]", folder.to_str().unwrap());
    let config = config(pbx.ami_port(), AMI_MIN_USER, AMI_MIN_SECRET).replacen("[[user]]", &place, 1);
    let mut bed = Bed::with("from the panel", pbx, format!("[store]\nurl = \"sqlite://calls.db\"\n{config}"));
    let panel = Panel::start(&script, bed.host.address());
    panel.says("ready");
    let _phone = bed.pbx.phone("101", Phone::Remote).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    for step in ["answered", "held and resumed", "recorded", "done"] {
        panel.says(step);
    }
    bed.expect(&[(L101, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"])]);
    assert_eq!(bed.finish(L101)["data"]["releasedBy"], "local");
}
