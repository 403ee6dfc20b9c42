//! Where clients come in, and who else may change what the host runs.

use std::net::{SocketAddr, TcpListener};

use super::{Finding, Patient};

/// Whether the address can be had, or is the running host's.
pub(super) fn address(patient: &Patient) -> Finding {
    const TOPIC: &str = "address";
    let listen = patient.config.server.listen;
    if let Some(host) = &patient.host {
        let url = host["url"].as_str().unwrap_or_default();
        let at = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let same = at.parse().is_ok_and(|at: SocketAddr| at == listen || listen.port() == 0 && at.ip() == listen.ip());
        return if same {
            Finding::ok(TOPIC, format!("the host listens at {url}"))
        } else {
            let text = format!("the host listens at {url}, the configuration says {listen}");
            Finding::warning(TOPIC, text, "the address takes effect when the host is started again")
        };
    }
    match TcpListener::bind(listen) {
        Ok(_) => Finding::ok(TOPIC, format!("{listen} is free")),
        Err(e) => match e.kind() {
            std::io::ErrorKind::AddrInUse => Finding::problem(
                TOPIC,
                format!("{listen} is taken by another program"),
                format!("end it (`ss -ltnp 'sport = :{}'` names it), or change server.listen", listen.port()),
            ),
            std::io::ErrorKind::AddrNotAvailable => Finding::problem(
                TOPIC,
                format!("this machine does not have the address {}", listen.ip()),
                "change server.listen; `ip address` shows what there is",
            ),
            std::io::ErrorKind::PermissionDenied => Finding::problem(
                TOPIC,
                format!("this user may not listen at {listen}"),
                "take a port above 1023, or give the service CAP_NET_BIND_SERVICE (see its unit)",
            ),
            _ => Finding::problem(TOPIC, format!("{listen}: {e}"), "change server.listen"),
        },
    }
}

/// Whether everybody on this machine can change the configuration or the libraries.
#[cfg(unix)]
pub(super) fn rights(patient: &Patient) -> Vec<Finding> {
    use std::os::unix::fs::MetadataExt;
    const BY_EVERYBODY: u32 = 0o002;
    let mut paths = vec![patient.file.as_path(), patient.config.plugins.folder.as_path()];
    if let Some(tls) = &patient.config.server.tls {
        paths.push(&tls.key);
    }
    let open = |path: &std::path::Path| std::fs::metadata(path).is_ok_and(|meta| meta.mode() & BY_EVERYBODY != 0);
    let told = |path: &std::path::Path| {
        let text = format!("everybody on this machine can change {}", path.display());
        Finding::problem("rights", text, format!("chmod o-w {}", path.display()))
    };
    paths.into_iter().filter(|path| open(path)).map(told).collect()
}

#[cfg(not(unix))]
pub(super) fn rights(_: &Patient) -> Vec<Finding> {
    Vec::new()
}
