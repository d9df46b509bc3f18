//! `jimd cert new`: a self-signed certificate with its key.

use super::{Fingerprint, IdentityFiles};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Only their owner reads them.
const FILE_MODE: u32 = 0o600;

/// Why no certificate was made; nothing was changed, but for [`MakeFault::Unwritable`].
#[derive(Debug, thiserror::Error)]
pub enum MakeFault {
    /// There is one already.
    #[error("{} is there already; --force replaces the certificate and its key", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// A name that no certificate can be for.
    #[error("no certificate can be made for these names: {0}")]
    BadName(rcgen::Error),
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Makes a certificate for these names (host names and addresses) and writes it and its key where
/// `files` says. With `force` it replaces others, each file in one step.
///
/// # Errors
/// As [`MakeFault`] says.
pub fn make(
    names: &[String],
    files: &IdentityFiles,
    force: bool,
) -> Result<Fingerprint, MakeFault> {
    let there = [&files.certificate, &files.key].into_iter().find(|path| path.exists());
    if let Some(path) = there.filter(|_| !force) {
        return Err(MakeFault::Exists { path: path.clone() });
    }
    let mut params = CertificateParams::new(names).map_err(MakeFault::BadName)?;
    let name = names.first().map_or("jimd", String::as_str);
    params.distinguished_name.push(DnType::CommonName, name);
    // No authority is called so.
    params.distinguished_name.push(DnType::OrganizationName, "jimd self-signed");
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    let key = KeyPair::generate().map_err(MakeFault::BadName)?;
    let certificate = params.self_signed(&key).map_err(MakeFault::BadName)?;
    // The key first: a certificate is never there without one.
    write(&files.key, &key.serialize_pem())?;
    write(&files.certificate, &certificate.pem())?;
    Ok(Fingerprint::of(certificate.der()))
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), MakeFault> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = write_new(&beside, text).and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        let _ = fs::remove_file(&beside);
        MakeFault::Unwritable { path: path.into(), source }
    })
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    // What an interrupted run left may have another mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_never_made_over_another_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let files = IdentityFiles::of_folder(folder.path());
        let names = ["chat.example.org".to_owned(), "::1".to_owned()];
        let first = make(&names, &files, false).unwrap();
        assert_eq!(files.read().unwrap().fingerprint(), first);
        for path in [&files.certificate, &files.key] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, FILE_MODE);
        }
        assert!(matches!(make(&names, &files, false), Err(MakeFault::Exists { .. })));
        assert_eq!(files.read().unwrap().fingerprint(), first);
        let second = make(&names, &files, true).unwrap();
        assert_ne!(second, first);
        assert_eq!(files.read().unwrap().fingerprint(), second);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn a_key_alone_is_not_overwritten_either() {
        let folder = tempfile::tempdir().unwrap();
        let files = IdentityFiles::of_folder(folder.path());
        fs::write(&files.key, "precious").unwrap();
        assert!(matches!(make(&[], &files, false), Err(MakeFault::Exists { .. })));
        assert_eq!(fs::read_to_string(&files.key).unwrap(), "precious");
    }
}
