//! Where in a conversation the view ends.

/// The view shows what stands before this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// How many lines there are up to it.
    pub(super) lines: usize,
    /// How many rows of the last of them are below the view.
    pub(super) hidden: usize,
}

impl End {
    /// The end of all lines.
    pub(super) const fn of_all(lines: usize) -> Self {
        Self { lines, hidden: 0 }
    }

    /// The place so many rows above, and whether the first row is then in the view of this height.
    pub(super) fn up(
        self,
        rows: usize,
        height: usize,
        of: impl Fn(usize) -> usize,
    ) -> (Self, bool) {
        let wanted = rows + height;
        let (mut line, mut above) = (self.lines, 0);
        while line > 0 && above < wanted + self.hidden {
            line -= 1;
            above += of(line);
        }
        let above = above.saturating_sub(self.hidden);
        let moved = rows.min(above.saturating_sub(height));
        (self.back(moved, &of), line == 0 && above <= wanted)
    }

    fn back(self, rows: usize, of: impl Fn(usize) -> usize) -> Self {
        let Self { mut lines, mut hidden } = self;
        hidden += rows;
        while lines > 0 {
            let last = of(lines - 1);
            if hidden < last {
                break;
            }
            hidden -= last;
            lines -= 1;
        }
        Self { lines, hidden }
    }

    /// The place so many rows below, or `None` where that is the end of all lines.
    pub(super) fn down(self, rows: usize, all: usize, of: impl Fn(usize) -> usize) -> Option<Self> {
        let Self { mut lines, hidden } = self;
        let mut hidden_below = hidden;
        let mut rows = rows;
        while rows >= hidden_below {
            rows -= hidden_below;
            if lines >= all {
                return None;
            }
            hidden_below = of(lines);
            lines += 1;
            if rows == 0 {
                return Some(Self { lines: lines - 1, hidden: 0 });
            }
        }
        Some(Self { lines, hidden: hidden_below - rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of 1, 2, 3, 1, 2, 3, … rows.
    fn of(line: usize) -> usize {
        line % 3 + 1
    }

    fn rows_up_to(end: End) -> usize {
        (0..end.lines).map(of).sum::<usize>() - end.hidden
    }

    #[test]
    fn every_step_up_and_down_is_so_many_rows() {
        let all = 12;
        for step in 1..6 {
            let mut end = End::of_all(all);
            loop {
                let (next, top) = end.up(step, 4, of);
                assert!(rows_up_to(end) - rows_up_to(next) == step || rows_up_to(next) == 4);
                assert!(next.hidden == 0 || next.hidden < of(next.lines - 1));
                if top {
                    assert_eq!(rows_up_to(next), 4);
                    break;
                }
                end = next;
            }
            let mut end = end.up(step, 4, of).0;
            while let Some(next) = end.down(step, all, of) {
                assert_eq!(rows_up_to(next) - rows_up_to(end), step);
                end = next;
            }
            assert!(rows_up_to(end) + step >= (0..all).map(of).sum());
        }
    }

    #[test]
    fn few_rows_do_not_move() {
        let end = End::of_all(2);
        assert_eq!(end.up(5, 10, of), (end, true));
        assert_eq!(end.down(5, 2, of), None);
        assert_eq!(End::of_all(0).up(1, 10, of), (End::of_all(0), true));
    }
}
