//! Files beside the chat: how far they are is seen, they can be given up, and Tab finds them.

use super::*;
use crate::client::bounds::PIECE_BYTES;
use std::fs;
use tempfile::TempDir;

/// A user with nothing else under way, and two files of four pieces and one.
fn stage() -> (Stage, TempDir) {
    let mut stage = Stage::user();
    stage.size(100, 12);
    stage.session.wrote(usize::MAX);
    stage.answer("\"data_list\":[]");
    stage.answer("\"users\":[]");
    let folder = tempfile::tempdir().unwrap();
    let bytes = |pieces: u64| vec![7; usize::try_from(pieces * PIECE_BYTES).unwrap()];
    fs::write(folder.path().join("a photo.jpg"), bytes(4)).unwrap();
    fs::write(folder.path().join("b.txt"), bytes(1)).unwrap();
    (stage, folder)
}

impl Stage {
    fn send(&mut self, folder: &TempDir, name: &str) {
        let line = format!("/send \"{}/{name}\"", folder.path().display());
        assert!(self.line(&line).is_continue());
    }

    /// The server takes the file in, and its first piece.
    fn take_first_piece(&mut self) {
        self.expect("\"action\":\"upload\"");
        self.answer("\"id\":\"00000000000000aa\",\"upload\":\"00000000000000aa\",\"next\":0");
        self.expect("\"offset\":0");
        // With room for it the next piece follows.
        self.act(|chat, turn| chat.handle_timeout(turn));
        self.expect(&format!("\"offset\":{PIECE_BYTES}"));
        self.pass(Duration::from_secs(1));
        self.answer(&format!("\"next\":{PIECE_BYTES}"));
        self.expect(&format!("\"offset\":{}", 2 * PIECE_BYTES));
    }

    fn status(&mut self) -> String {
        let text = self.draw();
        let mut rows = text.lines().rev();
        rows.nth(1).unwrap().to_owned()
    }
}

#[test]
fn how_far_files_are_is_seen_all_the_time() {
    let (mut stage, folder) = stage();
    stage.send(&folder, "a photo.jpg");
    stage.take_first_piece();
    assert!(stage.status().starts_with(" online │ a photo.jpg: 25 %, 48.0 KiB/s │ anna @"));
    // It is looked at again though nothing comes.
    assert!(stage.chat.poll_timeout(stage.now).is_some());
    stage.pass(Duration::from_secs(2));
    stage.act(|chat, turn| chat.handle_timeout(turn));
    assert!(stage.status().contains(" 25 %, 16.0 KiB/s "), "{}", stage.draw());
    stage.send(&folder, "b.txt");
    assert!(stage.status().contains("│ 2 files, 20 %, 16.0 KiB/s │"), "{}", stage.draw());
    stage.size(36, 12);
    assert!(stage.status().starts_with(" online │ 20 % │ "), "{}", stage.draw());
    // No line of its own every now and then.
    stage.pass(Duration::from_secs(60));
    stage.act(|chat, turn| chat.handle_timeout(turn));
    stage.size(100, 12);
    assert!(!stage.shows(" of 192 KiB"), "{}", stage.draw());
}

#[test]
fn a_file_is_given_up_and_the_next_one_has_its_turn() {
    let (mut stage, folder) = stage();
    assert!(stage.line("/cancel").is_continue());
    assert!(stage.shows("no file is being sent or got"), "{}", stage.draw());
    stage.send(&folder, "a photo.jpg");
    stage.take_first_piece();
    stage.send(&folder, "b.txt");
    assert!(stage.line("/cancel").is_continue());
    assert!(stage.shows("which one? /cancel and one of a photo.jpg, b.txt"), "{}", stage.draw());
    assert!(stage.line("/cancel c").is_continue());
    assert!(stage.shows("no file c is being sent or got; a photo.jpg, b.txt"), "{}", stage.draw());
    stage.write("/cancel a");
    assert!(stage.press(KeyCode::Tab).is_continue());
    assert!(stage.press(KeyCode::Enter).is_continue());
    assert!(stage.shows("a photo.jpg is given up, and nobody hears of it"), "{}", stage.draw());
    assert!(!stage.asked_for("upload"), "two answers are still to come");
    stage.answer(&format!("\"next\":{}", 2 * PIECE_BYTES));
    stage.answer(&format!("\"next\":{}", 3 * PIECE_BYTES));
    stage.expect("\"name\":\"b.txt\"");
    stage.answer("\"id\":\"00000000000000bb\",\"upload\":\"00000000000000bb\",\"next\":0");
    stage.expect("\"put\"");
    assert!(stage.line("/cancel 00000000000000BB").is_continue());
    assert!(stage.shows("all of b.txt is sent already"), "{}", stage.draw());
    stage.act(|chat, turn| chat.handle_fault(turn, Fault::Closed));
    assert!(stage.line("/cancel b.txt").is_continue());
    assert!(stage.shows("so it may have arrived"), "{}", stage.draw());
    assert!(!stage.status().contains('%'), "{}", stage.draw());
}

#[test]
fn what_had_not_begun_leaves_nothing() {
    let (mut stage, folder) = stage();
    stage.size(160, 12);
    stage.send(&folder, "a photo.jpg");
    assert!(stage.line("/get 00000000000000cc").is_continue());
    assert!(stage.line("/cancel 00000000000000cc").is_continue());
    let said = "00000000000000cc is given up; nothing of it had come or gone";
    assert!(stage.shows(said), "{}", stage.draw());
    stage.take_first_piece();
    assert!(stage.line("/cancel").is_continue());
    assert!(stage.shows("the same /send goes on from there"), "{}", stage.draw());
    for pieces in 2..4 {
        stage.answer(&format!("\"next\":{}", pieces * PIECE_BYTES));
    }
    assert!(stage.line("/get 00000000000000cc").is_continue());
    stage.expect("\"get\"");
    assert!(stage.line("/cancel").is_continue());
    assert!(stage.shows("is given up; nothing of it was saved"), "{}", stage.draw());
}

#[test]
fn tab_finds_files() {
    let (mut stage, folder) = stage();
    stage.size(200, 12);
    let root = folder.path().display().to_string();
    fs::create_dir(folder.path().join("my things")).unwrap();
    fs::write(folder.path().join("my things/list.txt"), "").unwrap();
    let press = |stage: &mut Stage, text: &str| {
        stage.write(text);
        assert!(stage.press(KeyCode::Tab).is_continue());
        stage.chat.input.lines()[0].clone()
    };
    assert_eq!(press(&mut stage, &format!("/send {root}/m")), format!("/send \"{root}/my things/"));
    let whole = format!("/send \"{root}/my things/list.txt\" ");
    assert_eq!(press(&mut stage, ""), whole);
    stage.chat.input.clear();
    assert_eq!(
        press(&mut stage, &format!("/send {root}/")),
        format!("/send \"{root}/a photo.jpg\" ")
    );
    assert!(stage.shows("b.txt"), "{}", stage.draw());
    assert_eq!(press(&mut stage, ""), format!("/send {root}/b.txt "));
}
