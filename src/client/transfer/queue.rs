//! Files that are sent and got, one after the other, on one conversation.

use super::download::Download;
use super::memory::{Key, Memory};
use super::progress::{Progress, Rate};
use super::protocol::FileRequest;
use super::source::Source;
use super::stop::Stop;
use super::target::Place;
use super::upload::{Step, Upload};
use super::words::FileNotice;
use crate::client::bounds::{
    FILES_WAITING, OUTPUT_HELD_BYTES, PIECES_BESIDE_A_CHAT, PIECES_UNDER_WAY, PROGRESS_WAIT,
    RETRY_WAIT, SETBACK_WAIT, SETBACKS, STATUS_WAIT,
};
use crate::client::exit::Exit;
use crate::client::incoming::Answer;
use crate::client::mode::Turn;
use crate::client::outgoing::Request;
use crate::client::render::Screen;
use crate::client::session::Session;
use crate::client::words::Notice;
use crate::message::{MessageId, Now};
use std::collections::VecDeque;
use std::time::Duration;

/// How a file is shown while it comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Style {
    /// By a bar: nothing else goes on.
    Alone,
    /// By a line now and then.
    BesideAChat,
    /// By a part of a line that is seen all the time.
    InAStatusLine,
}

impl Style {
    /// How long after it was shown how far a file is that is shown again, though nothing came.
    const fn pause(self) -> Option<Duration> {
        match self {
            Self::Alone => None,
            Self::BesideAChat => Some(PROGRESS_WAIT),
            Self::InAStatusLine => Some(STATUS_WAIT),
        }
    }
}

/// A file that waits for its turn.
#[derive(Debug)]
pub(super) enum Wanted {
    Send { source: Source, to: String, message: Option<String> },
    Get { id: MessageId, place: Place },
}

#[derive(Debug)]
pub(super) enum Work {
    Up(Box<Upload>),
    Down(Box<Download>),
}

/// The file whose turn it is.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) work: Work,
    rate: Rate,
    /// How often it failed since it last went on.
    setbacks: u32,
    /// When, in uptime, it goes on after a failure.
    until: Option<Duration>,
    /// When, in uptime, how far it is was told last.
    told: Duration,
}

/// Whose files they are, and where.
#[derive(Debug)]
struct Entered {
    server: String,
    user: String,
}

/// The files of one client.
#[derive(Debug)]
pub(in crate::client) struct Transfers {
    style: Style,
    memory: Memory,
    /// Where we are in, if we are and the server takes files.
    open: Option<Entered>,
    pub(super) waiting: VecDeque<Wanted>,
    pub(super) active: Option<Active>,
    /// Answers that are still to come for a file that was given up.
    pub(super) orphans: usize,
    /// When, in uptime, something last went on.
    moved: Duration,
    exit: Exit,
    /// What the last file that was got or sent is called: its path, or its number.
    result: Option<String>,
}

impl Transfers {
    /// None yet.
    pub(in crate::client) fn new(style: Style, memory: Memory) -> Self {
        Self {
            style,
            memory,
            open: None,
            waiting: VecDeque::new(),
            active: None,
            orphans: 0,
            moved: Duration::ZERO,
            exit: Exit::Done,
            result: None,
        }
    }

    /// Sends a file when its turn comes.
    pub(in crate::client) fn send(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        to: String,
        message: Option<String>,
    ) {
        self.add(turn, Wanted::Send { source, to, message });
    }

    /// Gets a file when its turn comes.
    pub(in crate::client) fn get(&mut self, turn: &mut Turn<'_>, id: MessageId, place: Place) {
        self.add(turn, Wanted::Get { id, place });
    }

    /// We are in at a server that takes files.
    pub(in crate::client) fn begin(&mut self, turn: &mut Turn<'_>, server: String, user: &str) {
        self.open = Some(Entered { server, user: user.to_owned() });
        self.moved = turn.now.uptime;
        self.go_on(turn);
    }

    /// We are in where no files are taken.
    pub(in crate::client) fn refuse(&mut self, turn: &mut Turn<'_>, stop: &Stop) {
        while let Some(name) = self.drop_first() {
            self.tell_stopped(turn, name, stop.clone());
        }
    }

    /// The connection is lost, or another one begins.
    pub(in crate::client) fn lose(&mut self) {
        self.open = None;
        self.orphans = 0;
        if let Some(active) = &mut self.active {
            active.until = None;
            active.rate.reset();
            match &mut active.work {
                Work::Up(upload) => upload.lose(),
                Work::Down(download) => download.lose(),
            }
        }
    }

    /// Takes the answer to a request about a file.
    pub(in crate::client) fn handle_answer(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        if self.orphans > 0 {
            self.orphans -= 1;
            return self.go_on(turn);
        }
        let Some(active) = &mut self.active else { return };
        let before = active.done();
        let (code, text, limit) = (answer.code, answer.text.clone(), answer.limit);
        let step = match &mut active.work {
            Work::Up(upload) => upload.handle_answer(answer),
            Work::Down(download) => download.handle_answer(answer),
        };
        if active.done() > before {
            (active.setbacks, self.moved) = (0, turn.now.uptime);
        }
        match step {
            Ok(Step::Opened) => self.tell_begun(turn),
            Ok(Step::Later) if active.setbacks >= SETBACKS => {
                self.stop(turn, Stop::Refused { code, text });
            }
            Ok(Step::Later) => active.put_off(turn, code, text, limit),
            Ok(Step::On | Step::Done) => {}
            Err(stop) => self.stop(turn, stop),
        }
        self.go_on(turn);
    }

    /// Asks what is due, and tells how far it is. To be called in every turn.
    pub(in crate::client) fn go_on(&mut self, turn: &mut Turn<'_>) {
        while self.open.is_some() && self.orphans == 0 {
            if self.active.is_none() && !self.start_next(turn) {
                break;
            }
            match self.ask(turn) {
                Ok(true) => {}
                Ok(false) => break,
                Err(stop) => self.stop(turn, stop),
            }
        }
        self.show(turn);
    }

    /// When, in uptime, [`Self::go_on`] has to be called.
    pub(in crate::client) fn poll_timeout(&self) -> Option<Duration> {
        let active = self.active.as_ref().filter(|_| self.open.is_some())?;
        let told = self.style.pause().map(|pause| active.told + pause);
        active.until.into_iter().chain(told).min()
    }

    /// Whether [`Self::go_on`] has something to do now.
    pub(in crate::client) fn has_more(&self, session: &Session) -> bool {
        if self.open.is_none() || self.orphans > 0 {
            return false;
        }
        match &self.active {
            Some(active) => {
                let has_room = session.output().len() < OUTPUT_HELD_BYTES;
                active.until.is_none() && has_room && active.is_ready(self.most_under_way())
            }
            None => !self.waiting.is_empty(),
        }
    }

    /// Whether nothing is left to be done.
    pub(in crate::client) fn is_idle(&self) -> bool {
        self.active.is_none() && self.waiting.is_empty()
    }

    /// Whether we are in at a server that takes files.
    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// How many answers are waited for.
    pub(in crate::client) fn under_way(&self) -> usize {
        self.orphans + self.active.as_ref().map_or(0, Active::under_way)
    }

    /// When, in uptime, something last went on.
    pub(in crate::client) const fn moved(&self) -> Duration {
        self.moved
    }

    /// What the client ends with because of its files, and what the last of them is called.
    pub(in crate::client) fn outcome(&self) -> (Exit, Option<&str>) {
        (self.exit, self.result.as_deref())
    }

    /// Gives up what is not done, and tells how to go on with it.
    pub(in crate::client) fn give_up(&mut self, screen: &mut Screen) {
        self.waiting.clear();
        if let Some(active) = self.active.take() {
            self.orphans += active.under_way();
            if let Some(notice) = active.how_to_go_on() {
                screen.notice(&Notice::File(notice));
            }
        }
        screen.progress(None);
    }

    fn add(&mut self, turn: &mut Turn<'_>, wanted: Wanted) {
        if self.waiting.len() >= FILES_WAITING {
            return tell(turn, FileNotice::QueueFull { most: FILES_WAITING });
        }
        let before = self.waiting.len() + usize::from(self.active.is_some());
        if before > 0 {
            tell(turn, FileNotice::Queued { name: wanted.name(), before });
        }
        self.waiting.push_back(wanted);
        self.go_on(turn);
    }

    const fn most_under_way(&self) -> usize {
        match self.style {
            Style::Alone => PIECES_UNDER_WAY,
            Style::BesideAChat | Style::InAStatusLine => PIECES_BESIDE_A_CHAT,
        }
    }

    /// Begins with the next file; false where none waits.
    fn start_next(&mut self, turn: &Turn<'_>) -> bool {
        let (Some(place), Some(wanted)) = (&self.open, self.waiting.pop_front()) else {
            return false;
        };
        let work = match wanted {
            Wanted::Get { id, place } => Work::Down(Box::new(Download::new(id, place))),
            Wanted::Send { source, to, message } => {
                let stamp = source.stamp();
                let mut upload = Upload::new(source, to, message);
                let key = Key::of(&upload, &place.server, &place.user);
                if let Some(id) = self.memory.find(key, stamp, turn.now) {
                    upload.take_up(id);
                }
                Work::Up(Box::new(upload))
            }
        };
        self.moved = turn.now.uptime;
        self.active = Some(Active::new(work, turn.now));
        true
    }

    /// Asks once where that is due; false where there is nothing more to do now.
    fn ask(&mut self, turn: &mut Turn<'_>) -> Result<bool, Stop> {
        let most = self.most_under_way();
        let (Some(place), Some(active)) = (&self.open, &mut self.active) else { return Ok(false) };
        if active.until.is_some_and(|until| turn.now.uptime < until)
            || turn.session.output().len() >= OUTPUT_HELD_BYTES
        {
            return Ok(false);
        }
        active.until = None;
        active.rate.note(turn.now.uptime, active.done());
        let request = match &mut active.work {
            Work::Up(upload) => upload.poll_request(&place.user, most)?,
            Work::Down(download) => download.poll_request(most)?,
        };
        if let Some(request) = request {
            send(turn, request);
            return Ok(true);
        }
        self.end(turn)
    }

    /// Looks whether the file is done; true where the next one's turn has come.
    fn end(&mut self, turn: &mut Turn<'_>) -> Result<bool, Stop> {
        let notice = match self.active.as_mut().map(|active| &mut active.work) {
            Some(Work::Up(upload)) => match upload.poll_verdict().transpose()? {
                Some(()) => upload.sent(),
                None => None,
            },
            Some(Work::Down(download)) => {
                let path = download.poll_verdict().transpose()?;
                path.map(|path| FileNotice::Saved { path })
            }
            None => None,
        };
        let Some(notice) = notice else { return Ok(false) };
        self.result = match &notice {
            FileNotice::Sent { id, .. } => Some(id.to_string()),
            FileNotice::Saved { path } => Some(path.display().to_string()),
            _ => None,
        };
        self.forget();
        self.active = None;
        turn.screen.progress(None);
        tell(turn, notice);
        Ok(true)
    }

    /// The file is given up.
    fn stop(&mut self, turn: &mut Turn<'_>, stop: Stop) {
        if !stop.is_passing() {
            self.forget();
        }
        let Some(active) = self.active.take() else { return };
        self.orphans += active.under_way();
        turn.screen.progress(None);
        let how_to_go_on = active.how_to_go_on().filter(|_| stop.is_passing());
        self.tell_stopped(turn, active.name(), stop);
        if let Some(notice) = how_to_go_on {
            tell(turn, notice);
        }
    }

    fn tell_stopped(&mut self, turn: &mut Turn<'_>, name: String, stop: Stop) {
        self.exit = stop.exit();
        tell(turn, FileNotice::Stopped { name, stop });
    }

    /// Takes the first file away, whether or not its turn has come; gives its name.
    fn drop_first(&mut self) -> Option<String> {
        match self.active.take() {
            Some(active) => Some(active.name()),
            None => self.waiting.pop_front().map(|wanted| wanted.name()),
        }
    }

    fn forget(&self) {
        if let Some((key, ..)) = self.remembered() {
            self.memory.forget(key);
        }
    }

    /// The upload whose turn it is, as it is remembered.
    fn remembered(&self) -> Option<(Key<'_>, &Upload)> {
        let place = self.open.as_ref()?;
        match &self.active.as_ref()?.work {
            Work::Up(upload) => Some((Key::of(upload, &place.server, &place.user), upload)),
            Work::Down(_) => None,
        }
    }

    /// A file has begun, or goes on.
    fn tell_begun(&self, turn: &mut Turn<'_>) {
        if let Some((key, upload)) = self.remembered()
            && let Some(id) = upload.id()
            && let Err(error) = self.memory.keep(key, upload.source().stamp(), id, turn.now)
        {
            tell(turn, FileNotice::NotRemembered { why: error.to_string() });
        }
        if let Some(notice) = self.active.as_ref().map(Active::begun) {
            tell(turn, notice);
        }
    }

    /// Shows how far it is.
    fn show(&mut self, turn: &mut Turn<'_>) {
        let Some(active) = &mut self.active else { return };
        let Some(progress) = active.progress(turn.now) else { return };
        let pause = self.style.pause().filter(|_| self.open.is_some());
        if pause.is_some_and(|pause| turn.now.uptime >= active.told + pause) {
            active.told = turn.now.uptime;
            if self.style == Style::BesideAChat {
                tell(turn, FileNotice::Progress(progress.clone()));
            }
        }
        turn.screen.progress(Some(progress));
    }
}

impl Active {
    const fn new(work: Work, now: Now) -> Self {
        Self { work, rate: Rate::new(), setbacks: 0, until: None, told: now.uptime }
    }

    pub(super) fn name(&self) -> String {
        match &self.work {
            Work::Up(upload) => upload.source().name().to_owned(),
            Work::Down(download) => {
                download.name().map_or_else(|| download.id().to_string(), str::to_owned)
            }
        }
    }

    pub(super) fn done(&self) -> u64 {
        match &self.work {
            Work::Up(upload) => upload.taken(),
            Work::Down(download) => download.taken(),
        }
    }

    pub(super) fn under_way(&self) -> usize {
        match &self.work {
            Work::Up(upload) => upload.under_way(),
            Work::Down(download) => download.under_way(),
        }
    }

    fn is_ready(&self, most_under_way: usize) -> bool {
        match &self.work {
            Work::Up(upload) => upload.is_ready(most_under_way),
            Work::Down(download) => download.is_ready(most_under_way),
        }
    }

    /// How far it is, once it is known how far it goes.
    pub(super) fn progress(&self, now: Now) -> Option<Progress> {
        let done = self.done();
        let total = match &self.work {
            Work::Up(upload) => upload.source().size(),
            Work::Down(download) => download.size()?,
        };
        let rate = self.rate.per_second(now.uptime, done);
        Some(Progress { name: self.name(), done, total, rate })
    }

    fn begun(&self) -> FileNotice {
        let name = self.name();
        match &self.work {
            Work::Up(upload) => {
                let (to, size) = (upload.to().to_owned(), upload.source().size());
                FileNotice::Sending { name, to, size, from: upload.taken() }
            }
            Work::Down(download) => {
                let size = download.size().unwrap_or_default();
                FileNotice::Getting { name, size, from: download.found() }
            }
        }
    }

    fn how_to_go_on(&self) -> Option<FileNotice> {
        match &self.work {
            Work::Up(upload) => upload.id().map(|_| FileNotice::GoOnSending { name: self.name() }),
            Work::Down(download) => {
                download.part_path().map(|part| FileNotice::GoOnGetting { part })
            }
        }
    }

    /// It failed for now: it goes on after a pause, of the length that the server asks for.
    fn put_off(&mut self, turn: &mut Turn<'_>, code: u16, text: String, limit: Option<u64>) {
        self.setbacks += 1;
        let asked = limit.filter(|_| code == 429).map_or(SETBACK_WAIT, Duration::from_secs);
        let pause = asked.clamp(Duration::from_secs(1), RETRY_WAIT);
        self.until = Some(turn.now.uptime + pause);
        let seconds = pause.as_secs();
        if code == 429 {
            turn.screen.notice(&Notice::Waiting { seconds });
        } else {
            tell(turn, FileNotice::Again { name: self.name(), code, text, seconds });
        }
    }
}

impl Upload {
    fn sent(&self) -> Option<FileNotice> {
        let name = self.source().name().to_owned();
        Some(FileNotice::Sent { name, id: self.id()? })
    }
}

impl Wanted {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Send { source, .. } => source.name().to_owned(),
            Self::Get { id, .. } => id.to_string(),
        }
    }
}

fn send(turn: &mut Turn<'_>, request: FileRequest) {
    turn.session.send(turn.now, &Request::File(request));
}

pub(super) fn tell(turn: &mut Turn<'_>, notice: FileNotice) {
    turn.screen.notice(&Notice::File(notice));
}
