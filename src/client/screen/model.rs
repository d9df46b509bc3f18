//! All conversations, and the one that is looked at.

use super::conversation::Conversation;
use crate::client::bounds::CONVERSATIONS;
use crate::client::reader::COMMON_NAMES;

/// The conversations in their order. There is always the common chat.
#[derive(Debug)]
pub(super) struct Model {
    all: Vec<Conversation>,
    current: usize,
}

impl Model {
    pub(super) fn new() -> Self {
        let [common, ..] = COMMON_NAMES;
        Self { all: vec![Conversation::new(common)], current: 0 }
    }

    /// All of them, in their order.
    pub(super) fn all(&self) -> &[Conversation] {
        &self.all
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Conversation> {
        self.all.iter_mut()
    }

    /// The place of the one that is looked at.
    pub(super) const fn place(&self) -> usize {
        self.current
    }

    /// The one that is looked at.
    pub(super) fn current(&self) -> Option<&Conversation> {
        self.all.get(self.current)
    }

    pub(super) fn current_mut(&mut self) -> Option<&mut Conversation> {
        self.all.get_mut(self.current)
    }

    /// Whom lines go to.
    pub(super) fn to(&self) -> String {
        self.current().map(|current| current.with.clone()).unwrap_or_default()
    }

    fn place_of(&self, with: &str) -> Option<usize> {
        self.all.iter().position(|conversation| conversation.is_with(with))
    }

    pub(super) fn find(&self, with: &str) -> Option<&Conversation> {
        self.all.get(self.place_of(with)?)
    }

    pub(super) fn find_mut(&mut self, with: &str) -> Option<&mut Conversation> {
        let place = self.place_of(with)?;
        self.all.get_mut(place)
    }

    pub(super) fn is_current(&self, with: &str) -> bool {
        self.current().is_some_and(|current| current.is_with(with))
    }

    /// The conversation of that name, made where there is none; `None` where there are too many.
    pub(super) fn open(&mut self, with: &str) -> Option<&mut Conversation> {
        if self.place_of(with).is_none() {
            if self.all.len() >= CONVERSATIONS {
                return None;
            }
            let new = Conversation::new(with);
            let order = new.order();
            let place = self.all.partition_point(|other| other.order() < order);
            self.all.insert(place, new);
            if place <= self.current {
                self.current += 1;
            }
        }
        self.find_mut(with)
    }

    /// Looks at another one.
    pub(super) fn choose(&mut self, place: usize) {
        if place >= self.all.len() || place == self.current {
            return;
        }
        if let Some(left) = self.current_mut() {
            left.handle_left();
            left.trim(false);
        }
        self.current = place;
        if let Some(current) = self.current_mut() {
            current.handle_read();
        }
    }

    /// Looks at the one of that name, made where there is none.
    pub(super) fn choose_with(&mut self, with: &str) {
        self.open(with);
        if let Some(place) = self.place_of(with) {
            self.choose(place);
        }
    }

    /// Looks at the one so many places on, round.
    pub(super) fn step(&mut self, forward: bool) {
        let count = self.all.len();
        let by = if forward { 1 } else { count - 1 };
        self.choose((self.current + by) % count);
    }

    /// Looks at the next one with something new, those first that call us.
    pub(super) fn step_to_news(&mut self) {
        let count = self.all.len();
        let places = (1..count).map(|by| (self.current + by) % count);
        let find = |wanted: fn(&Conversation) -> bool| {
            places.clone().find(|place| self.all.get(*place).is_some_and(wanted))
        };
        let called = find(|conversation| conversation.is_called);
        if let Some(place) = called.or_else(|| find(|conversation| conversation.unread > 0)) {
            self.choose(place);
        }
    }

    /// Removes one; the common chat stays.
    pub(super) fn close(&mut self, with: &str) {
        let Some(place) = self.place_of(with).filter(|place| *place > 0) else { return };
        self.all.remove(place);
        if self.current >= place {
            self.current -= 1;
            if let Some(current) = self.current_mut() {
                current.handle_read();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(model: &Model) -> String {
        model.all().iter().map(|one| one.with.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn conversations_have_their_order_and_the_current_one_stays() {
        let mut model = Model::new();
        model.choose_with("boris");
        for with in ["#tea", "Anna", "all", "#apples", "#TEA"] {
            model.open(with);
        }
        assert_eq!(order(&model), "#all #apples #TEA #tea Anna boris");
        assert_eq!(model.to(), "boris");
        model.step(true);
        assert_eq!(model.to(), "#all");
        model.step(false);
        assert_eq!(model.to(), "boris");
        model.close("boris");
        model.close("#all");
        assert_eq!(
            (order(&model).as_str(), model.to().as_str()),
            ("#all #apples #TEA #tea Anna", "Anna")
        );
    }

    #[test]
    fn news_are_found_those_that_call_first() {
        let mut model = Model::new();
        for (with, called) in [("#a", false), ("#b", true), ("#c", false)] {
            let opened = model.open(with).unwrap();
            (opened.unread, opened.is_called) = (1, called);
        }
        for expected in ["#b", "#c", "#a", "#a"] {
            model.step_to_news();
            assert_eq!(model.to(), expected);
        }
    }

    #[test]
    fn their_number_is_bounded() {
        let mut model = Model::new();
        let opened =
            (0..CONVERSATIONS * 2).filter(|number| model.open(&format!("u{number}")).is_some());
        assert_eq!(opened.count(), CONVERSATIONS - 1);
    }
}
