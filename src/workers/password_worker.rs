//! The thread that hashes passwords. The queue stays with its owner; the thread is given so little
//! at a time that the next in turn is chosen late, and never waits for nothing.

use super::fair_queue::{Busy, FairQueue};
use super::password::{PasswordError, PasswordHasher};
use super::{Wake, WakeAtEnd};
use crate::message::{ConnectionId, Done, Secret};
use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

/// One under way and one behind it.
const HANDED_OVER: usize = 2;

/// After this long without work, what the last password left in memory is overwritten.
const WIPE_AFTER: Duration = Duration::from_millis(100);

/// How much the thread leaves its core to others where there are too few: a hash is much work, and
/// whoever guesses passwords asks for many.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// What is asked of the hasher.
#[derive(Debug)]
pub enum PasswordTask {
    /// Does the password fit? Without a hash (an unknown user) the same work says no.
    Check {
        /// The stored hash, a PHC string.
        phc: Option<Arc<str>>,
        /// What was sent.
        password: Secret,
    },
    /// The hash of a new password.
    Hash {
        /// What was sent.
        password: Secret,
    },
}

/// The password hasher as its owner, the event loop, sees it.
pub struct PasswordWorker {
    queue: FairQueue<PasswordTask>,
    /// Whom the thread works for, in order; `None` for a connection that is gone.
    under_way: VecDeque<Option<ConnectionId>>,
    tasks: SyncSender<PasswordTask>,
    outcomes: Receiver<Done>,
    /// Closes with the thread.
    end: Receiver<()>,
    wake: Wake,
}

impl std::fmt::Debug for PasswordWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordWorker").field("under_way", &self.under_way).finish_non_exhaustive()
    }
}

impl PasswordWorker {
    /// Starts the thread; `wake` is called whenever [`Self::poll_done`] has something.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn spawn(wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let wake: Wake = Arc::new(wake);
        let (tasks, to_do) = sync_channel(HANDED_OVER);
        let (to_report, outcomes) = sync_channel(HANDED_OVER);
        let (living, end) = sync_channel::<()>(1);
        let bell = WakeAtEnd(Arc::clone(&wake));
        let work = move || {
            let _living = living;
            yield_to_others();
            run(&to_do, to_report, &bell);
        };
        Builder::new().name("passwords".to_owned()).spawn(work)?;
        let (queue, under_way) = (FairQueue::new(), VecDeque::new());
        Ok(Self { queue, under_way, tasks, outcomes, end, wake })
    }

    /// Gives the thread a task, in turn by address.
    ///
    /// # Errors
    /// [`Busy`] if too much is waiting, in all or for this address.
    pub fn submit(
        &mut self,
        address: IpAddr,
        connection: ConnectionId,
        task: PasswordTask,
    ) -> Result<(), Busy> {
        self.queue.push(address, connection, task)?;
        self.hand_over();
        Ok(())
    }

    /// The next answer: [`Done::Password`], [`Done::Hashed`] or [`Done::PasswordRefused`]; or
    /// [`Done::Failed`] if the system gives no memory, or the thread is dead.
    pub fn poll_done(&mut self) -> Option<(ConnectionId, Done)> {
        loop {
            let done = match self.outcomes.try_recv() {
                Ok(done) => done,
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return self.fail_next(),
            };
            let connection = self.under_way.pop_front();
            self.hand_over();
            if let Some(Some(connection)) = connection {
                return Some((connection, done));
            }
        }
    }

    /// Drops what a connection that is gone was waiting for.
    pub fn forget(&mut self, connection: ConnectionId) {
        self.queue.forget(connection);
        for place in &mut self.under_way {
            if *place == Some(connection) {
                *place = None;
            }
        }
    }

    /// Ends the thread, which finishes the hash under way. What waits is dropped. Says whether that
    /// took no longer than `within`.
    #[must_use]
    pub fn stop(self, within: Duration) -> bool {
        let Self { tasks, end, .. } = self;
        drop(tasks);
        end.recv_timeout(within) == Err(RecvTimeoutError::Disconnected)
    }

    fn hand_over(&mut self) {
        while self.under_way.len() < HANDED_OVER {
            let Some((connection, task)) = self.queue.pop() else { return };
            self.under_way.push_back(Some(connection));
            // Room is certain, so this fails only if the thread is dead: then polling says so.
            if self.tasks.try_send(task).is_err() {
                (self.wake)();
            }
        }
    }

    fn fail_next(&mut self) -> Option<(ConnectionId, Done)> {
        loop {
            let connection = match self.under_way.pop_front() {
                Some(place) => place,
                None => Some(self.queue.pop()?.0),
            };
            if let Some(connection) = connection {
                return Some((connection, Done::Failed));
            }
        }
    }
}

/// Linux has a niceness for each thread, others only for a whole process. Being refused costs no more
/// than some others' time.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
}

fn run(tasks: &Receiver<PasswordTask>, outcomes: SyncSender<Done>, bell: &WakeAtEnd) {
    let mut hasher = PasswordHasher::new();
    let mut wiped = true;
    loop {
        // Between hashes in a row the memory is not wiped: that would cost a fifth of the time.
        let task = match tasks.recv_timeout(if wiped { Duration::MAX } else { WIPE_AFTER }) {
            Ok(task) => task,
            Err(RecvTimeoutError::Timeout) => {
                hasher.wipe();
                wiped = true;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        wiped = false;
        if outcomes.send(perform(&mut hasher, &task)).is_err() {
            return;
        }
        (bell.0)();
    }
}

fn perform(hasher: &mut PasswordHasher, task: &PasswordTask) -> Done {
    match task {
        PasswordTask::Check { phc, password } => {
            Done::Password(hasher.verify(phc.as_deref(), password))
        }
        PasswordTask::Hash { password } => match hasher.hash(password) {
            Ok(phc) => Done::Hashed(phc.into()),
            Err(error @ PasswordError::System(_)) => {
                log::error!("{error}");
                Done::Failed
            }
            Err(_) => Done::PasswordRefused,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const DEADLINE: Duration = Duration::from_secs(30);

    fn connection(slot: u32) -> ConnectionId {
        ConnectionId { slot, generation: 1 }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// A worker, and what hears its calls.
    fn start() -> (PasswordWorker, Receiver<()>) {
        let (bell, heard) = channel();
        let worker = PasswordWorker::spawn(move || bell.send(()).unwrap_or(())).unwrap();
        (worker, heard)
    }

    /// The next answers, in order.
    fn answers(
        worker: &mut PasswordWorker,
        heard: &Receiver<()>,
        count: usize,
    ) -> Vec<(u32, Done)> {
        let mut all = Vec::new();
        while all.len() < count {
            match worker.poll_done() {
                Some((connection, done)) => all.push((connection.slot, done)),
                None => heard.recv_timeout(DEADLINE).unwrap(),
            }
        }
        all
    }

    fn ask(worker: &mut PasswordWorker, from: &str, slot: u32) {
        let task = PasswordTask::Check { phc: None, password: Secret::new("x") };
        worker.submit(address(from), connection(slot), task).unwrap();
    }

    #[test]
    fn right_wrong_and_unknown_are_told_apart() {
        let phc: Arc<str> = PasswordHasher::new().hash(&Secret::new("secret")).unwrap().into();
        let (mut worker, heard) = start();
        let rows = [
            (Some(&phc), "secret", true),
            (Some(&phc), "Secret", false),
            (None, "secret", false),
            (Some(&phc), "secret", true),
        ];
        for (slot, (phc, password, _)) in (0..).zip(rows) {
            let password = Secret::new(password);
            let from = address("10.0.0.1");
            let task = PasswordTask::Check { phc: phc.cloned(), password };
            worker.submit(from, connection(slot), task).unwrap();
        }
        let expected: Vec<_> =
            (0..).zip(rows).map(|(slot, (_, _, fits))| (slot, Done::Password(fits))).collect();
        assert_eq!(answers(&mut worker, &heard, rows.len()), expected);
        assert_eq!(worker.poll_done(), None);
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn a_new_password_is_hashed_or_refused() {
        let (mut worker, heard) = start();
        for (slot, password) in (0..).zip(["secret", "a\0b"]) {
            let task = PasswordTask::Hash { password: Secret::new(password) };
            worker.submit(address("10.0.0.1"), connection(slot), task).unwrap();
        }
        let mut answers = answers(&mut worker, &heard, 2);
        assert_eq!(answers.pop(), Some((1, Done::PasswordRefused)));
        let Some((0, Done::Hashed(phc))) = answers.pop() else { panic!("no hash") };
        assert!(PasswordHasher::new().verify(Some(&phc), &Secret::new("secret")));
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn one_address_does_not_hold_up_another() {
        let (mut worker, heard) = start();
        for slot in 0..20 {
            ask(&mut worker, "10.0.0.1", slot);
        }
        ask(&mut worker, "10.0.0.2", 100);
        let order: Vec<u32> =
            answers(&mut worker, &heard, 21).into_iter().map(|(slot, _)| slot).collect();
        let place = order.iter().position(|slot| *slot == 100).unwrap();
        assert!(place <= HANDED_OVER + 1, "{order:?}");
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn the_gone_get_no_answer() {
        let (mut worker, heard) = start();
        for slot in 0..5 {
            ask(&mut worker, "10.0.0.1", slot);
        }
        for slot in [0, 1, 3] {
            worker.forget(connection(slot));
        }
        let slots: Vec<u32> =
            answers(&mut worker, &heard, 2).into_iter().map(|(slot, _)| slot).collect();
        assert_eq!(slots, [2, 4]);
        assert_eq!(worker.poll_done(), None);
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn a_stop_does_not_wait_for_the_queue() {
        let (mut worker, _heard) = start();
        for slot in 0..60 {
            ask(&mut worker, "10.0.0.1", slot);
        }
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn what_a_dead_thread_owed_has_failed() {
        let (mut worker, heard) = start();
        for slot in 0..5 {
            ask(&mut worker, "10.0.0.1", slot);
        }
        // The thread's end: its side of both channels closes.
        let (_, outcomes) = sync_channel(1);
        worker.outcomes = outcomes;
        (worker.tasks, _) = sync_channel(1);
        worker.forget(connection(1));
        ask(&mut worker, "10.0.0.2", 9);
        let failed = answers(&mut worker, &heard, 5);
        assert!(failed.iter().all(|(_, done)| *done == Done::Failed), "{failed:?}");
        assert_eq!(worker.poll_done(), None);
        ask(&mut worker, "10.0.0.1", 7);
        assert_eq!(answers(&mut worker, &heard, 1), [(7, Done::Failed)]);
    }
}
