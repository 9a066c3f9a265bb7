//! [`I31`]: a number that is a reference.

use core::fmt;

/// A number of 31 bits, which guests hold as `i31ref` without an object for it.
///
/// ```
/// use windlass::I31;
/// assert_eq!(I31::new_i32(-5).unwrap().get_i32(), -5);
/// assert_eq!(I31::wrapping_i32(-1).get_u32(), 0x7fff_ffff);
/// assert!(I31::new_u32(1 << 31).is_none() && I31::new_i32(1 << 30).is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct I31(u32);

const MASK: u32 = u32::MAX >> 1;

impl I31 {
    /// The number, if 31 bits without sign are enough for it.
    pub const fn new_u32(value: u32) -> Option<I31> {
        if value <= MASK { Some(I31(value)) } else { None }
    }

    /// The number, if 31 bits with a sign are enough for it.
    pub const fn new_i32(value: i32) -> Option<I31> {
        let number = I31::wrapping_i32(value);
        if number.get_i32() == value { Some(number) } else { None }
    }

    /// The low 31 bits.
    pub const fn wrapping_u32(value: u32) -> I31 {
        I31(value & MASK)
    }

    /// The low 31 bits.
    pub const fn wrapping_i32(value: i32) -> I31 {
        I31::wrapping_u32(value as u32)
    }

    /// The number without sign, as `i31.get_u` has it.
    pub const fn get_u32(&self) -> u32 {
        self.0
    }

    /// The number with its sign, as `i31.get_s` has it.
    pub const fn get_i32(&self) -> i32 {
        (self.0 << 1) as i32 >> 1
    }

    /// How it lies in slots.
    pub(crate) const fn to_slot(self) -> u64 {
        (self.0 as u64) << 1 | 1
    }
}

impl fmt::Display for I31 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get_i32().fmt(f)
    }
}
