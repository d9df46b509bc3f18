//! The full screen of `jim-client` as somebody's `client.toml` has it.

use super::pty::Terminal;
use super::scripted_peer::Peer;
use super::support::{Folder, JIM_CLIENT, Server};
use vt100::Color;

/// A client that is in, with these settings in its home.
fn with_settings(
    server: &Server,
    settings: &str,
    more: &[&str],
    variables: &[(&str, &str)],
) -> (Folder, Terminal) {
    let home = Folder::new();
    std::fs::create_dir_all(home.path().join(".config/jim")).unwrap();
    home.file(".config/jim/client.toml", settings);
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let arguments = [&["-a", &host, "-p", &port, "-u", "anna"], more].concat();
    let folder = home.path().to_str().unwrap().to_owned();
    let variables = [variables, &[("HOME", folder.as_str())]].concat();
    let mut terminal = Terminal::start(JIM_CLIENT, &arguments, &variables, 80, 16);
    terminal.wait_for("online");
    (home, terminal)
}

fn quit(mut terminal: Terminal) {
    terminal.line("/quit");
    let (code, text) = terminal.end();
    assert_eq!(code, 0, "{text}");
}

/// The colour of the letters, and whether they are bold, where a text begins.
fn look(terminal: &Terminal, text: &str) -> (Color, Color, bool) {
    let rows = terminal.rows();
    let row = rows.iter().position(|row| row.contains(text)).unwrap();
    let (before, _) = rows[row].split_once(text).unwrap();
    // All that stands before it here is one column wide.
    let column = u16::try_from(before.chars().count()).unwrap();
    let cell = terminal.screen().cell(u16::try_from(row).unwrap(), column).unwrap();
    (cell.fgcolor(), cell.bgcolor(), cell.bold())
}

const COLOURS: &str =
    "[colors]\nown = \"bold 208\"\ntext = \"#ff8700 on blue\"\ntitle = \"cyan\"\n";

#[test]
fn colours_are_as_they_were_chosen() {
    let server = Server::with_users(&["anna"], &[]);
    let own = (Color::Idx(208), Color::Default, true);
    let none = (Color::Default, Color::Default, false);
    let bold = (Color::Default, Color::Default, true);
    let of_palette = (Color::Idx(208), Color::Idx(4), false);
    let full = (Color::Rgb(255, 135, 0), Color::Idx(4), false);
    let title = (Color::Idx(6), Color::Default, false);
    for (variables, expected) in [
        (&[][..], [own, of_palette, title]),
        (&[("COLORTERM", "truecolor")], [own, full, title]),
        (&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")], [bold, none, none]),
    ] {
        let (_home, mut anna) = with_settings(&server, COLOURS, &[], variables);
        anna.line("hello");
        anna.wait_for("anna │ hello");
        let looks = [look(&anna, "anna │"), look(&anna, "hello"), look(&anna, "#all")];
        assert_eq!(looks, expected, "{variables:?}");
        quit(anna);
    }
}

const KEYS: &str = "bell = true\n[keys]\nkeys = \"ctrl-g\"\nword-left = \"f3\"\nundo = []\n\
    clear = [\"alt-shift-c\", \"ctrl-alt-l\"]\nquit = \"ctrl-q\"\nline-start = \"ctrl-o\"\n";

#[test]
fn keys_do_what_was_chosen() {
    let server = Server::with_users(&["anna"], &[]);
    let (_home, mut anna) = with_settings(&server, KEYS, &[], &[]);
    anna.keys("\u{7}");
    anna.wait_for("Esc: to the end");
    anna.keys("\u{1b}[1;5F");
    let text = anna.wait_for("ctrl-q                  ends, as /quit does");
    assert!(text.contains("alt-C ctrl-alt-l        clears"), "{text}");
    for clears in ["\u{1b}C", "\u{1b}\u{c}"] {
        anna.line("said");
        // It is answered: what is on its way is not cleared.
        anna.wait_for("anna │ said\n");
        anna.keys(clears);
        anna.wait_without("anna │ said");
    }
    // F3, Ctrl-O; Ctrl-A begins no line any more.
    anna.keys("one two\u{1b}OR\u{1}x");
    anna.wait_for("#all> one xtwo");
    anna.keys("\u{f}y");
    anna.wait_for("#all> yone xtwo");
    anna.keys("\u{11}");
    assert_eq!(anna.end().0, 0);
}

#[test]
fn what_is_typed_wins_over_the_settings() {
    let peer = Peer::new(|peer| {
        peer.accept("presence");
        peer.message("eve", "#all", "tester, wake up");
        for _ in 0..2 {
            peer.accept_any();
        }
        peer.accept("quit");
        peer.expect_end();
    });
    let home = Folder::new();
    std::fs::create_dir_all(home.path().join(".config/jim")).unwrap();
    home.file(".config/jim/client.toml", &format!("notify = 777\nplain = true\n{KEYS}"));
    let folder = home.path().to_str().unwrap();
    let arguments = ["-p", &peer.port, "--set", "plain=false", "--set", "bell=false"];
    let mut anna = Terminal::start(
        JIM_CLIENT,
        &[&arguments[..], &["--notify", "9", "--set", "keys.quit=ctrl-t"]].concat(),
        &[("HOME", folder)],
        80,
        10,
    );
    anna.wait_for("wake up");
    anna.wait("the notice", |terminal| {
        String::from_utf8_lossy(&terminal.bytes).contains("\u{1b}]9;eve: tester, wake up\u{7}")
    });
    anna.keys("\u{14}");
    let notice = "\u{1b}]9;eve: tester, wake up\u{7}";
    let rest = String::from_utf8_lossy(&anna.bytes).replace(notice, "");
    assert!(!rest.contains('\u{7}') && !rest.contains("]777"), "no bell: {rest:?}");
    assert_eq!(anna.end().0, 0);
    peer.join();
}

#[test]
fn a_mistake_is_told_on_the_usual_screen() {
    let home = Folder::new();
    std::fs::create_dir_all(home.path().join(".config/jim")).unwrap();
    home.file(".config/jim/client.toml", "[keys]\nundo = \"ctrl-m\"\nquit = \"ctrl-i\"\n");
    let folder = home.path().to_str().unwrap();
    let terminal = Terminal::start(JIM_CLIENT, &[], &[("HOME", folder)], 160, 10);
    let (code, text) = terminal.end();
    assert_eq!(code, 2);
    assert!(text.contains("client.toml:2:8: keys.undo: terminals send ctrl-m as enter"), "{text}");
    assert!(text.contains("client.toml:3:8: keys.quit: terminals send ctrl-i as tab"), "{text}");
}
