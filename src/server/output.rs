//! Flushing: each connection with output once a turn, and what happens to slow readers.

use super::connection::{Flushed, Phase};
use super::event_loop::{Observer, Running};
use super::slots;
use crate::message::ConnectionId;

impl<O: Observer> Running<O> {
    pub(super) fn flush_dirty(&mut self) {
        // What becomes dirty meanwhile, those that used up their share of the turn and those that
        // wait come to the other list.
        let mut flushing = std::mem::take(&mut self.flushing);
        std::mem::swap(&mut flushing, &mut self.dirty);
        for id in flushing.drain(..) {
            self.flush(id);
        }
        self.flushing = flushing;
    }

    fn flush(&mut self, id: ConnectionId) {
        let uptime = self.now.uptime;
        let stopping = self.is_stopping();
        let Some(connection) = self.connections.get_mut(id) else { return };
        if !stopping && connection.keeps_waiting(self.input_left) {
            return self.dirty.push(id);
        }
        connection.dirty = false;
        if connection.phase == Phase::Gone {
            return;
        }
        connection.note_traits(false);
        let held = !connection.may_decode();
        let flushed = connection.flush(&mut self.pool, uptime);
        let memory = connection.own_memory();
        let before = std::mem::replace(&mut connection.counted_memory, memory);
        self.queued_memory = self.queued_memory.saturating_sub(before) + memory;
        let released = held && connection.may_decode();
        if connection.is_slow(&self.server.settings.output, uptime) {
            let waiting = connection.output.bytes();
            return self.lose(id, &format!("slow reader: {waiting} bytes were unread"));
        }
        match flushed {
            Flushed::Broken(error) => return self.lose(id, &error.to_string()),
            Flushed::Budget => connection.mark_dirty(&mut self.dirty),
            Flushed::All if matches!(connection.phase, Phase::Flushing { .. }) => {
                return self.drain_after_flush(id);
            }
            Flushed::Dry => self.pour(id),
            Flushed::All | Flushed::Blocked | Flushed::Paced => {}
        }
        self.update_interest(id);
        if released {
            self.make_ready(id);
        }
        self.rearm(id);
    }

    fn drain_after_flush(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.start_draining(self.now.uptime);
        connection.drain(&mut self.scratch);
        if connection.phase == Phase::Gone {
            self.doomed.push(id);
        } else {
            self.update_interest(id);
            self.rearm(id);
        }
    }

    /// Tells the kernel what we want to know, where that changed.
    fn update_interest(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let interest = connection.interest();
        if interest == connection.registered {
            return;
        }
        connection.registered = interest;
        let registry = self.server.poll.registry();
        if let Err(error) = registry.reregister(&mut connection.stream, slots::token(id), interest)
        {
            let reason = format!("cannot watch the connection: {error}");
            self.lose(id, &reason);
        }
    }

    /// All queues together are bounded: the slowest readers are cut first.
    pub(super) fn cut_slowest(&mut self) {
        let bound = self.server.settings.output.total_bytes;
        if !self.is_over(bound) {
            return;
        }
        for (waiting, id) in self.slowest_first() {
            if !self.is_over(bound) {
                return;
            }
            let reason = format!(
                "slow reader: {waiting} bytes were unread when all queues were over {bound}"
            );
            self.lose(id, &reason);
            self.discard_output(id);
        }
    }

    fn is_over(&self, bound: usize) -> bool {
        self.queued_memory + self.audiences.shared_bytes() > bound
    }

    fn slowest_first(&self) -> Vec<(usize, ConnectionId)> {
        let connections = self.connections.iter().filter(|other| other.phase != Phase::Gone);
        let mut slowest: Vec<_> = connections
            .filter(|other| !other.owes_nothing())
            .map(|other| (other.unread_bytes(), other.id))
            .collect();
        slowest.sort_unstable_by_key(|(waiting, _)| std::cmp::Reverse(*waiting));
        slowest
    }

    pub(super) fn discard_output(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if let Some(drain) = &mut self.drain {
            drain.note_end(connection);
        }
        connection.output = crate::buffer::OutputQueue::default();
        let counted = std::mem::take(&mut connection.counted_memory);
        self.queued_memory = self.queued_memory.saturating_sub(counted);
    }
}
