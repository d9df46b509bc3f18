//! `jim-client --tls`: whom it believes, and what it says where it does not.

use super::client_dialects::Program;
use super::crowd::guest;
use super::process::{Ended, run, run_jimd};
use super::support::{DEADLINE, Folder, Server, jim_client};
use super::tls_peer::{certificate_of, files_of, server};
use jim::certificate::{Fingerprint, IdentityFiles};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring::default_provider;
use rustls::{ServerConfig, ServerConnection};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Runs the client against a port of this machine, with one line to say.
fn client(host: &str, port: u16, args: &[&str]) -> Ended {
    let port = port.to_string();
    let mut command = jim_client();
    command.args(["-a", host, "-p", &port, "-w", "--name", "a", "--lang", "en"]).args(args);
    run(&mut command, b"hello\n")
}

fn pin_of(server: &Server) -> String {
    files_of(&server.folder).read().unwrap().fingerprint().to_string()
}

/// It ended with 3 and said why.
fn assert_cannot(ended: &Ended, why: &str) {
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("cannot connect to 127.0.0.1:"), "{ended:?}");
    assert!(ended.stderr.contains(why), "{why}: {ended:?}");
}

fn assert_done(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_server_is_believed_by_its_fingerprint_or_by_a_file() {
    let server = server("plaintext = \"refuse\"\n");
    let port = server.address.port();
    let pin = pin_of(&server);
    let colons: Vec<&str> = (0..32).map(|at| &pin[at * 2..at * 2 + 2]).collect();
    for form in [pin.clone(), pin.to_uppercase(), colons.join(":")] {
        assert_done(&client("127.0.0.1", port, &["--tls", "--pin", &form]));
    }
    let file = certificate_of(&server);
    let ca = ["--tls", "--ca", file.to_str().unwrap()];
    assert_done(&client("localhost", port, &ca));
    assert_done(&client("127.0.0.1", port, &ca));
}

#[test]
fn what_is_not_believed_is_named() {
    let server = server("");
    let port = server.address.port();
    let unknown = client("127.0.0.1", port, &["--tls"]);
    assert_cannot(&unknown, "the certificate is signed by nobody who is trusted here");
    let other = Fingerprint::of(b"another").to_string();
    let wrong = client("127.0.0.1", port, &["--tls", "--pin", &other]);
    let said = format!("the certificate has not the fingerprint of --pin, but {}", pin_of(&server));
    assert_cannot(&wrong, &said);
    let plain = Server::start(&[]);
    let none = client("127.0.0.1", plain.address.port(), &["--tls", "--pin", &other]);
    assert_cannot(&none, "the server closed the connection during the TLS handshake");
    for (args, said) in [
        (["--pin", other.as_str()], "--pin needs --tls"),
        (["--tls", "--ca=no-such-file"], "cannot read no-such-file: "),
    ] {
        let ended = client("127.0.0.1", port, &args);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(said), "{ended:?}");
    }
}

#[test]
fn who_is_not_let_in_is_told_so_in_tls_as_well() {
    let server = server("max_connections = 1\nlang = \"en\"\n");
    let port = server.address.port();
    let pin = pin_of(&server);
    let tls = ["--tls", "--pin", &pin];
    let mut here = guest(server.connect(), "here");
    let why = "it may be full, or the address came too often or is banned";
    assert_cannot(&client("127.0.0.1", port, &tls), why);
    let plain = client("127.0.0.1", port, &[]);
    assert!(plain.stderr.contains("Too many connections"), "{plain:?}");
    // Who only listens is told in JSON, a moment later.
    assert_eq!(server.connect().object()["reason"], "too_many_connections");
    // A hello that came in pieces is one.
    let mut slow = server.connect();
    slow.send(b"\x16");
    let mut answer = Vec::new();
    slow.stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [21, 3, 3, 0, 2, 2, 49]);
    here.assert_nothing_came();
    run_jimd(&server.folder, &["ban", "127.0.0.1"])
        .assert_done("127.0.0.1 is banned.\n1 connection was closed.\n");
    assert_cannot(&client("127.0.0.1", port, &tls), why);
}

#[test]
fn who_speaks_without_tls_where_it_must_not_is_told_so() {
    let server = server("plaintext = \"refuse\"\nlang = \"en\"\n");
    let ended = client("127.0.0.1", server.address.port(), &[]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.stderr.contains("use TLS (jim-client --tls)"), "{ended:?}");
}

/// An authority of the test's own, whose certificate is in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: Folder,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = Folder::new();
        folder.file("ca.pem", &issuer.pem());
        Self { issuer, folder }
    }

    fn file(&self) -> String {
        self.folder.path().join("ca.pem").to_str().unwrap().to_owned()
    }

    /// Signs a certificate for a name, good until that year, and writes it and its key.
    fn sign(&self, name: &str, until: i32, files: &IdentityFiles) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::create_dir_all(files.certificate.parent().unwrap()).unwrap();
        fs::write(&files.certificate, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        fs::set_permissions(&files.key, Permissions::from_mode(0o644)).unwrap();
    }

    fn serve(&self, name: &str, until: i32) -> Server {
        let folder = Folder::new();
        self.sign(name, until, &files_of(&folder));
        Server::start_in(folder, &[])
    }
}

#[test]
fn an_authority_of_ones_own_is_believed_for_its_names_and_their_time() {
    let authority = Authority::new();
    let file = authority.file();
    let ca = ["--tls", "--ca", &file];
    let good = authority.serve("localhost", 2100);
    assert_done(&client("localhost", good.address.port(), &ca));
    let wrong_name = client("127.0.0.1", good.address.port(), &ca);
    assert_cannot(&wrong_name, "the certificate is not for 127.0.0.1, but for localhost");
    let mut expired = authority.serve("localhost", 2001);
    let old = client("localhost", expired.address.port(), &ca);
    assert_cannot(&old, "the certificate has expired on 2001-01-31");
    // Whoever names the certificate itself asks no authority and no calendar.
    let pin = pin_of(&expired);
    assert_done(&client("127.0.0.1", expired.address.port(), &["--tls", "--pin", &pin]));
    let console = expired.stop().join("\n");
    assert!(console.contains("jim-data/cert.pem has expired on 2001-01-31"), "{console}");
    assert!(console.contains("warning: everyone on this machine can read"), "{console}");
    // It has the same name.
    let stranger = Authority::new();
    let unknown = client("localhost", good.address.port(), &["--tls", "--ca", &stranger.file()]);
    assert_cannot(&unknown, "a signature is wrong: ");
}

/// A server that lets one guest in, and then ends as told.
fn scripted(folder: &Folder, announces: bool) -> (u16, JoinHandle<()>) {
    let files = IdentityFiles::of_folder(folder.path());
    jim::certificate::make(&["localhost".to_owned()], &files, false).unwrap();
    let identity = files.read().unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut session = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut session, &mut socket);
        let mut buffer = [0; 1024];
        let got = stream.read(&mut buffer).unwrap();
        assert!(String::from_utf8_lossy(&buffer[..got]).contains("presence"));
        stream.write_all(b"{\"response\":200,\"time\":1,\"alert\":\"in\"}\n").unwrap();
        if announces {
            stream.conn.send_close_notify();
        }
        stream.flush().unwrap();
        stream.conn.write_tls(stream.sock).unwrap();
    });
    (port, serving)
}

#[test]
fn an_end_that_was_not_announced_is_told_from_one_that_was() {
    for (announces, said) in [
        (true, "the server closed the connection"),
        (false, "the connection was cut off: TLS has a word for its end"),
    ] {
        let folder = Folder::new();
        let (port, serving) = scripted(&folder, announces);
        let file = folder.path().join("cert.pem");
        let mut command = jim_client();
        let port = port.to_string();
        command.args(["-a", "localhost", "-p", &port, "-r", "--lang", "en", "--tls", "--ca"]);
        let ended = run(command.arg(&file), b"");
        serving.join().unwrap();
        assert_eq!(ended.code, Some(5), "{ended:?}");
        assert!(ended.stderr.contains(said), "{ended:?}");
    }
}

#[test]
fn a_server_that_answers_in_plain_text_is_called_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"{\"response\":400,\"time\":1,\"error\":\"no\"}\n").unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        let _ = socket.read(&mut [0; 1024]);
    });
    let ended = client("127.0.0.1", port, &["--tls"]);
    serving.join().unwrap();
    assert_cannot(&ended, "the server does not speak TLS");
}

#[test]
fn the_other_wires_go_through_tls_as_well() {
    let server = server("plaintext = \"refuse\"\n");
    let pin = pin_of(&server);
    let port = server.address.port().to_string();
    let common = ["--host", "127.0.0.1", "--port", &port, "--tls", "--pin", &pin];
    let mut reader = jim_client();
    reader.args(["-r", "--name", "r", "--count", "2"]).args(common);
    let reading = thread::spawn(move || run(&mut reader, b""));
    server.wait_for_log(|line| line.ends_with(" is r"));

    let start = |mode: &[&str]| Program::start_in(Folder::new(), &[mode, &common].concat());
    let mut console = start(&["--console-chat"]);
    let mut exchange = start(&["--exchange", "eve"]);
    let typed = console.typed.as_mut().unwrap();
    typed.write_all(b"dora\nhello from console chat\n").unwrap();
    server.wait_for_log(|line| line.contains("hello from console chat"));
    exchange.typed.as_mut().unwrap().write_all("hello from the exchange\n\n".as_bytes()).unwrap();
    let read = reading.join().unwrap();
    assert_eq!(read.code, Some(0), "{read:?}");
    assert!(read.stdout.contains("dora: hello from console chat"), "{read:?}");
    assert!(read.stdout.contains("eve: hello from the exchange"), "{read:?}");
}

#[test]
fn much_is_written_and_read_through_tls() {
    let server = server("");
    let pin = pin_of(&server);
    let lines: String = (0..2000).map(|number| format!("{number} {}\n", "x".repeat(400))).collect();
    let mut command = jim_client();
    let port = server.address.port().to_string();
    command.args(["-p", &port, "-w", "--name", "w", "--tls", "--pin", &pin]);
    assert_done(&run(&mut command, lines.as_bytes()));
    assert!(Path::new(&certificate_of(&server)).exists());
}
