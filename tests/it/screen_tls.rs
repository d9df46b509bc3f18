//! The full screen of `jim-client` over TLS: who is believed, and a server that is killed.

use super::pty::Terminal;
use super::screen::quit;
use super::support::{Folder, Server, add_user, own_place};
use super::tls_peer::{certificate_of, files_of, folder_with_certificate};
use jim::certificate::Fingerprint;
use rustix::process::Signal;

const SETTINGS: [&str; 2] = ["--config", "jimd.toml"];

/// What a server has that takes nobody without TLS.
fn folder() -> Folder {
    let folder = folder_with_certificate();
    folder.file("jimd.toml", "plaintext = \"refuse\"\n");
    add_user(&folder, "anna", "secret");
    folder
}

fn pin_of(server: &Server) -> String {
    files_of(&server.folder).read().unwrap().fingerprint().to_string()
}

fn start(server: &Server, host: &str, more: &[&str], columns: u16) -> Terminal {
    let port = server.address.port().to_string();
    let arguments = [&["-a", host, "-p", &port, "-u", "anna", "--tls"], more].concat();
    Terminal::client(&arguments, columns, 12)
}

#[test]
fn a_server_that_is_believed_is_talked_to() {
    let server = Server::start_in(folder(), &SETTINGS);
    let host = server.address.ip().to_string();
    let (pin, file) = (pin_of(&server), certificate_of(&server));
    for more in [["--pin", &pin], ["--ca", file.to_str().unwrap()]] {
        let mut anna = start(&server, &host, &more, 90);
        anna.wait_for(" online");
        anna.line("привет");
        anna.wait("the answer", |terminal| terminal.text().contains("anna │ привет\n"));
        quit(anna);
    }
}

#[test]
fn another_certificate_ends_the_client_and_gives_the_terminal_back() {
    let server = Server::start_in(folder(), &SETTINGS);
    let host = server.address.ip().to_string();
    let other = Fingerprint::of(b"another").to_string();
    let (code, text) = start(&server, &host, &["--pin", &other], 200).end();
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("jim-client: cannot connect to"), "{text}");
    assert!(text.contains("the certificate has not the fingerprint of --pin, but"), "{text}");
    assert!(text.contains(&pin_of(&server)), "{text}");
    let (code, text) = start(&server, &host, &[], 200).end();
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("signed by nobody who is trusted here"), "{text}");
}

#[test]
fn a_killed_server_is_come_back_to() {
    let place = own_place();
    let mut server = Server::start_at(place, folder(), &SETTINGS);
    let pin = pin_of(&server);
    let mut anna = start(&server, &place.ip().to_string(), &["--pin", &pin], 90);
    anna.wait_for(" online");
    server.signal(Signal::KILL);
    anna.wait_for("NOT CONNECTED, again in");
    anna.line("meanwhile");
    anna.wait_for("meanwhile (waits)");
    server.wait();
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    drop(server);
    let server = Server::start_at(place, folder, &SETTINGS);
    anna.wait("it is back", |terminal| {
        let text = terminal.text();
        text.contains(" online") && text.contains("anna │ meanwhile") && !text.contains("(waits)")
    });
    // Another one in its place is not believed, and the line stays here.
    let folder = server.kill();
    let names = ["localhost".to_owned()];
    jim::certificate::make(&names, &files_of(&folder), true).unwrap();
    let server = Server::start_at(place, folder, &SETTINGS);
    anna.wait_for("the certificate has not the fingerprint of --pin, but");
    anna.line("for nobody else");
    anna.wait_for("for nobody else (waits)");
    anna.line("/quit");
    let (code, text) = anna.end();
    assert_eq!(code, 0, "{text}");
    drop(server);
}
