//! Faults of the machine, and what its operator does.

use super::attack::{Attack, Missed, Outcome, ensure, message};
use super::peer::Peer;
use crate::bench::message::expect_success;
use crate::bench::process;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a server reads its settings from that are changed under way.
pub(super) const SETTINGS: &str = "jimd.toml";
/// What takes room on the small disk.
const BALLAST: &str = "ballast";
/// What the log says of settings that were read.
const READ_ANEW: &str = "the configuration was read anew";
/// Uploads under way at a time.
pub(super) const UPLOADERS: usize = 8;

fn pid_of(attack: &Attack) -> Result<Pid, Missed> {
    let pid = i32::try_from(attack.pid).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| Missed("the server has no process".to_owned()))
}

fn limit(attack: &Attack, resource: Resource, current: Option<u64>) -> Result<(), Missed> {
    let maximum = getrlimit(resource).maximum;
    prlimit(Some(pid_of(attack)?), resource, Rlimit { current, maximum })
        .map_err(|error| Missed(format!("a limit of the server could not be set: {error}")))?;
    Ok(())
}

/// The server's limit on descriptors is lowered to what it has and few more; more connections come
/// than that. They are served when there is room again.
pub(super) fn descriptors(attack: &Attack) -> Outcome {
    const LEFT: u64 = 10;
    const WAITING: usize = 64;
    let open = fs::read_dir(format!("/proc/{}/fd", attack.pid))?.count() as u64;
    let mut first = attack.guest("first")?;
    limit(attack, Resource::Nofile, Some(open + LEFT))?;
    let mut waiting = (0..WAITING).map(|_| attack.connect()).collect::<Result<Vec<_>, _>>()?;
    let text = message("first", "first", "still here");
    let asked = attack.at_rate(50.0, |_| first.ask_expecting(&text, 200))?;
    let logged = attack.logged("cannot accept connections");
    limit(attack, Resource::Nofile, getrlimit(Resource::Nofile).maximum)?;
    ensure(logged == 1, || format!("{logged} lines in the log of no descriptor left"))?;
    for (number, peer) in waiting.iter_mut().enumerate() {
        peer.ask_expecting(crate::bench::message::presence(&format!("waiting-{number}")), 200)?;
    }
    Ok(format!(
        "one line in the log, {asked} requests answered meanwhile, all {WAITING} served later"
    )
    .into())
}

/// Settings with this number in them.
fn settings(number: u64) -> String {
    format!("[limits]\nmessage_chars = {}\n", 400 + number % 100)
}

/// A certificate and settings, before the server starts.
pub(super) fn prepare_reloads(program: &Path, home: &Path) -> Result<(), Missed> {
    fs::write(home.join(SETTINGS), settings(0))?;
    prepare_certificate(program, home)
}

/// A certificate, before the server starts.
pub(super) fn prepare_certificate(program: &Path, home: &Path) -> Result<(), Missed> {
    process::ask(program, home, &["cert", "new", "--force"])?;
    Ok(())
}

/// Settings and certificate are read anew fifty times a second; each fifth time they are wrong.
pub(super) fn reloads(attack: &Attack) -> Outcome {
    let (file, mut broken) = (attack.home.join(SETTINGS), 0);
    let pid = pid_of(attack)?;
    let hang_up = |text: &str| -> Result<(), Missed> {
        // In one step: nobody reads half a file.
        let new = attack.home.join("new.toml");
        fs::write(&new, text)?;
        fs::rename(&new, &file)?;
        kill_process(pid, Signal::HUP).map_err(|error| Missed(error.to_string()))
    };
    let sent = attack.at_rate(50.0, |number| {
        if number % 25 == 0 {
            prepare_certificate(&attack.program, &attack.home)?;
        }
        if number % 5 == 4 {
            broken += 1;
            return hang_up("message_chars = \"wrong\"\n");
        }
        hang_up(&settings(number))
    })?;
    let read = attack.logged(READ_ANEW);
    ensure(read > 0, || "the settings were never read anew".to_owned())?;
    hang_up("[limits]\nmessage_chars = 321\n")?;
    let mut guest = attack.guest("last")?;
    let text = message("last", "last", &"x".repeat(322));
    attack.wait_until("the last settings hold", || Ok(guest.ask(&text)? == 400))?;
    Ok(format!("{sent} signals, {broken} with a wrong file; {read} times read; the last holds")
        .into())
}

/// The log is removed again and again, and comes back.
pub(super) fn log_deleted(attack: &Attack) -> Outcome {
    let log = attack.home.join("logs/jimd.log");
    let mut removed = 0;
    attack.at_rate(200.0, |number| {
        if number % 20 == 0 && fs::remove_file(&log).is_ok() {
            removed += 1;
        }
        attack.guest("logged").map(drop)
    })?;
    // It may not have come back since the last time.
    let _ = fs::remove_file(&log);
    attack.wait_until("the log is there again", || {
        attack.guest("last")?;
        Ok(attack.log().contains(" connected"))
    })?;
    Ok(format!("removed {removed} times, there again").into())
}

/// The day ends while much is logged: one file a day, no line lost or split.
pub(super) fn midnight(attack: &Attack) -> Outcome {
    let count = |text: &str| text.matches(" connected").count() as u64;
    // The members, and the look at whether the server listens.
    let before = attack.members as u64 + 1;
    let mut came = attack.at_rate(200.0, |_| attack.guest("logged").map(drop))?;
    let mut lines = String::new();
    attack.wait_until("a file of the day before, and every line", || {
        let Some(old) = old_log(&attack.home)? else {
            came += 1;
            return attack.guest("logged").map(|_| false);
        };
        lines = fs::read_to_string(old)? + &attack.log();
        Ok(count(&lines) >= before + came)
    })?;
    let split = lines.lines().filter(|line| !line.starts_with("20")).count();
    ensure(split == 0, || format!("{split} lines of the log are not whole"))?;
    ensure(count(&lines) == before + came, || "a line is in the log twice".to_owned())?;
    Ok(format!("a new file, all {came} lines in one of the two").into())
}

/// The log of the day before.
fn old_log(home: &Path) -> Result<Option<PathBuf>, Missed> {
    let mut names = fs::read_dir(home.join("logs"))?.flatten();
    let old = names.find(|entry| entry.file_name().to_string_lossy().starts_with("jimd.log."));
    Ok(old.map(|entry| entry.path()))
}

/// Where the server sees its small disk.
fn small_disk(attack: &Attack) -> PathBuf {
    let home = attack.home.canonicalize().unwrap_or_else(|_| attack.home.clone());
    let inside = home.strip_prefix("/").unwrap_or(&home);
    Path::new("/proc").join(attack.pid.to_string()).join("root").join(inside).join("data")
}

/// The same command with its data on a disk of few megabytes that nobody else sees.
pub(super) fn with_small_disk(command: &Command) -> Command {
    let mut wrapped = process::within("unshare", command);
    let script = format!(
        "mv data full && mkdir data && mount -t tmpfs -o size=4m none data && \
         cp -a full/. data && head -c 1500000 /dev/zero > data/{BALLAST} && exec \"$@\""
    );
    wrapped.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
    wrapped.arg(command.get_program()).args(command.get_args());
    wrapped
}

/// Whether this system lets us make such a disk.
pub(super) fn may_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
    command.output().is_ok_and(|output| output.status.success())
}

/// Who writes to another what is stored.
struct Writer {
    peer: Peer,
    text: String,
    stored: u64,
    refused: u64,
}

impl Writer {
    fn write(&mut self) -> Result<(), Missed> {
        match self.peer.ask(&self.text)? {
            200 => self.stored += 1,
            500 => self.refused += 1,
            code => return Err(Missed(format!("what was to be stored was answered {code}"))),
        }
        Ok(())
    }
}

/// The disk fills up while messages are stored, and has room again.
pub(super) fn disk_full(attack: &Attack) -> Outcome {
    let [ann, bob] = [0, 1].map(|n| Attack::name(attack.outsiders + n));
    let peer = attack.account(attack.outsiders)?;
    let mut reader = attack.account(attack.outsiders + 1)?;
    let text = message(&ann, &bob, &"🙂".repeat(500));
    let mut writer = Writer { peer, text, stored: 0, refused: 0 };
    while attack.goes_on() || writer.refused == 0 {
        writer.write()?;
    }
    attack.expect_service()?;
    let before = writer.stored;
    fs::remove_file(small_disk(attack).join(BALLAST))?;
    attack.wait_until("something is stored again", || {
        writer.write()?;
        Ok(writer.stored > before)
    })?;
    for number in 0..writer.stored {
        let line = reader.line()?.unwrap_or_default();
        let is_it = line.as_slice() == writer.text.trim_end().as_bytes();
        ensure(is_it, || format!("message {number} that was stored did not come"))?;
    }
    reader.ask_expecting(message(&bob, &bob, ""), 200)?;
    let Writer { stored, refused, .. } = writer;
    Ok(format!(
        "{refused} answered 500, {stored} stored and delivered, the last when there was room"
    )
    .into())
}

/// Files are sent as fast as their pieces are answered.
pub(super) fn uploads(attack: &Attack) -> Outcome {
    const PIECE: usize = 48 * 1024;
    const PIECES: usize = 16;
    let data = STANDARD.encode(vec![0x5a; PIECE]);
    let name = |n: usize| Attack::name(attack.outsiders + n);
    let mut peers = Vec::new();
    for n in 0..UPLOADERS {
        let mut peer = attack.connect()?;
        let user = format!(
            r#"{{"account_name":"{}","password":"{}"}}"#,
            name(n),
            crate::bench::entrance::PASSWORD
        );
        let request = format!(
            r#"{{"action":"authenticate","time":1,"user":{user},"features":["files"]}}{end}"#,
            end = "\n"
        );
        peer.ask_expecting(request, 202)?;
        peers.push(peer);
    }
    let mut files = 0;
    while attack.goes_on() || files == 0 {
        let mut ids = Vec::new();
        for (n, peer) in peers.iter_mut().enumerate() {
            let (to, from, size) = (name((n + 1) % UPLOADERS), name(n), PIECE * PIECES);
            peer.send(format!(
                r#"{{"action":"upload","time":1,"to":"{to}","from":"{from}","name":"file-{files}.bin","size":{size}}}{end}"#,
                end = "\n"
            ))?;
            let (_, answer) = peer.answer()?;
            expect_success(n, &answer).map_err(|failure| Missed(failure.to_string()))?;
            let answer: serde_json::Value =
                serde_json::from_slice(&answer).map_err(|error| Missed(error.to_string()))?;
            let id = answer.get("upload").and_then(serde_json::Value::as_str);
            ids.push(id.unwrap_or_default().to_owned());
        }
        for piece in 0..PIECES {
            let number = format!("{:08}", files * PIECES + piece);
            let rest = data.get(number.len()..).unwrap_or_default();
            for (peer, id) in peers.iter_mut().zip(&ids) {
                let offset = piece * PIECE;
                peer.send(format!(
                    r#"{{"action":"put","time":1,"id":"{id}","offset":{offset},"data":"{number}{rest}"}}{end}"#,
                    end = "\n"
                ))?;
            }
            for (n, peer) in peers.iter_mut().enumerate() {
                let (_, answer) = peer.answer()?;
                expect_success(n, &answer).map_err(|failure| Missed(failure.to_string()))?;
            }
        }
        files += peers.len();
    }
    Ok(format!("{files} files of 768 KiB, each piece answered").into())
}
