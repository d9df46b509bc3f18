//! A list that is nearly always short: up to two items without memory of its own.
//!
//! The connections of a name, the audiences of a connection: one or two with nearly everybody, and
//! thousands with some. A [`Vec`]'s first allocation has room for four, for each of many idle
//! clients.

use std::ops::{Deref, DerefMut};

/// A list of small items; it reads as a slice.
#[derive(Debug, Clone, Default)]
pub enum Few<T> {
    /// No item.
    #[default]
    None,
    /// One item.
    One([T; 1]),
    /// Two items.
    Two([T; 2]),
    /// More, and for a while fewer.
    Many(Vec<T>),
}

// What is kept in place must not make it larger than the list that it stands for.
const _: () = assert!(size_of::<Few<u64>>() == size_of::<Vec<u64>>());

impl<T: Copy> Few<T> {
    /// The items.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(items) => items,
            Self::Two(items) => items,
            Self::Many(items) => items,
        }
    }

    /// The items, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::None => &mut [],
            Self::One(items) => items,
            Self::Two(items) => items,
            Self::Many(items) => items,
        }
    }

    /// Puts an item behind all others.
    pub fn push(&mut self, item: T) {
        self.insert(self.len(), item);
    }

    /// Puts an item before the one at `at`, or behind all others.
    pub fn insert(&mut self, at: usize, item: T) {
        *self = match std::mem::take(self) {
            Self::None => Self::One([item]),
            Self::One([other]) if at == 0 => Self::Two([item, other]),
            Self::One([other]) => Self::Two([other, item]),
            Self::Two(items) => {
                let mut many = Vec::with_capacity(4);
                many.extend_from_slice(&items);
                many.insert(at.min(many.len()), item);
                Self::Many(many)
            }
            Self::Many(mut items) => {
                items.insert(at.min(items.len()), item);
                Self::Many(items)
            }
        };
    }

    /// Takes an item out; those behind it move up.
    pub fn remove(&mut self, at: usize) -> Option<T> {
        let removed = self.get(at).copied()?;
        match self {
            Self::Many(items) => {
                items.remove(at);
                self.tidy();
            }
            Self::Two([first, second]) => {
                *self = Self::One([if at == 0 { *second } else { *first }])
            }
            Self::One(_) | Self::None => *self = Self::None,
        }
        Some(removed)
    }

    /// Takes an item out; the last one gets its place.
    pub fn swap_remove(&mut self, at: usize) -> Option<T> {
        match self {
            Self::Many(items) if at < items.len() => {
                let removed = items.swap_remove(at);
                self.tidy();
                Some(removed)
            }
            // With no more than two that is the same.
            _ => self.remove(at),
        }
    }

    /// Keeps the items that are so.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        if let Self::Many(items) = self {
            items.retain(keep);
            return self.tidy();
        }
        let mut kept = Self::None;
        self.iter().filter(|item| keep(item)).for_each(|item| kept.push(*item));
        *self = kept;
    }

    /// Gives memory back that is not needed any more.
    fn tidy(&mut self) {
        match *self.as_slice() {
            [] => *self = Self::None,
            [only] => *self = Self::One([only]),
            _ => {}
        }
    }
}

impl<T: Copy> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Copy> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

impl<T: Copy> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { items: self, at: 0 }
    }
}

/// The items one by one.
#[derive(Debug)]
pub struct IntoIter<T> {
    items: Few<T>,
    at: usize,
}

impl<T: Copy> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let item = self.items.get(self.at).copied()?;
        self.at += 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push(u32),
        Insert(usize, u32),
        Remove(usize),
        SwapRemove(usize),
        RetainBelow(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            any::<u32>().prop_map(Step::Push),
            (0..4_usize, any::<u32>()).prop_map(|(at, item)| Step::Insert(at, item)),
            (0..4_usize).prop_map(Step::Remove),
            (0..4_usize).prop_map(Step::SwapRemove),
            any::<u32>().prop_map(Step::RetainBelow),
        ]
    }

    proptest! {
        #[test]
        fn it_does_what_a_vec_does(steps in prop::collection::vec(step(), 0..40)) {
            let (mut few, mut vec) = (Few::default(), Vec::new());
            for step in steps {
                let inside = |at: &usize| *at < vec.len();
                match step {
                    Step::Push(item) => {
                        few.push(item);
                        vec.push(item);
                    }
                    Step::Insert(at, item) => {
                        few.insert(at, item);
                        vec.insert(at.min(vec.len()), item);
                    }
                    Step::Remove(at) => {
                        let removed = Some(at).filter(inside).map(|at| vec.remove(at));
                        prop_assert_eq!(few.remove(at), removed);
                    }
                    Step::SwapRemove(at) => {
                        let removed = Some(at).filter(inside).map(|at| vec.swap_remove(at));
                        prop_assert_eq!(few.swap_remove(at), removed);
                    }
                    Step::RetainBelow(bound) => {
                        few.retain(|item| *item < bound);
                        vec.retain(|item| *item < bound);
                    }
                }
                prop_assert_eq!(few.as_slice(), vec.as_slice());
                prop_assert_eq!(few.as_mut_slice(), vec.as_mut_slice());
                prop_assert_eq!(few.clone().into_iter().collect::<Vec<_>>(), vec.clone());
                prop_assert!(vec.len() > 1 || !matches!(few, Few::Many(_)), "memory went back");
            }
        }
    }
}
