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
        (
            Some("[profile.default]\nprot = 1\n"),
            &["-w"][..],
            "client.toml:2:1: profile.default.prot: there is no such setting; did you mean port?",
        ),
        (Some("[profile.club]\n"), &["-w", "--profile", "clup"], "did you mean club?"),
        (None, &["-w", "--profile", "club"], "cannot be read: No such file"),
        (
            Some("[keys]\nquti = \"ctrl-q\"\nundo = \"ctrl-m\"\n[colors]\nlink = \"bleu\"\n"),
            &["-w"],
            "client.toml:2:1: keys.quti: there is no such action; did you mean quit?",
        ),
        (
            Some("[keys]\nundo = \"ctrl-m\"\n[colors]\nlink = \"bleu\"\n"),
            &["-w"],
            "client.toml:2:8: keys.undo: terminals send ctrl-m as enter, so it cannot be told from it\n",
        ),
        (
            Some("[keys]\nundo = \"ctrl-m\"\n[colors]\nlink = \"bleu\"\n"),
            &["-w"],
            "client.toml:4:8: colors.link: 'bleu' is no colour and no weight; did you mean blue?\n",
        ),
        (None, &["-w", "--set", "bell"], "jim-client: --set bell: it has to be KEY=VALUE\n"),
    ];
    for (settings, arguments, said) in rows {
        let output = run(settings, arguments);
        assert!(errors(&output).contains(said), "{}", errors(&output));
        assert_eq!(output.status.code(), Some(2));
    }
}

/// What lies where the settings are looked for, put there by a shell's command.
fn run_beside(command: &str) -> Output {
    let home = Folder::new();
    std::fs::create_dir_all(home.path().join(".config/jim")).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", command]).current_dir(home.path().join(".config/jim"));
    assert!(shell.status().unwrap().success());
    let mut client = jim_client();
    client.arg("-w").env("HOME", home.path()).env("LC_ALL", "C").stdin(Stdio::null());
    client.output().unwrap()
}

#[test]
fn settings_that_are_no_file_are_refused() {
    for (command, said) in [
        ("mkfifo client.toml", "it is a pipe, and no regular file"),
        ("mkdir client.toml", "it is a folder, and no regular file"),
        ("head -c 1100000 /dev/zero > client.toml", "it is longer than 1048576 bytes"),
    ] {
        let output = run_beside(command);
        let errors = errors(&output);
        assert!(errors.contains(&format!("the settings file cannot be read: {said}")), "{errors}");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn broken_settings_do_not_keep_a_shell_from_its_completions() {
    let output = run(Some("nonsense"), &["completions", "bash"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}
