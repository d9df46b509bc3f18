//! Files from one real `jim-client` to another through a real `jimd`.

use super::client_process::Client;
use super::support::{Folder, Server, add_user, jim_client, own_place};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

/// The client as a user, in a folder where it may also remember uploads.
fn start(folder: &Folder, place: SocketAddr, user: &str, arguments: &[&str]) -> Client {
    let mut child = jim_client()
        .args(["-a", &place.ip().to_string(), "-p", &place.port().to_string(), "-u", user])
        .args(["--timeout", "60"])
        .args(arguments)
        .envs([("JIM_PASSWORD", "secret"), ("LC_ALL", "C")])
        .env("XDG_STATE_HOME", folder.path().join("state"))
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let errors = BufReader::new(child.stderr.take().unwrap());
    Client { child, errors }
}

impl Client {
    fn wait_for(&mut self, wanted: &str) {
        let mut seen = String::new();
        while !seen.contains(wanted) {
            assert!(self.errors.read_line(&mut seen).unwrap() > 0, "no {wanted:?} in {seen}");
        }
    }
}

fn accounts() -> Folder {
    let folder = Folder::new();
    for user in ["anna", "boris", "clara"] {
        add_user(&folder, user, "secret");
    }
    folder
}

/// Bytes that no piece of repeats another.
fn write_file(path: &Path, length: u32) -> Vec<u8> {
    let bytes: Vec<u8> =
        (0..length / 4).flat_map(|at| at.wrapping_mul(2_654_435).to_le_bytes()).collect();
    fs::write(path, &bytes).unwrap();
    bytes
}

/// Has both join the room, and one of them read it.
fn reader(folder: &Folder, place: SocketAddr) -> Client {
    let mut reader = start(folder, place, "boris", &["-r", "--to", "#tea", "--count", "2"]);
    reader.wait_for("as boris");
    reader
}

#[test]
fn a_file_goes_from_user_to_user_and_to_nobody_else() {
    let server = Server::start_in(accounts(), &[]);
    let folder = Folder::new();
    let bytes = write_file(&folder.path().join("photo.jpg"), 1_000_000);
    let reader = reader(&folder, server.address);
    let send = |message: &str| {
        let arguments = ["send", "photo.jpg", "--to", "#tea", "--message", message];
        let (code, id, errors) = start(&folder, server.address, "anna", &arguments).end();
        assert_eq!(code, 0, "{errors}");
        id.trim().to_owned()
    };
    let ids = [send("one"), send("")];
    let (code, output, errors) = reader.end();
    assert_eq!(code, 0, "{errors}");
    let [one, two] =
        ids.each_ref().map(|id| format!("[file photo.jpg, 977 KiB: jim-client get {id}]"));
    assert!(output.contains(&format!("anna: one {one}\n")), "{output}");
    assert!(output.contains(&format!("anna: {two}\n")), "{output}");
    let get = ["get", &ids[0]];
    let (code, output, errors) = start(&folder, server.address, "boris", &get).end();
    assert_eq!((code, output.as_str()), (0, "photo (1).jpg\n"), "{errors}");
    assert!(fs::read(folder.path().join("photo (1).jpg")).unwrap() == bytes);
    let (code, output, errors) = start(&folder, server.address, "clara", &get).end();
    assert_eq!((code, output.as_str()), (8, ""), "{errors}");
    assert!(errors.contains("the server says: 404"), "{errors}");
    let past = ["-r", "--to", "#tea", "--history", "2", "--count", "2"];
    let (_, output, errors) = start(&folder, server.address, "anna", &past).end();
    assert!(output.contains(&one) && output.contains(&two), "{output} {errors}");
}

#[test]
fn a_killed_server_costs_no_byte_of_a_file() {
    let place = own_place();
    let server = Server::start_at(place, accounts(), &[]);
    let folder = Folder::new();
    let bytes = write_file(&folder.path().join("a.bin"), 12_000_000);
    let mut sending = start(&folder, place, "anna", &["send", "a.bin", "--to", "boris"]);
    sending.wait_for("sending a.bin");
    let server = Server::start_at(place, server.kill(), &[]);
    let (code, id, errors) = sending.end();
    assert_eq!(code, 0, "{errors}");
    let mut getting = start(&folder, place, "boris", &["get", id.trim(), "-o", "b.bin"]);
    getting.wait_for("getting a.bin");
    let server = Server::start_at(place, server.kill(), &[]);
    let (code, output, errors) = getting.end();
    assert_eq!((code, output.as_str()), (0, "b.bin\n"), "{errors}");
    assert!(fs::read(folder.path().join("b.bin")).unwrap() == bytes);
    drop(server);
}

#[test]
fn killed_clients_go_on_where_they_were() {
    let server = Server::start_in(accounts(), &[]);
    let folder = Folder::new();
    let bytes = write_file(&folder.path().join("a.bin"), 12_000_000);
    let kill = |client: Client| {
        let _ = kill_process(Pid::from_child(&client.child), Signal::KILL);
        client.end().0
    };
    let send = ["send", "a.bin", "--to", "boris"];
    let mut client = start(&folder, server.address, "anna", &send);
    client.wait_for("sending a.bin");
    let killed = kill(client) == -1;
    let (code, id, errors) = start(&folder, server.address, "anna", &send).end();
    assert_eq!(code, 0, "{errors}");
    // What the server had taken before it was killed need not be sent again.
    let records = fs::read_dir(folder.path().join("state/jim/uploads")).unwrap().count();
    assert_eq!(records, 0, "{killed} {errors}");
    let get = ["get", id.trim(), "-o", "b.bin"];
    let mut client = start(&folder, server.address, "boris", &get);
    client.wait_for("getting a.bin");
    if kill(client) == -1 {
        let (code, _, errors) = start(&folder, server.address, "boris", &get).end();
        assert_eq!(code, 0, "{errors}");
    }
    assert!(fs::read(folder.path().join("b.bin")).unwrap() == bytes);
}

#[test]
fn people_send_and_get_files_beside_their_chat() {
    let server = Server::start_in(accounts(), &[]);
    let folder = Folder::new();
    let bytes = write_file(&folder.path().join("a b.txt"), 200_000);
    let mut boris = start(&folder, server.address, "boris", &["--to", "#tea"]);
    boris.wait_for("lines go to #tea");
    let mut shown = boris.stdout();
    let mut anna = start(&folder, server.address, "anna", &["--to", "#tea"]);
    let mut typed = anna.stdin();
    typed.write_all(b"/send \"a b.txt\" look\nmeanwhile\n").unwrap();
    let mut lines = String::new();
    while !lines.contains("meanwhile") || !lines.contains("[file") {
        assert!(shown.read_line(&mut lines).unwrap() > 0, "{lines}");
    }
    let id = lines.split_once("look [file a b.txt, 195 KiB: /get ").unwrap().1;
    let (id, _) = id.split_once(']').unwrap();
    boris.stdin().write_all(format!("/get {id}\n").as_bytes()).unwrap();
    let (code, _, errors) = boris.end();
    assert_eq!(code, 0, "{errors}");
    assert!(fs::read(folder.path().join("a b (1).txt")).unwrap() == bytes, "{errors}");
    drop(typed);
    let (code, _, errors) = anna.end();
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("a b.txt is sent"), "{errors}");
}
