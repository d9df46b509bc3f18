//! A fixed number of messages, each sent when the one before is answered and with everyone: what a
//! server does for each is the same every time.

use super::Failure;
use super::crowd::{Crowd, CrowdPlan};
use super::dialect::Dialect;
use super::swarm::{Script, Swarm, TURN, Turn};
use std::time::Instant;

/// To whom messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// To all of the room.
    Room,
    /// Two clients write to each other by name.
    EachOther,
}

/// Messages one by one; the senders take turns.
#[derive(Debug)]
pub(crate) struct LockStep {
    crowd: Crowd,
    messages: u64,
    sent: u64,
}

impl LockStep {
    /// So many messages.
    pub(crate) fn new(plan: CrowdPlan, to: To, messages: u64) -> Result<Self, Failure> {
        let crowd = match to {
            To::Room => Crowd::new(plan, Dialect::Jim)?,
            To::EachOther => Crowd::of_a_pair(plan)?,
        };
        Ok(Self { crowd, messages, sent: 0 })
    }
}

impl Script for LockStep {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        _now: Instant,
    ) -> Result<(), Failure> {
        self.crowd.hear(client, object).map(drop)
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, _now: Instant) -> Result<Turn, Failure> {
        if self.crowd.under_way() > 0 {
            return Ok(Turn::Wait(TURN));
        }
        if self.sent == self.messages {
            return Ok(Turn::Done);
        }
        let sender = self.sent % self.crowd.senders() as u64;
        self.crowd.send(swarm, usize::try_from(sender).unwrap_or(0));
        self.sent += 1;
        Ok(Turn::Wait(TURN))
    }

    fn fraction(&self, _now: Instant) -> f64 {
        self.sent as f64 / self.messages.max(1) as f64
    }

    fn waiting(&self) -> String {
        format!("message {} of {} was under way", self.sent, self.messages)
    }
}
