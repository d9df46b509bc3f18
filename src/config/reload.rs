//! A configuration that was read anew, beside the one that a server runs with.

use super::table::SETTINGS;
use super::{Args, Config, ConfigError, Draft, Environment, settle};

/// All settings as they were given, nothing looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled(pub(super) Draft);

/// What a reload changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The configuration from now on; its addresses are left out.
    pub config: Config,
    /// The keys of the settings that are others in it.
    pub applied: Vec<String>,
    /// The keys of those that wait for a restart.
    pub restart: Vec<String>,
}

/// The rooms that have bounds of their own are no row of the table.
const ROOMS: &str = "history.room";

impl Settled {
    /// Reads all settings anew and takes over those that a running server can.
    ///
    /// # Errors
    /// All settings that are wrong: nothing is taken over then.
    pub fn reload(
        &mut self,
        args: &Args,
        environment: &Environment,
    ) -> Result<Changes, ConfigError> {
        let (mut new, _) = settle(args, environment, false)?;
        Ok(self.take_over(&mut new))
    }

    fn take_over(&mut self, new: &mut Draft) -> Changes {
        let running = &mut self.0;
        let (mut applied, mut restart) = (Vec::new(), Vec::new());
        for setting in SETTINGS {
            if setting.is_same(running, new) {
                continue;
            }
            if setting.live {
                setting.copy(new, running);
                applied.push(setting.key.to_owned());
            } else {
                restart.push(setting.key.to_owned());
            }
        }
        let rooms = &mut running.server.policy.kept_rooms;
        if *rooms != new.server.policy.kept_rooms {
            rooms.clone_from(&new.server.policy.kept_rooms);
            applied.push(ROOMS.to_owned());
        }
        Changes { config: running.clone().into_config(Vec::new()), applied, restart }
    }
}

/// The keys of all settings, and whether a running server takes a new value over.
pub fn settings_and_whether_live() -> impl Iterator<Item = (&'static str, bool)> {
    SETTINGS.iter().map(|setting| (setting.key, setting.live))
}

#[cfg(test)]
mod tests {
    use super::super::layers::Layers;
    use super::super::setting::Given;
    use super::super::{file, table};
    use super::*;
    use std::path::Path;

    fn draft(text: &str) -> Draft {
        let mut layers = Layers::new(Draft::default());
        file::parse_into(&mut layers, Path::new("jim.toml"), text);
        layers.finish().unwrap()
    }

    #[test]
    fn what_waits_for_a_restart_is_said_each_time_and_changes_nothing() {
        let mut settled = Settled(Draft::default());
        let text = "port = 1\nlang = \"ru\"\n[history.room.\"#tea\"]\ndays = 3\n";
        let changes = settled.take_over(&mut draft(text));
        assert_eq!(
            (changes.applied.join(" "), changes.restart.join(" ")),
            ("lang history.room".into(), "port".into())
        );
        let again = settled.take_over(&mut draft(text));
        assert_eq!((again.applied.len(), again.restart.join(" ")), (0, "port".into()));
        assert_eq!(again.config, changes.config);
        let back = settled.take_over(&mut Draft::default());
        assert_eq!((back.applied.join(" "), back.restart.len()), ("lang history.room".into(), 0));
        assert_eq!(settled, Settled(Draft::default()));
    }

    /// Whatever kind a setting is of, its value comes over whole, and no other with it.
    #[test]
    fn every_live_setting_is_taken_over_alone() {
        for setting in SETTINGS {
            let mut new = Draft::default();
            let candidates =
                ["1", "2", "13", "129", "1s", "1m", "1h", "1KiB", "1MiB", "1GiB", "true", "false"];
            let words = [
                "ru",
                "local",
                "os",
                "none",
                "open",
                "many",
                "on",
                "off",
                "all",
                "#x",
                "somewhere",
                "10.0.0.0/8",
            ];
            let changed = candidates.into_iter().chain(words).any(|text| {
                let mut draft = Draft::default();
                let given = setting.given_as_text(text);
                let took =
                    !matches!(given, Given::Other(_)) && setting.apply(&mut draft, given).is_ok();
                let is_new = took && !setting.is_same(&mut draft, &mut Draft::default());
                if is_new {
                    new = draft;
                }
                is_new
            });
            assert!(changed, "no other value for {}", setting.key);
            let mut settled = Settled(Draft::default());
            let changes = settled.take_over(&mut new.clone());
            let taken = if setting.live { &new } else { &Draft::default() };
            assert_eq!(settled.0, *taken, "{}", setting.key);
            let named = if setting.live { changes.applied } else { changes.restart };
            assert_eq!(named, [setting.key]);
        }
        assert!(table::find("port").is_some_and(|port| !port.live));
    }
}
