//! [`Random`]: numbers from a seed, the same on every machine.

/// A small generator of numbers (xorshift).
#[derive(Clone, Debug)]
pub struct Random(u64);

/// Bits that make interesting integers and floats.
const INTERESTING: [u64; 24] = [
    0,
    1,
    2,
    7,
    31,
    32,
    63,
    64,
    255,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fc0_0000,
    0xff80_0000,
    0x3f80_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_ffff,
    0x7ff8_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0x41df_ffff_ffc0_0000,
];

impl Random {
    /// The numbers of this seed.
    pub fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        random.next();
        random
    }

    /// Any number.
    #[allow(clippy::should_implement_trait)] // There is no end of them.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 32) as usize % limit
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// The bits of a value that is likely to find mistakes.
    pub fn bits(&mut self) -> u64 {
        match self.below(4) {
            0 => self.next(),
            1 => self.below(200) as u64,
            2 => (self.below(200) as u64).wrapping_neg(),
            _ => self.pick(&INTERESTING),
        }
    }

    /// Bytes for generators that read them.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(len).collect()
    }
}
