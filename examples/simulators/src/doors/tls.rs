//! TLS in front of any door.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::ServeError;

/// Certificate and key, both PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain of certificates, the server's own first.
    pub certificates: Vec<u8>,
    /// The private key.
    pub key: Vec<u8>,
}

pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ServeError> {
    let certificates = CertificateDer::pem_slice_iter(&tls.certificates).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| ServeError::Tls(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&tls.key).map_err(|error| ServeError::Tls(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| ServeError::Tls(error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
