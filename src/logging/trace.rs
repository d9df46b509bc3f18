//! What the `#[log]` attribute calls: it records a call, and knows which `#[log]` functions the
//! thread is in.
//!
//! The functions form a stack whose frames are the guards themselves: each [`Call`] keeps what was
//! innermost before it and puts it back when it goes, on a panic too.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

/// The key of the function's name in a log record.
pub(super) const FUNCTION: &str = "function";

thread_local! {
    /// The innermost `#[log]` function that this thread is in.
    static INNERMOST: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// A call of a `#[log]` function, for as long as it lasts.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Call {
    outer: Option<&'static str>,
    /// The stack is the thread's, and so is its frame.
    of_thread: PhantomData<*const ()>,
}

impl Drop for Call {
    fn drop(&mut self) {
        INNERMOST.set(self.outer);
    }
}

/// Records a call and enters it. Only the `#[log]` attribute calls this, where `debug` is on.
pub fn enter(function: &'static str, module: &'static str, arguments: fmt::Arguments<'_>) -> Call {
    let outer = INNERMOST.replace(Some(function));
    let call = Call { outer, of_thread: PhantomData };
    let caller = outer.unwrap_or("-");
    log::debug!(
        target: module, function = function;
        "{function}({arguments}) called from {caller}"
    );
    call
}

#[cfg(test)]
mod tests {
    use crate::logging::capture::{Captured, capture};
    use jim_macros::log;
    use log::LevelFilter;
    use std::cell::Cell;
    use std::fmt::{self, Debug};

    /// Something that says how often it was formatted.
    struct Counted<'a>(&'a Cell<u32>);

    impl Debug for Counted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            f.write_str("counted")
        }
    }

    struct Pair {
        left: u8,
        right: u8,
    }

    #[log(show(user))]
    fn login(user: &str, _password: &str) -> usize {
        log::info!("{user} came in");
        user.len()
    }

    #[log]
    fn outer() -> usize {
        login("ann", "secret");
        let within = || log::warn!(target: "other", "within");
        within();
        without_log();
        login("bob", "hidden")
    }

    fn without_log() {
        log::info!("nobody knows where");
    }

    #[log(show(number))]
    fn deeper(number: u8) {
        assert_ne!(number, 0, "no more");
        deeper(number - 1);
    }

    #[log(show(item, right, count))]
    fn generic<T, const N: usize>(
        item: &T,
        Pair { left, right }: Pair,
        rest: [u8; N],
        (mut count, _): (u8, u8),
    ) -> u8
    where
        T: Debug + ?Sized,
    {
        count += 1;
        left + right + count + u8::try_from(rest.len() - 1).unwrap()
    }

    trait Greets {
        #[log(show(name))]
        fn greet(&self, name: String) -> String {
            format!("hello {name}")
        }
    }

    struct Machine(u8);

    impl Greets for Machine {}

    impl Machine {
        #[log]
        fn add(&mut self, by: u8) -> Result<u8, String> {
            self.0 = self.0.checked_add(by).ok_or("too much")?;
            Ok(self.0)
        }
    }

    #[log(show(value))]
    fn shows(value: Counted<'_>) {
        assert!(value.0.get() <= 1);
    }

    fn lines(captured: &[Captured]) -> Vec<String> {
        captured.iter().map(ToString::to_string).collect()
    }

    const HERE: &str = "jim::logging::trace::tests";

    #[test]
    fn a_call_is_recorded_with_its_caller() {
        let captured = capture(LevelFilter::Debug, || {
            assert_eq!(outer(), 3);
        });
        let expected = [
            format!("DEBUG {HERE} outer outer() called from -"),
            format!("DEBUG {HERE} login login(user=\"ann\", _password=…) called from outer"),
            format!("INFO {HERE} login ann came in"),
            "WARN other outer within".to_owned(),
            format!("INFO {HERE} - nobody knows where"),
            format!("DEBUG {HERE} login login(user=\"bob\", _password=…) called from outer"),
            format!("INFO {HERE} login bob came in"),
        ];
        assert_eq!(lines(&captured), expected);
    }

    #[track_caller]
    fn line_of_call() -> u32 {
        std::panic::Location::caller().line()
    }

    #[log]
    fn logged_line() -> (u32, u32) {
        (line_of_call(), line!())
    }

    #[test]
    fn a_panic_within_would_keep_its_place() {
        let (told, line) = logged_line();
        assert_eq!(told, line);
    }

    #[test]
    fn lines_name_their_function_at_every_level() {
        let captured = capture(LevelFilter::Info, outer);
        assert_eq!(lines(&captured)[0], format!("INFO {HERE} login ann came in"));
        assert_eq!(captured.len(), 4);
    }

    #[test]
    fn nothing_is_evaluated_when_off() {
        let formatted = Cell::new(0);
        assert!(capture(LevelFilter::Info, || shows(Counted(&formatted))).is_empty());
        assert_eq!(formatted.get(), 0);
        assert_eq!(capture(LevelFilter::Debug, || shows(Counted(&formatted))).len(), 1);
        assert_eq!(formatted.get(), 1);
    }

    #[test]
    fn a_panic_leaves_its_functions() {
        let captured = capture(LevelFilter::Debug, || {
            std::panic::catch_unwind(|| deeper(2)).unwrap_err();
            login("ann", "x");
        });
        let lines = lines(&captured);
        assert_eq!(lines[2], format!("DEBUG {HERE} deeper deeper(number=0) called from deeper"));
        assert!(lines[3].ends_with("called from -"), "{}", lines[3]);
    }

    #[test]
    fn generics_patterns_and_methods_work() {
        let captured = capture(LevelFilter::Debug, || {
            assert_eq!(generic("x", Pair { left: 1, right: 2 }, [7, 8, 9], (3, 4)), 9);
            assert_eq!(Machine(0).greet("bob".to_owned()), "hello bob");
            assert_eq!(Machine(5).add(6), Ok(11));
            assert_eq!(Machine(250).add(6), Err("too much".to_owned()));
        });
        let calls =
            ["generic(item=\"x\", left=…, right=2, rest=…, count=3)", "greet(name=\"bob\")"];
        for (line, call) in captured.iter().zip(calls.iter().chain(&["add(by=…)"; 2])) {
            assert!(line.message.starts_with(&format!("{call} called from -")), "{line}");
        }
        assert_eq!(captured.len(), 4);
    }
}
