//! The control channel: the hands of those who hold the handsets, and of whoever breaks things.
//!
//! One JSON object per line, answered by one line. What every phone system has is here; everything else is its own.

use std::{io, sync::Arc};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};

use crate::{
    Data, Millis, System,
    doors::{Input, LONGEST, PATIENCE, next},
};

/// How many control connections.
const CONTROLS: usize = 16;

/// What every control channel can do.
const HELP: &str = r#"One JSON object per line, answered by one line: {"ok":true,…} or {"ok":false,"error":"…"}.

  {"do":"cut","number":"101"}        drops the user's connections without a farewell
  {"do":"half","number":"101"}       sends half of a message, then drops them
  {"do":"garbage","number":"101"}    sends rubbish
  {"do":"raw","number":"101","text":"…"}   sends any text
  {"do":"faults","faults":{"delay_ms":300}}   what goes wrong from now on; {} heals everything
        delay_ms drop_events drop_replies reorder garbage silent, and the system's own
  {"do":"help"}                      this
"#;

/// All commands of a phone system's control channel.
pub(crate) fn help<S: System>() -> String {
    format!("{HELP}\n{}", S::HELP)
}

/// The commands that every phone system has.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Command {
    Cut { number: String },
    Half { number: String },
    Garbage { number: String },
    Raw { number: String, text: String },
    Help {},
}

const COMMANDS: [&str; 5] = ["cut", "half", "garbage", "raw", "help"];

/// Does what a command says, and makes the answer.
pub(crate) fn run<S: System>(system: &mut S, command: &Value, now: Millis) -> Value {
    let shared = command["do"].as_str().is_some_and(|name| COMMANDS.contains(&name));
    let answer = if shared { run_shared(system, command) } else { system.command(command, now) };
    match answer {
        Ok(Value::Object(mut answer)) => {
            answer.insert("ok".into(), true.into());
            Value::Object(answer)
        }
        Ok(other) => json!({ "ok": true, "answer": other }),
        Err(text) => json!({ "ok": false, "error": text }),
    }
}

fn run_shared<S: System>(system: &mut S, command: &Value) -> Result<Value, String> {
    let command = Command::deserialize(command).map_err(|error| misunderstood(&error))?;
    let number = match &command {
        Command::Cut { number } | Command::Half { number } | Command::Garbage { number } => number,
        Command::Raw { number, .. } => number,
        Command::Help {} => return Ok(json!({ "help": help::<S>().lines().collect::<Vec<_>>() })),
    };
    let clients = system.clients_of(number)?;
    let wire = system.wire();
    for client in &clients {
        match &command {
            Command::Cut { .. } => wire.cut(*client, false),
            Command::Half { .. } => wire.cut(*client, true),
            Command::Garbage { .. } => wire.rubbish(*client),
            Command::Raw { text, .. } => wire.send(*client, Data::Text(text.clone())),
            Command::Help {} => {}
        }
    }
    Ok(json!({ "sessions": clients.len() }))
}

/// What is said to a command that is none.
pub(crate) fn misunderstood(error: &serde_json::Error) -> String {
    format!("{error}; {{\"do\":\"help\"}} shows what there is")
}

/// Serves control connections for ever.
pub(crate) async fn serve(listener: TcpListener, inputs: mpsc::Sender<Input>) {
    let room = Arc::new(Semaphore::new(CONTROLS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Some(stream) = next(&listener).await else { continue };
        let inputs = inputs.clone();
        tokio::spawn(async move {
            drop(serve_one(stream, &inputs).await);
            drop(place);
        });
    }
}

async fn serve_one(stream: TcpStream, inputs: &mpsc::Sender<Input>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader).take(LONGEST as u64).read_until(b'\n', &mut line).await?;
        if read == 0 {
            return Ok(());
        }
        let whole = line.ends_with(b"\n") || read < LONGEST;
        let answer = match serde_json::from_slice(&line) {
            _ if !whole => json!({ "ok": false, "error": format!("a command has at most {LONGEST} bytes") }),
            Ok(command) => {
                let (sender, answer) = oneshot::channel();
                if inputs.send(Input::Control(command, sender)).await.is_err() {
                    return Ok(());
                }
                answer.await.unwrap_or(Value::Null)
            }
            Err(error) => json!({ "ok": false, "error": format!("this is no JSON: {error}") }),
        };
        timeout(PATIENCE, writer.write_all(format!("{answer}\n").as_bytes())).await??;
        if !whole {
            return Ok(());
        }
    }
}
