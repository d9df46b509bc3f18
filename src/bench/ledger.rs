//! Who got what of whom: every delivery is entered, and must be the next of its sender in that room.

use super::Failure;

/// The most entries (receivers times senders) that are kept: 64 MiB.
const ENTRIES: usize = 16 << 20;

/// For each receiver, sender and room of the sender's, the number of the message that is due.
#[derive(Debug)]
pub(crate) struct Ledger {
    senders: usize,
    rooms: usize,
    due: Vec<u32>,
    delivered: u64,
}

impl Ledger {
    /// Nothing delivered yet. Each sender writes to so many rooms in turn, of which it may be heard
    /// in any order.
    ///
    /// # Errors
    /// Too many receivers times senders.
    pub(crate) fn new(receivers: usize, senders: usize, rooms: usize) -> Result<Self, Failure> {
        let entries = receivers.saturating_mul(senders).saturating_mul(rooms);
        if entries > ENTRIES {
            return Err(Failure::Usage(format!(
                "{receivers} members times {senders} senders are over {ENTRIES}: fewer, please"
            )));
        }
        Ok(Self { senders, rooms, due: vec![0; entries], delivered: 0 })
    }

    /// Enters a delivery.
    ///
    /// # Errors
    /// It is not the one that was due: something was lost, doubled or reordered.
    pub(crate) fn enter(
        &mut self,
        receiver: usize,
        sender: usize,
        sequence: u64,
    ) -> Result<(), Failure> {
        let rooms = self.rooms as u64;
        let room = usize::try_from(sequence % rooms).unwrap_or(0);
        let number = |turn: u32| u64::from(turn) * rooms + sequence % rooms;
        let due = self.due.get_mut((receiver * self.senders + sender) * self.rooms + room);
        match due {
            Some(due) if number(*due) == sequence && receiver != sender => {
                *due += 1;
                self.delivered += 1;
                Ok(())
            }
            due => {
                let expected = due.map_or(0, |due| number(*due));
                Err(Failure::Order { receiver, sender, got: sequence, expected })
            }
        }
    }

    /// How many deliveries there were.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sender_counts_for_itself() {
        let mut ledger = Ledger::new(3, 2, 1).unwrap();
        for (receiver, sender, sequence) in [(2, 0, 0), (2, 1, 0), (2, 0, 1), (1, 0, 0)] {
            ledger.enter(receiver, sender, sequence).unwrap();
        }
        assert_eq!(ledger.delivered(), 4);
    }

    #[test]
    fn lost_doubled_and_returned_deliveries_are_errors() {
        for (receiver, sender, sequence) in [(2, 0, 2), (2, 0, 0), (0, 0, 0)] {
            let mut ledger = Ledger::new(3, 1, 1).unwrap();
            ledger.enter(2, 0, 0).unwrap();
            let entered = ledger.enter(receiver, sender, sequence);
            assert!(matches!(entered, Err(Failure::Order { .. })), "{receiver} {sequence}");
            assert_eq!(ledger.delivered(), 1);
        }
    }

    #[test]
    fn each_room_counts_for_itself() {
        let mut ledger = Ledger::new(2, 1, 3).unwrap();
        for sequence in [1, 0, 4, 2, 7, 3] {
            ledger.enter(1, 0, sequence).unwrap();
        }
        let doubled = ledger.enter(1, 0, 3);
        assert!(matches!(doubled, Err(Failure::Order { got: 3, expected: 6, .. })));
        assert!(ledger.enter(1, 0, 8).is_err(), "5 is due");
    }

    #[test]
    fn the_ledger_is_bounded() {
        assert!(matches!(Ledger::new(usize::MAX, 2, 1), Err(Failure::Usage(_))));
    }
}
