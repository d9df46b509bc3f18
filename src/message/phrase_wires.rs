//! What only clients of the other wires are told: the texts of seeds 003 and 004, which are English
//! in any language, and what is wrong with a frame.

use super::{Language, Phrase, phrase_english, phrase_files, phrase_russian};
use std::fmt::{Formatter, Result};

pub(super) fn write(phrase: &Phrase, language: Language, f: &mut Formatter<'_>) -> Result {
    match phrase {
        Phrase::Told(told) => write!(f, "{told}"),
        Phrase::UnknownCommand { command } => {
            write!(f, "The command: 'cmd!{command}' is not supported by the server")
        }
        Phrase::BadHand => f.write_str(
            "Incorrect command format. Please enter again: 'cmd!start_game:option' where option \
             is one of the proposed: rock, scissors, paper",
        ),
        Phrase::NicknameTaken { .. } => f.write_str(Phrase::TAKEN),
        Phrase::BadFrame { .. }
        | Phrase::FrameTooLong { .. }
        | Phrase::EmptyFrame
        | Phrase::NoFiles => match language {
            Language::English => in_english(phrase, f),
            Language::Russian => in_russian(phrase, f),
        },
        _ => phrase_files::write(phrase, language, f),
    }
}

fn in_english(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    match phrase {
        Phrase::BadFrame { fault, at } => {
            f.write_str("This is no object of the exchange: ")?;
            phrase_english::write_json_fault(*fault, f)?;
            write!(f, " (byte {at})")
        }
        Phrase::FrameTooLong { limit, got } => {
            write!(f, "The frame has {got} bytes, at most {limit} are allowed")
        }
        Phrase::EmptyFrame => f.write_str("The frame is empty: send {\"text\":\"...\"}"),
        Phrase::NoFiles => f.write_str("Files are not handed on here: only the text was"),
        _ => Ok(()),
    }
}

fn in_russian(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    match phrase {
        Phrase::BadFrame { fault, at } => {
            f.write_str("Это не объект обмена: ")?;
            phrase_russian::write_json_fault(*fault, f)?;
            write!(f, " (байт {at})")
        }
        Phrase::FrameTooLong { limit, got } => {
            write!(f, "В кадре байтов: {got}, допустимо не более {limit}")
        }
        Phrase::EmptyFrame => f.write_str("Кадр пуст: пришлите {\"text\":\"...\"}"),
        Phrase::NoFiles => f.write_str("Файлы здесь не передаются: передан только текст"),
        _ => Ok(()),
    }
}
