//! `cargo xtask demo`: a host with its pages and the simulator, on a configuration of its own.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::clients;
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
    // A host without pages is a host all the same; it must only be said.
    let without = clients::missing();
    if without.is_none() {
        clients::build()?;
    }
    run(
        "building the host and the simulator",
        &mut cargo(&["build", "-p", "jackfield", "-p", "jackfield-plugin-simulator"]),
    )?;
    let built = target().join("debug");
    let folder = target().join("demo");
    let token = token();
    prepare(&folder, &built, address, &token).map_err(|e| format!("{}: {e}", folder.display()))?;
    let program = built.join(format!("jackfield{}", std::env::consts::EXE_SUFFIX));
    let mut host = asking(&program, &folder)
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
    println!("{}", told(&program, &folder.join("jackfield.toml"), address, &token, without.as_deref()));
    let status = host.wait().map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the host ended: {status}")) }
}

/// The program, so that the host can be asked also where a user has no runtime folder (a container, `su`).
fn asking(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if has_no_place(folder) {
        command.env("XDG_RUNTIME_DIR", folder);
    }
    command
}

fn has_no_place(folder: &Path) -> bool {
    let names = ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"];
    !is_roots(folder) && names.iter().all(|name| std::env::var_os(name).is_none_or(|v| v.is_empty()))
}

/// Whether it belongs to root, who has a place in any case: the demo has made it, so it is whose the demo is.
#[cfg(unix)]
fn is_roots(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0)
}

#[cfg(not(unix))]
const fn is_roots(_: &Path) -> bool {
    true
}

/// What to do now: pages to open, and a line for another terminal.
fn told(program: &Path, config: &Path, address: SocketAddr, token: &str, without: Option<&str>) -> String {
    let mut text = "\nThe host runs. Calls come and go by themselves; those at line 103 are yours.\n\n".to_owned();
    match without {
        None => {
            for (user, page, what) in [
                ("you", "panel", "The panel: open it, and answer what rings."),
                ("demo", "admin", "The administrator's page."),
            ] {
                match way_in(program, config, user, page) {
                    Ok(way) => text.push_str(&format!("{what}\n  {way}\n\n")),
                    Err(why) => text.push_str(&format!("{what}\n  no address: {why}\n\n")),
                }
            }
            text.push_str(&format!(
                "Each opens once, within five minutes. Another one:\n  {}{} login you -c {}\n\n",
                match config.parent() {
                    Some(folder) if has_no_place(folder) => format!("XDG_RUNTIME_DIR={} ", folder.display()),
                    _ => String::new(),
                },
                program.display(),
                config.display()
            ));
        }
        Some(why) => text.push_str(&format!(
            "Without its pages, the panel and the administrator's page: {why}. Install it and start the demo again.\n\n"
        )),
    }
    text.push_str(&format!(
        "Events as they happen, in another terminal:\n  JACKFIELD_TOKEN={token} {} watch ws://{address}/ws\n\nCtrl-C \
         ends it.\n",
        program.display()
    ));
    text
}

/// An address that logs a user in, as the running host makes it.
fn way_in(program: &Path, config: &Path, user: &str, page: &str) -> Result<String, String> {
    let folder = config.parent().unwrap_or(Path::new("."));
    let output = asking(program, folder).args(["login", user, "--json", "--config"]).arg(config).output();
    let output = output.map_err(|e| format!("{}: {e}", program.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    // One flat object of texts and numbers, which xtask takes apart without a library: it has none.
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    let begin = format!("\"{page}\":\"");
    let way = answer.split_once(&begin).and_then(|(_, rest)| rest.split_once('"')).map(|(way, _)| way.to_owned());
    way.ok_or_else(|| format!("`jackfield login` says {answer}"))
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
