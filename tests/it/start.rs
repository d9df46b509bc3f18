//! How `jimd` starts, and every way in which it does not.

use super::process::{run, run_jimd};
use super::support::{Client, Folder, JIM_CLIENT, JIMD, Server, add_user, jimd, own_place};
use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::Command;

const ANY_PORT: [&str; 4] = ["-a", "127.0.0.1", "-p", "0"];

/// A line of the console with its time masked.
fn masked(line: &str) -> String {
    let is_time = line.as_bytes().first() == Some(&b'[') && line.as_bytes().get(9) == Some(&b']');
    if is_time { format!("[HH:MM:SS]{}", &line[10..]) } else { line.to_owned() }
}

fn check_banner(language: &str, expected: &str) {
    let mut server = Server::start(&["--lang", language]);
    let port = server.address.port().to_string();
    let lines: Vec<String> = server.stop().iter().map(|line| masked(line)).collect();
    let expected =
        expected.replace("PORT", &port).replace("JIMD", JIMD).replace("JIM_CLIENT", JIM_CLIENT);
    assert_eq!(format!("{}\n", lines.join("\n")), expected);
}

#[test]
fn the_start_says_what_is_open_to_whom_in_russian() {
    check_banner(
        "ru",
        "Слушаем: 127.0.0.1:PORT (только этот компьютер)\n\
         Гости:   могут читать общий чат и писать в него\n\
         Трафик:  НЕ шифруется (обычный TCP): его может прочесть любой на пути, и пароли тоже\n\
         Данные:  ./jim-data\n\
         Журналы: ./logs\n\
         Добавить пользователя: JIMD user add ИМЯ\n\
         Войти в чат:           JIM_CLIENT -p PORT\n\
         [HH:MM:SS] Сервер запущен по адресу 127.0.0.1:PORT\n",
    );
}

#[test]
fn the_start_says_what_is_open_to_whom_in_english() {
    check_banner(
        "en",
        "Listening: 127.0.0.1:PORT (this machine only)\n\
         Guests:    may read and write the common chat\n\
         Traffic:   NOT encrypted (plain TCP): anyone on the way can read it, passwords too\n\
         Data:      ./jim-data\n\
         Logs:      ./logs\n\
         Add a user: JIMD user add NAME\n\
         Join:       JIM_CLIENT -p PORT\n\
         [HH:MM:SS] The server runs at 127.0.0.1:PORT\n",
    );
}

#[test]
fn the_command_that_adds_a_user_works_as_it_is_shown() {
    let folder = Folder::new();
    let elsewhere = folder.path().join("it's here");
    let mut command = jimd(&folder);
    command.args(ANY_PORT).arg("--data").arg(&elsewhere);
    let mut server = Server::spawn(folder, command);
    let folder = Folder::new();
    let console = server.stop();
    let line = console.iter().find_map(|line| line.strip_prefix("Add a user: ")).unwrap();
    let mut shell = Command::new("sh");
    shell.current_dir(folder.path()).arg("-c").arg(line.replace("NAME", "zoe"));
    run(&mut shell, b"secret\n").assert_done("User zoe was added.\n");
    assert!(elsewhere.join("jim.db").exists());
}

/// Nothing is there after a start that failed before anything was opened.
fn assert_untouched(folder: &Folder) {
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// No store and no log is there: at most the locked, empty data folder.
fn assert_no_store(folder: &Folder) {
    assert!(!folder.path().join("jim-data/jim.db").exists());
    assert!(!folder.path().join("logs").exists());
}

#[test]
fn a_wrong_address_or_port_is_refused() {
    let ours = "is neither an address nor a name that has one";
    let rows: [(&[&str], i32, &str); 6] = [
        (
            &["-p", "70000"],
            2,
            "--port: 70000 is out of range: it must be a whole number from 0 to 65535",
        ),
        (
            &["-p", "http"],
            2,
            "--port: the text \"http\" stands here, but it must be a whole number from 0 to 65535",
        ),
        (&["-a", "300.1.1.1"], 5, &format!("cannot listen on 300.1.1.1: that {ours}")),
        (&["-a", "nowhere.invalid"], 5, &format!("cannot listen on nowhere.invalid: that {ours}")),
        (
            &["-a", "127.0.0.1:7777"],
            5,
            "cannot listen on 127.0.0.1:7777: give the port by itself: -p PORT",
        ),
        (
            &["--prot", "1"],
            2,
            "there is no option --prot; did you mean --port?\nTry 'jimd --help'.",
        ),
    ];
    for (args, code, sentence) in rows {
        let folder = Folder::new();
        run_jimd(&folder, args).assert_refused(code, sentence);
        assert_untouched(&folder);
    }
}

#[test]
fn a_foreign_address_is_refused() {
    let folder = Folder::new();
    let ended = run_jimd(&folder, &["-a", "192.0.2.1", "-p", "0"]);
    ended.assert_refused(5, "the address 192.0.2.1 is not one of this machine's");
    assert_no_store(&folder);
}

#[test]
fn a_port_in_use_is_refused() {
    let folder = Folder::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let ended = run_jimd(&folder, &["-a", "127.0.0.1", "-p", &port]);
    let sentence = format!(
        "port {port} is in use on 127.0.0.1: stop the other program or take another port with -p"
    );
    ended.assert_refused(4, &sentence);
    assert_no_store(&folder);
}

#[test]
fn of_two_addresses_both_or_none() {
    let folder = Folder::new();
    let other = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let ended = run_jimd(&folder, &["-a", "127.0.0.3", "-a", "127.0.0.2", "-p", &port.to_string()]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    // An address that no other test listens on: it is free again.
    TcpListener::bind(("127.0.0.3", port)).unwrap();
}

/// The lowest port that needs no privileges, and a command that has none.
fn without_privileges(folder: &Folder) -> (u16, Command) {
    let lowest = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    let mut command = jimd(folder);
    if rustix::process::geteuid().is_root() {
        // A copy, since another user may not look into the folder where it was built.
        let copy = folder.path().join("jimd");
        fs::copy(JIMD, &copy).unwrap();
        std::os::unix::fs::chown(folder.path(), Some(65534), Some(65534)).unwrap();
        command = Command::new(copy);
        command.env_clear().current_dir(folder.path()).uid(65534).gid(65534);
    }
    (lowest.trim().parse().unwrap(), command)
}

#[test]
fn a_privileged_port_is_refused() {
    let folder = Folder::new();
    let (lowest, mut command) = without_privileges(&folder);
    // Where the system has no privileged port, port 1 is one like others.
    let Some(port) = lowest.checked_sub(1).filter(|port| *port > 0) else {
        command.args(["-a", "127.0.0.1", "-p", "1"]);
        Server::spawn(folder, command);
        return;
    };
    let ended = run(command.args(["-a", "127.0.0.1", "-p", &port.to_string()]), b"");
    ended
        .assert_refused(6, &format!("port {port} needs privileges: take one from 1024 up with -p"));
    assert_no_store(&folder);
}

#[test]
fn a_data_folder_that_is_none_is_refused() {
    let folder = Folder::new();
    folder.file("file", "");
    let args = ["-a", "127.0.0.1", "-p", "0", "--data"];
    let refused = |data| run_jimd(&folder, &[&args[..], &[data]].concat());
    refused("file").assert_refused(7, "file is not a folder");
    refused("file/below").assert_refused(7, "file/below is not a folder");
    refused("/proc/none").assert_refused(
        7,
        "cannot write in the data folder /proc/none: No such file or directory (os error 2)",
    );
    assert!(!folder.path().join("logs").exists());
}

#[test]
fn a_log_folder_that_is_none_is_refused() {
    let folder = Folder::new();
    folder.file("file", "");
    let ended = run_jimd(&folder, &[&ANY_PORT[..], &["--logs", "file"]].concat());
    ended.assert_refused(7, "cannot write the log file/jimd.log: Not a directory (os error 20)");
    assert_no_store(&folder);
}

#[test]
fn a_log_that_is_a_pipe_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("logs")).unwrap();
    folder.pipe("logs/jimd.log");
    let refusal = "cannot write the log ./logs/jimd.log: it is a pipe, and no regular file";
    run_jimd(&folder, &ANY_PORT).assert_refused(7, refusal);
    assert!(!folder.path().join("jim-data/jim.db").exists());
}

#[test]
fn a_second_server_on_one_data_folder_is_refused() {
    let server = Server::start(&[]);
    let ended = run_jimd(&server.folder, &ANY_PORT);
    let pid = server.pid();
    ended.assert_refused(
        8,
        &format!("another jimd already runs on the data folder ./jim-data (process {pid})"),
    );
    // The first one is as it was.
    server.connect().presence("ann");
}

#[test]
fn a_store_that_is_damaged_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    let path = folder.path().join("jim-data/jim.db");
    let whole = fs::read(&path).unwrap();
    let torn = whole[..whole.len() / 2].to_vec();
    let zeroed = vec![0x5a; whole.len()];
    for damaged in [torn, zeroed] {
        fs::write(&path, &damaged).unwrap();
        let ended = run_jimd(&folder, &ANY_PORT);
        assert_eq!(ended.code, Some(9), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.starts_with("jimd: "), "{ended:?}");
        assert!(ended.stderr.contains("jim-data/jim.db"), "{ended:?}");
        assert_eq!(fs::read(&path).unwrap(), damaged);
        let log = fs::read_to_string(folder.path().join("logs/jimd.log")).unwrap();
        assert!(log.contains("ERROR jimd::serve") && log.contains("jim-data/jim.db"), "{log}");
    }
}

#[test]
fn a_store_of_a_newer_jimd_or_of_another_program_is_refused() {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    let path = folder.path().join("jim-data/jim.db");
    let refused = |change: &str| {
        let store = rusqlite::Connection::open(&path).unwrap();
        store.execute_batch(change).unwrap();
        drop(store);
        let ended = run_jimd(&folder, &ANY_PORT);
        assert_eq!(ended.code, Some(9), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        ended.stderr
    };
    let newer = refused("PRAGMA user_version = 99");
    assert!(newer.ends_with("jim.db has version 99, this jimd knows up to 4\n"), "{newer}");
    let foreign = refused("PRAGMA application_id = 7");
    assert!(foreign.contains("jim-data/jim.db"), "{foreign}");
}

#[test]
fn a_wrong_log_configuration_is_refused() {
    let folder = Folder::new();
    let file = folder.file("log4rs.yaml", "root: { level: loud, appenders: [file] }\n");
    let ended = run_jimd(&folder, &ANY_PORT);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.starts_with("jimd: log4rs.yaml: "), "{ended:?}");
    assert!(ended.stderr.contains("loud"), "{ended:?}");
    assert_no_store(&folder);
    fs::remove_file(file).unwrap();
    let ended = run_jimd(&folder, &[&ANY_PORT[..], &["--log-config", "none.yaml"]].concat());
    ended.assert_refused(3, "cannot read none.yaml: No such file or directory (os error 2)");
}

#[test]
fn wrong_settings_are_refused_with_line_and_key() {
    let rows = [
        (
            "port = 1\n\n  prot = 2\n",
            "bad.toml:3:3: prot: there is no such setting; did you mean port?",
        ),
        (
            "lang = \"fr\"\n",
            "bad.toml:1:8: lang: the text \"fr\" is out of range: it must be \"ru\" or \"en\"",
        ),
        (
            "[limits]\nmessage_chars = \"500\"\n",
            "bad.toml:2:17: limits.message_chars: the text \"500\" stands here, but it must be a \
             whole number from 1 to 768",
        ),
        (
            "max_connections = 0\n",
            "bad.toml:1:19: max_connections: 0 is out of range: it must be a whole number from 1 \
             to 1000000",
        ),
    ];
    for (text, sentence) in rows {
        let folder = Folder::new();
        folder.file("bad.toml", text);
        run_jimd(&folder, &["--config", "bad.toml"]).assert_refused(3, sentence);
        run_jimd(&folder, &["config", "check", "bad.toml"]).assert_refused(3, sentence);
        fs::remove_file(folder.path().join("bad.toml")).unwrap();
        assert_untouched(&folder);
    }
}

#[test]
fn an_unknown_variable_is_a_warning_and_a_known_one_counts() {
    let folder = Folder::new();
    let mut command = jimd(&folder);
    command.args(ANY_PORT).env("JIMD_PROT", "1").env("JIMD_LANG", "ru");
    let mut server = Server::spawn(folder, command);
    let console = server.stop();
    assert_eq!(
        console[0],
        "jimd: warning: JIMD_PROT: there is no such setting; did you mean JIMD_PORT?"
    );
    assert!(console[1].starts_with("Слушаем:"), "{console:#?}");
    let folder = Folder::new();
    run(jimd(&folder).env("JIMD_PORT", "70000"), b"").assert_refused(
        3,
        "JIMD_PORT: 70000 is out of range: it must be a whole number from 0 to 65535",
    );
}

#[test]
fn every_command_has_help() {
    let folder = Folder::new();
    let rows = [
        ("jimd", ""),
        ("jimd user", "user"),
        ("jimd user add", "user add"),
        ("jimd user list", "user list"),
        ("jimd user passwd", "user passwd"),
        ("jimd user remove", "user remove"),
        ("jimd user block", "user block"),
        ("jimd user unblock", "user unblock"),
        ("jimd config", "config"),
        ("jimd config default", "config default"),
        ("jimd config check", "config check"),
    ];
    for (usage, typed) in rows {
        let words: Vec<&str> = typed.split_whitespace().collect();
        let [long, short] =
            ["--help", "-h"].map(|help| run_jimd(&folder, &[&words[..], &[help]].concat()));
        assert!(long.stdout.starts_with(&format!("Usage: {usage}")), "{long:?}");
        assert_eq!((long.code, long.stderr.as_str()), (Some(0), ""));
        assert_eq!(long.stdout, short.stdout);
    }
    assert_untouched(&folder);
}

#[test]
fn the_version_is_told() {
    let folder = Folder::new();
    let version = format!("jimd {}\n", env!("CARGO_PKG_VERSION"));
    run_jimd(&folder, &["--version"]).assert_done(&version);
    run_jimd(&folder, &["-V"]).assert_done(&version);
    assert_untouched(&folder);
}

#[test]
fn options_may_be_typed_as_people_do() {
    let folder = Folder::new();
    let rows: [&[&str]; 6] = [
        &["-p70000"],
        &["-p", "70000"],
        &["-p=70000"],
        &["--port=70000"],
        &["--port", "70000"],
        &["user", "list", "-p70000"],
    ];
    for args in rows {
        let ended = run_jimd(&folder, args);
        assert!(ended.stderr.starts_with("jimd: --port: 70000 is out of range"), "{ended:?}");
    }
    add_user(&folder, "ann", "secret");
    let before = run_jimd(&folder, &["--data", "jim-data", "user", "list"]);
    let after = run_jimd(&folder, &["user", "list", "--data=jim-data"]);
    assert!(before.stdout.contains("ann"), "{before:?}");
    assert_eq!(before.stdout, after.stdout);
}

#[test]
fn the_default_settings_are_good_and_change_nothing() {
    let folder = Folder::new();
    let default = run_jimd(&folder, &["config", "default"]);
    assert_eq!((default.code, default.stderr.as_str()), (Some(0), ""));
    folder.file("jim.toml", &default.stdout);
    run_jimd(&folder, &["config", "check", "jim.toml"]).assert_done("jim.toml: ok\n");
    // With every comment sign taken from before a setting, too.
    let all: String = default
        .stdout
        .lines()
        .map(|line| match line.strip_prefix("#") {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    folder.file("all.toml", &all);
    run_jimd(&folder, &["config", "check", "all.toml"]).assert_done("all.toml: ok\n");
    let server = Server::start_in(folder, &["--config", "jim.toml"]);
    server.connect().presence("ann");
}

#[test]
fn the_system_may_say_where_data_and_logs_lie() {
    let folder = Folder::new();
    let [state, logs] = ["state", "log"].map(|name| folder.path().join(name));
    let mut command = jimd(&folder);
    command.args(ANY_PORT).env("STATE_DIRECTORY", &state).env("LOGS_DIRECTORY", &logs);
    let server = Server::spawn(folder, command);
    assert!(state.join("jim.db").exists());
    assert!(logs.join("jimd.log").exists());
    for other in ["jim-data", "logs"] {
        assert!(!server.folder.path().join(other).exists(), "{other}");
    }
}

fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}

/// A message goes from one address to another.
fn assert_chat_between(from: SocketAddr, to: SocketAddr) {
    let [mut ann, mut bob] = [from, to].map(Client::connect);
    bob.presence("bob");
    ann.presence("ann");
    let sent = r##"{"action":"msg","time":1,"to":"#all","from":"ann","message":"hello"}"##;
    assert_eq!(ann.ask(sent)["response"], 200);
    assert_eq!(bob.line(), sent);
}

#[test]
fn one_ipv6_address_is_served() {
    let folder = Folder::new();
    let mut command = jimd(&folder);
    command.args(["-a", "::1", "-p", "0"]);
    if !has_ipv6() {
        let ended = run(&mut command, b"");
        assert!(matches!(ended.code, Some(1 | 5)), "{ended:?}");
        return;
    }
    let mut server = Server::spawn(folder, command);
    let port = server.address.port();
    let here = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port);
    assert_chat_between(here, here);
    let first = server.stop().into_iter().find(|line| line.starts_with('[')).unwrap();
    assert!(first.ends_with(&format!("The server runs at [::1]:{port}")), "{first}");
}

#[test]
fn all_addresses_are_those_of_both_families() {
    let folder = Folder::new();
    let mut command = jimd(&folder);
    command.args(["-p", "0"]);
    let mut server = Server::spawn(folder, command);
    let port = server.address.port();
    let ipv4 = server.address;
    if has_ipv6() {
        assert_chat_between(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port), ipv4);
        // An IPv4 address is shown as one, also where it came through the IPv6 socket.
        server.wait_for_log(|line| line.contains(" 127.0.0.1:") && line.ends_with(" connected"));
        server.wait_for_log(|line| line.contains(" [::1]:") && line.ends_with(" connected"));
    }
    assert_chat_between(ipv4, ipv4);
    let first = server.stop().into_iter().find(|line| line.starts_with('[')).unwrap();
    assert!(first.ends_with(&format!("The server runs at :{port}")), "{first}");
}

#[test]
fn a_server_that_was_killed_starts_again_on_the_same_port() {
    let place = own_place();
    let mut server = Server::start_at(place, Folder::new(), &[]);
    let mut client = server.connect();
    client.presence("ann");
    server.signal(rustix::process::Signal::KILL);
    server.wait();
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    Server::start_at(place, folder, &[]).connect().presence("ann");
}
