//! `random_get`, and [`RandomSource`], where its bytes come from: the host's generator, or what the
//! embedder gives. Randomness reaches the guest through nothing else.

use crate::{
    WasiCtx,
    abi::{Errno, GuestMemory},
};
use std::io;

/// A source of random bytes.
pub trait RandomSource: Send {
    /// Fills all of `bytes`.
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()>;
}

/// The host's generator, fit for cryptography.
pub(crate) struct HostRandom;

impl RandomSource for HostRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }
}

pub(crate) fn random_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    buffer: u32,
    len: u32,
) -> Result<(), Errno> {
    Ok(ctx.random.fill(memory.bytes_mut(buffer, len)?)?)
}
