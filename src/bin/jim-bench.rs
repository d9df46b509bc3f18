//! `jim-bench`: measures a chat server.

use argh::{EarlyExit, FromArgs};
use jim::bench::arguments::{Arguments, Measure};
use jim::bench::floor::Floor;
use jim::bench::{self, Failure};
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match Arguments::from_args(&["jim-bench"], &words) {
        Ok(arguments) => finish(run(&arguments)),
        Err(EarlyExit { output, status: Ok(()) }) => finish(print(&output)),
        Err(EarlyExit { output, status: Err(()) }) => {
            finish(Err(Failure::Usage(output.trim_end().to_owned())))
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    match arguments.measure {
        _ if arguments.version => print(&format!("jim-bench {}\n", bench::VERSION)),
        None => Err(Failure::Usage(
            "say what to measure: all, fanout, pingpong, latency, logins or idle \
             (jim-bench --help explains them)"
                .to_owned(),
        )),
        Some(Measure::Floor) => serve_floor(arguments),
        Some(measure) => {
            bench::raise_descriptor_limit();
            print(&bench::measure(arguments, measure)?)
        }
    }
}

fn serve_floor(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(option) = arguments.misplaced(Measure::Floor) {
        return Err(Failure::Usage(format!("{option} says nothing to floor")));
    }
    let port = arguments.port.unwrap_or(0);
    bench::raise_descriptor_limit();
    let mut floor = Floor::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    say(&format!("the floor listens on {}", floor.address()?));
    floor.run()
}

fn finish(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("jim-bench: {failure}"));
            ExitCode::from(failure.exit_code())
        }
    }
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

fn say(line: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(io::stderr(), "{line}");
}
