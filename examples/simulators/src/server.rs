//! A phone system behind its doors: one task owns it, one task serves each connection.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{
    Client, Door, Kind, Millis, Output, System, control,
    doors::{self, Input, Numbers},
};

/// Why the simulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened at.
    #[error("cannot listen at {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// Certificate or key cannot be used.
    #[error("the certificate or its key cannot be used: {0}; both must be PEM and belong together")]
    Tls(String),
}

/// A running simulator; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// The doors in the order in which they were given: their schemes and where they are.
    pub doors: Vec<(&'static str, SocketAddr)>,
    /// Where the control channel listens.
    pub control: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Starts a simulator; needs a tokio runtime.
///
/// # Errors
/// An address is taken, or a certificate cannot be used.
pub async fn serve<S: System>(system: S, doors: Vec<Door>, control: SocketAddr) -> Result<Server, ServeError> {
    let (inputs, receiver) = mpsc::channel(1_024);
    let numbers = Arc::new(Numbers::default());
    let mut server = Server { doors: Vec::new(), control, tasks: Vec::new() };
    for (number, Door { at, kind, tls }) in doors.into_iter().enumerate() {
        let acceptor = tls.as_ref().map(doors::acceptor).transpose()?;
        let scheme = Kind::scheme(kind, acceptor.is_some());
        let (listener, address) = bind(at).await?;
        server.doors.push((scheme, address));
        let task = doors::serve(listener, (number, kind), acceptor, inputs.clone(), Arc::clone(&numbers));
        server.tasks.push(tokio::spawn(task));
    }
    let (listener, address) = bind(control).await?;
    server.control = address;
    server.tasks.push(tokio::spawn(control::serve(listener, inputs)));
    let (hooks, hooking) = doors::run_hooks();
    server.tasks.push(tokio::spawn(hooking));
    server.tasks.push(tokio::spawn(own(system, receiver, hooks)));
    Ok(server)
}

async fn bind(at: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let listener = TcpListener::bind(at).await.map_err(|error| ServeError::Listen(at, error))?;
    let address = listener.local_addr().map_err(|error| ServeError::Listen(at, error))?;
    Ok((listener, address))
}

/// The phone system's own task: inputs one at a time, and what happens by itself.
async fn own<S: System>(mut system: S, mut inputs: mpsc::Receiver<Input>, hooks: mpsc::Sender<Output>) {
    let start = Instant::now();
    let mut clients: BTreeMap<Client, mpsc::Sender<Output>> = BTreeMap::new();
    loop {
        let due = system.due().map(|due| start + Duration::from_millis(due));
        let input = tokio::select! {
            input = inputs.recv() => match input {
                Some(input) => Some(input),
                None => return,
            },
            () = sleep_until(due.unwrap_or(start)), if due.is_some() => None,
        };
        let now = Millis::try_from(start.elapsed().as_millis()).unwrap_or(Millis::MAX);
        match input {
            None => system.tick(now),
            Some(Input::Open(client, door, outbox)) => {
                clients.insert(client, outbox);
                system.open_at(client, door, now);
            }
            Some(Input::Data(client, data)) => system.receive(client, data, now),
            Some(Input::Request(client, request, outbox)) => {
                clients.insert(client, outbox);
                if !system.wire().is_silent() {
                    system.request(client, request, now);
                }
            }
            Some(Input::Answered(client)) => drop(clients.remove(&client)),
            Some(Input::Closed(client)) => {
                clients.remove(&client);
                system.closed(client, now);
            }
            Some(Input::Subprotocol(answer)) => drop(answer.send(system.subprotocol())),
            Some(Input::Control(command, answer)) => {
                system.tick(now);
                drop(answer.send(control::run(&mut system, &command, now)));
            }
        }
        for output in system.wire().outputs() {
            let client = match &output {
                Output::Send { client, .. } | Output::Respond { client, .. } => *client,
                Output::Close { client, .. } | Output::Cut { client, .. } => *client,
                Output::Hook { .. } => {
                    // Whoever does not take them misses those that do not fit.
                    drop(hooks.try_send(output));
                    continue;
                }
            };
            let Some(outbox) = clients.get(&client) else { continue };
            // Who does not read is let go; the task sees that its sender is gone.
            if outbox.try_send(output).is_err() {
                clients.remove(&client);
                system.closed(client, now);
            }
        }
    }
}
