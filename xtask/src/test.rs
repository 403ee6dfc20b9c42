//! `cargo xtask test`: everything that must be true.

use std::process::{Command, Stdio};

use crate::clients;
use crate::steps::{cargo, run, status, target, workspace};
use crate::windows;

/// What setup.sh answers where a real Asterisk cannot be had.
const CANNOT_RUN_HERE: i32 = 77;
/// Debian's browser.
const CHROMIUM: &str = "/usr/bin/chromium";

struct Options<'a> {
    asterisk: Option<&'static str>,
    browser: bool,
    windows: Windows,
    vm: bool,
    filter: Option<&'a str>,
}

/// Whether tests are run for Windows.
#[derive(PartialEq, Eq)]
enum Windows {
    With,
    Without,
    Only,
}

fn options<'a>(arguments: &[&'a str]) -> Result<Options<'a>, String> {
    let mut options =
        Options { asterisk: Some("forky"), browser: true, windows: Windows::With, vm: false, filter: None };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match *argument {
            "--no-asterisk" => options.asterisk = None,
            "--no-browser" => options.browser = false,
            "--no-windows" => options.windows = Windows::Without,
            "--windows" => options.windows = Windows::Only,
            "--vm" => options.vm = true,
            "--asterisk" => {
                options.asterisk = Some(match rest.next() {
                    Some(&"16") => "bullseye",
                    Some(&"22") => "forky",
                    _ => return Err("--asterisk is 16 or 22".to_owned()),
                });
            }
            flag if flag.starts_with('-') => return Err(format!("`{flag}` is no option of `test`")),
            filter => options.filter = Some(filter),
        }
    }
    Ok(options)
}

pub(crate) fn main(arguments: &[&str]) -> Result<(), String> {
    let options = options(arguments)?;
    if options.windows == Windows::Only {
        return windows::test(options.filter)?.map_or(Ok(()), |missing| Err(format!("without Windows: {missing}")));
    }
    if options.vm {
        return vm();
    }
    let whole = options.filter.is_none();
    if whole {
        run("format", &mut cargo(&["fmt", "--all", "--check"]))?;
        let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        run("lints", &mut cargo(&clippy))?;
    }
    packages();
    let missing = asterisk(options.asterisk)?;
    // The pages first: they are part of the host.
    let without_pages = clients::missing();
    if whole && without_pages.is_none() {
        clients::build()?;
    }
    // Before the tests: one of them clicks in the panel before a real Asterisk.
    let without_browser = match (whole, without_pages) {
        (false, _) => None,
        (true, Some(why)) => Some(why),
        (true, None) => browser(options.browser).err(),
    };
    run("build", &mut cargo(&["build", "--workspace", "--quiet"]))?;
    tests(&options, missing.is_none(), whole && without_browser.is_none())?;
    if whole && clients::missing().is_none() {
        run("tests of the clients", clients::npm().args(["run", "test:unit", "--silent"]))?;
        if without_browser.is_none() {
            run("the pages in a browser", clients::npm().args(["run", "test:browser", "--silent"]))?;
        }
    }
    let without_windows = match options.windows {
        Windows::With if whole => windows::test(None)?,
        _ => None,
    };
    if whole {
        run("examples in the docs", &mut cargo(&["test", "--workspace", "--doc", "--quiet"]))?;
        let mut docs = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
        run("docs", docs.env("RUSTDOCFLAGS", "-D warnings"))?;
        licences()?;
    }
    if let Some(missing) = missing {
        println!("note: without a real Asterisk: {missing}");
    }
    if let Some(missing) = without_windows {
        println!("note: nothing was tried for Windows: {missing}");
    }
    if let Some(missing) = without_browser {
        println!("note: the pages were not tried in a browser: {missing}");
    }
    Ok(())
}

/// What tests use when it is there: a package of Debian, and a file that it brings somewhere below a folder.
const PACKAGES: [(&str, &str, &str); 2] =
    [("postgresql", "/usr/lib/postgresql", "bin/postgres"), ("faketime", "/usr/lib", "faketime/libfaketimeMT.so.1")];

/// Installs what is missing of [`PACKAGES`], where that can be done. Tests say what they cannot test without it.
fn packages() {
    let is_there = |folder: &str, file: &str| {
        std::fs::read_dir(folder).is_ok_and(|below| below.flatten().any(|entry| entry.path().join(file).exists()))
    };
    let missing = PACKAGES.iter().filter(|(_, folder, file)| !is_there(folder, file));
    let names: Vec<&str> = missing.map(|(package, ..)| *package).collect();
    if names.is_empty() {
        return;
    }
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&names).stdin(Stdio::null());
    let installed = status(&format!("install {}", names.join(" ")), install.env("DEBIAN_FRONTEND", "noninteractive"));
    if !installed.is_ok_and(|status| status.success()) {
        println!("note: {} cannot be installed here (Debian, as root); some tests are left out", names.join(", "));
    }
}

/// Makes a real Asterisk ready. `Some`: it cannot be had here, and why.
fn asterisk(suite: Option<&'static str>) -> Result<Option<String>, String> {
    let Some(suite) = suite else { return Ok(Some("switched off by --no-asterisk".to_owned())) };
    let mut setup = Command::new("bash");
    setup.arg(workspace().join("tests/asterisk/setup.sh")).env("AST_SUITE", suite).stdin(Stdio::null());
    let status = status(&format!("a real Asterisk (Debian {suite}; kept between runs)"), &mut setup);
    match status.map(|s| s.code()) {
        Ok(Some(0)) => Ok(None),
        Ok(Some(CANNOT_RUN_HERE)) => Ok(Some("see above what is missing; its tests are left out".to_owned())),
        Ok(_) => Err("tests/asterisk/setup.sh failed; see above".to_owned()),
        Err(e) => Ok(Some(e)),
    }
}

fn tests(options: &Options<'_>, with_asterisk: bool, with_browser: bool) -> Result<(), String> {
    let nextest = cargo(&["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let mut command = if nextest.is_ok_and(|s| s.success()) {
        let mut command = cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]);
        if let Some(name) = options.filter {
            // A test's own name does not say to which of the programs of `tests/tests` it belongs.
            command.args(["-E", &format!("test(~{name}) | binary(~{name})")]);
        }
        command
    } else {
        let mut command = cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--examples", "--no-fail-fast"]);
        command.args(options.filter);
        command
    };
    if let Some(suite) = options.asterisk {
        command.env("AST_SUITE", suite);
    }
    if with_asterisk {
        command.env("JACKFIELD_REQUIRE_ASTERISK", "1");
    } else {
        command.env("JACKFIELD_NO_ASTERISK", "1");
    }
    if with_browser {
        command.env("JACKFIELD_REQUIRE_BROWSER", "1");
    }
    let table = target().join("asterisk-scenarios.txt");
    // The last run's; there may be none.
    let _ = std::fs::remove_file(&table);
    let tested = run("tests", command.env("JACKFIELD_SCENARIOS", &table));
    if let Ok(rows) = std::fs::read_to_string(&table) {
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.sort_unstable();
        println!(
            "What clients saw of the simulator and of the real Asterisk: scenario, line, core events\n{}",
            rows.join("\n")
        );
    }
    tested
}

/// The tour of the service, in virtual machines: of each Debian that is named by `VM_SUITE`, else of these two.
fn vm() -> Result<(), String> {
    let named = std::env::var("VM_SUITE").ok();
    let suites: Vec<&str> = named.as_deref().map_or_else(|| vec!["bookworm", "trixie"], |suite| vec![suite]);
    for suite in suites {
        let mut setup = Command::new("bash");
        setup.arg(workspace().join("tests/vm/setup.sh")).env("VM_SUITE", suite).stdin(Stdio::null());
        let ready = status(&format!("a virtual machine (Debian {suite}; kept between runs)"), &mut setup)?;
        if !ready.success() {
            return Err("there is no virtual machine; see above".to_owned());
        }
        let mut test = cargo(&["test", "--workspace", "--test", "vm", "--quiet", "--", "--nocapture"]);
        run(&format!("the service in it (Debian {suite})"), test.env("VM_SUITE", suite).env("JACKFIELD_VM", "1"))?;
    }
    Ok(())
}

/// Makes a browser ready. `Err`: there is none, and why.
fn browser(wanted: bool) -> Result<(), String> {
    if !wanted {
        return Err("switched off by --no-browser".to_owned());
    }
    let browser = match std::env::var_os("CHROMIUM") {
        Some(path) => std::path::PathBuf::from(path),
        None => CHROMIUM.into(),
    };
    if browser.is_file() { Ok(()) } else { install_chromium() }
}

/// Debian's Chromium, by apt.
fn install_chromium() -> Result<(), String> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !is_root || !std::path::Path::new("/usr/bin/apt-get").is_file() {
        return Err(format!("there is no {CHROMIUM}; on Debian, as root, it is installed from here"));
    }
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    install.args(["install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core"]);
    let installed = status("Debian's Chromium (kept between runs)", &mut install);
    if installed.is_ok_and(|status| status.success()) && std::path::Path::new(CHROMIUM).is_file() {
        return Ok(());
    }
    Err("`apt-get install chromium` failed; see above".to_owned())
}

/// Licences and advisories, where the tool for it is installed.
fn licences() -> Result<(), String> {
    let there = cargo(&["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|s| s.success()) {
        return run("licences", &mut cargo(&["deny", "--offline", "check", "licenses", "bans", "sources"]));
    }
    println!("note: cargo-deny is not installed; licences were not checked");
    Ok(())
}
