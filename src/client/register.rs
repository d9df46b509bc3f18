//! `register`: makes an account, and ends.

use super::exit::Exit;
use super::incoming::Answer;
use super::mode::{Ending, Flow, Mode, Turn};
use super::outgoing::{Asked, Request};
use super::retry::Retry;
use super::session::Received;
use super::words::Notice;
use crate::message::Secret;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// The client that makes an account.
#[derive(Debug)]
pub(super) struct Register {
    name: String,
    password: Secret,
    invite: Option<String>,
    retry: Retry,
}

impl Register {
    /// One that asks for this account, with an invitation's code where the server wants one.
    pub(super) fn new(name: String, password: Secret, invite: Option<String>) -> Self {
        Self { name, password, invite, retry: Retry::default() }
    }

    fn ask(&self, turn: &mut Turn<'_>) {
        let (user, invite) = (self.name.clone(), self.invite.clone());
        let request = Request::Register { user, password: self.password.clone(), invite };
        turn.session.send(turn.now, &request);
    }

    fn handle_answer(&mut self, turn: &mut Turn<'_>, answer: Answer) -> Flow {
        if let Some(pause) = self.retry.put_off(turn.now, &answer) {
            turn.screen.notice(&Notice::Waiting { seconds: pause.as_secs() });
            return ControlFlow::Continue(());
        }
        let (notice, exit) = if answer.is_unknown_action() {
            (Notice::NotKnown { action: "register" }, Exit::Refused)
        } else if answer.is_error() {
            (Notice::NotRegistered { code: answer.code, text: answer.text }, Exit::Refused)
        } else {
            (Notice::Registered { name: self.name.clone() }, Exit::Done)
        };
        turn.screen.notice(&notice);
        ControlFlow::Break(Ending::Quitting(exit))
    }
}

impl Mode for Register {
    fn begin(&mut self, turn: &mut Turn<'_>, _address: SocketAddr) -> Flow {
        self.ask(turn);
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        match received {
            Received::Answer(Asked::Register, answer) => self.handle_answer(turn, answer),
            Received::Unasked(answer) => {
                turn.screen.notice(&Notice::Answer { code: answer.code, text: answer.text });
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.retry.poll_timeout()
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        if self.retry.is_due(turn.now) {
            self.ask(turn);
        }
        ControlFlow::Continue(())
    }
}
