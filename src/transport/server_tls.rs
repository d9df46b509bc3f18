//! What the server shows to those who speak TLS.

use crate::certificate::{CertificateFault, Fingerprint, Identity, IdentityFiles};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;

/// The protocol's name for clients that ask by ALPN; those that do not ask are served too.
pub(super) const ALPN: &[u8] = b"jim";

/// The record of a fatal alert, in the clear, that says `access_denied`: the whole answer to a hello
/// that no handshake follows.
pub const ACCESS_DENIED: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 49];

/// A certificate with its key, checked, and all that hangs on it. A copy shares it.
#[derive(Debug, Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
    shown: Shown,
}

/// What is shown to clients: a certificate and those behind it. Another row of them is not equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(Arc<[CertificateDer<'static>]>);

impl ServerTls {
    /// Reads a certificate and its key, and checks that they fit. This blocks, so a running server
    /// has it done beside its loop.
    ///
    /// # Errors
    /// As [`CertificateFault`] says.
    pub fn load(files: &IdentityFiles) -> Result<Self, CertificateFault> {
        Self::of(files.read()?)
    }

    /// Checks that a certificate and its key fit.
    ///
    /// # Errors
    /// They do not.
    pub fn of(identity: Identity) -> Result<Self, CertificateFault> {
        let files = identity.files.clone();
        let fingerprint = identity.fingerprint();
        let shown = Shown(identity.chain.clone().into());
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| files.do_not_fit(error))?
            .with_no_client_auth()
            .with_single_cert(identity.chain, identity.key)
            .map_err(|error| files.do_not_fit(error))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self { config: Arc::new(config), fingerprint, shown })
    }

    /// The certificate's.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The whole chain.
    #[must_use]
    pub fn shown(&self) -> Shown {
        self.shown.clone()
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::make;
    use std::fs;

    #[test]
    fn a_key_that_does_not_fit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let files = IdentityFiles::of_folder(folder.path());
        let first = make(&["a".to_owned()], &files, false).unwrap();
        assert_eq!(ServerTls::load(&files).unwrap().fingerprint(), first);
        let key = fs::read(&files.key).unwrap();
        make(&["a".to_owned()], &files, true).unwrap();
        fs::write(&files.key, key).unwrap();
        let fault = ServerTls::load(&files).unwrap_err().to_string();
        assert!(fault.contains("cannot be used together"), "{fault}");
    }
}
