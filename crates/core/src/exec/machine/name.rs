//! [`Name`]: the name of a handler as a number, by which the file of the instruction set is read.
//! `build.rs` includes this file, so that both sides compute the same. It must name nothing of the
//! crate.

/// The name of a type with its parameters: `Bin<I32Add, P0, Const, Acc>`, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(pub(crate) u64);

const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Name {
    /// The name of a type without its parameters.
    pub(crate) const fn of(text: &str) -> Name {
        let mut hash = 0xcbf2_9ce4_8422_2325;
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(PRIME);
            i += 1;
        }
        Name(hash)
    }

    /// The name of a constant parameter: a number, or 0 and 1 for `false` and `true`.
    pub(crate) const fn of_number(number: u32) -> Name {
        Name(0x9e37_79b9_7f4a_7c15 ^ number as u64)
    }

    /// The name with one more parameter.
    pub(crate) const fn with(self, part: Name) -> Name {
        let hash = (self.0.rotate_left(23) ^ part.0).wrapping_mul(PRIME);
        Name(hash ^ hash >> 29)
    }
}
