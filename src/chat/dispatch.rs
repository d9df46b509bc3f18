//! The table of actions, and the checks that come before a handler. No other place knows an
//! action's name.

use super::Chat;
use super::checks::speaker;
use super::handlers::{
    ack, authenticate, command, contacts, fetch, history, join, leave, members, moderate, msg,
    owner, passwd, presence, put, quit, register, rooms, topic, upload, who,
};
use super::outcome::Outcome;
use super::session::{Session, Who};
use crate::message::{Code, Name, Phrase, Reply, Request, Time};

/// One action of the protocol.
#[derive(Debug)]
pub struct Action {
    /// Its name (seed 001).
    pub name: &'static str,
    /// What real clients also call it.
    pub synonyms: &'static [&'static str],
    /// Who may ask for it.
    pub needs: Needs,
    /// Whether `time` may be missing.
    pub timeless: bool,
    /// Whether an object with only seed 001's fields may be longer than others.
    pub roomy: bool,
    /// Whether it reads fields that were added to seed 001's: what is wrong with one is a 400 then.
    pub reads_added: bool,
    /// Whether `user` may be a text.
    pub takes_user_text: bool,
    /// One line for PROTOCOL.md and the client's help.
    pub help: &'static str,
    handler: fn(&mut Chat, &mut Session, &Request<'_>) -> Outcome,
}

/// Who may ask for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anyone who is connected.
    Nothing,
    /// Who sent presence or authenticated.
    Presence,
    /// Who authenticated.
    Authentication,
}

/// The action whose `data` does not count in the length of its object.
const PUT: &str = "put";

/// Every action, in the order of the help.
pub static ACTIONS: [Action; 33] = [
    Action {
        name: "authenticate",
        synonyms: &[],
        needs: Needs::Nothing,
        timeless: false,
        roomy: false,
        reads_added: false,
        takes_user_text: false,
        help: "log in with user.account_name and user.password",
        handler: authenticate::handle,
    },
    Action {
        name: "presence",
        synonyms: &["presense"],
        needs: Needs::Nothing,
        timeless: false,
        roomy: false,
        reads_added: false,
        takes_user_text: false,
        help: "be there: enter the common chat; without a log-in, as a guest of user.account_name",
        handler: presence::handle,
    },
    Action {
        name: "msg",
        synonyms: &["message"],
        needs: Needs::Presence,
        timeless: false,
        roomy: true,
        reads_added: false,
        takes_user_text: false,
        help: "send message from yourself to a user, a #room or the common chat #all",
        handler: msg::handle,
    },
    Action {
        name: "join",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: false,
        takes_user_text: false,
        help: "become a member of room, which is made if it is new",
        handler: join::handle,
    },
    Action {
        name: "leave",
        synonyms: &[],
        // A named room is answered before the log-in is asked for: seed 000's fourth and fifth
        // transcript. The handler does the rest.
        needs: Needs::Nothing,
        timeless: false,
        roomy: false,
        reads_added: false,
        takes_user_text: false,
        help: "end the membership in room",
        handler: leave::handle,
    },
    Action {
        name: "register",
        synonyms: &[],
        needs: Needs::Nothing,
        timeless: false,
        roomy: false,
        reads_added: false,
        takes_user_text: false,
        help: "make an account of user.account_name and user.password, where the operator allows it",
        handler: register::handle,
    },
    Action {
        name: "passwd",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: false,
        takes_user_text: false,
        help: "change your password from user.password to user.new_password",
        handler: passwd::handle,
    },
    Action {
        name: "ack",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "confirm what waited for you, up to msg_id: it is not delivered again",
        handler: ack::handle,
    },
    Action {
        name: "history",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "read what was written with a user or in a #room: before or after a msg_id, limit messages",
        handler: history::handle,
    },
    Action {
        name: "search",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "find messages: query has words, \"phrases\" and prefix*; optional with, before, limit",
        handler: history::search,
    },
    Action {
        name: "upload",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "say that you will send a file to a user, a #room or #all: name, size; optional message",
        handler: upload::handle,
    },
    Action {
        name: PUT,
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "send the bytes of upload from offset on: data, in base64; the last ones make the file known",
        handler: put::handle,
    },
    Action {
        name: "get",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "read a file from offset on, by the id of its attachment",
        handler: fetch::handle,
    },
    Action {
        name: "who",
        synonyms: &[],
        needs: Needs::Presence,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "list who is connected, guests too: limit names after a name",
        handler: who::handle,
    },
    Action {
        name: "rooms",
        synonyms: &[],
        needs: Needs::Presence,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "list the rooms with their topics, the hidden ones only to their members: limit, after",
        handler: rooms::handle,
    },
    Action {
        name: "members",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "list the members of a room that you are in: limit, after",
        handler: members::handle,
    },
    Action {
        name: "topic",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "read a room's topic; with topic, change it, as one of its operators",
        handler: topic::handle,
    },
    Action {
        name: "invite",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "let target join a room that you are in, though it is hidden",
        handler: moderate::invite,
    },
    Action {
        name: "kick",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "put target out of a room, as one of its operators",
        handler: moderate::kick,
    },
    Action {
        name: "ban",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "put target out of a room for good, as one of its operators",
        handler: moderate::ban,
    },
    Action {
        name: "unban",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "let target join a room again, as one of its operators",
        handler: moderate::unban,
    },
    Action {
        name: "op",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "make target an operator of a room, as one of them",
        handler: moderate::op,
    },
    Action {
        name: "deop",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "make target a plain member of a room again, as one of its operators",
        handler: moderate::deop,
    },
    Action {
        name: "hide",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "hide your room from all but its members: who enters needs an invitation",
        handler: owner::hide,
    },
    Action {
        name: "show",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "let everyone see and join your room again",
        handler: owner::show,
    },
    Action {
        name: "destroy",
        synonyms: &[],
        needs: Needs::Authentication,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "end your room, with its memberships and messages",
        handler: owner::destroy,
    },
    Action {
        name: "get_users",
        synonyms: &[],
        needs: Needs::Presence,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: true,
        help: "list the names of all who are connected, in data_list",
        handler: contacts::users,
    },
    Action {
        name: "get_contacts",
        synonyms: &[],
        needs: Needs::Presence,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: true,
        help: "list your contacts, in data_list",
        handler: contacts::list_contacts,
    },
    Action {
        name: "add",
        synonyms: &["add_contact"],
        needs: Needs::Presence,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: true,
        help: "put account_name, user_id or contact on your list of contacts",
        handler: contacts::add,
    },
    Action {
        name: "remove",
        synonyms: &["del_contact"],
        needs: Needs::Presence,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: true,
        help: "take account_name, user_id or contact off your list of contacts",
        handler: contacts::remove,
    },
    Action {
        name: "command",
        synonyms: &[],
        needs: Needs::Presence,
        timeless: false,
        roomy: false,
        reads_added: true,
        takes_user_text: false,
        help: "ask for participants_count, current_time or start_game: and rock, paper or scissors; client_exit ends",
        handler: command::handle,
    },
    Action {
        name: "quit",
        synonyms: &["exit"],
        needs: Needs::Nothing,
        timeless: true,
        roomy: false,
        reads_added: false,
        takes_user_text: false,
        help: "say goodbye; the server answers and closes",
        handler: quit::handle,
    },
    Action {
        name: "probe",
        synonyms: &[],
        needs: Needs::Nothing,
        timeless: false,
        roomy: false,
        reads_added: false,
        takes_user_text: false,
        help: "sent by the server alone: are you there? Answer with presence",
        handler: refuse_probe,
    },
];

/// The action of this name, in any spelling.
#[must_use]
pub fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name || action.synonyms.contains(&name))
}

fn refuse_probe(_: &mut Chat, _: &mut Session, _: &Request<'_>) -> Outcome {
    Outcome::bad(Phrase::ProbeFromClient)
}

/// Runs the checks in the protocol's order (action, time, types and limits, authentication), then
/// the action's handler.
pub(super) fn dispatch(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match admit(chat, session, request) {
        Ok(action) => (action.handler)(chat, session, request),
        Err(reply) => Outcome::Reply(reply),
    }
}

fn admit(chat: &Chat, session: &Session, request: &Request<'_>) -> Result<&'static Action, Reply> {
    let action = check_action(request).map_err(Reply::bad)?;
    check_size(chat, action, request).map_err(Reply::bad)?;
    check_time(chat, action, request).map_err(Reply::bad)?;
    if let Some(fault) = fault(action, request) {
        return Err(Reply::bad(fault.clone()));
    }
    check_user(action, request).map_err(Reply::bad)?;
    check_needs(action, session, request)?;
    Ok(action)
}

fn check_action(request: &Request<'_>) -> Result<&'static Action, Phrase> {
    if let Some(field) = request.rare().server_only {
        return Err(Phrase::ServerOnly { field });
    }
    if let Some(fault) = &request.rare().action_fault {
        return Err(fault.clone());
    }
    let Some(name) = &request.action else {
        return Err(Phrase::MissingField { field: "action" });
    };
    find(&name.text).ok_or_else(|| unknown(&name.text))
}

/// Names the letter if the action only looks like one of ours (seed 001 itself prints `prоbe`
/// with a Cyrillic `о`).
fn unknown(name: &str) -> Phrase {
    let shown = Name::shown(name);
    let look = shown.skeletons().lower;
    let meant = ACTIONS.iter().find(|action| Name::shown(action.name).skeletons().lower == look);
    let odd = name.chars().find(|c| !c.is_ascii()).zip(meant.map(|action| action.name));
    Phrase::UnknownAction { action: shown, odd }
}

fn check_size(chat: &Chat, action: &Action, request: &Request<'_>) -> Result<(), Phrase> {
    let limit = if action.roomy && request.only_seed_fields {
        chat.limits.msg_object_chars.max(chat.limits.object_chars)
    } else {
        chat.limits.object_chars
    };
    let data = if action.name == PUT { request.rare().data_chars } else { 0 };
    let got = request.chars.saturating_sub(data);
    if got <= limit {
        return Ok(());
    }
    // A field that is too long is the better thing to be told.
    match fault(action, request) {
        Some(fault @ Phrase::FieldTooLong { .. }) => Err(fault.clone()),
        _ => Err(Phrase::ObjectTooLong { limit, got }),
    }
}

/// What is wrong with a field that the action may read.
fn fault<'r>(action: &Action, request: &'r Request<'_>) -> Option<&'r Phrase> {
    let added = request.rare().added_fault.as_ref().filter(|_| action.reads_added);
    request.rare().fault.as_ref().or(added)
}

fn check_user(action: &Action, request: &Request<'_>) -> Result<(), Phrase> {
    match request.rare().user_text {
        Some(_) if !action.takes_user_text => {
            Err(Phrase::WrongType { field: "user", expected: "an object" })
        }
        _ => Ok(()),
    }
}

fn check_time(chat: &Chat, action: &Action, request: &Request<'_>) -> Result<(), Phrase> {
    if let Some(fault) = &request.rare().time_fault {
        return Err(fault.clone());
    }
    match request.time {
        None if !action.timeless => Err(Phrase::MissingField { field: "time" }),
        Some(Time::Text) if chat.policy.strict => {
            Err(Phrase::WrongType { field: "time", expected: "a number" })
        }
        _ => Ok(()),
    }
}

fn check_needs(action: &Action, session: &Session, request: &Request<'_>) -> Result<(), Reply> {
    let phrase = match (action.needs, &session.who) {
        (Needs::Nothing, _) | (_, Who::Account { .. }) | (Needs::Presence, Who::Guest(_)) => {
            return Ok(());
        }
        (Needs::Presence, Who::Stranger) => Phrase::NotPresent { user: speaker(session, request) },
        (Needs::Authentication, Who::Stranger | Who::Guest(_)) => {
            Phrase::NotAuthenticated { user: speaker(session, request) }
        }
    };
    Err(Reply::new(Code::Unauthorized, phrase))
}
