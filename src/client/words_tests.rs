use super::*;

#[test]
fn what_others_wrote_is_made_visible() {
    let notice = Notice::Refused { code: 402, text: "\u{1b}[2J\n".into() };
    assert_eq!(notice.text(Language::English), "the server did not let us in: 402 \\u{1b}[2J\\n");
    assert_eq!(notice.text(Language::Russian), "сервер не впустил: 402 \\u{1b}[2J\\n");
}

#[test]
fn every_tried_address_is_named() {
    let tried = vec![
        ("[::1]:7777".to_owned(), "refused".to_owned()),
        ("127.0.0.1:7777".to_owned(), "no answer".to_owned()),
    ];
    assert_eq!(
        Notice::CannotConnect { tried }.text(Language::English),
        "cannot connect to [::1]:7777: refused; 127.0.0.1:7777: no answer"
    );
}

#[test]
fn what_is_kept_is_said_in_one_line() {
    let text = |kept| Notice::Kept { kept }.text(Language::English);
    let rooms = Kept { rooms: true, direct: true, ..Kept::default() };
    assert_eq!(
        text(rooms),
        "this server keeps the messages of rooms, those between accounts, for ever"
    );
    let days = Kept { rooms: true, days: 9, messages: 5, ..Kept::default() };
    assert_eq!(
        text(days),
        "this server keeps the messages of rooms for 9 days, of each the newest 5 messages at most"
    );
    let nothing = Kept { days: 9, ..Kept::default() };
    assert_eq!(text(nothing), "this server keeps no messages");
    assert_eq!(
        Notice::Kept { kept: nothing }.text(Language::Russian),
        "этот сервер хранит: ничего"
    );
}

#[test]
fn lines_are_named_in_both_languages() {
    let notice = Notice::LineTooLong { line: 3, chars: 501, limit: 500 };
    for language in [Language::English, Language::Russian] {
        let text = notice.text(language);
        assert!(text.contains('3') && text.contains("501") && text.contains("--split"));
    }
}

#[test]
fn an_answer_without_a_code_is_not_taken_for_one() {
    let text = |notice: Notice, language| notice.text(language);
    let refused = |code| Notice::Refused { code, text: "ok".into() };
    for code in [0, 99, 1000] {
        assert_eq!(
            text(refused(code), Language::English),
            "the server did not let us in: its answer has no valid code: ok"
        );
        assert_eq!(
            text(refused(code), Language::Russian),
            "сервер не впустил: в его ответе нет верного кода: ok"
        );
        let answer = Notice::Answer { code, text: String::new() };
        assert_eq!(answer.level(), Level::Warn);
        assert_eq!(
            text(answer, Language::English),
            "the server says: its answer has no valid code"
        );
    }
}
