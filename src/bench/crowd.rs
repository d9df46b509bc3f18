//! Members of one room, some of whom write to all the others: what fan-out and latency share.

use super::Failure;
use super::entrance::Identity;
use super::ledger::Ledger;
use super::message::{Label, Message, answer_code, expect_success, read_label, strange};
use super::swarm::Swarm;

/// Who is there and what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CrowdPlan {
    /// How many clients are in the room, the senders among them.
    pub(crate) members: usize,
    /// How many of them write.
    pub(crate) senders: usize,
    /// The length of a message's text.
    pub(crate) text_bytes: usize,
    /// Guests in the common chat, or accounts in a room.
    pub(crate) identity: Identity,
}

/// The members, what they sent and what they got.
#[derive(Debug)]
pub(crate) struct Crowd {
    plan: CrowdPlan,
    messages: Vec<Message>,
    /// By sender: messages sent.
    sent: Vec<u64>,
    /// By sender: messages answered.
    answered: Vec<u64>,
    total_sent: u64,
    total_answered: u64,
    ledger: Ledger,
}

/// What an object was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The answer to this message.
    Answer(Label),
    /// A delivery of this message.
    Delivery(Label),
}

impl Crowd {
    pub(crate) fn new(plan: CrowdPlan) -> Result<Self, Failure> {
        let CrowdPlan { members, senders, text_bytes, identity } = plan;
        let message = |n| Message::new(n, &identity.name(n), identity.room(), text_bytes);
        Ok(Self {
            plan,
            messages: (0..senders).map(message).collect(),
            sent: vec![0; senders],
            answered: vec![0; senders],
            total_sent: 0,
            total_answered: 0,
            ledger: Ledger::new(members, senders)?,
        })
    }

    /// Has a sender send its next message, whose number it gives.
    pub(crate) fn send(&mut self, swarm: &mut Swarm, sender: usize) -> u64 {
        let (Some(message), Some(sent)) = (self.messages.get(sender), self.sent.get_mut(sender))
        else {
            return 0;
        };
        let sequence = *sent;
        swarm.send(sender, |out| message.write(sequence, out));
        *sent += 1;
        self.total_sent += 1;
        sequence
    }

    /// Enters what a member got.
    ///
    /// # Errors
    /// It is no message of this crowd byte for byte, not the next of its sender, or an answer of
    /// failure or to nothing.
    pub(crate) fn hear(&mut self, client: usize, object: &[u8]) -> Result<Heard, Failure> {
        if answer_code(object).is_some() {
            return self.hear_answer(client, object);
        }
        let label = read_label(&self.messages, object).ok_or_else(|| strange(client, object))?;
        self.ledger.enter(client, label.sender, label.sequence)?;
        Ok(Heard::Delivery(label))
    }

    fn hear_answer(&mut self, client: usize, object: &[u8]) -> Result<Heard, Failure> {
        expect_success(client, object)?;
        match (self.sent.get(client), self.answered.get_mut(client)) {
            (Some(sent), Some(answered)) if *answered < *sent => {
                let sequence = *answered;
                *answered += 1;
                self.total_answered += 1;
                Ok(Heard::Answer(Label { sender: client, sequence }))
            }
            _ => Err(strange(client, object)),
        }
    }

    /// How many objects one message makes: its deliveries and its answer.
    pub(crate) fn objects_per_message(&self) -> u64 {
        self.plan.members as u64
    }

    /// How many deliveries there were.
    pub(crate) fn delivered(&self) -> u64 {
        self.ledger.delivered()
    }

    /// Messages that are not yet answered and with everyone.
    pub(crate) fn under_way(&self) -> u64 {
        let heard = self.ledger.delivered() + self.total_answered;
        (self.total_sent * self.objects_per_message() - heard).div_ceil(self.objects_per_message())
    }

    /// How many clients write.
    pub(crate) fn senders(&self) -> usize {
        self.plan.senders
    }
}
