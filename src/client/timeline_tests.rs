use super::*;
use proptest::prelude::*;

fn message(id: i64) -> Message {
    Message { id: Some(MessageId(id)), raw: vec![b'x'; 8], ..Message::default() }
}

fn messages(ids: &[i64]) -> Vec<Message> {
    ids.iter().copied().map(message).collect()
}

fn ids(messages: &[Message]) -> Vec<i64> {
    messages.iter().filter_map(|message| Some(message.id?.0)).collect()
}

fn forward(after: i64) -> Option<PageAsk> {
    Some(PageAsk { before: None, after: Some(MessageId(after)), limit: 200 })
}

/// A timeline that was told where it begins, and asked for its first page.
fn begun(start: Start) -> Timeline {
    let mut timeline = Timeline::new(Some(start));
    assert!(timeline.begin().is_some());
    timeline
}

#[test]
fn without_a_start_nothing_is_asked_for_and_nothing_shown_twice() {
    let mut timeline = Timeline::new(None);
    assert_eq!(timeline.begin(), None);
    assert!(timeline.handle_live(message(2)).is_some());
    assert!(timeline.handle_live(message(2)).is_none());
    // Later than it should be, but not lost.
    assert!(timeline.handle_live(message(1)).is_some());
    // Without a number nothing can be known.
    let unnumbered = Message { id: None, ..message(0) };
    assert!(timeline.handle_live(unnumbered.clone()).is_some());
    assert!(timeline.handle_live(unnumbered).is_some());
}

#[test]
fn what_arrives_waits_for_the_page_that_reaches_it() {
    let mut timeline = begun(Start::After(MessageId(1)));
    for id in [9, 3, 5] {
        assert!(timeline.handle_live(message(id)).is_none());
    }
    let (shown, next) = timeline.handle_page(messages(&[2, 3, 4]), true);
    assert_eq!((ids(&shown), next), (vec![2, 3, 4], forward(4)));
    let (shown, next) = timeline.handle_page(messages(&[6]), false);
    assert_eq!((ids(&shown), next), (vec![5, 6, 9], None));
    assert!(!timeline.is_catching_up());
    assert!(timeline.handle_live(message(9)).is_none());
    assert!(timeline.handle_live(message(10)).is_some());
}

#[test]
fn what_a_page_lacks_and_was_held_is_shown_at_its_place() {
    let mut timeline = begun(Start::After(MessageId(1)));
    timeline.handle_live(message(3));
    timeline.handle_live(message(9));
    let (shown, next) = timeline.handle_page(messages(&[2, 4]), true);
    assert_eq!((ids(&shown), next), (vec![2, 3, 4], forward(4)));
    // Also where the connection is lost before.
    assert_eq!(timeline.begin(), forward(4));
    let (shown, _) = timeline.handle_page(messages(&[5]), false);
    assert_eq!(ids(&shown), [5, 9]);
}

#[test]
fn what_arrived_before_the_first_page_is_where_following_begins() {
    let mut timeline = begun(Start::Newest(0));
    timeline.handle_live(message(3));
    assert_eq!(timeline.begin(), forward(2));
    let (shown, _) = timeline.handle_page(messages(&[3, 4]), false);
    assert_eq!(ids(&shown), [3, 4]);
}

#[test]
fn an_empty_conversation_is_followed_from_its_beginning() {
    let mut timeline = begun(Start::Newest(5));
    assert_eq!(timeline.handle_page(Vec::new(), false), (Vec::new(), None));
    assert_eq!(timeline.begin(), forward(0));
}

#[test]
fn more_than_is_wanted_is_left_out() {
    let mut timeline = begun(Start::Newest(2));
    let (shown, next) = timeline.handle_page(messages(&[1, 2, 3]), true);
    assert_eq!((ids(&shown), next), (vec![2, 3], None));
}

#[test]
fn pages_that_lead_nowhere_are_not_asked_for_again() {
    let mut back = begun(Start::Newest(10));
    let (_, next) = back.handle_page(messages(&[5, 6]), true);
    let before = Some(MessageId(5));
    assert_eq!(next, Some(PageAsk { before, after: None, limit: 8 }));
    let (shown, next) = back.handle_page(messages(&[6]), true);
    assert_eq!((ids(&shown), next), (vec![5, 6], None));
    let mut onward = begun(Start::After(MessageId(5)));
    assert_eq!(onward.handle_page(messages(&[4]), true).1, None);
    assert_eq!(onward.handle_page(messages(&[7]), true), (Vec::new(), None), "nobody asked");
}

#[test]
fn what_cannot_be_held_is_asked_for() {
    let mut timeline = begun(Start::After(MessageId(0)));
    let last = HELD_MESSAGES as i64 + 3;
    for id in 1..=last {
        assert!(timeline.handle_live(message(id)).is_none());
    }
    assert_eq!(timeline.held.messages.len(), HELD_MESSAGES);
    let (shown, next) = timeline.handle_page(Vec::new(), false);
    assert_eq!((shown.len(), next), (HELD_MESSAGES, forward(last - 3)));
    assert!(timeline.handle_live(message(last + 1)).is_none());
    let (shown, next) = timeline.handle_page(messages(&[last - 2, last - 1, last]), false);
    assert_eq!((ids(&shown), next), (vec![last - 2, last - 1, last, last + 1], None));
    let big = Message { raw: vec![0; HELD_BYTES + 1], ..message(1) };
    assert!(!Held::default().push(MessageId(1), big));
}

#[test]
fn what_was_held_is_shown_where_no_page_comes() {
    let mut timeline = begun(Start::Newest(10));
    timeline.handle_page(messages(&[5, 6]), true);
    timeline.handle_live(message(8));
    assert_eq!(ids(&timeline.give_up()), [5, 6, 8]);
    assert!(timeline.handle_live(message(9)).is_some());
}

/// A server that has all numbers below `next`, and delivers each to the connection of its time.
struct Server {
    next: i64,
}

impl Server {
    /// The page that is asked for.
    fn page(&self, ask: PageAsk, size: i64) -> (Vec<Message>, bool) {
        let size = size.min(i64::try_from(ask.limit).unwrap());
        let from = ask.after.map_or(0, |id| id.0) + 1;
        let to = ask.before.map_or(self.next, |id| id.0.min(self.next));
        let all: Vec<i64> = (from..to).collect();
        let cut = all.len().saturating_sub(usize::try_from(size).unwrap());
        let page = if ask.after.is_some() { &all[..all.len() - cut] } else { &all[cut..] };
        (messages(page), cut > 0)
    }
}

/// Has the server answer; gives what is asked for next.
fn answer(
    timeline: &mut Timeline,
    asked: PageAsk,
    server: &Server,
    size: i64,
    shown: &mut Vec<i64>,
) -> Option<PageAsk> {
    let (page, more) = server.page(asked, size);
    let (now, next) = timeline.handle_page(page, more);
    shown.extend(ids(&now));
    next
}

proptest! {
    /// Whatever is sent, lost and asked for in whatever order: each message once, in order.
    #[test]
    fn nothing_is_lost_repeated_or_out_of_order(
        newest in 0_u64..5,
        before in 0_i64..9,
        steps in proptest::collection::vec((0_u8..4, 1_i64..4), 0..80),
    ) {
        let mut server = Server { next: 1 + before };
        let mut timeline = Timeline::new(Some(Start::Newest(newest)));
        let mut ask = timeline.begin();
        let mut shown = Vec::new();
        // The start is known before anything can be missed.
        while let Some(asked) = ask {
            ask = answer(&mut timeline, asked, &server, 3, &mut shown);
        }
        for (step, size) in steps {
            match step {
                0 => {
                    let live = message(server.next);
                    server.next += 1;
                    shown.extend(ids(timeline.handle_live(live).as_slice()));
                }
                // This one is lost with its connection.
                1 => {
                    server.next += 1;
                    ask = timeline.begin();
                }
                2 => ask = timeline.begin(),
                _ => {
                    let answer = |asked| answer(&mut timeline, asked, &server, size, &mut shown);
                    ask = ask.and_then(answer);
                }
            }
        }
        ask = timeline.begin();
        while let Some(asked) = ask {
            ask = answer(&mut timeline, asked, &server, 2, &mut shown);
        }
        let first = (before + 1 - i64::try_from(newest).unwrap()).max(1);
        prop_assert_eq!(shown, (first..server.next).collect::<Vec<_>>());
    }
}
