//! What goes into cells, made from numbers of any size: slots, distances, counts, indices. What
//! does not fit its field is an error, [`TooLarge`]; nothing is ever cut. Used by all of
//! [`translate`](super), which narrows numbers nowhere else.

use super::MAX_SLOTS;

/// A function needs more of something than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge {
    /// What it needs: "cells of code", "slots".
    pub(crate) what: &'static str,
    /// How many, or more.
    pub(crate) count: u64,
    pub(crate) limit: u64,
}

/// The most words of code that a branch can lead over, either way: distances count bytes in 32
/// bits.
const MAX_DISTANCE: i64 = i32::MAX as i64 / BYTES;
/// Bytes of a word.
const BYTES: i64 = 8;

/// The number of a slot at or above the frame's first word.
pub(super) fn slot(number: usize) -> Result<i16, TooLarge> {
    let slot = i16::try_from(number).ok().filter(|_| number <= MAX_SLOTS);
    slot.ok_or(TooLarge { what: "slots", count: wide(number), limit: wide(MAX_SLOTS) })
}

/// The number of the slot so many below the frame's first word; and, negative, a count of slots.
pub(super) fn slot_below(number: usize) -> Result<i16, TooLarge> {
    slot(number).map(|slot| -slot)
}

/// The distance in bytes from the first operand word of a branch to its target. Both are words of
/// the code.
pub(super) fn distance(origin: usize, target: usize) -> Result<i32, TooLarge> {
    let words = i64::try_from(target).ok().zip(i64::try_from(origin).ok());
    let words = words.map_or(i64::MAX, |(target, origin)| target - origin);
    let bytes = words.checked_mul(BYTES).and_then(|bytes| i32::try_from(bytes).ok());
    bytes.ok_or(TooLarge {
        what: "words of code between a branch and its target",
        count: words.unsigned_abs(),
        limit: MAX_DISTANCE.unsigned_abs(),
    })
}

/// A word of the code, the number of a try block, or a count, where 32 bits are for it.
pub(super) fn index(what: &'static str, number: usize) -> Result<u32, TooLarge> {
    u32::try_from(number).map_err(|_| TooLarge {
        what,
        count: wide(number),
        limit: u32::MAX.into(),
    })
}

/// The bits of a constant of 32 bits. Constants are kept as 64 bits; of those of a wider kind that
/// go into a word of their own as well, it is the lower half.
pub(super) const fn low(bits: u64) -> u32 {
    (bits & 0xffff_ffff) as u32
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_fit_or_are_errors() {
        assert_eq!(slot(0), Ok(0));
        assert_eq!(slot(MAX_SLOTS).map(usize::try_from), Ok(Ok(MAX_SLOTS)));
        for number in [MAX_SLOTS + 1, 32_767, 32_768, 65_536, 65_538, usize::MAX] {
            let error = slot(number).unwrap_err();
            assert_eq!((error.count, error.limit), (number as u64, MAX_SLOTS as u64));
            assert!(slot_below(number).is_err());
        }
        assert_eq!(slot_below(2_000), Ok(-2_000));
    }

    #[test]
    fn distances_fit_or_are_errors() {
        let far = (1 << 28) - 1;
        assert_eq!(distance(7, 7), Ok(0));
        assert_eq!(distance(7, 5), Ok(-16));
        assert_eq!(distance(1, 1 + far), Ok(i32::MAX - 7));
        assert_eq!(distance(1 << 28, 0), Ok(i32::MIN));
        for (origin, target) in [
            (0, far + 1),
            ((1 << 28) + 1, 0),
            // 2^29 words are 2^32 bytes: their lower 32 bits are a small distance.
            (0, 1 << 29),
            ((1 << 29) + 1, 1),
            (0, usize::MAX),
        ] {
            let error = distance(origin, target).unwrap_err();
            assert_eq!(error.limit, far as u64);
            assert!(error.count > error.limit);
        }
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn indices_fit_or_are_errors() {
        assert_eq!(index("clauses", 0xffff_ffff), Ok(u32::MAX));
        let error = index("clauses", 1 << 32).unwrap_err();
        assert_eq!((error.what, error.count), ("clauses", 1 << 32));
    }

    #[test]
    fn constants_keep_their_lower_half() {
        assert_eq!(low(0x1234_5678_9abc_def0), 0x9abc_def0);
    }
}
