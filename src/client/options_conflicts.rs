//! What of the command line goes together, and what goes with the full screen.

use super::options::{Args, OptionFault, is_room};
use super::screen::Notification;

impl Args {
    /// Checks that nothing excludes or lacks another thing.
    pub(super) fn check_conflicts(&self, registers: bool) -> Result<(), OptionFault> {
        let script = self.script.is_some();
        let guest = self.user.is_none();
        let conflicts = [
            (self.read && self.write, "-r", "-w"),
            (self.read && script, "-r", "--script"),
            (self.write && script, "-w", "--script"),
            (!guest && script, "-u", "--script (which has /login)"),
            (self.to.is_some() && script, "--to", "--script"),
            (!guest && self.name.is_some(), "-u", "--name"),
            (self.history.is_some() && self.since.is_some(), "--history", "--since"),
            (registers && self.read, "register", "-r"),
            (registers && self.write, "register", "-w"),
            (registers && script, "register", "--script"),
            (registers && !guest, "register", "-u (the name stands behind register)"),
            (registers && self.name.is_some(), "register", "--name"),
            (registers && self.to.is_some(), "register", "--to"),
            (self.quiet && self.verbose, "--quiet", "--verbose"),
            (self.split && self.read, "--split", "-r"),
            (self.split && script, "--split", "--script"),
        ];
        if let Some((_, one, other)) = conflicts.into_iter().find(|(found, ..)| *found) {
            return Err(OptionFault::Conflict(one, other));
        }
        let room = self.to.as_deref().is_some_and(is_room);
        let screen = !(self.read || self.write || script || registers || self.plain);
        let lacks = [
            (self.bell && !screen, "--bell", "the full screen"),
            (self.notify.is_some() && !screen, "--notify", "the full screen"),
            (self.no_memory && !screen, "--no-memory", "the full screen"),
            (self.json && !self.read, "--json", "-r"),
            (self.count.is_some() && !self.read, "--count", "-r"),
            (self.history.is_some() && !self.read, "--history", "-r"),
            (self.since.is_some() && !self.read, "--since", "-r"),
            (self.follow && !self.read, "--follow", "-r"),
            (self.history.is_some() && guest, "--history", "-u"),
            (self.since.is_some() && guest, "--since", "-u"),
            (self.follow && guest, "--follow", "-u"),
            (self.invite.is_some() && !registers, "--invite", "register"),
            (self.password_file.is_some() && guest && !registers, "--password-file", "-u"),
            (room && guest, "--to with a room", "-u, since guests cannot join one"),
        ];
        match lacks.into_iter().find(|(found, ..)| *found) {
            Some((_, one, other)) => Err(OptionFault::Needs(one, other)),
            None => Ok(()),
        }
    }
}

/// `--notify`.
pub(super) fn notification(typed: Option<&str>) -> Result<Option<Notification>, OptionFault> {
    match typed {
        None | Some("off") => Ok(None),
        Some("9") => Ok(Some(Notification::Osc9)),
        Some("777") => Ok(Some(Notification::Osc777)),
        Some(got) => Err(OptionFault::BadValue {
            option: "--notify",
            got: got.to_owned(),
            right: "9, 777 or off",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::options::Options;
    use argh::FromArgs;

    fn understand(line: &str) -> Result<Options, OptionFault> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Args::from_args(&["jim-client"], &words).unwrap().understand()
    }

    #[test]
    fn attention_is_got_in_the_full_screen() {
        let options = understand("--bell --notify 777").unwrap();
        assert!(options.attention.bell && !options.plain);
        assert_eq!(options.attention.notification, Some(Notification::Osc777));
        for line in ["-r --bell", "--plain --bell", "--script x --bell", "-w --notify 9"] {
            let fault = understand(line).unwrap_err();
            assert!(matches!(fault, OptionFault::Needs(_, "the full screen")), "{line}: {fault}");
        }
        let fault = understand("--notify 8").unwrap_err();
        assert_eq!(fault.to_string(), "--notify has to be 9, 777 or off, not '8'");
    }
}
