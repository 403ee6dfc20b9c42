//! The pages as they are served: by a program with them, or one that says that it has none.

use std::process::Command;

use jackfield_tests::build::{self, Version};

use super::*;

#[test]
fn a_host_serves_its_pages_or_says_that_it_has_none() {
    let host = host();
    let said = host.wait_log("this program was built").unwrap();
    for (page, path) in [("panel", "/"), ("admin", "/admin/")] {
        let answer = host.get(path, "").unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let missing = said.split("without").nth(1).is_some_and(|missing| missing.contains(page));
        if missing {
            assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
            assert!(answer.body.contains("cargo xtask clients"), "{}", answer.body);
            continue;
        }
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.header("content-security-policy").unwrap().contains("script-src 'self';"));
        everything_that_a_page_names(&host, path, &answer.body);
    }
    assert_eq!(host.get("/admin", "").unwrap().header("location"), Some("/admin/"));
    let answer = host.request("PUT", "/api/v1/calls", "", &[], "").unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (405, Some("application/problem+json")));
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
    for path in ["/Cargo.toml", "/../jackfield.toml", "/jackfield.toml", "/assets/", "/index.html", "/%2e%2e/x", "//"] {
        let answer = host.get(path, "").unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/problem+json")), "{path}");
    }
}

/// Scripts, styles and pictures of a page are there, those with a hash in their name for ever; nothing that the policy
/// forbids stands in the page itself.
fn everything_that_a_page_names(host: &Host, base: &str, html: &str) {
    let mut named = 0;
    for attribute in ["src=\"", "href=\""] {
        for rest in html.split(attribute).skip(1) {
            let path = rest.split('"').next().unwrap();
            assert!(path.starts_with("./"), "{path}: paths are relative, so that the page can be anywhere");
            let answer = host.get(&format!("{base}{}", path.trim_start_matches("./")), "").unwrap();
            assert_eq!(answer.status, 200, "{path}");
            let keep = if path.starts_with("./assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            assert_eq!(answer.header("cache-control"), Some(keep), "{path}");
            let tag = answer.header("etag").unwrap().to_owned();
            let again = [("If-None-Match", tag.as_str())];
            let again =
                host.request("GET", &format!("{base}{}", path.trim_start_matches("./")), "", &again, "").unwrap();
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            named += 1;
        }
    }
    assert!(named > 0, "{html}");
    for script in html.split("<script").skip(1) {
        assert!(script.split("</script>").next().unwrap().trim_end().ends_with('>'), "a script in the page: {html}");
    }
    assert!(!html.contains("<style") && !html.contains(" style="), "{html}");
}

#[test]
fn pages_of_listed_origins_may_ask_and_no_others() {
    let mut setup = Setup::new(config(), &["simulator"]);
    setup.env.push(("JACKFIELD_SERVER__ORIGINS".to_owned(), r#"["https://crm.example"]"#.to_owned()));
    let host = setup.start().unwrap();
    let ask = |method: &str, origin: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("Origin", origin)];
        headers.extend_from_slice(more);
        host.request(method, "/api/openapi.json", "", &headers, "").unwrap()
    };
    let allowed = ask("GET", "https://crm.example", &[]);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://crm.example"));
    assert_eq!(allowed.header("access-control-allow-credentials"), None, "there are no cookies");
    for origin in ["https://evil.example", "https://crm.example.evil.example", "null", "http://crm.example"] {
        let refused = ask("GET", origin, &[]);
        assert_eq!(refused.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(refused.header("vary"), Some("Origin"), "{origin}");
    }
    let first = [("Access-Control-Request-Method", "PATCH"), ("Access-Control-Request-Headers", "authorization")];
    let asked = ask("OPTIONS", "https://crm.example", &first);
    assert_eq!((asked.status, asked.body.len()), (204, 0));
    assert!(asked.header("access-control-allow-headers").unwrap().contains("Authorization"));
    assert!(asked.header("access-control-allow-methods").unwrap().contains("PATCH"));
    assert_ne!(ask("OPTIONS", "https://evil.example", &first).status, 204);
}

#[test]
fn the_version_says_which_pages_there_are() {
    let version = |more: &[&str]| {
        let program = build::jackfield(Version::Present).unwrap();
        Command::new(program).arg("version").args(more).output().unwrap().stdout
    };
    let text = String::from_utf8(version(&[])).unwrap();
    assert!(text.lines().any(|line| line.starts_with("with ") || line.starts_with("without ")), "{text}");
    let json: Value = serde_json::from_slice(&version(&["--json"])).unwrap();
    assert!(json["pages"]["panel"].is_boolean() && json["pages"]["admin"].is_boolean(), "{json}");
}

/// Whoever asks for much and reads none of it is given up after a minute; it takes that long, so it is for
/// JACKFIELD_STALLED=1.
#[test]
#[cfg(target_os = "linux")]
fn who_takes_nothing_is_given_up() {
    use std::io::{Read, Write};
    if std::env::var_os("JACKFIELD_STALLED").is_none() {
        eprintln!("skipped: JACKFIELD_STALLED=1 waits for it");
        return;
    }
    let host = host();
    let mut stream = std::net::TcpStream::connect(host.address()).unwrap();
    let one = format!("GET /api/openapi.json HTTP/1.1\r\nHost: {}\r\n\r\n", host.address());
    stream.write_all(one.repeat(400).as_bytes()).unwrap();
    let open = || {
        let found = std::fs::read_dir(format!("/proc/{}/fd", host.pid())).unwrap().flatten();
        found.filter(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to.starts_with("socket:"))).count()
    };
    let before = open();
    let end = std::time::Instant::now() + 3 * jackfield_tests::host::PATIENCE;
    while open() >= before {
        assert!(std::time::Instant::now() < end, "it is kept");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let mut left = Vec::new();
    // What lies on the way is read; then it is over.
    let _ = stream.read_to_end(&mut left);
    assert!(left.len() > 1_000_000);
}
