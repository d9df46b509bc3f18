//! `jim-bench`: measures a chat server. `jim-bench --help` says how.

use jim::bench::arguments::{Arguments, Measure};
use jim::bench::floor::Floor;
use jim::bench::{self, Failure};
use jim::config::{Leave, Opt, Program, parse};
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

/// The command line. The options of all measures are one set, so that they may stand anywhere.
const PROGRAM: Program = Program {
    name: "jim-bench",
    options: &[
        Opt::value("--members", None),
        Opt::value("--senders", None),
        Opt::value("--bytes", None),
        Opt::value("--window", None),
        Opt::switch("--accounts", None),
        Opt::value("--pairs", None),
        Opt::value("--rate", None),
        Opt::value("--parallel", None),
        Opt::value("--connections", None),
        Opt::value("--messages", None),
        Opt::value("--seconds", None),
        Opt::value("--port", Some('p')),
        Opt::switch("--waiting", None),
        Opt::switch("--redis", None),
        Opt::switch("--nats", None),
        Opt::value("--file", None),
        Opt::value("--only", None),
        Opt::value("--rounds", None),
        Opt::value("--jimd", None),
        Opt::value("--addr", Some('a')),
        Opt::value("--pid", None),
        Opt::switch("--quick", None),
        Opt::switch("--json", None),
        Opt::switch("--markdown", None),
        Opt::switch("--no-floor", None),
        Opt::switch("--no-pin", None),
        Opt::switch("--version", Some('V')),
    ],
    commands: &[
        ("all", &[]),
        ("compare", &[]),
        ("table", &[]),
        ("fanout", &[]),
        ("pingpong", &[]),
        ("latency", &[]),
        ("stored", &[]),
        ("archive", &[]),
        ("logins", &[]),
        ("idle", &[]),
        ("flat", &[]),
        ("transfers", &[]),
        ("faults", &[]),
        ("instructions", &[]),
        ("floor", &[]),
    ],
};

fn main() -> ExitCode {
    let result = match parse(&PROGRAM, std::env::args_os().skip(1)) {
        Ok(arguments) => run(&arguments),
        Err(leave) => return leave_with(&leave),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("jim-bench: {failure}\n"));
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    bench::raise_descriptor_limit();
    match arguments.measure {
        _ if arguments.version => print(&format!("jim-bench {}\n", bench::VERSION)),
        None => {
            let names = Measure::NAMES.map(|(name, _)| name).join(", ");
            Err(Failure::Usage(format!("say what to measure: {names}; --help explains them")))
        }
        Some(Measure::Floor) => {
            bench::check_arguments(arguments, Measure::Floor)?;
            serve_floor(arguments.port.unwrap_or(0), arguments.waiting)
        }
        Some(measure) => {
            let outcome = bench::measure(arguments, measure)?;
            for note in outcome.notes {
                say(&format!("jim-bench: {note}\n"));
            }
            print(&outcome.text)?;
            outcome.missed.map_or(Ok(()), Err)
        }
    }
}

fn serve_floor(port: u16, waiting: bool) -> Result<(), Failure> {
    let mut floor = Floor::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), waiting)?;
    say(&format!("the floor listens on {}\n", floor.address()?));
    floor.run()
}

/// The help, or what was wrong with the command line.
fn leave_with(leave: &Leave) -> ExitCode {
    if leave.exit.code() == 0 {
        // Whether or not anybody reads it, the help was given.
        let _ = print(&leave.text);
    } else {
        say(&leave.text);
    }
    ExitCode::from(leave.exit)
}

/// A reader that has gone away, as `head` does, is no error.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::System { doing: "writing the figures", source: error })
        }
        _ => Ok(()),
    }
}

fn say(text: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn parsed(line: &str) -> Result<Arguments, Leave> {
        parse(&PROGRAM, line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_option_and_measure_is_known_to_both_sides() {
        for option in PROGRAM.options {
            let line = if option.takes_value { "1" } else { "" };
            assert!(parsed(&format!("{} {line} all", option.long)).is_ok(), "{}", option.long);
        }
        let names: Vec<_> = PROGRAM.commands.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, Measure::NAMES.map(|(name, _)| name));
        for name in names {
            assert_eq!(parsed(name).unwrap().measure.unwrap().name(), name);
        }
    }

    #[test]
    fn options_may_stand_where_people_type_them() {
        let arguments = parsed("fanout --members=50 -a 127.0.0.1:7777 --json").unwrap();
        assert_eq!(arguments.members, Some(50));
        assert_eq!(arguments.addr.as_deref(), Some("127.0.0.1:7777"));
        assert!(arguments.json && arguments.measure == Some(Measure::FanOut));
        assert_eq!(parsed("fanout -h").unwrap_err().exit.code(), 0);
        assert_eq!(parsed("fnout").unwrap_err().exit.code(), 2);
        assert_eq!(parsed("fanout --members").unwrap_err().exit.code(), 2);
    }
}
