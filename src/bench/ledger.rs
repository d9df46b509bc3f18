//! Who got what of whom: every delivery is entered, and must be the next of its sender.

use super::Failure;

/// The most entries (receivers times senders) that are kept: 64 MiB.
const ENTRIES: usize = 16 << 20;

/// For each receiver and sender, the number of the message that is due.
#[derive(Debug)]
pub(crate) struct Ledger {
    senders: usize,
    due: Vec<u32>,
    delivered: u64,
}

impl Ledger {
    /// Nothing delivered yet.
    ///
    /// # Errors
    /// Too many receivers times senders.
    pub(crate) fn new(receivers: usize, senders: usize) -> Result<Self, Failure> {
        let entries = receivers.saturating_mul(senders);
        if entries > ENTRIES {
            return Err(Failure::Usage(format!(
                "{receivers} members times {senders} senders are over {ENTRIES}: fewer, please"
            )));
        }
        Ok(Self { senders, due: vec![0; entries], delivered: 0 })
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
        let due = self.due.get_mut(receiver * self.senders + sender);
        match due {
            Some(due) if u64::from(*due) == sequence && receiver != sender => {
                *due += 1;
                self.delivered += 1;
                Ok(())
            }
            due => {
                let expected = due.map_or(0, |due| u64::from(*due));
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
        let mut ledger = Ledger::new(3, 2).unwrap();
        for (receiver, sender, sequence) in [(2, 0, 0), (2, 1, 0), (2, 0, 1), (1, 0, 0)] {
            ledger.enter(receiver, sender, sequence).unwrap();
        }
        assert_eq!(ledger.delivered(), 4);
    }

    #[test]
    fn lost_doubled_and_returned_deliveries_are_errors() {
        for (receiver, sender, sequence) in [(2, 0, 2), (2, 0, 0), (0, 0, 0)] {
            let mut ledger = Ledger::new(3, 1).unwrap();
            ledger.enter(2, 0, 0).unwrap();
            let entered = ledger.enter(receiver, sender, sequence);
            assert!(matches!(entered, Err(Failure::Order { .. })), "{receiver} {sequence}");
            assert_eq!(ledger.delivered(), 1);
        }
    }

    #[test]
    fn the_ledger_is_bounded() {
        assert!(matches!(Ledger::new(usize::MAX, 2), Err(Failure::Usage(_))));
    }
}
