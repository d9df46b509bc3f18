//! Sending again after a 429.

use super::bounds::{RETRIES, RETRY_WAIT};
use super::incoming::Answer;
use crate::message::Now;
use std::time::Duration;

/// How often one request was put off, and until when it is.
#[derive(Debug, Default)]
pub(super) struct Retry {
    count: u32,
    until: Option<Duration>,
}

impl Retry {
    /// Starts anew with another request.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Puts the request off; gives the pause, or `None` where trying again is of no use.
    pub(super) fn put_off(&mut self, now: Now, answer: &Answer) -> Option<Duration> {
        // With this reason `limit` is a number of connections, and the server closes this one.
        let hopeless = answer.code != 429 || answer.reason == "too_many_connections";
        if hopeless || self.count >= RETRIES {
            return None;
        }
        self.count += 1;
        let asked = Duration::from_secs(answer.limit.unwrap_or(1));
        let pause = asked.clamp(Duration::from_secs(1), RETRY_WAIT);
        self.until = Some(now.uptime + pause);
        Some(pause)
    }

    /// When, in uptime, the request is due.
    pub(super) const fn poll_timeout(&self) -> Option<Duration> {
        self.until
    }

    /// Whether the request is due now; true once.
    pub(super) fn is_due(&mut self, now: Now) -> bool {
        let due = self.until.is_some_and(|until| until <= now.uptime);
        if due {
            self.until = None;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(limit: Option<u64>) -> Answer {
        Answer { code: 429, reason: "busy".into(), limit, ..Answer::default() }
    }

    fn at(seconds: u64) -> Now {
        Now { unix_micros: 0, uptime: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_pause_is_the_servers_within_bounds() {
        for (limit, seconds) in [(None, 1), (Some(0), 1), (Some(7), 7), (Some(u64::MAX), 30)] {
            let mut retry = Retry::default();
            assert_eq!(retry.put_off(at(5), &busy(limit)), Some(Duration::from_secs(seconds)));
            assert!(!retry.is_due(at(4 + seconds)));
            assert!(retry.is_due(at(5 + seconds)));
            assert!(!retry.is_due(at(5 + seconds)));
        }
    }

    #[test]
    fn it_ends() {
        let mut retry = Retry::default();
        let tries = (0..100).take_while(|_| retry.put_off(at(1), &busy(None)).is_some()).count();
        assert_eq!(tries, 20);
        retry.reset();
        assert!(retry.put_off(at(1), &busy(None)).is_some());
    }

    #[test]
    fn only_429_is_worth_it() {
        let mut retry = Retry::default();
        let refused = Answer { code: 403, ..Answer::default() };
        assert_eq!(retry.put_off(at(1), &refused), None);
        let full = Answer { reason: "too_many_connections".into(), ..busy(Some(9)) };
        assert_eq!(retry.put_off(at(1), &full), None);
        assert_eq!(retry.poll_timeout(), None);
    }
}
