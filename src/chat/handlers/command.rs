//! `command`: what console chat's clients ask of their server (seed 003), for all.

use crate::chat::checks::given;
use crate::chat::outcome::Outcome;
use crate::chat::session::Session;
use crate::chat::{Chat, Effect};
use crate::message::{Announcement, COMMAND_MARK, Code, Hand, Name, Phrase, Reply, Request, Told};

/// What the game's command begins with.
const GAME: &str = "start_game:";

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let field = match given(request.rare().command.as_ref(), "command") {
        Ok(field) => field,
        Err(reply) => return Outcome::Reply(reply),
    };
    let command = field.text.strip_prefix(COMMAND_MARK).unwrap_or(&field.text);
    match command {
        "participants_count" => told(Told::Participants { count: chat.present }),
        "current_time" => told(Told::CurrentTime { second: local_second(chat) }),
        "client_exit" | "error" => exit(chat, session),
        _ => match command.strip_prefix(GAME) {
            Some(hand) => play(chat, hand),
            None => Outcome::bad(Phrase::UnknownCommand { command: Name::shown(command) }),
        },
    }
}

const fn told(told: Told) -> Outcome {
    Outcome::reply(Code::Ok, Phrase::Told(told))
}

fn play(chat: &mut Chat, hand: &str) -> Outcome {
    match Hand::named(hand) {
        Some(yours) => told(Told::Played {
            server: chat.chance.pick(Hand::Rock, &[Hand::Paper, Hand::Scissors]),
            yours,
        }),
        None => Outcome::bad(Phrase::BadHand),
    }
}

/// The second of the day, where the server is.
fn local_second(chat: &Chat) -> u32 {
    const DAY: i64 = 86_400;
    let unix = i64::try_from(chat.now.unix_micros / 1_000_000).unwrap_or(0);
    let second = (unix + i64::from(chat.utc_offset)).rem_euclid(DAY);
    u32::try_from(second).unwrap_or(0)
}

/// The others on console chat are told: whoever closes without a word is not spoken of.
fn exit(chat: &mut Chat, session: &Session) -> Outcome {
    if let Some(name) = session.name().cloned() {
        let announcement = Announcement::LeftChat { name };
        chat.effects.push_back(Effect::Announce { except: session.id, announcement });
    }
    Outcome::Quit(Reply::new(Code::Ok, Phrase::Goodbye))
}
