//! A client that speaks TLS, whose records the test has in its hands.

use super::support::{DEADLINE, Folder, Server};
use jim::certificate::IdentityFiles;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

/// The data folder of a server that was started in this folder.
pub fn files_of(folder: &Folder) -> IdentityFiles {
    IdentityFiles::of_folder(&folder.path().join("jim-data"))
}

/// A folder whose data folder has a certificate for `localhost` and 127.0.0.1.
pub fn folder_with_certificate() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("jim-data")).unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    jim::certificate::make(&names, &files_of(&folder), false).unwrap();
    folder
}

/// A server that speaks TLS, with these lines as its settings file.
pub fn server(settings: &str) -> Server {
    let folder = folder_with_certificate();
    folder.file("jimd.toml", settings);
    Server::start_in(folder, &["--config", "jimd.toml"])
}

pub fn certificate_of(server: &Server) -> PathBuf {
    files_of(&server.folder).certificate
}

/// Trust in one certificate.
pub fn config(
    certificate: CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Trust in a server's certificate.
pub fn config_for(server: &Server, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let identity = files_of(&server.folder).read().unwrap();
    config(identity.chain[0].clone(), versions)
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With the word that TLS has for it.
    Notified,
    /// Without.
    Cut,
}

/// A client, a record at a time.
pub struct TlsClient {
    pub session: ClientConnection,
    pub socket: TcpStream,
    pub held: Vec<u8>,
}

impl TlsClient {
    /// A connection whose handshake has not begun.
    pub fn begin(address: SocketAddr, config: ClientConfig) -> Self {
        let socket = TcpStream::connect_timeout(&address, DEADLINE).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_write_timeout(Some(DEADLINE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Self::over(socket, config)
    }

    /// The same over a socket that is connected already.
    pub fn over(socket: TcpStream, config: ClientConfig) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let session = ClientConnection::new(Arc::new(config), name).unwrap();
        Self { session, socket, held: Vec::new() }
    }

    /// One whose handshake is done.
    pub fn connect(server: &Server) -> Self {
        let mut client = Self::begin(server.address, config_for(server, rustls::ALL_VERSIONS));
        client.shake().unwrap();
        client
    }

    pub fn shake(&mut self) -> io::Result<()> {
        while self.session.is_handshaking() {
            self.session.complete_io(&mut self.socket)?;
        }
        Ok(())
    }

    /// The records that are ready to be sent.
    pub fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut records).unwrap();
        }
        records
    }

    /// What is to be sent, encrypted.
    pub fn encrypt(&mut self, bytes: impl AsRef<[u8]>) -> Vec<u8> {
        let mut records = Vec::new();
        for piece in bytes.as_ref().chunks(16 * 1024) {
            self.session.writer().write_all(piece).unwrap();
            records.extend(self.records());
        }
        records
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let records = self.encrypt(bytes);
        self.socket.write_all(&records).unwrap();
    }

    /// Reads once, into `held`; how it ended, if it did.
    pub fn fill(&mut self) -> Option<End> {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.session.reader().read(&mut buffer) {
                Ok(0) => return Some(End::Notified),
                Ok(count) => {
                    self.held.extend_from_slice(&buffer[..count]);
                    return None;
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Some(End::Cut);
                }
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}"),
            }
            self.session.read_tls(&mut self.socket).unwrap();
            self.session.process_new_packets().unwrap();
            let records = self.records();
            self.socket.write_all(&records).unwrap();
        }
    }

    /// One line, or how the stream ended.
    pub fn read_line(&mut self) -> Result<String, End> {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.held.drain(..=end).collect();
                return Ok(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            if let Some(end) = self.fill() {
                assert!(self.held.is_empty(), "half a line: {:?}", self.held);
                return Err(end);
            }
        }
    }

    pub fn object(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.read_line().unwrap()).unwrap()
    }

    pub fn ask(&mut self, request: &str) -> serde_json::Value {
        self.send(format!("{request}\n"));
        self.object()
    }

    pub fn presence(&mut self, name: &str) {
        let answer = self.ask(&format!(
            r#"{{"action":"presence","time":1,"user":{{"account_name":"{name}"}}}}"#
        ));
        assert_eq!(answer["response"], 200, "{answer}");
    }

    /// Says that nothing more comes, and shuts its side.
    pub fn finish(&mut self) {
        self.session.send_close_notify();
        let records = self.records();
        self.socket.write_all(&records).unwrap();
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    pub fn name(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }
}
