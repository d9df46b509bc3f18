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
