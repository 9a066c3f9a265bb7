//! [`sort`] and [`sort_numbers`]: sort lists, by little code. Validation and the engine call them
//! for every list whose length a module decides. They must never take more than `n * log(n)` steps.

use core::cmp::Ordering;

/// Sorts a list; equal elements come in any order. In `n * log(n)` steps, in place, or in one look
/// if it is in order.
pub fn sort<T>(list: &mut [T], compare: impl FnMut(&T, &T) -> Ordering) {
    let len = list.len();
    sort_places(len, &mut By { list, compare });
}

/// A list, as what is there once for all lists sees it: by the places of its elements.
trait Places {
    fn compare(&mut self, a: usize, b: usize) -> Ordering;
    fn swap(&mut self, a: usize, b: usize);
}

struct By<'a, T, F> {
    list: &'a mut [T],
    compare: F,
}

impl<T, F: FnMut(&T, &T) -> Ordering> Places for By<'_, T, F> {
    fn compare(&mut self, a: usize, b: usize) -> Ordering {
        (self.compare)(&self.list[a], &self.list[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.list.swap(a, b);
    }
}

fn sort_places(len: usize, list: &mut dyn Places) {
    if (1..len).all(|place| list.compare(place - 1, place).is_le()) {
        return;
    }
    // A heap, the greatest first; then that is put to the end, again and again.
    for root in (0..len / 2).rev() {
        sink(list, len, root);
    }
    for end in (1..len).rev() {
        list.swap(0, end);
        sink(list, end, 0);
    }
}

/// Sorts numbers, whatever they stand for, by code that is there once. It is quicker than [`sort`]
/// where comparing takes long.
pub fn sort_numbers(list: &mut [u32], compare: &mut dyn FnMut(u32, u32) -> Ordering) {
    if cfg!(feature = "fast") {
        list.sort_unstable_by(|&a, &b| compare(a, b));
    } else {
        sort(list, |&a, &b| compare(a, b));
    }
}

/// Moves an element down a heap of `len` until none below it is greater.
fn sink(heap: &mut dyn Places, len: usize, mut at: usize) {
    loop {
        let mut greatest = at;
        for child in [2 * at + 1, 2 * at + 2] {
            if child < len && heap.compare(child, greatest).is_gt() {
                greatest = child;
            }
        }
        if greatest == at {
            return;
        }
        heap.swap(at, greatest);
        at = greatest;
    }
}

#[cfg(test)]
mod tests {
    use super::{sort, sort_numbers};
    use alloc::vec::Vec;

    #[test]
    fn lists_are_sorted() {
        for len in 0..200_u32 {
            let mut list: Vec<u32> = (0..len).map(|i| i.wrapping_mul(0x9e37_79b9) % 50).collect();
            let mut expected = list.clone();
            expected.sort();
            let mut numbers = list.clone();
            sort(&mut list, Ord::cmp);
            assert_eq!(list, expected);
            sort_numbers(&mut numbers, &mut |a, b| a.cmp(&b));
            assert_eq!(numbers, expected);
        }
    }
}
