//! `jimd cert …`: the certificate for TLS, and what a server does with it at its start.

use crate::Failure;
use crate::user::folder_failure;
use jiff::Timestamp;
use jim::certificate::{CertificateFault, Details, Identity, IdentityFiles, MakeFault, make};
use jim::config::{CertVerb, Config, Exit, print};
use jim::message::visible;
use jim::server::{Plaintext, ServerTls};
use jim::workers::DataFolder;

pub(crate) fn run(
    verb: &CertVerb,
    hosts: &[String],
    force: bool,
    config: &Config,
) -> Result<Exit, Failure> {
    let text = match verb {
        CertVerb::New(_) => new(hosts, force, config)?,
        CertVerb::Show(_) => show(config)?,
    };
    print(&text)?;
    Ok(Exit::Done)
}

fn new(hosts: &[String], force: bool, config: &Config) -> Result<String, Failure> {
    let folder = DataFolder::open(&config.data).map_err(|error| folder_failure(&error))?;
    let files = IdentityFiles::of_folder(folder.path());
    let names = if hosts.is_empty() { own_names() } else { hosts.to_vec() };
    let fingerprint = make(&names, &files, force).map_err(|error| {
        let exit = match &error {
            MakeFault::Exists { .. } => Exit::InTheWay,
            MakeFault::BadName(_) => Exit::NameRefused,
            MakeFault::Unwritable { .. } => Exit::Folder,
        };
        Failure::new(error, exit)
    })?;
    let names = names.join(", ");
    let (certificate, key) = (files.certificate.display(), files.key.display());
    Ok(format!(
        "{certificate} is a certificate for {names}; {key} is its key.\n\
         SHA-256: {fingerprint}\n\
         Join:    jim-client --tls --pin {fingerprint}\n"
    ))
}

/// What this machine is called, by itself and by its neighbours.
fn own_names() -> Vec<String> {
    let system = rustix::system::uname();
    let own = system.nodename().to_str().ok().filter(|name| !name.is_empty());
    let local = ["localhost", "127.0.0.1", "::1"].into_iter();
    own.into_iter().filter(|own| *own != "localhost").chain(local).map(str::to_owned).collect()
}

fn show(config: &Config) -> Result<String, Failure> {
    let files = config.identity_files().map_err(|error| failure(&error))?;
    let Some(files) = files else {
        let text =
            format!("there is no certificate in {}: see jimd cert new", config.data.display());
        return Err(Failure::new(text, Exit::Folder));
    };
    let identity = files.read().map_err(|error| failure(&error))?;
    let details = identity.details();
    let fingerprint = ServerTls::of(identity).map_err(|error| failure(&error))?.fingerprint();
    let (certificate, key) = (files.certificate.display(), files.key.display());
    let mut text = format!("Certificate: {certificate}\nKey:         {key}\n");
    if let Some(Details { from_unix, until_unix, names }) = details {
        let names = visible(&names.join(", ")).to_string();
        let (from, until) = (date(from_unix), date(until_unix));
        text += &format!("For:         {names}\nGood:        {from} to {until}\n");
    }
    Ok(text + &format!("SHA-256:     {fingerprint}\n"))
}

fn date(unix: i64) -> String {
    let moment = Timestamp::from_second(unix).unwrap_or_default();
    moment.strftime("%Y-%m-%d").to_string()
}

/// What clients or neighbours on this machine will stumble over.
fn oddities(identity: &Identity) -> Vec<String> {
    let now = Timestamp::now().as_second();
    let certificate = identity.files.certificate.display();
    let time = identity.details().and_then(|details| match details {
        Details { until_unix, .. } if until_unix < now => {
            Some(format!("{certificate} has expired on {}", date(until_unix)))
        }
        Details { from_unix, .. } if from_unix > now => {
            Some(format!("{certificate} is good from {} on only", date(from_unix)))
        }
        Details { .. } => None,
    });
    let key = identity.files.key.display();
    let open = identity.is_key_open().then(|| format!("everyone on this machine can read {key}"));
    time.into_iter().chain(open).collect()
}

/// What the server shows to those who speak TLS, if it has something; `warn` is told of what is odd
/// about it.
pub(crate) fn load(config: &Config, warn: impl Fn(&str)) -> Result<Option<ServerTls>, Failure> {
    let files = config.identity_files().map_err(|error| failure(&error))?;
    let Some(files) = files else {
        return match config.server.plaintext {
            Plaintext::Allow => Ok(None),
            Plaintext::Local | Plaintext::Refuse => {
                let text = "plaintext is not allowed for all, so TLS needs a certificate: \
                            make one with 'jimd cert new', or set tls_cert and tls_key";
                Err(Failure::new(text, Exit::Settings))
            }
        };
    };
    let identity = files.read().map_err(|error| failure(&error))?;
    oddities(&identity).iter().for_each(|oddity| warn(oddity));
    ServerTls::of(identity).map(Some).map_err(|error| failure(&error))
}

fn failure(error: &CertificateFault) -> Failure {
    let exit = match error {
        CertificateFault::OneNamed => Exit::Settings,
        _ => Exit::Folder,
    };
    Failure::new(error, exit)
}
