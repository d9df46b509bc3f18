//! The command line of `jimd cert …`.

use argh::{ArgsInfo, FromArgs};

/// make or show the certificate for TLS
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(
    subcommand,
    name = "cert",
    help_triggers("--help"),
    note = "With cert.pem and key.pem in the data folder, or where tls_cert and tls_key say, jimd serves\n  \
        TLS on its one port; the setting 'plaintext' says who may do without."
)]
pub struct CertCommand {
    /// what to do
    #[argh(subcommand)]
    pub verb: CertVerb,
}

/// What to do with the certificate.
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand)]
pub enum CertVerb {
    /// A new one.
    New(NewCertCommand),
    /// The one that is there.
    Show(ShowCertCommand),
}

/// make a self-signed certificate in the data folder, for the names and addresses of --host (default:
/// this machine's name, localhost, 127.0.0.1 and ::1), and print its fingerprint for 'jim-client
/// --tls --pin'; --force replaces one that is there
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "new", help_triggers("--help"))]
pub struct NewCertCommand {}

/// print where the certificate is, what it is for and until when, and its fingerprint, if it can be
/// used
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "show", help_triggers("--help"))]
pub struct ShowCertCommand {}
