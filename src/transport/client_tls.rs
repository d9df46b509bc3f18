//! Whom a client trusts, and what of a server's certificate it did not like.

use super::pinned::{NotPinned, Pinned};
use super::server_tls::ALPN;
use crate::certificate::Fingerprint;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientConnection, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Whose certificates are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Those of the system's authorities.
    System,
    /// Those of these authorities, or these themselves.
    Authorities(Vec<CertificateDer<'static>>),
    /// The one of this fingerprint.
    Pinned(Fingerprint),
}

/// Why no TLS can be begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientTlsFault {
    /// What was given as authorities are none.
    #[error("the certificates of --ca cannot be used: {0}")]
    Authorities(String),
    /// The system's authorities cannot be read.
    #[error("the system's certificates cannot be used: {0}; give --ca or --pin")]
    System(String),
    /// No certificate can be for such a name.
    #[error("no certificate can be for the name '{0}'")]
    Name(String),
}

/// What a client needs to speak TLS with one server.
#[derive(Debug, Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl ClientTls {
    /// For a server of this name or address. With [`Trust::System`] this reads files.
    ///
    /// # Errors
    /// As [`ClientTlsFault`] says.
    pub fn new(trust: Trust, host: &str) -> Result<Self, ClientTlsFault> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| ClientTlsFault::Name(host.to_owned()))?;
        let provider = Arc::new(default_provider());
        let verifier = verifier(trust, &provider)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ClientTlsFault::System(error.to_string()))?;
        // Each of these verifiers verifies.
        let config = config.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self { config: Arc::new(config), name })
    }

    pub(super) fn connect(&self) -> Result<ClientConnection, Error> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
    }
}

fn verifier(
    trust: Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, ClientTlsFault> {
    let provider = Arc::clone(provider);
    Ok(match trust {
        Trust::System => {
            let system = Verifier::new(provider);
            Arc::new(system.map_err(|error| ClientTlsFault::System(error.to_string()))?)
        }
        Trust::Authorities(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                let added = roots.add(authority);
                added.map_err(|error| ClientTlsFault::Authorities(error.to_string()))?;
            }
            let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
            verifier.build().map_err(|error| ClientTlsFault::Authorities(error.to_string()))?
        }
        Trust::Pinned(pinned) => Arc::new(Pinned { pinned, provider }),
    })
}

/// Why a handshake failed: which check it was that failed, where it was one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handshake {
    /// No authority that is trusted has signed the certificate.
    UnknownIssuer,
    /// A signature is wrong: that of whom is trusted, or the server's own.
    BadSignature,
    /// The certificate is for other names.
    WrongName {
        /// Those that it is for, as many as it told.
        names: Vec<String>,
    },
    /// The certificate is out of date.
    Expired {
        /// Since when, after 1970.
        since: Option<Duration>,
    },
    /// The certificate is of the future.
    NotYetValid,
    /// The authority has taken it back.
    Revoked,
    /// It has not the fingerprint that it should have.
    NotPinned {
        /// The fingerprint that it has.
        shown: Fingerprint,
    },
    /// Something else about the certificate.
    BadCertificate {
        /// What is wrong.
        why: String,
    },
    /// What the server sent is no TLS.
    NotTls,
    /// The server closed the connection.
    Closed,
    /// The server lets nobody in now, or not from here.
    NotLetIn,
    /// The server refused.
    Refused {
        /// The alert that it sent.
        alert: String,
    },
    /// The server was too slow.
    TimedOut,
    /// Anything else.
    Other {
        /// What is wrong.
        why: String,
    },
}

/// A name without the word for its kind: `DnsName("localhost")` is `localhost`.
fn bare(name: &str) -> String {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"').to_owned()
}

impl From<&io::Error> for Handshake {
    fn from(error: &io::Error) -> Self {
        let ours = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match ours {
            Some(error) => Self::of(error),
            None => match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => Self::Closed,
                io::ErrorKind::TimedOut => Self::TimedOut,
                _ => Self::Other { why: error.to_string() },
            },
        }
    }
}

impl Handshake {
    fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::of_certificate(error),
            Error::InvalidMessage(_) => Self::NotTls,
            Error::AlertReceived(AlertDescription::AccessDenied) => Self::NotLetIn,
            Error::AlertReceived(alert) => Self::Refused { alert: format!("{alert:?}") },
            other => Self::Other { why: other.to_string() },
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            // The second: somebody who is trusted has the issuer's name, and another key.
            CertificateError::UnknownIssuer
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::UnknownIssuer
            }
            CertificateError::BadSignature => Self::BadSignature,
            CertificateError::NotValidForName => Self::WrongName { names: Vec::new() },
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::WrongName { names: presented.iter().map(|name| bare(name)).collect() }
            }
            CertificateError::Expired => Self::Expired { since: None },
            CertificateError::ExpiredContext { not_after, .. } => {
                Self::Expired { since: Some(Duration::from_secs(not_after.as_secs())) }
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::Revoked => Self::Revoked,
            CertificateError::Other(other) => match other.0.downcast_ref::<NotPinned>() {
                Some(NotPinned { shown, .. }) => Self::NotPinned { shown: *shown },
                None => Self::BadCertificate { why: error.to_string() },
            },
            other => Self::BadCertificate { why: other.to_string() },
        }
    }
}
