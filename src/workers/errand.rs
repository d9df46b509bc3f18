//! A thread that does one thing when it is asked to: what may block and is seldom needed.

use super::Wake;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;
use thiserror::Error;

/// What was asked for broke off, which the log says more of. It can be asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("it broke off by an error in the program")]
pub struct BrokeOff;

/// The thread as its owner, the event loop, sees it.
pub struct Errand<T> {
    orders: SyncSender<()>,
    results: Receiver<Result<T, BrokeOff>>,
    /// It was asked and has not answered.
    under_way: bool,
}

impl<T> std::fmt::Debug for Errand<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Errand").field("under_way", &self.under_way).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Errand<T> {
    /// Starts the thread; `wake` is called whenever [`Self::poll`] has something.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn spawn(
        name: &str,
        mut work: impl FnMut() -> T + Send + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let wake: Wake = Arc::new(wake);
        let (orders, to_do) = sync_channel::<()>(1);
        let (to_report, results) = sync_channel(1);
        let run = move || {
            while to_do.recv().is_ok() {
                // Whoever asked waits for an answer, whatever becomes of the work.
                let result = catch_unwind(AssertUnwindSafe(&mut work)).map_err(|_| BrokeOff);
                if to_report.send(result).is_err() {
                    return;
                }
                wake();
            }
        };
        Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { orders, results, under_way: false })
    }

    /// Has it done, unless it is under way or the thread is dead: says whether.
    pub fn ask(&mut self) -> bool {
        let asked = !self.under_way && self.orders.try_send(()).is_ok();
        self.under_way |= asked;
        asked
    }

    /// Whether it is under way.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        self.under_way
    }

    /// What came of it, once.
    ///
    /// # Errors
    /// The work panicked.
    pub fn poll(&mut self) -> Option<Result<T, BrokeOff>> {
        let result = self.results.try_recv().ok()?;
        self.under_way = false;
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn it_is_done_once_for_each_time_it_is_asked() {
        let (bell, heard) = channel();
        let mut count = 0;
        let work = move || {
            count += 1;
            count
        };
        let mut errand = Errand::spawn("errand", work, move || bell.send(()).unwrap()).unwrap();
        assert_eq!(errand.poll(), None);
        for round in 1..=3 {
            assert!(errand.ask());
            assert!(!errand.ask(), "one at a time");
            heard.recv_timeout(Duration::from_secs(20)).unwrap();
            assert_eq!((errand.is_under_way(), errand.poll()), (true, Some(Ok(round))));
            assert_eq!(errand.poll(), None);
        }
    }
    #[test]
    fn work_that_panics_is_answered_for_and_can_be_asked_for_again() {
        let (bell, heard) = channel();
        let mut count = 0;
        let work = move || {
            count += 1;
            assert_ne!(count, 1, "the first time fails");
            count
        };
        let mut errand = Errand::spawn("errand", work, move || bell.send(()).unwrap()).unwrap();
        for expected in [Err(BrokeOff), Ok(2)] {
            assert!(errand.ask());
            heard.recv_timeout(Duration::from_secs(20)).unwrap();
            assert_eq!((errand.poll(), errand.is_under_way()), (Some(expected), false));
        }
    }
}
