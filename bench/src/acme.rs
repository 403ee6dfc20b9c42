//! The phone system of the example plugin, played: one call at each extension, held and resumed on demand.
//!
//! Its protocol is lines of words, and its adapter does next to nothing: what is measured behind it is the host.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// The configuration of a host with this phone system, and one user for all lines.
pub(crate) fn config(port: u16, lines: usize) -> String {
    let mut text = format!(
        "[[connection]]\nid = \"acme\"\nplugin = \"acme\"\nisolation = \"host\"\nreplay = 1000\n\
         [connection.settings]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"bench\"\npassword = \"bench\"\n\
         [connection.lines]\nextension = \"{{device}}\"\n"
    );
    for line in 0..lines {
        text.push_str(&format!("[[line]]\nname = \"acme/{line}\"\n"));
    }
    text.push_str(&format!(
        "[[user]]\nname = \"bench\"\nrole = \"service\"\ntoken = \"{}\"\nlines = [\"acme/*\"]\n",
        crate::sockets::TOKEN
    ));
    text
}

/// The phone system's end of the connection.
#[derive(Debug)]
pub(crate) struct Pbx {
    stream: TcpStream,
    held: Vec<bool>,
}

impl Pbx {
    /// Waits for the host, lets it in, and shows one call at each of the extensions.
    pub(crate) fn accept(listener: &TcpListener, lines: usize) -> Result<Self, String> {
        let text = |e: std::io::Error| format!("the phone system: {e}");
        let (mut stream, _) = listener.accept().map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).map_err(text)?;
        let mut asked = BufReader::new(stream.try_clone().map_err(text)?);
        loop {
            let mut line = String::new();
            asked.read_line(&mut line).map_err(text)?;
            if line.starts_with("HELLO") {
                stream.write_all(b"OK login\n").map_err(text)?;
            } else if line.starts_with("STATUS") {
                let mut list: String =
                    (0..lines).map(|line| format!("STATUS {line} {line} in +380441234567 talking\n")).collect();
                list.push_str("STATUS END\n");
                stream.write_all(list.as_bytes()).map_err(text)?;
                // Until the lines are up nobody can tell where their events stand.
                std::thread::sleep(Duration::from_secs(1));
                return Ok(Self { stream, held: vec![false; lines] });
            } else {
                return Err(format!("the phone system: not understood: {line:?}"));
            }
        }
    }

    /// Says something, in the words of its protocol.
    pub(crate) fn say(&mut self, words: &str) -> Result<(), String> {
        self.stream.write_all(words.as_bytes()).map_err(|e| format!("the phone system: {e}"))
    }

    /// The calls at several extensions are held, or resumed, in one write.
    pub(crate) fn burst(&mut self, lines: impl Iterator<Item = usize>) -> Result<(), String> {
        let mut text = String::new();
        for line in lines {
            let held = self.held.get_mut(line).ok_or("no such line")?;
            *held = !*held;
            let word = if *held { "HELD" } else { "RESUMED" };
            text.push_str(&format!("{word} {line} {line}\n"));
        }
        self.stream.write_all(text.as_bytes()).map_err(|e| format!("the phone system: {e}"))
    }

    /// The call at an extension is held, or resumed: one line of bytes, which makes two events.
    pub(crate) fn turn(&mut self, line: usize) -> Result<(), String> {
        self.turns(&[line])
    }

    /// The same at several, in one write.
    pub(crate) fn turns(&mut self, lines: &[usize]) -> Result<(), String> {
        let mut said = String::new();
        for line in lines {
            let held = self.held.get_mut(*line).ok_or("no such line")?;
            *held = !*held;
            let word = if *held { "HELD" } else { "RESUMED" };
            said.push_str(&format!("{word} {line} {line}\n"));
        }
        self.stream.write_all(said.as_bytes()).map_err(|e| format!("the phone system: {e}"))
    }
}
