//! `~/.config/jim/client.toml`.

use super::support::{Folder, Server, jim_client};
use std::process::{Output, Stdio};

/// Runs a client that writes nothing, with a home folder that has these settings.
fn run(settings: Option<&str>, arguments: &[&str]) -> Output {
    let home = Folder::new();
    if let Some(settings) = settings {
        std::fs::create_dir_all(home.path().join(".config/jim")).unwrap();
        home.file(".config/jim/client.toml", settings);
    }
    let mut command = jim_client();
    command.args(arguments).env("HOME", home.path()).env("LC_ALL", "C").env("USER", "tester");
    command.stdin(Stdio::null()).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_profile_says_which_server_and_who_one_is_there() {
    let server = Server::start(&[]);
    let (host, port) = (server.address.ip(), server.address.port());
    let profile = |name, guest| {
        format!("[profile.{name}]\naddress = \"{host}\"\nport = {port}\nname = \"{guest}\"\n")
    };
    let settings = profile("default", "ann") + &profile("club", "bob");
    for (arguments, guest) in [
        (&["-w"][..], "ann"),
        (&["-w", "--profile", "club"], "bob"),
        (&["-w", "--profile", "club", "--name", "carl"], "carl"),
    ] {
        let output = run(Some(&settings), arguments);
        let errors = errors(&output);
        assert!(errors.contains(&format!(" as guest {guest}")), "{arguments:?}: {errors}");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn what_is_wrong_with_the_settings_is_said_with_its_place() {
    let rows = [
        (Some("[profile.default]\nprot = 1\n"), &["-w"][..], "line 2"),
        (Some("[profile.club]\n"), &["-w", "--profile", "clup"], "did you mean club?"),
        (None, &["-w", "--profile", "club"], "client.toml: No such file"),
    ];
    for (settings, arguments, said) in rows {
        let output = run(settings, arguments);
        assert!(errors(&output).contains(said), "{}", errors(&output));
        assert_eq!(output.status.code(), Some(2));
    }
}
