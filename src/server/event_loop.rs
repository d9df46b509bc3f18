//! One turn of the loop, in fixed phases: wait, accept, read and handle, finished jobs, timers,
//! fan-out, flush, reap.

use super::announcer::Announcer;
use super::connection::{Connection, Entry, Phase};
use super::control::{self, Control};
use super::drain::{Drain, Unwritten};
use super::fanout::{Audiences, Hold};
use super::jobs::Backlog;
use super::listener::{self, Accepting, Descriptors};
use super::orders::Counts;
use super::reload::Reload;
use super::signals::Wants;
use super::slots::{self, RESERVED_TOKENS, Slots};
use super::throttle::Throttle;
use super::timers::{Moment, Timers};
use super::{Settings, StartError};
use crate::buffer::Pool;
use crate::chat::{Chat, Hearers};
use crate::limits::{EVENTS_PER_POLL, READ_BUFFER_BYTES};
use crate::message::{ConnectionId, Network, Notice, Now, Reply, Snapshot};
use crate::transport::ServerTls;
use crate::workers::{FileWorker, PasswordWorker, ReadWorker, StorageWorker};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

const WAKER: Token = Token(RESERVED_TOKENS);
const SIGNALS: Token = Token(RESERVED_TOKENS + 1);
const FIRST_CONTROL: usize = RESERVED_TOKENS + 2;
const FIRST_LISTENER: usize = FIRST_CONTROL + control::TOKENS;

/// What the workers may take at least to their end: one hash, one write to the disk.
const LAST_JOB: Duration = Duration::from_secs(1);

/// How long the offset of local time counts.
const ZONE_TIME: Duration = Duration::from_secs(60);

/// How many seconds local time is ahead of UTC at a moment.
fn utc_offset(now: Now) -> i32 {
    let micros = i64::try_from(now.unix_micros).unwrap_or(i64::MAX);
    let moment = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    TimeZone::system().to_offset(moment).seconds()
}

/// Who is told of every answer, and of other settings, for the operator's console.
pub trait Observer {
    /// A request was answered.
    fn answered(&mut self, now: Now, reply: &Reply);

    /// The settings are others now.
    fn renewed(&mut self, settings: &Settings);
}

/// The threads that may block.
#[derive(Debug)]
pub struct Workers {
    /// Accounts, rooms, memberships and messages on disk.
    pub storage: StorageWorker,
    /// Messages of the past, read beside the storage worker.
    pub reader: ReadWorker,
    /// Files that are sent, beside the store.
    pub files: FileWorker,
    /// Password hashes.
    pub passwords: PasswordWorker,
}

/// How the server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// All that was owed was written.
    Cleanly,
    /// All but this: to those who read too slowly, or broke off.
    Cut(Unwritten),
    /// The grace time ran out first.
    Late(Unwritten),
    /// A second signal asked for the end at once.
    AtOnce(Unwritten),
}

/// The listening server.
pub struct Server<O> {
    pub(super) settings: Settings,
    pub(super) poll: Poll,
    pub(super) listeners: Vec<TcpListener>,
    signals: Wants,
    /// The operator's socket, if there is one.
    pub(super) control: Option<Control>,
    /// Nobody gets in from there.
    pub(super) banned: Vec<Network>,
    pub(super) announcer: Announcer,
    /// Who reads the configuration anew, if anybody does.
    pub(super) reload: Option<Reload>,
    waker: Arc<Waker>,
    pub(super) observer: O,
    /// What is shown to those who speak TLS.
    pub(super) tls: Option<ServerTls>,
    started: Instant,
}

/// What a running server works with.
pub(super) struct Running<O> {
    pub(super) server: Server<O>,
    pub(super) chat: Chat,
    pub(super) workers: Workers,
    pub(super) connections: Slots<Connection>,
    pub(super) audiences: Audiences,
    pub(super) timers: Timers,
    pub(super) pool: Pool,
    pub(super) accepting: Accepting,
    pub(super) descriptors: Descriptors,
    /// Listeners may have connections waiting.
    pub(super) knocked: bool,
    /// Who comes too often.
    pub(super) throttle: Throttle,
    /// Connections that are only told why they are refused.
    pub(super) refused: usize,
    /// What those of them are to be told that have not shown yet whether they speak TLS.
    pub(super) refusals: HashMap<ConnectionId, Reply>,
    /// The last poll found something to do, or something was left over.
    pub(super) input_left: bool,
    /// Connections that may be read or have whole objects left.
    pub(super) ready: VecDeque<ConnectionId>,
    /// Connections with output that was not flushed yet.
    pub(super) dirty: Vec<ConnectionId>,
    /// The memory of the list that is flushed, between turns.
    pub(super) flushing: Vec<ConnectionId>,
    /// Connections to be reaped at the end of the turn.
    pub(super) doomed: Vec<ConnectionId>,
    /// Jobs that the workers are still to be given, or have not done yet.
    pub(super) backlog: Backlog,
    /// The memory of all output queues but the shared chunks.
    pub(super) queued_memory: usize,
    /// What closing connections still send is read into this and dropped.
    pub(super) scratch: Vec<u8>,
    pub(super) counts: Counts,
    pub(super) now: Now,
    /// When the offset of local time is looked up again.
    zone_due: Duration,
    stop_due: Option<Duration>,
    /// Who is still owed something, once a stop has begun.
    pub(super) drain: Option<Drain>,
    signals: usize,
}

impl<O: Observer> Server<O> {
    /// Opens all listening sockets, or none.
    ///
    /// # Errors
    /// Where an address cannot be listened on, or the system gives no event queue.
    pub fn bind(settings: Settings, observer: O) -> Result<Self, StartError> {
        let listeners = listener::bind(&settings.listen)?;
        Self::new(settings, listeners, observer)
    }

    /// The same with sockets that a service manager listens on: those of the settings are not
    /// opened.
    ///
    /// # Errors
    /// Where the system gives no event queue.
    pub fn adopt(
        settings: Settings,
        sockets: Vec<StdListener>,
        observer: O,
    ) -> Result<Self, StartError> {
        let listeners = listener::adopt(sockets)?;
        Self::new(settings, listeners, observer)
    }

    fn new(
        settings: Settings,
        mut listeners: Vec<TcpListener>,
        observer: O,
    ) -> Result<Self, StartError> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let signals = Wants::register(poll.registry(), SIGNALS)?;
        for (index, listener) in listeners.iter_mut().enumerate() {
            let token = Token(FIRST_LISTENER + index);
            poll.registry().register(listener, token, Interest::READABLE)?;
        }
        #[allow(clippy::disallowed_methods, reason = "the loop owns the clock")]
        let started = Instant::now();
        Ok(Self {
            settings,
            poll,
            listeners,
            signals,
            control: None,
            banned: Vec::new(),
            announcer: Announcer::of_process(),
            reload: None,
            waker,
            observer,
            tls: None,
            started,
        })
    }

    /// The addresses that are listened on, with the ports that the system chose where 0 was asked.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Serves TLS as well, on the same port, or no more. Also while it runs: who connects from now
    /// on is shown the new certificate, who is there keeps what it has.
    pub fn set_tls(&mut self, tls: Option<ServerTls>) {
        self.tls = tls;
    }

    /// Takes operators' orders over this socket, which does not block.
    ///
    /// # Errors
    /// Where the system does not watch it.
    pub fn take_orders(&mut self, socket: UnixListener) -> io::Result<()> {
        let registry = self.poll.registry();
        self.control = Some(Control::register(socket, registry, FIRST_CONTROL)?);
        Ok(())
    }

    /// Lets nobody in from these addresses.
    pub fn ban(&mut self, banned: Vec<Network>) {
        self.banned = banned;
    }

    /// What a worker calls when it has something to report.
    pub fn wake(&self) -> impl Fn() + Send + Sync + 'static + use<O> {
        let waker = Arc::clone(&self.waker);
        move || {
            if let Err(error) = waker.wake() {
                log::error!("cannot wake the event loop: {error}");
            }
        }
    }

    /// Serves until a signal ends it.
    ///
    /// # Errors
    /// Where the event queue itself fails; no connection's failure gets here.
    pub fn run(self, snapshot: Snapshot, workers: Workers) -> io::Result<(Stopped, O)> {
        listener::raise_descriptor_limit();
        let descriptors = Descriptors::allowed();
        descriptors.log(self.settings.max_connections);
        let policy = self.settings.policy.clone();
        let mut chat = Chat::new(policy, self.settings.limits.clone(), snapshot);
        chat.seed(self.now().unix_micros);
        let mut running = Running {
            server: self,
            chat,
            workers,
            connections: Slots::default(),
            audiences: Audiences::default(),
            timers: Timers::default(),
            pool: Pool::default(),
            accepting: Accepting::default(),
            descriptors,
            knocked: true,
            throttle: Throttle::default(),
            refused: 0,
            refusals: HashMap::new(),
            input_left: false,
            ready: VecDeque::new(),
            dirty: Vec::new(),
            flushing: Vec::new(),
            doomed: Vec::new(),
            backlog: Backlog::default(),
            queued_memory: 0,
            scratch: vec![0; READ_BUFFER_BYTES],
            counts: Counts::default(),
            now: Now::default(),
            zone_due: Duration::ZERO,
            stop_due: None,
            drain: None,
            signals: 0,
        };
        let stopped = running.run()?;
        Ok(running.end_workers(stopped))
    }

    /// Who is told of every answer.
    #[must_use]
    pub const fn observer(&self) -> &O {
        &self.observer
    }

    /// The time; this is the one place that reads the clock.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the loop owns the clock")]
    pub fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let unix_micros = u64::try_from(unix.as_micros()).unwrap_or(u64::MAX);
        Now { unix_micros, uptime: self.started.elapsed() }
    }
}

impl<O: Observer> Running<O> {
    fn run(&mut self) -> io::Result<Stopped> {
        let mut events = Events::with_capacity(EVENTS_PER_POLL);
        self.now = self.server.now();
        self.server.announcer.ready(self.now.uptime);
        loop {
            self.wait(&mut events)?;
            self.turn();
            if let Some(stopped) = self.stopped() {
                self.part();
                return Ok(stopped);
            }
        }
    }

    /// Local time may be another one: summer time has begun, say.
    fn look_up_zone(&mut self) {
        if self.now.uptime >= self.zone_due {
            self.zone_due = self.now.uptime + ZONE_TIME;
            self.chat.set_utc_offset(utc_offset(self.now));
        }
    }

    fn turn(&mut self) {
        self.look_up_zone();
        self.accept();
        self.serve_ready();
        self.take_done();
        self.hear_orders();
        self.finish_reload();
        self.run_timers();
        self.server.announcer.turn(self.now.uptime);
        self.cut_stuck();
        self.share_output();
        self.flush_dirty();
        self.cut_slowest();
        self.reap();
    }

    /// Waits for events, no longer than until the next deadline, and notes what they say.
    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let timeout = self.timeout();
        match self.server.poll.poll(events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => events.clear(),
            result => result?,
        }
        self.now = self.server.now();
        self.input_left = !(events.is_empty() && self.ready.is_empty());
        for event in events.iter() {
            match event.token() {
                WAKER => {}
                SIGNALS => self.note_signals(),
                Token(token) if token >= FIRST_LISTENER => self.knocked = true,
                token if token.0 >= FIRST_CONTROL => {
                    if let Some(control) = &mut self.server.control {
                        control.note(event);
                    }
                }
                token => self.note_event(slots::connection(token), event),
            }
        }
        Ok(())
    }

    fn timeout(&self) -> Option<Duration> {
        let accepts = self.knocked && !self.accepting.stopped && self.accepting.due().is_none();
        let steady = self.server.settings.hold.is_steady() && !self.is_stopping();
        let held = self.audiences.held_until().filter(|_| steady);
        let output = held.is_none() && self.audiences.has_output();
        let work = !self.ready.is_empty() || !self.dirty.is_empty() || output;
        if work || self.backlog.reports_left || accepts {
            return Some(Duration::ZERO);
        }
        let deadlines = [
            self.timers.next(),
            self.chat.poll_timeout(),
            self.accepting.due(),
            self.server.control.as_ref().and_then(Control::due),
            self.stop_due,
            self.drain.as_ref().map(Drain::due),
            self.server.announcer.due(),
            held,
        ];
        let next = deadlines.into_iter().flatten().min()?;
        Some(next.saturating_sub(self.now.uptime))
    }

    fn note_event(&mut self, id: ConnectionId, event: &mio::event::Event) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if event.is_error() && connection.only_waits() {
            // Nothing is read while a job is waited for, so nothing else would say it.
            return self.lose(id, "the connection was reset");
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            connection.readable = true;
            connection.hung_up |= event.is_read_closed() || event.is_error();
            self.make_ready(id);
        }
        let Some(connection) = self.connections.get_mut(id) else { return };
        if event.is_writable() && connection.blocked {
            connection.blocked = false;
            connection.mark_dirty(&mut self.dirty);
        }
    }

    pub(super) fn make_ready(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(id)
            && !std::mem::replace(&mut connection.ready, true)
        {
            self.ready.push_back(id);
        }
    }

    fn note_signals(&mut self) {
        let wanted = self.server.signals.take();
        self.signals += wanted.ends;
        if wanted.ends > 0 {
            self.begin_stop();
        }
        if wanted.reload {
            self.begin_reload(None);
        }
    }

    /// Accepts and handles nothing more: what is owed is written, and then it is the end.
    pub(super) fn begin_stop(&mut self) {
        // The next signal is a second one, whoever gave the first order.
        self.signals = self.signals.max(1);
        if self.stop_due.is_none() {
            self.stop_due = Some(self.now.uptime + self.server.settings.grace);
            self.tell(&Hearers::All, None, &Notice::Shutdown);
            self.accepting.stopped = true;
            self.drain = Some(Drain::default());
            self.server.announcer.stopping(self.now.uptime);
            self.refuse_reloads();
            self.server.listeners.clear();
            log::info!("stopping: nothing is accepted any more, what is owed is flushed");
        }
    }

    /// Whether no new request is handled any more.
    pub(super) const fn is_stopping(&self) -> bool {
        self.stop_due.is_some()
    }

    fn stopped(&self) -> Option<Stopped> {
        let due = self.stop_due?;
        let is_owed = |connection: &Connection| {
            connection.jobs_owed > 0
                || (connection.phase != Phase::Gone && !connection.owes_nothing())
        };
        if !self.backlog.owes() && !self.connections.iter().any(is_owed) {
            let unwritten = self.unwritten();
            let is_all = unwritten == Unwritten::default();
            return Some(if is_all { Stopped::Cleanly } else { Stopped::Cut(unwritten) });
        }
        if self.signals > 1 {
            return Some(Stopped::AtOnce(self.unwritten()));
        }
        (self.now.uptime >= due).then(|| Stopped::Late(self.unwritten()))
    }

    fn unwritten(&self) -> Unwritten {
        let drain = self.drain.as_ref();
        drain.map(|drain| drain.unwritten(self.connections.iter())).unwrap_or_default()
    }

    /// The end: each peer is told that nothing more comes, and what it sent is read, else a reset
    /// would eat what was written last.
    fn part(&mut self) {
        for connection in self.connections.iter_mut() {
            connection.start_draining(self.now.uptime);
            connection.drain(&mut self.scratch);
        }
    }

    /// Ends the workers: within what is left of the grace time, or at once.
    fn end_workers(self, stopped: Stopped) -> (Stopped, O) {
        let within = match stopped {
            Stopped::Cleanly | Stopped::Cut(_) | Stopped::Late(_) => {
                self.stop_due.unwrap_or_default().saturating_sub(self.now.uptime).max(LAST_JOB)
            }
            Stopped::AtOnce(_) => Duration::ZERO,
        };
        if let Some(control) = self.server.control {
            control.hold_to_the_end();
        }
        let passwords_ended = self.workers.passwords.stop(within);
        // Both before the store copies its log into the file, which nobody may read meanwhile.
        let readers_ended = self.workers.files.stop(within) & self.workers.reader.stop(within);
        let storage_ended = self.workers.storage.stop(within);
        let is_patient = !matches!(stopped, Stopped::AtOnce(_));
        if !(passwords_ended && readers_ended && storage_ended) && is_patient {
            log::warn!("a worker did not end within {} s", within.as_secs());
        }
        (stopped, self.server.observer)
    }

    fn run_timers(&mut self) {
        let connections = &mut self.connections;
        self.timers.tidy(connections.len(), |id, due| {
            connections.get_mut(id).is_some_and(|connection| connection.armed == due)
        });
        while let Some((due, id)) = self.timers.pop_due(self.now.uptime) {
            let Some(connection) = self.connections.get_mut(id) else { continue };
            if connection.armed == due {
                connection.armed = Moment::NEVER;
                self.look_at(id);
            }
        }
        self.chat.handle_timeout(self.now);
        self.carry_out(&[]);
    }

    /// A connection's deadline has come.
    fn look_at(&mut self, id: ConnectionId) {
        let uptime = self.now.uptime;
        self.end_pause(id);
        let Some(connection) = self.connections.get_mut(id) else { return };
        match connection.phase {
            Phase::Flushing { until } if until.has_come(uptime) => {
                self.drop_now(id, "the peer did not read its last answer in time");
            }
            Phase::Draining { until, .. } if until.has_come(uptime) => {
                self.drop_now(id, "the peer did not close in time");
            }
            Phase::Open if connection.entry == Entry::Refused => self.tell_refused(id, true),
            _ => match connection.overdue(&self.server.settings, uptime) {
                Some(reason) => self.close(id, reason),
                // What was paced is due, or a queue has been long for too long: see on flush,
                // which puts in the next deadline as well.
                None => connection.mark_dirty(&mut self.dirty),
            },
        }
    }

    /// Puts the connection's next deadline into the table.
    pub(super) fn rearm(&mut self, id: ConnectionId) {
        let settings = &self.server.settings;
        if let Some(connection) = self.connections.get_mut(id) {
            let mut due = connection.deadline(settings);
            if connection.paused {
                due = due.min(self.throttle.pause_ends(id));
            }
            self.timers.arm(id, &mut connection.armed, due);
        }
    }

    fn share_output(&mut self) {
        let setting = self.server.settings.hold;
        let may_hold = (self.input_left || setting.is_steady()) && !self.is_stopping();
        let time = if may_hold { setting.time() } else { Duration::ZERO };
        let hold = Hold { uptime: self.now.uptime, time };
        let (audiences, mut targets) = self.fanout();
        audiences.share_due(hold, &mut targets);
    }

    fn reap(&mut self) {
        while let Some(id) = self.doomed.pop() {
            let Some(mut connection) = self.connections.remove(id) else { continue };
            if let Some(drain) = &mut self.drain {
                drain.note_end(&connection);
            }
            self.queued_memory = self.queued_memory.saturating_sub(connection.counted_memory);
            self.counts.requests += connection.requests;
            if let Err(error) = self.server.poll.registry().deregister(&mut connection.stream) {
                log::debug!("cannot deregister {}: {error}", connection.peer);
            }
            self.count_out(&connection);
            if connection.paused {
                self.throttle.forget_pause(id);
            }
        }
    }
}
