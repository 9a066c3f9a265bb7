//! [`Operation`]: what a body works with that cells have in common, in small builds on 32-bit
//! hosts.

use super::context::Context;
use crate::Trap;

/// What computes, of a slot's bits; or an access to memory or an object; or a test of a reference
/// that is not null. The body knows which.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) union Operation {
    none: usize,
    pub(crate) one: fn(u64) -> u64,
    pub(crate) try_one: fn(u64, &mut u64) -> Result<(), Trap>,
    pub(crate) two: fn(u64, u64) -> u64,
    pub(crate) try_two: fn(u64, u64, &mut u64) -> Result<(), Trap>,
    pub(crate) access: &'static Access,
    /// How many bytes an element of an array takes.
    pub(crate) size: usize,
    pub(crate) test: unsafe fn(u64, u32, *mut Context) -> bool,
}

/// What moves a value between a memory or an object and a slot, or the code; and how many bytes, as
/// a power of 2.
pub(crate) struct Access {
    pub(crate) log: u32,
    /// Both addresses are checked.
    pub(crate) to: unsafe fn(*mut u8, *mut u64),
}

impl Operation {
    pub(crate) const NONE: Operation = Operation { none: 0 };
}
