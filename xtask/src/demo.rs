//! `cargo xtask demo`: a host with the simulator, on a configuration of its own.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::steps::{cargo, run, target};

const CONFIG: &str = include_str!("demo.toml");
/// Where clients connect, when it is free.
const USUAL: &str = "127.0.0.1:8080";
/// How long the host may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn main(arguments: &[&str]) -> Result<(), String> {
    let address = match arguments {
        [] => free(USUAL)?,
        ["--listen", address] => {
            TcpListener::bind(address).and_then(|l| l.local_addr()).map_err(|e| format!("--listen {address}: {e}"))?
        }
        _ => return Err("usage: cargo xtask demo [--listen ADDRESS]".to_owned()),
    };
    run(
        "building the host and the simulator",
        &mut cargo(&["build", "-p", "jackfield", "-p", "jackfield-plugin-simulator"]),
    )?;
    let built = target().join("debug");
    let folder = target().join("demo");
    let token = token();
    prepare(&folder, &built, address, &token).map_err(|e| format!("{}: {e}", folder.display()))?;
    let program = built.join(format!("jackfield{}", std::env::consts::EXE_SUFFIX));
    let mut host = Command::new(&program)
        .args(["run", "--config"])
        .arg(folder.join("jackfield.toml"))
        .spawn()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let until = Instant::now() + PATIENCE;
    while !is_ready(address) {
        if let Ok(Some(status)) = host.try_wait() {
            return Err(format!("the host ended: {status}"));
        }
        if Instant::now() > until {
            // It does not serve; nothing else is left to do with it.
            let _ = host.kill();
            return Err(format!("the host does not answer on {address}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!(
        "\nThe host serves ws://{address}/ws (subprotocol jackfield.v1). In another terminal:\n\n  \
         JACKFIELD_TOKEN={token} {} watch ws://{address}/ws\n\nCtrl-C ends it.\n",
        program.display()
    );
    let status = host.wait().map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the host ended: {status}")) }
}

/// The usual address, or one that is free.
fn free(usual: &str) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind(usual).or_else(|_| TcpListener::bind("127.0.0.1:0")).map_err(|e| e.to_string())?;
    listener.local_addr().map_err(|e| e.to_string())
}

fn prepare(folder: &Path, built: &Path, address: SocketAddr, token: &str) -> std::io::Result<()> {
    let adapters = folder.join("adapters");
    fs::create_dir_all(&adapters)?;
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = format!("{prefix}jackfield_plugin_simulator{suffix}");
    // Renamed into place: a host that still runs keeps its own copy.
    let part = folder.join("part");
    fs::copy(built.join(&library), &part)?;
    fs::rename(&part, adapters.join(&library))?;
    let config = CONFIG.replace("@LISTEN@", &address.to_string()).replace("@TOKEN@", token);
    fs::write(folder.join("jackfield.toml"), config)
}

/// A token for this run. It guards a simulator on this machine's loopback; `RandomState` is random enough for that.
fn token() -> String {
    let part = || RandomState::new().hash_one(std::process::id());
    format!("demo-{:016x}{:016x}", part(), part())
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
