//! What a phone system is to the rooms around it: inputs with their time go in, outputs come out.

use serde_json::Value;

use crate::{control, wire::Wire};

/// Milliseconds since the simulator was started.
pub type Millis = u64;

/// A client's connection; of HTTP: one request. Numbers are given out once.
pub type Client = u64;

/// What travels over a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// A text frame of a WebSocket; over TCP: its bytes.
    Text(String),
    /// A binary frame; over TCP: bytes as they come, in pieces that mean nothing.
    Bytes(Vec<u8>),
}

impl Data {
    /// The bytes of either.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&[u8]> for Data {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

/// A request that somebody made at an HTTP door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET` and its like.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// What stands behind the question mark, as it was sent.
    pub query: String,
    /// Names in lower case; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, which has an end (256 KiB).
    pub body: Vec<u8>,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// `content-type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// How much of it arrives.
    pub arrives: Arrives,
}

/// How much of an answer arrives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arrives {
    /// All of it.
    #[default]
    Whole,
    /// The head and one half of the body, then the connection breaks.
    Half,
    /// All of it, and all of it again, which nobody has asked for.
    Twice,
    /// Nothing: the connection breaks.
    Nothing,
}

/// A request that the phone system makes by itself, to whom it was told to tell its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// An `http://` address.
    pub url: String,
    /// `content-type` and body; absent: none.
    pub body: Option<(&'static str, Vec<u8>)>,
}

/// What is to be done with a connection. All of them come out of [`Wire`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a message, so many milliseconds later.
    Send {
        /// To whom.
        client: Client,
        /// The message.
        data: Data,
        /// How much later.
        delay: Millis,
    },
    /// Answer a request at an HTTP door, so many milliseconds later.
    Respond {
        /// Whose request.
        client: Client,
        /// The answer.
        response: Response,
        /// How much later.
        delay: Millis,
    },
    /// Make a request, so many milliseconds later.
    Hook {
        /// The request.
        hook: Hook,
        /// How much later.
        delay: Millis,
    },
    /// Close the connection in order, so many milliseconds later.
    Close {
        /// Whose.
        client: Client,
        /// How much later.
        delay: Millis,
    },
    /// Drop the connection at once.
    Cut {
        /// Whose.
        client: Client,
        /// A message of which one half is sent first.
        half: Option<Data>,
    },
}

/// A phone system, without sockets and without a clock.
///
/// Whatever it is told with a time may put outputs into its [`Wire`], from which [`System::outputs`] takes them. Times
/// never go backwards. [`System::due`] says when [`System::tick`] has something to do.
pub trait System: Send + 'static {
    /// What its control channel can do beyond what all can, for whoever asks for help: a line or two per command.
    const HELP: &'static str;

    /// The outputs' way out. It must be told who comes and who goes ([`Wire::open`], [`Wire::closed`]).
    fn wire(&mut self) -> &mut Wire;

    /// A connection was made at a WebSocket or TCP door.
    fn open(&mut self, client: Client, now: Millis) {
        let _ = now;
        self.wire().open(client);
    }

    /// The same, with the door's place among those that were given: for systems of more than one server.
    fn open_at(&mut self, client: Client, door: usize, now: Millis) {
        let _ = door;
        self.open(client, now);
    }

    /// A frame has come, or bytes of a stream.
    fn receive(&mut self, client: Client, data: Data, now: Millis) {
        let _ = (client, data, now);
    }

    /// A connection is gone. For requests at an HTTP door this is not told.
    fn closed(&mut self, client: Client, now: Millis) {
        let _ = now;
        self.wire().closed(client);
    }

    /// A request at an HTTP door; [`Wire::respond`] answers it, now or later.
    fn request(&mut self, client: Client, request: Request, now: Millis) {
        let _ = (request, now);
        let arrives = Arrives::Whole;
        self.wire().respond(client, Response { status: 404, content_type: "text/plain", body: Vec::new(), arrives });
    }

    /// Lets time pass.
    fn tick(&mut self, now: Millis);

    /// When `tick` has something to do next.
    fn due(&self) -> Option<Millis>;

    /// A command of the control channel that is not one of those that all have.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    fn command(&mut self, command: &Value, now: Millis) -> Result<Value, String>;

    /// The connections of whoever is meant by a text: a number, a login.
    ///
    /// # Errors
    /// Nobody is meant by it.
    fn clients_of(&self, who: &str) -> Result<Vec<Client>, String>;

    /// Whether everything that must be true of the phone system is; the error says what is not.
    ///
    /// # Errors
    /// A sentence for whoever looks for the mistake.
    fn check(&self) -> Result<(), String>;

    /// How many calls there are, and whatever else must be gone once everybody has hung up.
    fn calls(&self) -> usize;

    /// A line of the control channel, and its answer.
    fn control(&mut self, command: &Value, now: Millis) -> Value
    where
        Self: Sized,
    {
        self.tick(now);
        control::run(self, command, now)
    }

    /// Takes away what is to be sent.
    fn outputs(&mut self) -> Vec<Output> {
        self.wire().outputs()
    }

    /// The WebSocket subprotocol that a handshake is answered with when the client offers it.
    fn subprotocol(&self) -> Option<&'static str> {
        None
    }
}
