//! How large the batches of messages were: how many messages shared a commit, and so a sync.

use crate::limits::STORAGE_BATCH_ROWS;
use std::fmt::{self, Display};

/// Commits counted by how many messages each had: a fixed amount of memory.
#[derive(Debug)]
pub(super) struct BatchSizes {
    /// By number of messages, from 0 to the most that a batch may have.
    commits: Vec<u64>,
}

impl Default for BatchSizes {
    fn default() -> Self {
        Self { commits: vec![0; STORAGE_BATCH_ROWS + 1] }
    }
}

impl BatchSizes {
    /// Counts a batch that was committed; one without messages says nothing about them.
    pub(super) fn count(&mut self, messages: usize) {
        if messages > 0
            && let Some(commits) = self.commits.get_mut(messages)
        {
            *commits += 1;
        }
    }

    /// What there is to say; `None` where no message was stored.
    pub(super) fn summary(&self) -> Option<BatchSummary> {
        let sizes = || (0_u64..).zip(self.commits.iter().copied()).filter(|(_, count)| *count > 0);
        let commits = self.commits.iter().sum();
        let mut seen = 0;
        let median = sizes().find(|(_, count)| {
            seen += count;
            2 * seen >= commits
        })?;
        let messages = sizes().map(|(size, count)| size * count).sum();
        Some(BatchSummary { messages, commits, median: median.0, largest: sizes().last()?.0 })
    }
}

/// How many messages were stored in how many commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchSummary {
    /// All of them.
    messages: u64,
    /// The commits that stored them.
    commits: u64,
    /// Messages of the commit in the middle, were all laid side by side by their size.
    median: u64,
    /// Messages of the largest commit.
    largest: u64,
}

impl Display for BatchSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, commits, median, largest } = self;
        write!(
            f,
            "{messages} messages in {commits} commits of {median} (median), at most {largest}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sizes: &[usize]) -> Option<BatchSummary> {
        let mut counted = BatchSizes::default();
        sizes.iter().for_each(|size| counted.count(*size));
        counted.summary()
    }

    #[test]
    fn the_commit_in_the_middle_and_the_largest() {
        let summary = of(&[3, 1, 0, STORAGE_BATCH_ROWS, 3, 7]).unwrap();
        let expected = BatchSummary { messages: 1038, commits: 5, median: 3, largest: 1024 };
        assert_eq!(summary, expected);
        assert_eq!(of(&[2, 9]).unwrap().median, 2);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[0, 0]), None);
    }

    #[test]
    fn the_log_has_it_in_one_line() {
        let text = of(&[1, 2, 500]).unwrap().to_string();
        assert_eq!(text, "503 messages in 3 commits of 2 (median), at most 500");
    }
}
