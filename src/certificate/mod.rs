//! Certificates and keys as files: reading PEM, the fingerprint, what a certificate says of itself,
//! and making a self-signed pair.

mod details;
mod files;
mod fingerprint;
mod make;

pub use details::Details;
pub use files::{CertificateFault, Identity, IdentityFiles, authorities};
pub use fingerprint::{Fingerprint, NotAFingerprint};
pub use make::{MakeFault, make};
