//! Files that are given up, and how far all of them are together.

use super::progress::Overview;
use super::queue::{Active, Transfers, Wanted, Work, tell};
use super::words::FileNotice;
use super::words_cancel::CancelNotice;
use crate::client::mode::Turn;
use crate::message::Now;

impl Transfers {
    /// What the files are called, the one whose turn it is first.
    pub(in crate::client) fn names(&self) -> Vec<String> {
        let waiting = self.waiting.iter().map(Wanted::name);
        self.active.as_ref().map(Active::name).into_iter().chain(waiting).collect()
    }

    /// How far all of them are, once that is known.
    pub(in crate::client) fn overview(&self, now: Now) -> Option<Overview> {
        let first = self.active.as_ref()?.progress(now)?;
        let sizes: Option<Vec<u64>> = self.waiting.iter().map(Wanted::size).collect();
        let all = sizes.map(|sizes| {
            let waiting = sizes.into_iter().fold(0, u64::saturating_add);
            (first.done, first.total.saturating_add(waiting))
        });
        Some(Overview { files: 1 + self.waiting.len(), first, all })
    }

    /// Gives one up, by its name or number; without either the only one. Says what is left of it.
    pub(in crate::client) fn cancel(&mut self, turn: &mut Turn<'_>, which: Option<&str>) {
        let names = self.names();
        let place = match which {
            Some(which) => self.place_of(which),
            None if names.len() > 1 => return say(turn, CancelNotice::WhichOne { names }),
            None => (!names.is_empty()).then_some(0),
        };
        let Some(place) = place else {
            let which = which.map(str::to_owned);
            return say(turn, CancelNotice::NotUnderWay { which, names });
        };
        match place.checked_sub(usize::from(self.active.is_some())) {
            None => self.cancel_active(turn),
            Some(place) => {
                if let Some(wanted) = self.waiting.remove(place) {
                    say(turn, CancelNotice::NotBegun { name: wanted.name() });
                }
            }
        }
        self.go_on(turn);
    }

    fn place_of(&self, which: &str) -> Option<usize> {
        let id = which.to_ascii_lowercase();
        let active = self.active.as_ref().map(|active| active.id().is_some_and(|it| it == id));
        let ids = active.into_iter().chain(self.waiting.iter().map(|wanted| wanted.name() == id));
        let by_id = ids.into_iter().position(|is_it| is_it);
        by_id.or_else(|| self.names().iter().position(|name| name == which))
    }

    fn cancel_active(&mut self, turn: &mut Turn<'_>) {
        let Some(active) = &self.active else { return };
        let name = active.name();
        let notice = match &active.work {
            Work::Up(upload) => {
                let is_maybe_whole = upload.is_all_sent();
                if is_maybe_whole && self.is_open() {
                    return say(turn, CancelNotice::TooLate { name });
                }
                CancelNotice::GivenUpSending { name, is_maybe_whole }
            }
            Work::Down(download) => {
                CancelNotice::GivenUpGetting { name, part: download.part_path() }
            }
        };
        self.orphans += active.under_way();
        self.active = None;
        turn.screen.progress(None);
        say(turn, notice);
    }
}

impl Active {
    fn id(&self) -> Option<String> {
        match &self.work {
            Work::Up(upload) => Some(upload.id()?.to_string()),
            Work::Down(download) => Some(download.id().to_string()),
        }
    }
}

impl Wanted {
    /// Its length in bytes, where that is known before it begins.
    const fn size(&self) -> Option<u64> {
        match self {
            Self::Send { source, .. } => Some(source.size()),
            Self::Get { .. } => None,
        }
    }
}

fn say(turn: &mut Turn<'_>, notice: CancelNotice) {
    tell(turn, FileNotice::Cancel(notice));
}
