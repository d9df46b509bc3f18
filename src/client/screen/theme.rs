//! Which look each thing on the screen has. The usual ones are the terminal's own colours, which fit
//! a light terminal as well as a dark one, and weights, which say the same without colours.

use super::colours::{Depth, LookFault, parse};
use ratatui::style::Style;

/// The looks of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// The palette of names, which is never empty: each name has always the same one of them.
    names: Vec<Style>,
    /// Our own name, where it is not drawn by the palette.
    own: Option<Style>,
    pub(super) text: Style,
    pub(super) mention: Style,
    pub(super) link: Style,
    pub(super) time: Style,
    pub(super) event: Style,
    pub(super) notice: Style,
    pub(super) error: Style,
    pub(super) separator: Style,
    pub(super) border: Style,
    pub(super) mark: Style,
    pub(super) title: Style,
    pub(super) status: Style,
    pub(super) lost: Style,
    pub(super) current: Style,
    pub(super) unread: Style,
    pub(super) called: Style,
    pub(super) absent: Style,
    pub(super) prompt: Style,
}

/// A thing on the screen whose look can be set.
#[derive(Debug)]
pub struct Part {
    /// How it is called in `client.toml`.
    pub name: &'static str,
    /// Its look where nothing else is said.
    pub usual: &'static str,
    /// What it is.
    pub help: &'static str,
    of: fn(&mut Theme) -> &mut Style,
}

const fn part(
    name: &'static str,
    usual: &'static str,
    help: &'static str,
    of: fn(&mut Theme) -> &mut Style,
) -> Part {
    Part { name, usual, help, of }
}

/// All of them but the names, in the order of the manual page.
pub const PARTS: [Part; 18] = [
    part("text", "none", "the text of messages", |theme| &mut theme.text),
    part("mention", "bold reverse", "your name in a message", |theme| &mut theme.mention),
    part("link", "underline", "links", |theme| &mut theme.link),
    part("time", "dim", "the time before a line", |theme| &mut theme.time),
    part("event", "dim", "who joined, who left", |theme| &mut theme.event),
    part("notice", "dim", "what the client says, and lists", |theme| &mut theme.notice),
    part("error", "bold red", "warnings and errors", |theme| &mut theme.error),
    part("separator", "dim", "the lines of days, and of what is new", |theme| &mut theme.separator),
    part("border", "dim", "the lines between panes, and behind names", |theme| &mut theme.border),
    part("mark", "dim", "signs beside names, and of messages on their way", |theme| {
        &mut theme.mark
    }),
    part("title", "reverse", "the uppermost line", |theme| &mut theme.title),
    part("status", "reverse", "the line above the input", |theme| &mut theme.status),
    part("lost", "bold red reverse", "that line without a connection", |theme| &mut theme.lost),
    part("current", "reverse", "the conversation that is looked at, in the list", |theme| {
        &mut theme.current
    }),
    part("unread", "none", "a conversation with something new", |theme| &mut theme.unread),
    part("called", "bold red", "one where somebody writes to you or names you", |theme| {
        &mut theme.called
    }),
    part("absent", "dim", "rooms that you are not in, people who are away", |theme| {
        &mut theme.absent
    }),
    part("prompt", "dim", "where the line that is typed goes", |theme| &mut theme.prompt),
];

/// The usual looks of names: of the terminal's own colours those that are seen on both grounds.
pub const USUAL_NAMES: [&str; 12] = [
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "bold red",
    "bold green",
    "bold yellow",
    "bold blue",
    "bold magenta",
    "bold cyan",
];

/// The most looks that names can have.
pub const MOST_NAMES: usize = 64;

impl Default for Theme {
    fn default() -> Self {
        let mut theme = Self {
            names: USUAL_NAMES.into_iter().filter_map(|usual| parse(usual).ok()).collect(),
            own: None,
            text: Style::new(),
            mention: Style::new(),
            link: Style::new(),
            time: Style::new(),
            event: Style::new(),
            notice: Style::new(),
            error: Style::new(),
            separator: Style::new(),
            border: Style::new(),
            mark: Style::new(),
            title: Style::new(),
            status: Style::new(),
            lost: Style::new(),
            current: Style::new(),
            unread: Style::new(),
            called: Style::new(),
            absent: Style::new(),
            prompt: Style::new(),
        };
        for part in &PARTS {
            *(part.of)(&mut theme) = parse(part.usual).unwrap_or_default();
        }
        theme
    }
}

impl Theme {
    /// Gives one thing another look.
    ///
    /// # Errors
    /// The text is no look.
    pub fn set(&mut self, part: &Part, look: &str) -> Result<(), LookFault> {
        *(part.of)(self) = parse(look)?;
        Ok(())
    }

    /// Gives our own name a look.
    ///
    /// # Errors
    /// The text is no look.
    pub fn set_own(&mut self, look: &str) -> Result<(), LookFault> {
        self.own = Some(parse(look)?);
        Ok(())
    }

    /// Gives names another palette; an empty one changes nothing.
    pub fn set_names(&mut self, names: Vec<Style>) {
        if !names.is_empty() {
            self.names = names;
        }
    }

    /// One look, for the palette of names.
    ///
    /// # Errors
    /// The text is no look.
    pub fn look(look: &str) -> Result<Style, LookFault> {
        parse(look)
    }

    /// What a terminal can show of it.
    #[must_use]
    pub fn at(mut self, depth: Depth) -> Self {
        for part in &PARTS {
            let style = (part.of)(&mut self);
            *style = depth.show(*style);
        }
        self.names = self.names.into_iter().map(|style| depth.show(style)).collect();
        self.own = self.own.map(|style| depth.show(style));
        self
    }

    /// The look of the name with this number.
    pub(super) fn name(&self, number: u32) -> Style {
        let count = u32::try_from(self.names.len()).unwrap_or(u32::MAX).max(1);
        let place = usize::try_from(number % count).unwrap_or_default();
        self.names.get(place).copied().unwrap_or_default()
    }

    /// The look of our own name, which has this number.
    pub(super) fn own(&self, number: u32) -> Style {
        self.own.unwrap_or_else(|| self.name(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Color, Modifier};

    #[test]
    fn the_usual_looks_are_looks() {
        for look in PARTS.iter().map(|part| part.usual).chain(USUAL_NAMES) {
            assert!(parse(look).is_ok(), "{look}");
        }
        let theme = Theme::default();
        assert_eq!(theme.names.len(), USUAL_NAMES.len());
        let loud = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        assert_eq!((theme.error, theme.lost), (loud, loud.add_modifier(Modifier::REVERSED)));
        let plain = theme.at(Depth::None);
        assert_eq!((plain.error.fg, plain.name(0).fg), (None, None));
    }

    #[test]
    fn own_looks_take_the_place_of_the_usual_ones() {
        let mut theme = Theme::default();
        assert_eq!(theme.own(3), theme.name(3));
        let mention = PARTS.iter().find(|part| part.name == "mention").unwrap();
        theme.set(mention, "#ff8700").unwrap();
        theme.set_own("bold").unwrap();
        theme.set_names(vec![parse("cyan").unwrap(), parse("208").unwrap()]);
        theme.set_names(Vec::new());
        assert!(theme.set(mention, "nonsense").is_err());
        let theme = theme.at(Depth::Palette);
        assert_eq!(theme.mention, Style::new().fg(Color::Indexed(208)));
        assert_eq!(theme.own(3), Style::new().add_modifier(Modifier::BOLD));
        let names: Vec<_> = (0..3).map(|number| theme.name(number).fg.unwrap()).collect();
        assert_eq!(names, [Color::Cyan, Color::Indexed(208), Color::Cyan]);
    }
}
