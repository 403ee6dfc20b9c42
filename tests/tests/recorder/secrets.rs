//! Secrets that were planted everywhere are nowhere in the files, in no form; numbers neither, where that is wanted; and
//! what was recorded is played again all the same.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use jackfield_tests::host::Setup;
use serde_json::json;

use super::bed::{bytes, check, folder, library};

const TOKEN: &str = "alice-token-0123456789";
const SECRET: &str = "Tr0ub4dor&3 пароль";
/// Of the same phone system, looked up in a variable.
const USER: &str = "cti-user-4711";
const NUMBER: &str = "380441234567";

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .map(|three| {
            let bits = three.iter().chain(&[0, 0]).take(3).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
            (0..=three.len()).map(|nth| char::from(DIGITS[(bits >> (18 - 6 * nth) & 63) as usize])).collect::<String>()
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric();
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// What must not be found.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let json = json!(secret).to_string();
    let mut forms = vec![
        secret.as_bytes().to_vec(),
        json.as_bytes()[1..json.len() - 1].to_vec(),
        percent(secret).into_bytes(),
        hex(secret.as_bytes()).into_bytes(),
        hex(secret.as_bytes()).to_uppercase().into_bytes(),
        secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for before in ["", "u", "us"] {
        let text = base64(format!("{before}{secret}").as_bytes());
        forms.push(text.as_bytes()[4..text.len() - 4].to_vec());
    }
    // Half of it is too much, too.
    forms.push(secret.as_bytes()[..10].to_vec());
    forms
}

/// A phone system that says secrets and numbers in every form, cut at every place.
fn phone_system() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(b"Asterisk Call Manager/9.0.0\r\n").unwrap();
        let mut reader = stream.try_clone().unwrap();
        let mut answerer = stream.try_clone().unwrap();
        thread::spawn(move || {
            let (mut buffer, mut unread) = ([0; 4096], String::new());
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 {
                    return;
                }
                unread.push_str(&String::from_utf8_lossy(&buffer[..count]));
                while let Some(end) = unread.find("\r\n\r\n") {
                    let action: String = unread.drain(..end + 4).collect();
                    let id = action.lines().find_map(|line| line.strip_prefix("ActionID: ")).unwrap_or_default();
                    let more = if action.contains("Challenge") { "Challenge: 240716551\r\n" } else { "" };
                    let answer = format!("Response: Success\r\nActionID: {id}\r\n{more}Message: ok\r\n\r\n");
                    if answerer.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            }
        });
        thread::sleep(Duration::from_millis(300));
        let mut text = String::new();
        for said in [
            SECRET.to_owned(),
            json!(SECRET).to_string(),
            percent(SECRET),
            hex(SECRET.as_bytes()),
            base64(format!("{USER}:{SECRET}").as_bytes()),
            USER.to_owned(),
            TOKEN.to_owned(),
            format!("<sip:+{NUMBER}@pbx>"),
        ] {
            text.push_str(&format!("Event: UserEvent\r\nUserEvent: Told\r\nText: {said}\r\n\r\n"));
        }
        stream.write_all(text.as_bytes()).unwrap();
        // Each byte may end a read.
        for cut in 1..text.len() {
            let said = [text[..].as_bytes()[..cut].to_vec(), text.as_bytes()[cut..].to_vec()];
            if cut % 5 != 0 {
                continue;
            }
            for part in said {
                if stream.write_all(&part).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(1));
            }
        }
        stream.write_all(b"Event: UserEvent\r\nUserEvent: TheEnd\r\n\r\n").unwrap();
        // Until the host has gone.
        thread::sleep(Duration::from_secs(120));
    });
    port
}

#[test]
fn planted_secrets_are_nowhere_in_the_files() {
    let port = phone_system();
    let config = format!(
        r#"
[[connection]]
id = "ast"
plugin = "asterisk"
[connection.record]
mib = 64
numbers = false
[connection.settings]
host = "127.0.0.1"
port = {port}
username = {{ env = "AMI_USER" }}
password = '{SECRET}'
context = "internal"
[connection.lines]
device = "PJSIP/{{device}}"
[[user]]
name = "alice"
role = "admin"
token = "{TOKEN}"
lines = ["ast/101"]
"#
    );
    let mut setup = Setup::new(config, &["asterisk"]);
    setup.env.push(("AMI_USER".to_owned(), USER.to_owned()));
    let mut host = setup.start().unwrap();
    let recording = folder(&host, "ast");
    let until = std::time::Instant::now() + jackfield_tests::host::PATIENCE;
    let has = |wanted: &[u8]| {
        let bytes = bytes(&recording);
        bytes.windows(wanted.len()).any(|window| window == wanted)
    };
    while !has(b"UserEvent: TheEnd") {
        assert!(std::time::Instant::now() < until, "the phone system's last word is not recorded:\n{}", host.log());
        thread::sleep(Duration::from_millis(100));
    }
    let all = bytes(&recording);
    for secret in [SECRET, USER, TOKEN] {
        for form in forms(secret) {
            let found = all.windows(form.len()).position(|window| window == form);
            assert_eq!(found, None, "`{}` of `{secret}`", String::from_utf8_lossy(&form));
        }
    }
    assert!(!has(NUMBER.as_bytes()) && !has(&NUMBER.as_bytes()[3..]), "a number is there");
    assert!(has(b"Text: ") && has(b"<sip:+38044"), "what is no secret is not there");
    // The password of the manager's login travels as a digest over a challenge: it was sent, and is not told.
    assert!(!has(b"Key: "), "the login's digest is there");
    host.kill();
    check(&recording, &library("asterisk"));
}
