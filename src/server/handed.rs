//! A message that is handed on, in each form; and the announcement of a file, which each member of
//! an audience gets as its client knows it.

use super::fanout::Audiences;
use super::place::Form;
use super::turn::Targets;
use crate::message::{AudienceId, ConnectionId, Mark};
use crate::wire::attachment::{Attachment, FileWords, write_file_in_words};
use crate::wire::{Relayed, console, encode, exchange, relayed};

/// A message that is handed on: the object without its line end, and what some get besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) object: &'a [u8],
    pub(super) mark: Mark,
}

impl Message<'_> {
    /// Writes it in a form, with what ends an object there; `end` is told where one does.
    pub(super) fn write(&self, form: Form, out: &mut Vec<u8>, mut end: impl FnMut(usize)) {
        match form {
            Form::Plain => out.extend_from_slice(self.object),
            Form::Marked => encode::marked(out, self.object, self.mark),
            Form::Console | Form::Exchange => return self.write_elsewhere(form, out, end),
        }
        out.push(b'\n');
        end(out.len());
    }

    /// Writes what announces a file in a form: in words, where those are given.
    pub(super) fn write_file(
        &self,
        form: Form,
        words: Option<FileWords>,
        out: &mut Vec<u8>,
        mut end: impl FnMut(usize),
    ) {
        let is_marked = match form {
            Form::Plain => false,
            Form::Marked => true,
            Form::Console | Form::Exchange => {
                let (Some(file), Some(words)) = (Attachment::read(self.object), words) else {
                    return;
                };
                let relayed =
                    Relayed { sender: file.from.clone(), text: file.in_words(words).into() };
                return self.write_relayed(form, &relayed, out, end);
            }
        };
        let Some(words) = words else { return self.write(form, out, end) };
        write_file_in_words(out, self.object, self.mark, is_marked, words);
        out.push(b'\n');
        end(out.len());
    }

    /// Writes it for a client of another wire.
    fn write_elsewhere(&self, form: Form, out: &mut Vec<u8>, end: impl FnMut(usize)) {
        if let Some(relayed) = relayed(self.object) {
            self.write_relayed(form, &relayed, out, end);
        }
    }

    fn write_relayed(
        &self,
        form: Form,
        relayed: &Relayed<'_>,
        out: &mut Vec<u8>,
        mut end: impl FnMut(usize),
    ) {
        let Relayed { sender, text } = relayed;
        if form == Form::Exchange {
            exchange::write_message(out, sender, text, self.mark.unix_micros);
            return end(out.len());
        }
        for part in console::parts(sender, text) {
            console::write_message(out, sender, part);
            end(out.len());
        }
    }
}

impl Audiences {
    /// Hands the announcement of a file to the audience's members at once, behind what they were
    /// delivered before: in words to those who know no files, and so in other bytes; to those who
    /// are in the exchange with the file itself.
    pub(super) fn deliver_file(
        &mut self,
        audience: AudienceId,
        except: Option<ConnectionId>,
        file: Message<'_>,
        words: FileWords,
        targets: &mut Targets<'_>,
    ) {
        self.note_speaker(audience, except, targets);
        for form in Form::ALL {
            self.share(audience, form, targets);
            let Some(list) = self.list(audience, form) else { continue };
            let others = list.members.iter().copied().filter(|member| Some(*member) != except);
            if form == Form::Exchange {
                let others: Vec<_> = others.collect();
                if !others.is_empty() {
                    self.count_deliveries(others.len());
                    self.pour(&others, file, words, targets);
                }
                continue;
            }
            let (knowing, others) = others.partition::<Vec<_>, _>(|member| {
                targets.connections.get_mut(*member).is_some_and(|member| member.knows_files())
            });
            for (members, words) in [(knowing, None), (others, Some(words))] {
                let write = |out: &mut Vec<u8>, ends: &mut Vec<usize>| {
                    file.write_file(form, words, out, |end| ends.push(end));
                };
                if !members.is_empty() {
                    self.count_deliveries(members.len());
                    self.share_now(&members, write, targets);
                }
            }
        }
    }
}
