//! Certificates and keys as files: reading PEM, the fingerprint, and making a self-signed pair.

mod files;
mod fingerprint;
mod make;

pub use files::{CertificateFault, Identity, IdentityFiles, authorities};
pub use fingerprint::{Fingerprint, NotAFingerprint};
pub use make::{MakeFault, make};
