//! A bounded queue to a thread of its own: whoever hands something in never waits for the disk or
//! the terminal that it is for.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The most items that a worker takes before it is told to write them out.
const ITEMS_PER_TURN: usize = 256;

/// How long dropping a queue waits for its thread. A thread that is stuck in a write is left
/// behind: it ends with the process.
const DROP_LIMIT: Duration = Duration::from_secs(2);

/// What is done with the items, on the queue's thread.
pub(super) trait Worker<T>: Send + 'static {
    /// Takes an item; it may keep it until the end of the turn.
    fn take(&mut self, item: T);

    /// Ends a turn: what was taken goes out now.
    fn end_turn(&mut self, then: Then);
}

/// What comes behind a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// More items may wait.
    More,
    /// No item waits.
    Rest,
    /// No item waits, and none has come for a tick.
    Idle,
}

/// The queue's end for those who hand in. Dropping it lets the thread finish what waits.
#[derive(Debug)]
pub(super) struct Queue<T> {
    sender: Option<SyncSender<T>>,
    thread: Option<JoinHandle<()>>,
    accepted: AtomicU64,
    refused: Arc<AtomicU64>,
    progress: Arc<Progress>,
}

impl<T: Send + 'static> Queue<T> {
    /// Starts the thread. `refused` counts the items that found the queue full; the worker reports
    /// them and so takes them off again.
    pub(super) fn start(
        name: &str,
        capacity: usize,
        tick: Duration,
        refused: Arc<AtomicU64>,
        worker: impl Worker<T>,
    ) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(capacity);
        let progress = Arc::new(Progress::default());
        let ends = Ends(Arc::clone(&progress));
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            // It ends last: whoever sees the end finds the queue closed.
            let ends = ends;
            run(receiver, worker, tick, &ends);
        })?;
        let (sender, thread) = (Some(sender), Some(thread));
        Ok(Self { sender, thread, accepted: AtomicU64::new(0), refused, progress })
    }

    /// Hands an item in, or counts it as refused where the queue is full; says which. Never waits.
    pub(super) fn offer(&self, item: T) -> bool {
        let sent = self.sender.as_ref().is_some_and(|sender| sender.try_send(item).is_ok());
        let counter = if sent { &self.accepted } else { &*self.refused };
        counter.fetch_add(1, Ordering::AcqRel);
        sent
    }

    /// Waits until all that this thread handed in has been dealt with, but no longer than `limit`.
    /// Says whether it has.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let accepted = self.accepted.load(Ordering::Acquire);
        self.progress.wait(limit, |state| state.done >= accepted)
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        drop(self.sender.take());
        if self.progress.wait(DROP_LIMIT, |state| state.ended)
            && let Some(thread) = self.thread.take()
        {
            // A worker that panicked has said so; there is nobody else to tell.
            let _ = thread.join();
        }
    }
}

/// The thread: takes what there is, ends a turn, waits for more.
fn run<T>(receiver: Receiver<T>, mut worker: impl Worker<T>, tick: Duration, ends: &Ends) {
    loop {
        match receiver.recv_timeout(tick) {
            Ok(first) => {
                let taken = take_waiting(&receiver, first, &mut worker);
                worker.end_turn(if taken < ITEMS_PER_TURN { Then::Rest } else { Then::More });
                ends.0.add(taken);
            }
            Err(RecvTimeoutError::Timeout) => worker.end_turn(Then::Idle),
            Err(RecvTimeoutError::Disconnected) => return worker.end_turn(Then::Rest),
        }
    }
}

fn take_waiting<T>(receiver: &Receiver<T>, first: T, worker: &mut impl Worker<T>) -> usize {
    worker.take(first);
    let more = receiver.try_iter().take(ITEMS_PER_TURN - 1);
    1 + more.map(|item| worker.take(item)).count()
}

/// How far the thread is.
#[derive(Debug, Default)]
struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    done: u64,
    ended: bool,
}

impl Progress {
    fn add(&self, items: usize) {
        self.lock().done += items as u64;
        self.changed.notify_all();
    }

    /// Waits until something is so or the thread has ended; says whether it is so.
    fn wait(&self, limit: Duration, is_so: impl Fn(&State) -> bool) -> bool {
        let goes_on = |state: &mut State| !state.ended && !is_so(state);
        let waited = self.changed.wait_timeout_while(self.lock(), limit, goes_on);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        is_so(&state)
    }

    /// The counters are whole after every step, so a panic elsewhere does not spoil them.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells those who wait that the thread has ended, by a panic too.
struct Ends(Arc<Progress>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    const LONG: Duration = Duration::from_secs(20);

    /// Tells what it was given, and waits for leave to go on before each item.
    struct Slow {
        leave: Receiver<()>,
        told: Sender<String>,
    }

    impl Worker<u32> for Slow {
        fn take(&mut self, item: u32) {
            if self.leave.recv().is_ok() {
                self.told.send(format!("take {item}")).unwrap();
            }
        }

        fn end_turn(&mut self, then: Then) {
            // The test may have seen enough and be gone.
            let _ = self.told.send(format!("end {then:?}"));
        }
    }

    type Fixture = (Queue<u32>, Sender<()>, Receiver<String>, Arc<AtomicU64>);

    fn slow(capacity: usize, tick: Duration) -> Fixture {
        let (leave_sender, leave) = channel();
        let (told, told_receiver) = channel();
        let refused = Arc::new(AtomicU64::new(0));
        let worker = Slow { leave, told };
        let queue = Queue::start("slow", capacity, tick, Arc::clone(&refused), worker).unwrap();
        (queue, leave_sender, told_receiver, refused)
    }

    #[test]
    fn a_stuck_worker_stops_nobody() {
        let (queue, leave, told, refused) = slow(2, LONG);
        let accepted = (0..10).filter(|item| queue.offer(*item)).count() as u64;
        // The thread may have taken one out of the queue of two.
        let lost = refused.load(Ordering::Acquire);
        assert!(lost == 7 || lost == 8, "{lost}");
        assert_eq!(accepted + lost, 10);
        assert!(!queue.flush(Duration::from_millis(1)));
        (0..10).for_each(|_| leave.send(()).unwrap());
        assert!(queue.flush(LONG));
        assert_eq!(
            told.try_iter().filter(|text| text.starts_with("take")).count() as u64,
            10 - lost
        );
    }

    #[test]
    fn dropping_finishes_what_waits() {
        let (queue, leave, told, _) = slow(8, LONG);
        (0..5).for_each(|item| assert!(queue.offer(item)));
        (0..5).for_each(|_| leave.send(()).unwrap());
        drop(queue);
        let told: Vec<String> = told.iter().collect();
        assert_eq!(told.last().unwrap(), "end Rest");
        assert_eq!(told.iter().filter(|text| text.starts_with("take")).count(), 5);
    }

    #[test]
    fn a_silent_queue_ticks() {
        let (_queue, _leave, told, _) = slow(8, Duration::from_millis(1));
        for _ in 0..3 {
            assert_eq!(told.recv_timeout(LONG).unwrap(), "end Idle");
        }
    }

    #[test]
    fn a_worker_that_panics_holds_nobody_up() {
        struct Panics;
        impl Worker<u32> for Panics {
            fn take(&mut self, _: u32) {
                panic!("on purpose");
            }
            fn end_turn(&mut self, _: Then) {}
        }
        let refused = Arc::new(AtomicU64::new(0));
        let queue = Queue::start("panics", 8, LONG, Arc::clone(&refused), Panics).unwrap();
        assert!(queue.offer(1));
        assert!(!queue.flush(LONG));
        assert!(!queue.offer(2));
        assert_eq!(refused.load(Ordering::Acquire), 1);
    }
}
