//! Redis and NATS as those who keep what they answer, each at a durability of the server's.

use super::Failure;
use super::dialect::Dialect;
use super::entrance::Entrance;
use super::figure::Side;
use super::message::Message;
use super::nats;
use super::process;
use super::stored::Keeping;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The stream that Redis adds to.
const STREAM: &str = "room";

/// What starts one of them on a port.
type ByPort<'a> = Box<dyn Fn(u16) -> Command + 'a>;

/// What one of them speaks, and the command that starts it in a folder of its own.
pub(crate) fn command(
    side: Side,
    keeping: Keeping,
    folder: &Path,
    connections: usize,
) -> Result<(Dialect, ByPort<'_>), Failure> {
    if side == Side::Nats {
        let settings = folder.join("nats.conf");
        let written = fs::write(&settings, nats_settings(keeping));
        written.map_err(Failure::while_doing("writing the settings of nats-server"))?;
        return Ok((Dialect::Nats, Box::new(move |port| nats_command(folder, &settings, port))));
    }
    let start = move |port| {
        let mut command = process::redis(folder, port, connections);
        // The last of several settings holds.
        command.args(["--appendonly", "yes", "--appendfsync", appendfsync(keeping)]);
        command.args(["--auto-aof-rewrite-percentage", "0"]);
        command
    };
    Ok((Dialect::Redis, Box::new(start)))
}

const fn appendfsync(keeping: Keeping) -> &'static str {
    match keeping {
        Keeping::Fsync => "always",
        Keeping::Off | Keeping::None | Keeping::Os => "everysec",
    }
}

/// The data are in the folder that it is started in.
pub(crate) const fn nats_settings(keeping: Keeping) -> &'static str {
    match keeping {
        Keeping::Fsync => "jetstream { store_dir: \"data\", sync_interval: always }\n",
        Keeping::Off | Keeping::None | Keeping::Os => "jetstream { store_dir: \"data\" }\n",
    }
}

fn nats_command(folder: &Path, settings: &Path, port: u16) -> Command {
    let mut command = Command::new(process::nats());
    command.current_dir(folder).arg("-c").arg(settings);
    command.args(["-a", "127.0.0.1", "-p", &port.to_string()]);
    command
}

/// So many clients, all of whom write.
pub(crate) fn entrance(dialect: Dialect, clients: usize) -> Entrance {
    match dialect {
        Dialect::Nats => Entrance::asking(clients, nats::entrance),
        Dialect::Jim | Dialect::Redis => Entrance::asking(clients, |_| "PING\r\n".to_owned()),
    }
}

/// An object for Redis to add to its stream.
pub(crate) fn added(object: Message) -> Message {
    object.framed(|bytes| {
        let key = format!("${}\r\n{STREAM}", STREAM.len());
        format!("*5\r\n$4\r\nXADD\r\n{key}\r\n$1\r\n*\r\n$1\r\nm\r\n${bytes}\r\n")
    })
}

#[cfg(test)]
mod tests {
    use super::super::process::Workspace;
    use super::*;

    #[test]
    fn what_is_added_is_the_object() {
        let (mut plain, mut sent) = (Vec::new(), Vec::new());
        let message = Message::new(0, "a0", "#all", 20);
        message.write(7, &mut plain);
        added(message).write(7, &mut sent);
        let object = String::from_utf8(plain).unwrap();
        let object = object.trim_end();
        let head = "*5\r\n$4\r\nXADD\r\n$4\r\nroom\r\n$1\r\n*\r\n$1\r\nm\r\n";
        let expected = format!("{head}${}\r\n{object}\r\n", object.len());
        assert_eq!(String::from_utf8(sent).unwrap(), expected);
    }

    #[test]
    fn each_durability_has_its_setting() {
        let workspace = Workspace::new().unwrap();
        for (keeping, setting) in [(Keeping::Os, "everysec"), (Keeping::Fsync, "always")] {
            let (dialect, start) = command(Side::Redis, keeping, workspace.path(), 10).unwrap();
            let command = start(1);
            let arguments: Vec<_> = command.get_args().collect();
            let last = arguments.windows(2).rfind(|pair| pair[0] == "--appendonly").unwrap();
            assert_eq!((last[1].to_str(), dialect), (Some("yes"), Dialect::Redis));
            assert!(arguments.windows(2).any(|pair| pair == ["--appendfsync", setting]));
            let (start, dialect) = command_of_nats(keeping, workspace.path());
            assert_eq!((start.get_current_dir(), dialect), (Some(workspace.path()), Dialect::Nats));
            let written = fs::read_to_string(workspace.path().join("nats.conf")).unwrap();
            assert_eq!(written.contains("sync_interval: always"), keeping == Keeping::Fsync);
        }
    }

    fn command_of_nats(keeping: Keeping, folder: &Path) -> (Command, Dialect) {
        let (dialect, start) = command(Side::Nats, keeping, folder, 10).unwrap();
        (start(1), dialect)
    }
}
