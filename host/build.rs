//! Puts the pages into the program: what `cargo xtask clients` has built of the panel and of the administrator's page.
//!
//! Nothing is built here, so that the host needs no Node: a page that is not there is left out, and the program says
//! so. What is there is compressed once, here, and nothing of it is read from a disk while the host runs.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// The pages: name, and the path below which each is served.
const PAGES: [(&str, &str); 2] = [("panel", "/"), ("admin", "/admin/")];
/// More than this is a mistake in a build, not a page.
const MOST_BYTES: usize = 16 * 1024 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let clients = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../clients");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut files = Vec::new();
    let mut there = Vec::new();
    for (name, below) in PAGES {
        let folder = clients.join(name).join("dist");
        watch(&clients, &folder);
        let found = if folder.join("index.html").is_file() { list(&folder)? } else { Vec::new() };
        there.push((name, !found.is_empty()));
        for path in found {
            files.push(File::read(&folder, &path, below)?);
        }
    }
    if files.iter().map(|file| file.bytes.len()).sum::<usize>() > MOST_BYTES {
        return Err(format!("the pages in {} have more than {MOST_BYTES} bytes", clients.display()).into());
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut code = format!("static BUILT: &[(&str, bool)] = &{there:?};\nstatic FILES: &[File] = &[\n");
    for (number, file) in files.iter().enumerate() {
        file.write(&out, number, &mut code)?;
    }
    code.push_str("];\n");
    fs::write(out.join("pages.rs"), code)?;
    Ok(())
}

/// Lets cargo look at a folder. One that is missing would count as changed at every build, so it is made, empty; where
/// that cannot be done nothing will change either.
fn watch(clients: &Path, folder: &Path) {
    if folder.is_dir() || (clients.is_dir() && fs::create_dir_all(folder).is_ok()) {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
}

/// The files of a folder and of the folders in it; source maps are for who develops the pages.
fn list(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(list(&path)?);
        } else if path.extension().is_none_or(|end| end != "map") {
            found.push(path);
        }
    }
    Ok(found)
}

struct File {
    path: String,
    kind: &'static str,
    /// Its name tells its content, so it never changes.
    lasting: bool,
    /// Pages of other origins may take it.
    foreign: bool,
    tag: String,
    bytes: Vec<u8>,
    gzip: Option<Vec<u8>>,
}

impl File {
    fn read(folder: &Path, path: &Path, below: &str) -> Result<Self, Box<dyn Error>> {
        let inside = path.strip_prefix(folder)?.to_str().ok_or("a file's name is not UTF-8")?.replace('\\', "/");
        if !inside.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b)) {
            return Err(format!("{}: names of the pages' files are letters, digits, . _ -", path.display()).into());
        }
        let bytes = fs::read(path)?;
        let (kind, packs) = kind(&inside).ok_or_else(|| format!("{}: what is it?", path.display()))?;
        let gzip = if packs { Some(gzip(&bytes)?).filter(|packed| packed.len() < bytes.len()) } else { None };
        let tag: String = Sha256::digest(&bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            path: format!("{below}{}", if inside == "index.html" { "" } else { &inside }),
            kind,
            lasting: inside.starts_with("assets/"),
            foreign: below == "/" && !kind.starts_with("text/html"),
            tag,
            bytes,
            gzip,
        })
    }

    /// Writes the bytes to files of the build, and the entry that includes them.
    fn write(&self, out: &Path, number: usize, code: &mut String) -> Result<(), Box<dyn Error>> {
        let plain = out.join(format!("page-{number}"));
        fs::write(&plain, &self.bytes)?;
        let gzip = match &self.gzip {
            None => "None".to_owned(),
            Some(packed) => {
                let path = out.join(format!("page-{number}.gz"));
                fs::write(&path, packed)?;
                format!("Some(include_bytes!({path:?}))")
            }
        };
        let Self { path, kind, lasting, foreign, tag, .. } = self;
        writeln!(
            code,
            "File {{ path: {path:?}, kind: {kind:?}, lasting: {lasting}, foreign: {foreign}, tag: {tag:?}, plain: \
             include_bytes!({plain:?}), gzip: {gzip} }},"
        )?;
        Ok(())
    }
}

/// The media type, and whether compressing it is worth while.
fn kind(name: &str) -> Option<(&'static str, bool)> {
    Some(match name.rsplit('.').next()? {
        "html" => ("text/html; charset=utf-8", true),
        "js" | "mjs" => ("text/javascript; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "json" => ("application/json", true),
        "webmanifest" => ("application/manifest+json", true),
        "svg" => ("image/svg+xml", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "png" => ("image/png", false),
        "webp" => ("image/webp", false),
        "ico" => ("image/vnd.microsoft.icon", false),
        "woff2" => ("font/woff2", false),
        "mp3" => ("audio/mpeg", false),
        "ogg" => ("audio/ogg", false),
        "wav" => ("audio/wav", false),
        _ => return None,
    })
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
