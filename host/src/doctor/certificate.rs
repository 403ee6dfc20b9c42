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

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::Verdict;
    use super::*;

    struct Made {
        folder: tempfile::TempDir,
        server: ServerConfig,
    }

    /// A certificate that is valid from so many days ago for so many days.
    fn made(names: &[&str], ago: i64, days: i64) -> Made {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut wanted = rcgen::CertificateParams::new(names).unwrap();
        wanted.not_before = OffsetDateTime::now_utc() - time::Duration::days(ago);
        wanted.not_after = wanted.not_before + time::Duration::days(days);
        let key = rcgen::KeyPair::generate().unwrap();
        let tls = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        std::fs::write(&tls.cert, wanted.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&tls.key, key.serialize_pem()).unwrap();
        Made { folder, server: ServerConfig { tls: Some(tls), ..ServerConfig::default() } }
    }

    fn told(made: &Made) -> Vec<(Verdict, String)> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        certificate(&made.server).into_iter().map(|finding| (finding.verdict, finding.text)).collect()
    }

    #[test]
    fn a_certificate_is_judged_by_its_time_and_its_names() {
        let good = told(&made(&["cti.example", "127.0.0.1", "::1"], 1, 365));
        assert_eq!(good.len(), 1);
        assert_eq!(good[0].0, Verdict::Ok, "{good:?}");
        assert!(good[0].1.starts_with("for cti.example, 127.0.0.1, ::1, valid until 20"), "{good:?}");
        let soon = told(&made(&["cti.example"], 80, 90));
        assert_eq!(soon[0].0, Verdict::Warning);
        assert!(soon[0].1.ends_with("(9 days)"), "{soon:?}");
        let past = told(&made(&["cti.example"], 100, 90));
        assert!(past[0].0 == Verdict::Problem && past[0].1.starts_with("it was valid until 20"), "{past:?}");
        let early = told(&made(&["cti.example"], -10, 90));
        assert!(early[0].0 == Verdict::Problem && early[0].1.starts_with("it is valid only in "), "{early:?}");
        let nobody = told(&made(&[], 1, 365));
        assert!(
            nobody.iter().any(|(verdict, text)| *verdict == Verdict::Problem && text.starts_with("it names nobody"))
        );
    }

    #[test]
    fn what_a_host_could_not_show_is_a_problem() {
        let (one, other) = (made(&["a.example"], 1, 365), made(&["b.example"], 1, 365));
        std::fs::copy(other.folder.path().join("key.pem"), one.folder.path().join("key.pem")).unwrap();
        let wrong = told(&one);
        assert!(wrong[0].0 == Verdict::Problem && wrong[0].1.contains("server.tls"), "{wrong:?}");
        std::fs::write(other.folder.path().join("cert.pem"), "nothing of the kind").unwrap();
        assert_eq!(told(&other)[0].0, Verdict::Problem);
        std::fs::remove_file(other.folder.path().join("cert.pem")).unwrap();
        assert!(told(&other)[0].1.contains("cert.pem"));
    }
}
