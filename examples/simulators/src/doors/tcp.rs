//! A door for bytes: the phone system frames them itself, in both directions.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};

use super::{Input, PATIENCE, Stream, outbox::Outbox};
use crate::{Client, Data, Output};

/// How many bytes are read at once.
const PIECE: usize = 8 * 1024;

pub(super) async fn serve(stream: Box<dyn Stream>, client: Client, door: usize, inputs: &mpsc::Sender<Input>) {
    let (sender, outbox) = Outbox::new();
    if inputs.send(Input::Open(client, door, sender)).await.is_ok() {
        converse(stream, client, inputs, outbox).await;
        drop(inputs.send(Input::Closed(client)).await);
    }
}

/// Reads and writes one socket until it ends. `None` of anything means that it has.
async fn converse(
    mut stream: Box<dyn Stream>,
    client: Client,
    inputs: &mpsc::Sender<Input>,
    mut outbox: Outbox,
) -> Option<()> {
    let mut piece = vec![0; PIECE];
    loop {
        tokio::select! {
            read = stream.read(&mut piece) => {
                let read = read.ok().filter(|read| *read > 0)?;
                inputs.send(Input::Data(client, Data::Bytes(piece[..read].to_vec()))).await.ok()?;
            }
            output = outbox.next() => match output? {
                Output::Send { data, .. } => {
                    timeout(PATIENCE, stream.write_all(data.as_bytes())).await.ok()?.ok()?;
                    timeout(PATIENCE, stream.flush()).await.ok()?.ok()?;
                }
                Output::Cut { half, .. } => {
                    let half = half.as_ref().map_or(&[][..], |data| &data.as_bytes()[..data.as_bytes().len() / 2]);
                    timeout(PATIENCE, stream.write_all(half)).await.ok()?.ok()?;
                    return timeout(PATIENCE, stream.flush()).await.ok()?.ok();
                }
                _ => return timeout(PATIENCE, stream.shutdown()).await.ok()?.ok(),
            }
        }
    }
}
