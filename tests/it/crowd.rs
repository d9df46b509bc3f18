//! Clients that read little or nothing, and those who write to them.

use super::support::{Client, DEADLINE, Server};
use socket2::{Domain, Socket, Type};
use std::net::SocketAddr;

/// What waits for a client that reads nothing is in our kernel, in the server's, and then in the
/// server's queue: this many messages are more than the kernels take.
pub const MANY: usize = 5000;

/// Messages between two looks at the answers: the writer is never far ahead of its readers.
const BATCH: usize = 50;

/// A client for which the kernel takes little, and which reads nothing of itself.
pub fn stuck(server: &Server) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect_timeout(&server.address.into(), DEADLINE).unwrap();
    client_of(socket)
}

/// A client whose own address is this one.
pub fn client_from(own: SocketAddr, server: &Server) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&own.into()).unwrap();
    socket.connect_timeout(&server.address.into(), DEADLINE).unwrap();
    client_of(socket)
}

fn client_of(socket: Socket) -> Client {
    let stream: std::net::TcpStream = socket.into();
    // A client of the harness, with the harness's deadlines, on this socket.
    let mut client = Client { stream, held: Vec::new() };
    client.stream.set_read_timeout(Some(DEADLINE)).unwrap();
    client.stream.set_write_timeout(Some(DEADLINE)).unwrap();
    client.stream.set_nodelay(true).unwrap();
    client.held.clear();
    client
}

/// What a client's log lines begin with.
pub fn name_of(client: &Client) -> String {
    client.stream.local_addr().unwrap().to_string()
}

/// A guest that sends presence and is no beginner.
pub fn guest(mut client: Client, name: &str) -> Client {
    client.presence(name);
    client
}

/// The message with this number to the common chat: 2 KB.
pub fn message(from: &str, number: usize) -> String {
    let text = "😀".repeat(480);
    format!(
        r##"{{"action":"msg","time":{number},"to":"#all","from":"{from}","message":"{text}"}}"##
    )
}

/// Sends the messages with these numbers as fast as their answers come; each of the readers gets
/// every one of them, in order.
pub fn tell(
    from: (&mut Client, &str),
    numbers: std::ops::Range<usize>,
    readers: &mut [&mut Client],
) {
    let (writer, name) = from;
    let mut next = numbers.start;
    while next < numbers.end {
        let batch = next..(next + BATCH).min(numbers.end);
        let text: String = batch.clone().map(|number| message(name, number) + "\n").collect();
        writer.send(text);
        for number in batch.clone() {
            assert_eq!(writer.object()["response"], 200);
            for reader in &mut *readers {
                assert_eq!(reader.line(), message(name, number));
            }
        }
        next = batch.end;
    }
}
