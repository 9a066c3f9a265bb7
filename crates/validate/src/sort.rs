//! [`sort`] and [`sort_numbers`]: sort lists, by little code. Validation and the engine call them
//! for every list whose length a module decides. They must never take more than `n * log(n)` steps.

use core::cmp::Ordering;

/// Sorts a list; equal elements come in any order. In `n * log(n)` steps, in place, or in one look
/// if it is in order.
pub fn sort<T>(list: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    if list.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return;
    }
    // A heap, the greatest first; then that is put to the end, again and again.
    for root in (0..list.len() / 2).rev() {
        sink(list, root, &mut compare);
    }
    for end in (1..list.len()).rev() {
        list.swap(0, end);
        sink(&mut list[..end], 0, &mut compare);
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

/// Moves an element down a heap until none below it is greater.
fn sink<T>(heap: &mut [T], mut at: usize, compare: &mut impl FnMut(&T, &T) -> Ordering) {
    loop {
        let mut greatest = at;
        for child in [2 * at + 1, 2 * at + 2] {
            if child < heap.len() && compare(&heap[child], &heap[greatest]).is_gt() {
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
