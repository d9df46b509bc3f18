//! Commands, as they are typed and answered.

use super::*;

#[test]
fn a_password_behind_a_name_is_neither_sent_nor_shown_nor_kept() {
    for line in ["/login boris geheim", "/register boris CODE geheim", "/login \"boris geheim"] {
        let mut stage = Stage::guest();
        stage.size(160, 12);
        stage.enter_as_guest();
        assert!(stage.line(line).is_continue());
        assert!(!stage.shows("geheim") && !stage.shows("Password of"), "{}", stage.draw());
        assert!(!stage.asked_for("geheim"));
        assert!(stage.press(KeyCode::Up).is_continue());
        assert!(!stage.shows("geheim"), "{}", stage.draw());
        stage.write(line);
        assert!(stage.key(KeyCode::Char('c'), KeyModifiers::CONTROL).is_continue());
        assert!(stage.press(KeyCode::Up).is_continue());
        assert!(!stage.shows("geheim"), "{}", stage.draw());
    }
    let mut stage = Stage::guest();
    stage.size(160, 12);
    stage.enter_as_guest();
    assert!(stage.line("/login boris geheim").is_continue());
    assert!(stage.shows("the password is asked for and never typed here"), "{}", stage.draw());
}

impl Stage {
    /// Lets a guest in, and takes what is asked at first.
    fn enter_as_guest(&mut self) {
        self.session = Session::default();
        self.act(|chat, turn| chat.begin(turn, ([127, 0, 0, 1], 7777).into()));
        self.answer(&format!("\"features\":{ALL}"));
        self.answer("\"rooms\":[],\"more\":false");
        self.answer("\"users\":[],\"more\":false");
        self.session.wrote(usize::MAX);
    }
}

#[test]
fn listings_are_shown_from_their_first_line() {
    let mut stage = Stage::user();
    stage.size(100, 12);
    let top = |stage: &mut Stage| stage.draw().lines().nth(1).unwrap_or_default().to_owned();
    assert!(stage.line("/help").is_continue());
    assert!(stage.shows("/msg TO TEXT") && !stage.shows("//TEXT"), "{}", stage.draw());
    assert!(stage.shows("PageDown: on") && stage.shows("Esc: to the end"), "{}", stage.draw());
    assert!(stage.press(KeyCode::F(1)).is_continue());
    assert!(top(&mut stage).contains("enter "), "{}", stage.draw());
    assert!(stage.press(KeyCode::Esc).is_continue());
    assert!(!stage.shows("Esc: to the end") && stage.shows("lists the keys"));
    // One that fits is at the end, as all else that is said.
    assert!(stage.line("/help").is_continue());
    assert!(stage.line("/help msg").is_continue());
    assert!(!stage.shows("Esc: to the end") && stage.shows("/msg TO TEXT"), "{}", stage.draw());
}

#[test]
fn long_descriptions_go_on_below_their_beginning() {
    let mut stage = Stage::user();
    stage.size(100, 60);
    for (listing, first, second) in [
        ("/help", "enters or makes a room;", "lines go there"),
        ("/keys", "goes a line up, or to what", "typed before (line-up)"),
        ("/keys", "goes a word right", "(word-right)"),
    ] {
        assert!(stage.line("/clear").is_continue());
        assert!(stage.line(listing).is_continue());
        let text = stage.draw();
        let mut lines = text.lines().skip_while(|line| !line.contains(first));
        let mut column = |part: &str| {
            let line = lines.next().unwrap_or_default();
            line.find(part).map(|at| super::super::text::width(line.split_at(at).0))
        };
        let begin = column(first);
        assert!(begin.is_some() && begin == column(second), "{first}: {text}");
    }
}

#[test]
fn a_room_that_lets_nobody_in_is_taken_away_again() {
    let mut stage = Stage::guest();
    stage.size(120, 12);
    stage.enter_as_guest();
    let refusal = "{\"response\":403,\"time\":1,\"error\":\"not for guests\"}";
    assert!(stage.line("/join #x").is_continue());
    stage.expect("\"join\"");
    assert!(stage.receive(refusal).is_continue());
    assert!(stage.shows("\n#all>") && stage.shows("not for guests"), "{}", stage.draw());
    assert!(!stage.shows("#x"), "{}", stage.draw());
    assert_eq!(stage.chat.model.all().len(), 1);
    // What is being typed is not sent to others than was meant.
    assert!(stage.line("/join #x").is_continue());
    stage.write("for a few");
    assert!(stage.receive(refusal).is_continue());
    assert!(stage.shows("\n#x> for a few") && stage.shows("not for guests"), "{}", stage.draw());
    // A room that was there stays.
    stage.chat.input.clear();
    assert!(stage.line("/to #all").is_continue());
    assert!(stage.line("/join #x").is_continue());
    assert!(stage.receive(refusal).is_continue());
    assert!(stage.shows("\n#x>"), "{}", stage.draw());
}
