//! Members of one room, some of whom write to all the others: what fan-out and latency share.

use super::Failure;
use super::dialect::Dialect;
use super::entrance::{Entrance, Identity};
use super::ledger::Ledger;
use super::message::{Label, Message, answer_code, expect_success, read_label, strange};
use super::swarm::Swarm;
use super::world::World;

/// Who is there and what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CrowdPlan {
    /// How many clients there are, the senders among them.
    pub(crate) members: usize,
    /// How many of them write.
    pub(crate) senders: usize,
    /// The length of a message's text.
    pub(crate) text_bytes: usize,
    /// Guests in the common chat, or accounts in rooms.
    pub(crate) identity: Identity,
    /// How many groups accounts form, each with rooms of its own; guests form one. Divides `members`.
    pub(crate) groups: usize,
    /// How many rooms each group has, which it writes to in turn.
    pub(crate) rooms_each: usize,
}

impl CrowdPlan {
    /// One room for all.
    pub(crate) const fn of_one_room(
        members: usize,
        senders: usize,
        text_bytes: usize,
        identity: Identity,
    ) -> Self {
        Self { members, senders, text_bytes, identity, groups: 1, rooms_each: 1 }
    }

    /// How many clients it takes. Redis has a client publish or subscribe, and gives a client that
    /// does both its own messages too; so senders publish, and as many as get each message
    /// subscribe.
    pub(crate) const fn clients(&self, dialect: Dialect) -> usize {
        match dialect {
            Dialect::Jim | Dialect::Nats => self.members,
            Dialect::Redis => self.senders + self.members - 1,
        }
    }

    /// Brings its clients in.
    pub(crate) fn entrance(&self, dialect: Dialect) -> Entrance {
        match dialect {
            Dialect::Jim | Dialect::Nats => Entrance::new(self.identity, self.members),
            Dialect::Redis => {
                let room = self.room(0, 0);
                Entrance::to_redis(self.senders, self.clients(dialect), move |_| room.clone())
            }
        }
    }

    /// The accounts and rooms that it meets in.
    pub(crate) fn world(&self) -> World {
        match self.identity {
            Identity::Guests => World::default(),
            Identity::Accounts => World {
                accounts: self.members,
                groups: self.groups,
                rooms_each: self.rooms_each,
                ..World::default()
            },
        }
    }

    fn room(&self, client: usize, number: usize) -> String {
        self.identity.room(self.groups, client % self.groups, number)
    }

    fn messages(&self, dialect: Dialect) -> Vec<Message> {
        let rooms = (0..self.senders).flat_map(|n| (0..self.rooms_each).map(move |r| (n, r)));
        let message = |(sender, number)| {
            let (from, to) = (self.identity.name(sender), self.room(sender, number));
            let message = Message::new(sender, &from, &to, self.text_bytes);
            match dialect {
                Dialect::Jim | Dialect::Nats => message,
                Dialect::Redis => message.published(&to),
            }
        };
        rooms.map(message).collect()
    }
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
    objects_per_message: u64,
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
    pub(crate) fn new(plan: CrowdPlan, dialect: Dialect) -> Result<Self, Failure> {
        let senders = plan.senders;
        Ok(Self {
            plan,
            messages: plan.messages(dialect),
            sent: vec![0; senders],
            answered: vec![0; senders],
            total_sent: 0,
            total_answered: 0,
            ledger: Ledger::new(plan.clients(dialect), senders, plan.rooms_each)?,
            objects_per_message: (plan.members / plan.groups) as u64,
        })
    }

    /// Two clients who write to each other by name.
    pub(crate) fn of_a_pair(plan: CrowdPlan) -> Result<Self, Failure> {
        let mut crowd = Self::new(plan, Dialect::Jim)?;
        let name = |client| plan.identity.name(client);
        let message = |n: usize| Message::new(n, &name(n), &name(n ^ 1), plan.text_bytes);
        crowd.messages = (0..plan.senders).map(message).collect();
        Ok(crowd)
    }

    /// Clients who write and are answered, and of whom nobody hears. What a sender's object is sent
    /// as, `frame` says.
    pub(crate) fn of_writers(
        plan: CrowdPlan,
        frame: impl Fn(usize, Message) -> Message,
    ) -> Result<Self, Failure> {
        let mut crowd = Self::new(plan, Dialect::Jim)?;
        let messages = std::mem::take(&mut crowd.messages).into_iter().enumerate();
        crowd.messages = messages.map(|(sender, message)| frame(sender, message)).collect();
        crowd.objects_per_message = 1;
        Ok(crowd)
    }

    /// Has a sender send its next message, whose number it gives.
    pub(crate) fn send(&mut self, swarm: &mut Swarm, sender: usize) -> u64 {
        let Some(sent) = self.sent.get_mut(sender) else { return 0 };
        let sequence = *sent;
        let rooms = self.plan.rooms_each;
        let room = usize::try_from(sequence).unwrap_or(0) % rooms;
        let Some(message) = self.messages.get(sender * rooms + room) else { return 0 };
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
        let label = read_label(&self.messages, self.plan.rooms_each, object);
        let groups = self.plan.groups;
        let label = label
            .filter(|label| label.sender % groups == client % groups)
            .ok_or_else(|| strange(client, object))?;
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
        self.objects_per_message
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
