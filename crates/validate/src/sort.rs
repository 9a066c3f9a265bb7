//! [`sort`]: sorts lists, by little code in small builds. Validation and the engine call it for
//! every list whose length a module decides. It must never take more than `n * log(n)` steps.

use core::cmp::Ordering;

/// Sorts a list; equal elements come in any order. In `n * log(n)` steps, in place.
pub fn sort<T>(list: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    if cfg!(feature = "fast") {
        return list.sort_unstable_by(compare);
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
    use super::{sink, sort};
    use alloc::vec::Vec;

    #[test]
    fn lists_are_sorted() {
        for len in 0..200_u32 {
            let mut list: Vec<u32> = (0..len).map(|i| i.wrapping_mul(0x9e37_79b9) % 50).collect();
            let mut expected = list.clone();
            expected.sort();
            let mut heap = list.clone();
            sort(&mut list, Ord::cmp);
            assert_eq!(list, expected);
            // What small builds do, whichever this is.
            for root in (0..heap.len() / 2).rev() {
                sink(&mut heap, root, &mut Ord::cmp);
            }
            assert!((1..heap.len()).all(|i| heap[(i - 1) / 2] >= heap[i]));
        }
    }
}
