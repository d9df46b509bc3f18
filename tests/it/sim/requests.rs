//! What the simulated clients ask for.

use super::contents::{FILE_BYTES, letter, said_with};
use super::random::Random;

pub const USERS: [&str; 4] = ["ann", "bob", "Вася", "dora"];
const GUESTS: [&str; 5] = ["Guest", "John Doe", "ann", "аnn", "newcomer"];
/// What is registered, two of them alike.
const NEW: [&str; 4] = ["newcomer", "Newcomer", "Guest", "ann"];
const ROOMS: [&str; 5] = ["#one", "#one", "#two", "#two", "#three"];
const ADDRESSEES: [&str; 8] = ["#all", "#one", "#two", "bob", "Guest", "nobody", "ann", ""];
/// Whom files are sent to.
const GET_FILES: [&str; 8] = ["#all", "#one", "bob", "ann", "dora", "bob", "Guest", "nobody"];
const FEATURES: [&str; 4] = [
    r#"["ids"]"#,
    r#"["ids","offline","files"]"#,
    r#"["ids","notices","offline","history"]"#,
    "[]",
];
/// What is done in rooms and to their members.
const DEEDS: [&str; 13] = [
    "kick", "kick", "topic", "hide", "show", "invite", "kick", "ban", "unban", "op", "deop",
    "destroy", "members",
];

/// Where pieces begin and how long they are: the whole, its halves, its end, and too much.
const PIECES: [(usize, usize); 8] = {
    let half = FILE_BYTES / 2;
    let (whole, last) = ((0, FILE_BYTES), (half, half));
    [whole, whole, (0, half), (0, half), last, last, (FILE_BYTES, 0), (half, FILE_BYTES)]
};

/// One request; `id` is to come back with its answer, `name` is who the connection is, `files` are the
/// numbers of files that somebody sent or sends.
pub fn make(random: &mut Random, id: usize, name: Option<&str>, files: &[String]) -> String {
    if name.is_none() && random.below(10) < 7 {
        return log_in(random, id);
    }
    match random.below(27) {
        0..=3 if random.below(8) == 0 => log_in(random, id),
        0 | 4 => presence(random, id, name),
        1 | 5 | 6 => {
            format!(r#"{{"action":"join","time":1,"id":{id},"room":"{}"}}"#, random.pick(&ROOMS))
        }
        7 if random.below(3) == 0 => {
            format!(r#"{{"action":"leave","time":1,"id":{id},"room":"{}"}}"#, random.pick(&ROOMS))
        }
        2 | 7..=12 => message(random, id, name),
        13 if random.below(2) == 0 => register(random, id),
        13 => password(random, id),
        3 | 14..=18 => deed(random, id),
        19 | 20 => read(random, id),
        21 | 22 => lists(random, id),
        23..=25 => file(random, id, name, files),
        _ if random.below(3) > 0 => lists(random, id),
        _ => random.pick(&["{}", r#"{"action":"quit","id":7777}"#, r#"{"a":1,"a":2}"#]).to_owned(),
    }
}

fn log_in(random: &mut Random, id: usize) -> String {
    let user = random.pick(&[USERS.as_slice(), &USERS, &NEW].concat());
    let password = random.pick(&["right", "right", "right", "right", "right", "wrong"]);
    let features = random.pick(&FEATURES);
    format!(
        r#"{{"action":"authenticate","time":1,"id":{id},"features":{features},"user":{{"account_name":"{user}","password":"{password}"}}}}"#
    )
}

fn presence(random: &mut Random, id: usize, name: Option<&str>) -> String {
    let status = random.pick(&["here", "away"]);
    let user = match random.below(3) {
        0 => String::new(),
        1 => format!(r#","user":{{"status":"{status}"}}"#),
        _ => {
            let name = name.unwrap_or_else(|| random.pick(&GUESTS));
            format!(r#","user":{{"account_name":"{name}","status":"{status}"}}"#)
        }
    };
    format!(r#"{{"action":"presence","time":1,"id":{id}{user}}}"#)
}

fn message(random: &mut Random, id: usize, name: Option<&str>) -> String {
    let to = random.pick(&ADDRESSEES);
    let stranger = random.pick(&[USERS.as_slice(), &GUESTS].concat());
    let from = name.filter(|_| random.below(8) > 0).unwrap_or(stranger);
    format!(
        r#"{{"action":"msg","time":1,"id":{id},"to":"{to}","from":"{from}","message":"hi {id}"}}"#
    )
}

fn register(random: &mut Random, id: usize) -> String {
    let new = random.pick(&NEW);
    format!(
        r#"{{"action":"register","time":1,"id":{id},"user":{{"account_name":"{new}","password":"right"}}}}"#
    )
}

fn password(random: &mut Random, id: usize) -> String {
    let password = random.pick(&["right", "wrong"]);
    format!(
        r#"{{"action":"passwd","time":1,"id":{id},"user":{{"password":"{password}","new_password":"right"}}}}"#
    )
}

fn deed(random: &mut Random, id: usize) -> String {
    let (deed, room) = (random.pick(&DEEDS), random.pick(&ROOMS));
    let target = random.pick(&USERS);
    let topic = if random.below(2) == 0 { r#","topic":"tea""# } else { "" };
    format!(
        r#"{{"action":"{deed}","time":1,"id":{id},"room":"{room}","target":"{target}"{topic}}}"#
    )
}

fn read(random: &mut Random, id: usize) -> String {
    let with = random.pick(&["#one", "#two", "bob", "ann", "#all"]);
    let (limit, high) = (1 + random.below(4), (1 + random.below(8)) as u64);
    let position = format!("{:016x}", random.pick(&[high << 20, u64::MAX >> 1]));
    match random.below(4) {
        0 => format!(r#"{{"action":"history","time":1,"id":{id},"with":"{with}","after":""}}"#),
        1 => {
            format!(r#"{{"action":"history","time":1,"id":{id},"with":"{with}","limit":{limit}}}"#)
        }
        2 => format!(r#"{{"action":"search","time":1,"id":{id},"query":"hi"}}"#),
        _ => format!(r#"{{"action":"ack","time":1,"id":{id},"msg_id":"{position}"}}"#),
    }
}

fn file(random: &mut Random, id: usize, name: Option<&str>, files: &[String]) -> String {
    if files.is_empty() || random.below(4) == 0 {
        let (to, from) = (random.pick(&GET_FILES), name.unwrap_or("ann"));
        let message = said_with(0, 0, FILE_BYTES);
        return format!(
            r#"{{"action":"upload","time":1,"id":{id},"to":"{to}","from":"{from}","name":"f","size":{FILE_BYTES},"message":"{message}"}}"#
        );
    }
    // The newest are still open.
    let newest = &files[files.len().saturating_sub(2)..];
    let upload = &newest[random.below(newest.len())];
    let (offset, bytes) = random.pick(&PIECES);
    let rest = if random.below(3) == 0 {
        r#""action":"get""#.to_owned()
    } else {
        let data: String = (offset..offset + bytes).map(|at| char::from(letter(0, at))).collect();
        format!(r#""action":"put","data":"{data}""#)
    };
    format!(r#"{{{rest},"time":1,"id":{id},"upload":"{upload}","offset":{offset}}}"#)
}

fn lists(random: &mut Random, id: usize) -> String {
    let action = random.pick(&["who", "rooms", "get_users", "get_contacts", "add", "remove"]);
    let contact = random.pick(&USERS);
    format!(r#"{{"action":"{action}","time":1,"id":{id},"contact":"{contact}"}}"#)
}
