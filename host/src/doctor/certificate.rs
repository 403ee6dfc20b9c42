//! The certificate that clients are shown: readable, of this key, for whom, until when.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::Finding;
use crate::api::server;
use crate::config::{ServerConfig, TlsFiles};

const TOPIC: &str = "certificate";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// When a certificate should have been renewed: automatic renewal begins earlier.
const SOON: Duration = Duration::from_secs(21 * 24 * 3600);
/// A chain is a few kilobytes.
const MOST: u64 = 1024 * 1024;

pub(super) fn certificate(server: &ServerConfig) -> Vec<Finding> {
    let Some(files) = &server.tls else {
        return if server.listen.ip().is_loopback() {
            vec![Finding::ok(TOPIC, "none is needed: only this machine can connect")]
        } else {
            let text = format!("clients connect to {} unencrypted, as server.insecure = true allows", server.listen);
            vec![Finding::warning(TOPIC, text, "set server.tls, or see to it that something in front encrypts")]
        };
    };
    // The same as the host does at its start: readable, well-formed, the key is the certificate's.
    if let Err(why) = server::check_certificate(files) {
        let next = "correct server.tls; openssl x509 -in FILE -noout -text shows what a file is";
        return vec![Finding::problem(TOPIC, why, next)];
    }
    match first(files) {
        Ok(certificate) => judged(&certificate, SystemTime::now()),
        Err(why) => {
            let text = format!("{}: {why}; until when it is valid was not seen", files.cert.display());
            vec![Finding::warning(TOPIC, text, "openssl x509 -in FILE -noout -dates")]
        }
    }
}

/// The first of the chain is the host's own.
fn first(files: &TlsFiles) -> Result<Certificate, String> {
    let size = std::fs::metadata(&files.cert).map_err(|e| e.to_string())?.len();
    if size > MOST {
        return Err(format!("{size} bytes are too many for a chain"));
    }
    let bytes = std::fs::read(&files.cert).map_err(|e| e.to_string())?;
    let chain = Certificate::load_pem_chain(&bytes).map_err(|e| e.to_string())?;
    chain.into_iter().next().ok_or_else(|| "there is no certificate in it".to_owned())
}

fn judged(certificate: &Certificate, now: SystemTime) -> Vec<Finding> {
    let validity = certificate.tbs_certificate().validity();
    let (from, until) = (validity.not_before.to_system_time(), validity.not_after.to_system_time());
    let names = names(certificate);
    let shown = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
    let day = validity.not_after.to_date_time();
    let day = format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
    let renew = "renew it, then `jackfield reload`: clients that come are shown the new one";
    let mut found = vec![match (now.duration_since(from), until.duration_since(now)) {
        (Err(early), _) => {
            let days = early.duration().as_secs() / DAY.as_secs();
            let text = format!("it is valid only in {days} days");
            Finding::problem(TOPIC, text, "look at this machine's clock; if that is right, make another certificate")
        }
        (_, Err(_)) => Finding::problem(TOPIC, format!("it was valid until {day}: clients refuse it"), renew),
        (_, Ok(left)) if left < SOON => {
            let text = format!("for {shown}; it is valid only until {day} ({} days)", left.as_secs() / DAY.as_secs());
            Finding::warning(TOPIC, text, renew)
        }
        (_, Ok(_)) => Finding::ok(TOPIC, format!("for {shown}, valid until {day}, and the key is its own")),
    }];
    if names.is_empty() {
        let next = "make one with a subjectAltName: the name that clients connect to";
        found.push(Finding::problem(TOPIC, "it names nobody (no subjectAltName): clients refuse it", next));
    }
    found
}

/// Whom it is for.
fn names(certificate: &Certificate) -> Vec<String> {
    let Ok(Some((_, SubjectAltName(names)))) = certificate.tbs_certificate().get_extension::<SubjectAltName>() else {
        return Vec::new();
    };
    let name = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => address(bytes.as_bytes()).map(|address| address.to_string()),
        _ => None,
    };
    names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| Ipv6Addr::from(sixteen).into())
}
