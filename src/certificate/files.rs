//! A certificate and its key, read from PEM files.

use super::{Details, Fingerprint};
use crate::small_file;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The longest file that is looked at, in bytes: a chain has a few KiB, a system's authorities some
/// hundred.
const PEM_BYTES: u64 = 4 * 1024 * 1024;

/// The longest chain that is shown: a real one has two to four, and clients refuse a long one.
const CHAIN_CERTIFICATES: usize = 16;

/// The files' names in the data folder.
const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "key.pem";

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum CertificateFault {
    /// One of the two settings is missing.
    #[error("tls_cert and tls_key are only good together, and one is not set")]
    OneNamed,
    /// One of the two files is missing.
    #[error("there is {} but no {}: a certificate needs its key", there.display(), missing.display())]
    Half {
        /// What is there.
        there: PathBuf,
        /// What should be.
        missing: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} has no {wanted}: it should have a block that begins with -----BEGIN {mark}-----", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
        /// How that begins.
        mark: &'static str,
    },
    /// More certificates than clients take.
    #[error("{} has {count} certificates: a chain has at most {CHAIN_CERTIFICATES}", path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
        /// How many it has.
        count: usize,
    },
    /// A file is no PEM.
    #[error("{} is no good PEM file: {why}", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// They do not belong together, or the certificate is none that can be used.
    #[error("the certificate {} and the key {} cannot be used together: {why}", certificate.display(), key.display())]
    DoNotFit {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The certificate, and after it those that lead to its authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl IdentityFiles {
    /// Those of a data folder, whether they exist or not.
    #[must_use]
    pub fn of_folder(folder: &Path) -> Self {
        Self { certificate: folder.join(CERTIFICATE), key: folder.join(KEY) }
    }

    /// Those that are named; else those of the folder, if they are there.
    ///
    /// # Errors
    /// [`CertificateFault::OneNamed`], and [`CertificateFault::Half`] where the folder has one of the
    /// two.
    pub fn find(
        certificate: Option<&Path>,
        key: Option<&Path>,
        folder: &Path,
    ) -> Result<Option<Self>, CertificateFault> {
        match (certificate, key) {
            (None, None) => {}
            (Some(certificate), Some(key)) => {
                return Ok(Some(Self { certificate: certificate.into(), key: key.into() }));
            }
            _ => return Err(CertificateFault::OneNamed),
        }
        let files = Self::of_folder(folder);
        let Self { certificate, key } = &files;
        let (there, missing) = match (certificate.exists(), key.exists()) {
            (false, false) => return Ok(None),
            (true, true) => return Ok(Some(files)),
            (true, false) => (certificate.clone(), key.clone()),
            (false, true) => (key.clone(), certificate.clone()),
        };
        Err(CertificateFault::Half { there, missing })
    }

    /// Reads both. This blocks.
    ///
    /// # Errors
    /// What is wrong with one of the files.
    pub fn read(&self) -> Result<Identity, CertificateFault> {
        let read = |path| small_file::read(path, PEM_BYTES).map_err(|error| of_file(path, error));
        let chain = certificates(&self.certificate, &read(&self.certificate)?)?;
        if chain.len() > CHAIN_CERTIFICATES {
            let path = self.certificate.clone();
            return Err(CertificateFault::TooMany { path, count: chain.len() });
        }
        let bytes = read(&self.key)?;
        let key = PrivateKeyDer::from_pem_slice(&bytes)
            .map_err(|error| of_pem(&self.key, "key", "PRIVATE KEY", &error))?;
        Ok(Identity { chain, key, files: self.clone() })
    }

    /// That the two are of no use, and why.
    #[must_use]
    pub fn do_not_fit(&self, why: impl ToString) -> CertificateFault {
        let Self { certificate, key } = self.clone();
        CertificateFault::DoNotFit { certificate, key, why: why.to_string() }
    }
}

/// A certificate with its key. Whether they fit is not known yet.
#[derive(Debug)]
pub struct Identity {
    /// The certificate, and after it those that lead to its authority; one at least.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key.
    pub key: PrivateKeyDer<'static>,
    /// Where they were read.
    pub files: IdentityFiles,
}

impl Identity {
    /// The certificate's.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.certificate())
    }

    /// What it says of itself, as far as it can be read.
    #[must_use]
    pub fn details(&self) -> Option<Details> {
        Details::of(self.certificate())
    }

    fn certificate(&self) -> &[u8] {
        self.chain.first().map_or(&[], |first| first)
    }

    /// Whether everyone on this machine can read the key.
    #[must_use]
    pub fn is_key_open(&self) -> bool {
        const OTHERS: u32 = 0o007;
        let mode = fs::metadata(&self.files.key).map_or(0, |found| found.permissions().mode());
        mode & OTHERS != 0
    }
}

/// All certificates of a file, one at least, which may be a pipe. This blocks.
///
/// # Errors
/// The file cannot be read, is no PEM, or holds none.
pub fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateFault> {
    let bytes = small_file::read_once(path, PEM_BYTES).map_err(|error| of_file(path, error))?;
    certificates(path, &bytes)
}

fn certificates(
    path: &Path,
    bytes: &[u8],
) -> Result<Vec<CertificateDer<'static>>, CertificateFault> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let fault = |error| of_pem(path, "certificate", "CERTIFICATE", &error);
    match found {
        Ok(found) if found.is_empty() => Err(fault(pem::Error::NoItemsFound)),
        found => found.map_err(fault),
    }
}

fn of_pem(
    path: &Path,
    wanted: &'static str,
    mark: &'static str,
    error: &pem::Error,
) -> CertificateFault {
    let path = path.to_owned();
    match error {
        pem::Error::NoItemsFound => CertificateFault::Nothing { path, wanted, mark },
        other => CertificateFault::NotPem { path, why: other.to_string() },
    }
}

fn of_file(path: &Path, source: io::Error) -> CertificateFault {
    CertificateFault::Unreadable { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_has_both_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let find = || IdentityFiles::find(None, None, folder.path());
        assert_eq!(find().unwrap(), None);
        fs::write(folder.path().join(CERTIFICATE), "").unwrap();
        let half = find().unwrap_err().to_string();
        assert!(half.contains("but no") && half.contains(KEY), "{half}");
        fs::write(folder.path().join(KEY), "").unwrap();
        let files = find().unwrap().unwrap();
        let empty = files.read().unwrap_err().to_string();
        assert!(empty.contains("cert.pem has no certificate"), "{empty}");
        let (a, b) = (Some(Path::new("a")), Some(Path::new("b")));
        let missing = IdentityFiles::find(a, b, folder.path()).unwrap().unwrap();
        assert!(missing.read().unwrap_err().to_string().starts_with("cannot read a:"));
        let one = IdentityFiles::find(a, None, folder.path());
        assert!(matches!(one, Err(CertificateFault::OneNamed)));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pem");
        for (text, said) in [
            ("nothing here", "x.pem has no certificate: it should have a block"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "x.pem is no good PEM file: missing section"),
            ("-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n", "is no good PEM file"),
        ] {
            fs::write(&path, text).unwrap();
            let fault = authorities(&path).unwrap_err().to_string();
            assert!(fault.contains(said), "{fault}");
        }
        let long = vec![b' '; usize::try_from(PEM_BYTES).unwrap() + 1];
        fs::write(&path, long).unwrap();
        let too_long = "x.pem: it is longer than 4194304 bytes";
        assert!(authorities(&path).unwrap_err().to_string().ends_with(too_long));
    }

    #[test]
    fn a_chain_is_bounded_and_authorities_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = IdentityFiles::of_folder(folder.path());
        crate::certificate::make(&["localhost".to_owned()], &files, false).unwrap();
        let one = fs::read_to_string(&files.certificate).unwrap();
        fs::write(&files.certificate, one.repeat(16)).unwrap();
        assert_eq!(files.read().unwrap().chain.len(), 16);
        fs::write(&files.certificate, one.repeat(17)).unwrap();
        let fault = files.read().unwrap_err().to_string();
        assert!(fault.ends_with("has 17 certificates: a chain has at most 16"), "{fault}");
        assert_eq!(authorities(&files.certificate).unwrap().len(), 17);
    }

    /// A pipe would be waited for, a device fill the memory.
    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let files = IdentityFiles::of_folder(folder.path());
        crate::certificate::make(&["localhost".to_owned()], &files, false).unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
        for (path, what) in [
            (pipe.as_path(), "a pipe"),
            (folder.path(), "a folder"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let said = format!("cannot read {}: it is {what}, and no regular file", path.display());
            let certificate = IdentityFiles { certificate: path.to_owned(), ..files.clone() };
            assert_eq!(certificate.read().unwrap_err().to_string(), said);
            let key = IdentityFiles { key: path.to_owned(), ..files.clone() };
            assert_eq!(key.read().unwrap_err().to_string(), said);
        }
    }
}
