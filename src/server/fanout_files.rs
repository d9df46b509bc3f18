//! Files among what audiences get: for members who are in the exchange, the bytes.

use super::fanout::Audiences;
use super::handed::Message;
use super::place::Form;
use super::turn::Targets;
use crate::message::{ConnectionId, Sha256};
use crate::wire::attachment::{Attachment, FileWords};
use crate::wire::exchange::{file_length, write_attachment};

/// A file's content.
#[derive(Debug, Clone, Copy)]
struct Content {
    sha256: Sha256,
    /// In bytes.
    size: u32,
}

impl Audiences {
    /// Hands a file to these connections of the exchange: what is said with it at once, and a place
    /// for it in each queue, where its bytes come when the queue has come to it. One that no frame
    /// can hold is told of in words.
    pub(super) fn pour(
        &mut self,
        members: &[ConnectionId],
        file: Message<'_>,
        words: FileWords,
        targets: &mut Targets<'_>,
    ) {
        let Some(read) = Attachment::read(file.object) else { return };
        let size = u32::try_from(read.size).ok();
        let Some((size, sha256)) = size.zip(read.content()) else {
            let write = |out: &mut Vec<u8>, ends: &mut Vec<usize>| {
                file.write_file(Form::Exchange, Some(words), out, |end| ends.push(end));
            };
            return self.share_now(members, write, targets);
        };
        let write = |out: &mut Vec<u8>, ends: &mut Vec<usize>| {
            let micros = file.mark.unix_micros;
            write_attachment(out, &read.from, &read.message, &read.name, micros);
            ends.push(out.len());
        };
        self.share_now(members, write, targets);
        push(members, Content { sha256, size }, targets);
    }
}

fn push(members: &[ConnectionId], content: Content, targets: &mut Targets<'_>) {
    let length = file_length(content.size);
    for member in members {
        let Some(connection) = targets.connections.get_mut(*member) else { continue };
        if content.size == 0 {
            connection.output.push_copy(targets.pool, true, &length);
        } else {
            let size = u64::from(content.size);
            connection.output.push_file(targets.pool, &length, content.sha256, size);
        }
        connection.mark_dirty(targets.dirty);
    }
}
