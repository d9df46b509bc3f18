//! A long history: how fast it is written, how soon a server with it listens, how long pages and
//! searches of it take, and how much memory.

use super::Failure;
use super::entrance::{Farewell, Identity, PASSWORD, ROOM};
use super::figure::{Kind, Sample};
use super::histogram::Histogram;
use super::message::{answer_code, expect_success, strange};
use super::progress::Progress;
use super::stage::{Running, Stage};
use super::stored;
use super::swarm::{Script, Swarm, TURN, Turn, clock};
use super::world::World;
use std::time::{Duration, Instant};

/// Messages that may be unanswered while the history is written.
const WINDOW: u64 = 1000;

/// How often each question is asked.
const TIMES: u64 = 20;

/// How many messages a page is asked for.
const PAGE: u64 = 50;

/// One message in so many has the rare word.
const RARE_EVERY: u64 = 10_000;

/// How long the index may take behind the last message.
const INDEX_TIME: Duration = Duration::from_secs(600);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ArchivePlan {
    /// How many messages the room has.
    pub(crate) messages: u64,
}

impl ArchivePlan {
    /// What it does, with its numbers.
    pub(crate) fn title(&self) -> String {
        format!("archive: {} messages in one room", self.messages)
    }
}

/// The account that writes and reads, and its room.
const WORLD: World =
    World { accounts: 1, groups: 1, rooms_each: 1, outsiders: 0, full_hash: false };

/// Has the first account write so many messages to the room and leave, and waits until the server
/// has nothing left to do.
pub(crate) fn fill(
    swarm: &mut Swarm,
    messages: u64,
    server: &Running,
    progress: &mut Progress,
) -> Result<(), Failure> {
    swarm.run(&mut Filling::new(messages), progress)?;
    swarm.run(&mut Farewell::new(1), progress)?;
    stored::await_rest(server, swarm, progress)
}

/// Writes the history with one server and asks another about it.
pub(crate) fn run(plan: &ArchivePlan, stage: &mut Stage) -> Result<Vec<Sample>, Failure> {
    let none = [("JIMD_DURABILITY", "none")];
    stage.progress.begin(format!("{}: writing", plan.title()));
    let home = stage.home(&WORLD)?;
    let server = stage.start_in(home.as_ref(), &none)?;
    let mut swarm = server.swarm()?;
    let mut writing = Filling::new(plan.messages);
    let begun = clock();
    swarm.run(&mut writing, &mut stage.progress)?;
    let rate = plan.messages as f64 / clock().duration_since(begun).as_secs_f64();
    let index = wait_for_index(&mut swarm, plan.messages, &mut stage.progress)?;
    drop((swarm, server));

    stage.progress.begin(format!("{}: reading", plan.title()));
    let begun = clock();
    let server = stage.start_in(home.as_ref(), &none)?;
    let start = clock().duration_since(begun);
    let before = server.resident_bytes()?;
    let mut samples = vec![
        Kind::FILLED.sample(rate),
        Kind::INDEXED.sample(millis(index)),
        Kind::START.sample(millis(start)),
    ];
    let mut swarm = server.swarm()?;
    for (kind, request) in questions(&writing.middle) {
        let most = if kind == Kind::RARE_SEARCH { plan.messages / RARE_EVERY } else { PAGE };
        let asking = Asking::new(&request, TIMES, most.min(PAGE));
        let took = ask(&mut swarm, asking, &mut stage.progress)?;
        samples.push(kind.sample(millis(took.percentile(0.5))));
    }
    for (kind, bytes) in
        [(Kind::RESIDENT_BEFORE, before), (Kind::RESIDENT_AFTER, server.resident_bytes()?)]
    {
        samples.extend(bytes.map(|bytes| kind.sample(bytes as f64 / f64::from(1 << 20))));
    }
    Ok(samples)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn questions(middle: &str) -> [(Kind, String); 4] {
    let history = format!(r#"{{"action":"history","time":1,"with":"{ROOM}","limit":{PAGE}"#);
    let search = |word: &str| search(word) + "}\n";
    [
        (Kind::NEWEST_PAGE, format!("{history}}}\n")),
        (Kind::MIDDLE_PAGE, format!("{history},\"after\":\"{middle}\"}}\n")),
        (Kind::RARE_SEARCH, search("seldom")),
        (Kind::COMMON_SEARCH, search("often")),
    ]
}

/// A search, but for its end.
fn search(word: &str) -> String {
    format!(r#"{{"action":"search","time":1,"with":"{ROOM}","query":"{word}","limit":{PAGE}"#)
}

/// Logs in, with the features that it takes to read a history.
fn log_in() -> String {
    let name = Identity::Accounts.name(0);
    let user = format!(r#"{{"account_name":"{name}","password":"{PASSWORD}"}}"#);
    format!(r#"{{"action":"authenticate","time":1,"user":{user},"features":["ids","history"]}}"#)
        + "\n"
}

/// One account that writes to its room.
#[derive(Debug)]
struct Filling {
    messages: u64,
    /// Requests that were sent and answered, the log-in among them.
    sent: u64,
    answered: u64,
    /// The number of the message in the middle.
    middle: String,
}

/// What is asked for before the first message.
const ENTERING: u64 = 1;

impl Filling {
    fn new(messages: u64) -> Self {
        Self { messages, sent: 0, answered: 0, middle: String::new() }
    }

    fn request(&self) -> String {
        match self.sent {
            0 => log_in(),
            sent => letter(sent - ENTERING, self.messages),
        }
    }
}

/// A message; the words in it follow from its number.
fn letter(number: u64, messages: u64) -> String {
    let name = Identity::Accounts.name(0);
    let rare = if number % RARE_EVERY == RARE_EVERY / 2 { " seldom" } else { "" };
    let last = if number + 1 == messages { " lastofall" } else { "" };
    // Words as various as those of people.
    let (one, other) = (number % 1009, number % 5003);
    format!(
        r#"{{"action":"msg","time":1,"from":"{name}","to":"{ROOM}","message":"often word{one} and some thing{other} said{rare}{last}"}}"#
    ) + "\n"
}

impl Script for Filling {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        _now: Instant,
    ) -> Result<(), Failure> {
        expect_success(client, object)?;
        if self.answered == ENTERING + self.messages / 2 {
            self.middle = msg_id(object).ok_or_else(|| strange(client, object))?;
        }
        self.answered += 1;
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, _now: Instant) -> Result<Turn, Failure> {
        if swarm.len() == 0 {
            swarm.connect()?;
        }
        let all = ENTERING + self.messages;
        let window = if self.answered < ENTERING { 1 } else { WINDOW };
        while self.sent < all && self.sent < self.answered + window {
            let request = self.request();
            swarm.send(0, |out| out.extend_from_slice(request.as_bytes()));
            self.sent += 1;
        }
        Ok(if self.answered == all { Turn::Done } else { Turn::Wait(TURN) })
    }

    fn fraction(&self, _now: Instant) -> f64 {
        self.answered as f64 / self.messages.max(1) as f64
    }

    fn waiting(&self) -> String {
        format!("{} of {} messages were answered", self.answered, self.messages)
    }
}

/// The `msg_id` of an answer.
fn msg_id(object: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(object).ok()?;
    value.get("msg_id")?.as_str().map(str::to_owned)
}

/// Searches for the last message until it is found; says how long that took.
fn wait_for_index(
    swarm: &mut Swarm,
    messages: u64,
    progress: &mut Progress,
) -> Result<Duration, Failure> {
    let begun = clock();
    let request = search("lastofall") + "}\n";
    loop {
        let mut asking = Asking::new(&request, 1, 0);
        swarm.run(&mut asking, progress)?;
        let took = clock().duration_since(begun);
        if asking.found > 0 {
            return Ok(took);
        }
        if took > INDEX_TIME {
            let waiting = format!("the last of {messages} messages was not in the index");
            return Err(Failure::Silent { seconds: took.as_secs(), waiting });
        }
        swarm.rest(TURN, progress)?;
    }
}

fn ask(
    swarm: &mut Swarm,
    mut asking: Asking,
    progress: &mut Progress,
) -> Result<Histogram, Failure> {
    if swarm.len() == 0 {
        swarm.connect()?;
        swarm.run(&mut Asking::new(&log_in(), 1, 0), progress)?;
    }
    swarm.run(&mut asking, progress)?;
    Ok(asking.waits)
}

/// One question, again and again.
#[derive(Debug)]
struct Asking {
    request: String,
    times: u64,
    /// The fewest messages that a right answer has.
    least: u64,
    asked_at: Option<Instant>,
    waits: Histogram,
    answered: u64,
    /// How many messages the last answer had.
    found: u64,
}

impl Asking {
    fn new(request: &str, times: u64, least: u64) -> Self {
        let (request, waits) = (request.to_owned(), Histogram::new());
        Self { request, times, least, asked_at: None, waits, answered: 0, found: 0 }
    }
}

impl Script for Asking {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure> {
        expect_success(client, object)?;
        let asked_at = self.asked_at.take().ok_or_else(|| strange(client, object))?;
        self.waits.record(now.saturating_duration_since(asked_at));
        self.answered += 1;
        self.found = memchr::memmem::find_iter(object, br#""msg_id":"#).count() as u64;
        if self.found < self.least || answer_code(object).is_none() {
            return Err(strange(client, object));
        }
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure> {
        if self.answered == self.times {
            return Ok(Turn::Done);
        }
        if self.asked_at.is_none() {
            self.asked_at = Some(now);
            swarm.send(0, |out| out.extend_from_slice(self.request.as_bytes()));
        }
        Ok(Turn::Wait(TURN))
    }

    fn fraction(&self, _now: Instant) -> f64 {
        self.answered as f64 / self.times.max(1) as f64
    }

    fn waiting(&self) -> String {
        format!("{} of {} questions were answered", self.answered, self.times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_objects_and_say_what_is_meant() {
        let requests = questions("00").map(|(_, request)| request);
        for request in requests.iter().chain([&log_in(), &letter(5000, 5001)]) {
            assert!(request.ends_with('\n'));
            serde_json::from_str::<serde_json::Value>(request).unwrap();
        }
        assert!(letter(5000, 5001).contains(" seldom lastofall\""));
        assert!(letter(5000, 9000).contains(" seldom\""));
        assert!(!letter(5001, 9000).contains("seldom"));
    }

    #[test]
    fn a_number_is_read_from_an_answer() {
        let answer = br#"{"response":200,"time":1.5,"alert":"ok","msg_id":"00ab"}"#;
        assert_eq!(msg_id(answer).as_deref(), Some("00ab"));
        assert_eq!(msg_id(br#"{"response":200}"#), None);
    }
}
