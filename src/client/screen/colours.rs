//! Looks as words: `bold yellow`, `#ffaf00 on 17`, `none`; and what a terminal can show of them.

use crate::config::nearest;
use ratatui::style::{Color, Modifier, Style};
use thiserror::Error;

/// Why a text is no look.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LookFault {
    /// A word that means nothing.
    #[error("'{word}' is no colour and no weight{}", nearest.map(|word| format!("; did you mean {word}?")).unwrap_or_default())]
    Unknown {
        /// It.
        word: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// Digits and letters that are no colour.
    #[error(
        "'{0}' is no colour: it has to be # and six hexadecimal digits, or a number from 0 to 255"
    )]
    Number(String),
    /// More than one colour for the same thing.
    #[error("'{0}' is one colour too many; the colour of the ground stands behind 'on'")]
    TwoColours(String),
    /// `on` with nothing behind it.
    #[error("behind 'on' stands the colour of the ground")]
    NoGround,
    /// `none` beside something.
    #[error("'none' stands alone")]
    NotAlone,
    /// Nothing at all.
    #[error("it says nothing; 'none' is a look without colour")]
    Empty,
}

/// The terminal's own colours, in the order of their numbers.
pub(super) const COLOURS: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// Other names of these, and the colour that is the terminal's own for text.
const MORE_COLOURS: [(&str, Color); 3] =
    [("default", Color::Reset), ("gray", Color::DarkGray), ("grey", Color::DarkGray)];

pub(super) const WEIGHTS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

/// The look that words say.
///
/// # Errors
/// The first word that means nothing there.
pub(super) fn parse(text: &str) -> Result<Style, LookFault> {
    let mut style = Style::new();
    let mut words = text.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err(LookFault::Empty);
    }
    while let Some(word) = words.next() {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "none" if text.trim() == word => return Ok(style),
            "none" => return Err(LookFault::NotAlone),
            "on" => {
                let ground = colour(words.next().ok_or(LookFault::NoGround)?)?;
                put(&mut style.bg, ground, word)?;
            }
            _ => match WEIGHTS.iter().find(|(known, _)| *known == lower) {
                Some((_, weight)) => style = style.add_modifier(*weight),
                None => put(&mut style.fg, colour(word)?, word)?,
            },
        }
    }
    Ok(style)
}

fn put(place: &mut Option<Color>, colour: Color, word: &str) -> Result<(), LookFault> {
    match place.replace(colour) {
        None => Ok(()),
        Some(_) => Err(LookFault::TwoColours(word.to_owned())),
    }
}

fn colour(word: &str) -> Result<Color, LookFault> {
    let lower = word.to_ascii_lowercase();
    if let Some((_, colour)) =
        COLOURS.iter().chain(&MORE_COLOURS).find(|(known, _)| *known == lower)
    {
        return Ok(*colour);
    }
    let number = || LookFault::Number(word.to_owned());
    if let Some(digits) = lower.strip_prefix('#') {
        let is_whole = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let rgb = u32::from_str_radix(digits, 16).ok().filter(|_| is_whole).ok_or_else(number)?;
        let [_, red, green, blue] = rgb.to_be_bytes();
        return Ok(Color::Rgb(red, green, blue));
    }
    if lower.starts_with(|first: char| first.is_ascii_digit()) {
        let of_palette: u8 = lower.parse().map_err(|_| number())?;
        let named = COLOURS.get(usize::from(of_palette)).map(|(_, colour)| *colour);
        return Ok(named.unwrap_or(Color::Indexed(of_palette)));
    }
    let colours = COLOURS.iter().chain(&MORE_COLOURS).map(|(known, _)| *known);
    let weights = WEIGHTS.iter().map(|(known, _)| *known);
    let nearest = nearest(&lower, colours.chain(weights).chain(["none", "on"]));
    Err(LookFault::Unknown { word: word.to_owned(), nearest })
}

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Weights alone.
    None,
    /// The 256 colours of the palette.
    Palette,
    /// Every colour.
    Full,
}

impl Depth {
    /// By the environment's variables.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable("NO_COLOR").is_some() {
            return Self::None;
        }
        let full =
            variable("COLORTERM").is_some_and(|depth| depth == "truecolor" || depth == "24bit");
        if full { Self::Full } else { Self::Palette }
    }

    /// What is left of a look.
    pub(super) fn show(self, style: Style) -> Style {
        let shown = |colour: Option<Color>| match (self, colour) {
            (Self::None, _) => None,
            (Self::Palette, Some(Color::Rgb(red, green, blue))) => {
                Some(Color::Indexed(nearest_of_palette([red, green, blue])))
            }
            (_, colour) => colour,
        };
        Style { fg: shown(style.fg), bg: shown(style.bg), ..style }
    }
}

/// The number of the colour nearest to this one. Those below 16 are the terminal's own, and nobody
/// knows how they look.
fn nearest_of_palette(wanted: [u8; 3]) -> u8 {
    let distance = |number: u8| -> u32 {
        let parts = of_palette(number).into_iter().zip(wanted);
        parts.map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
    };
    (16..=u8::MAX).min_by_key(|number| distance(*number)).unwrap_or(u8::MAX)
}

/// What xterm's palette has from 16 on: a cube of six steps each, then greys.
fn of_palette(number: u8) -> [u8; 3] {
    if number >= 232 {
        return [8 + 10 * (number - 232); 3];
    }
    let place = number.saturating_sub(16);
    [place / 36, place / 6 % 6, place % 6].map(|step| if step == 0 { 0 } else { 55 + 40 * step })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_a_look() {
        let style = Style::new();
        for (text, expected) in [
            ("none", style),
            ("default", style.fg(Color::Reset)),
            ("bold yellow", style.fg(Color::Yellow).add_modifier(Modifier::BOLD)),
            ("Underline  DIM", style.add_modifier(Modifier::UNDERLINED | Modifier::DIM)),
            ("208", style.fg(Color::Indexed(208))),
            ("7", style.fg(Color::Gray)),
            ("#Ffaf00 on 17", style.fg(Color::Rgb(255, 175, 0)).bg(Color::Indexed(17))),
            ("on bright-black", style.bg(Color::DarkGray)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn mistakes_are_told() {
        for (text, said) in [
            ("yelow", "'yelow' is no colour and no weight; did you mean yellow?"),
            ("bolt red", "'bolt' is no colour and no weight; did you mean bold?"),
            ("purplish", "'purplish' is no colour and no weight"),
            ("256", "'256' is no colour: it has to be # and six hexadecimal digits, or a number"),
            ("#fff", "'#fff' is no colour"),
            ("#+12345", "'#+12345' is no colour"),
            ("red blue", "'blue' is one colour too many"),
            ("red on", "behind 'on' stands the colour of the ground"),
            ("on red on blue", "'on' is one colour too many"),
            ("none bold", "'none' stands alone"),
            (" ", "it says nothing"),
        ] {
            let fault = parse(text).unwrap_err().to_string();
            assert!(fault.starts_with(said), "{text}: {fault}");
        }
    }

    #[test]
    fn a_terminal_gets_what_it_can_show() {
        let of = |set: &'static [(&'static str, &'static str)]| {
            Depth::of(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Depth::None);
        assert_eq!(of(&[("COLORTERM", "24bit")]), Depth::Full);
        assert_eq!(of(&[("COLORTERM", "yes")]), Depth::Palette);
        assert_eq!(of(&[]), Depth::Palette);
        let style = parse("bold #ff8700 on #101010").unwrap();
        assert_eq!(Depth::Full.show(style), style);
        let palette = Depth::Palette.show(style);
        assert_eq!(
            (palette.fg, palette.bg),
            (Some(Color::Indexed(208)), Some(Color::Indexed(233)))
        );
        assert_eq!(Depth::None.show(style), Style::new().add_modifier(Modifier::BOLD));
    }

    #[test]
    fn each_colour_of_the_palette_is_nearest_to_itself() {
        for number in 16..=u8::MAX {
            let colour = of_palette(number);
            assert_eq!(of_palette(nearest_of_palette(colour)), colour, "{number}");
        }
    }
}
