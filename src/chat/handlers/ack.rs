//! `ack`: the client has what waited for its user, up to a message.

use crate::chat::outcome::Outcome;
use crate::chat::session::{Session, Waiting};
use crate::chat::{Chat, waiting};
use crate::message::{Code, Job, MessageId, Phrase, Reply, Request};

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    let Some(field) = &request.rare().msg_id else {
        return Outcome::bad(Phrase::MissingField { field: "msg_id" });
    };
    let Some(asked) = MessageId::parse(&field.text) else {
        return Outcome::bad(Phrase::BadMessageId { field: field.key });
    };
    let reply = Reply::new(Code::Ok, Phrase::Acknowledged);
    let up_to = waiting::given_up_to(session, asked);
    match session.account() {
        Some(account) if up_to > MessageId::ZERO => {
            let job = Job::Acknowledge { account, up_to };
            chat.ask(session, job, Waiting::Change(reply));
            Outcome::Wait
        }
        _ => Outcome::Reply(reply),
    }
}
