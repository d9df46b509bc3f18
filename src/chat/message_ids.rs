//! Numbers for messages: later ones are greater, none comes twice, whatever the clock does.

use super::{Chat, Effect};
use crate::message::{ConnectionId, Job, MessageId, Now};
use std::time::Duration;

/// How far ahead of the clock the ceiling is put: a restart within this time goes on behind it.
const AHEAD_MICROS: u64 = 60_000_000;

/// A disk that refuses the new ceiling is asked again after this long.
const RETRY: Duration = Duration::from_secs(1);

/// Where the numbering stands.
#[derive(Debug)]
pub(super) struct MessageIds {
    next: MessageId,
    /// On the disk stands that no number from here on was given.
    ceiling: MessageId,
    /// When a higher ceiling was asked for, while that is under way or has failed.
    asked: Option<Duration>,
}

impl MessageIds {
    pub(super) const fn new(next: MessageId, ceiling: MessageId) -> Self {
        Self { next, ceiling, asked: None }
    }

    /// The newest number that was given.
    pub(super) const fn last(&self) -> MessageId {
        MessageId(self.next.0.saturating_sub(1))
    }

    /// A new number: the clock's, unless that is not behind the last one, or not below the ceiling.
    /// Then it is the next one: in the space below a ceiling there is room for thousands of years of
    /// those.
    fn take(&mut self, now: Now) -> MessageId {
        let clock = MessageId::at(now.unix_micros);
        let id = if clock > self.next && clock < self.ceiling { clock } else { self.next };
        self.next = id.next();
        id
    }

    /// A ceiling to be stored, where the numbers have come half-way to the present one.
    fn due(&mut self, now: Now) -> Option<MessageId> {
        let reached = MessageId::at(now.unix_micros).max(self.next);
        let half = MessageId::at(AHEAD_MICROS / 2).0;
        let is_early = self.asked.is_some_and(|asked| now.uptime < asked + RETRY);
        if reached.0.saturating_add(half) < self.ceiling.0 || is_early {
            return None;
        }
        self.asked = Some(now.uptime);
        Some(MessageId(reached.0.saturating_add(2 * half)))
    }

    pub(super) fn raised(&mut self, ceiling: MessageId) {
        self.ceiling = self.ceiling.max(ceiling);
        self.asked = None;
    }
}

/// A new message's number.
pub(super) fn take(chat: &mut Chat, now: Now) -> MessageId {
    if let Some(ceiling) = chat.ids.due(now) {
        let job = Job::RaiseCeiling { ceiling };
        chat.effects.push_back(Effect::Job { connection: ConnectionId::NONE, job });
    }
    chat.ids.take(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now { unix_micros: seconds * 1_000_000, uptime: Duration::from_secs(seconds) }
    }

    #[test]
    fn numbers_follow_the_clock_and_never_go_back() {
        let mut ids = MessageIds::new(MessageId(5), MessageId::at(100_000_000));
        assert_eq!(ids.take(at(50)), MessageId::at(50_000_000));
        assert_eq!(ids.take(at(50)), MessageId::at(50_000_000).next());
        assert_eq!(ids.take(at(10)), MessageId::at(50_000_000).next().next(), "the clock jumped");
        let beyond = ids.take(at(200));
        assert!(beyond < MessageId::at(51_000_000), "the ceiling is not passed");
    }

    #[test]
    fn the_ceiling_is_asked_for_in_time_once_and_again_when_that_failed() {
        let mut ids = MessageIds::new(MessageId(5), MessageId::at(100_000_000));
        assert_eq!(ids.due(at(60)), None);
        let ceiling = ids.due(at(71)).expect("half-way");
        assert_eq!(ceiling, MessageId(MessageId::at(71_000_000).0 + MessageId::at(60_000_000).0));
        assert_eq!(ids.due(at(71)), None, "it was asked for");
        assert!(ids.due(at(73)).is_some(), "that failed");
        ids.raised(ceiling);
        assert_eq!(ids.due(at(73)), None);
    }
}
