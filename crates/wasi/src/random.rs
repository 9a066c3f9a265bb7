//! `random_get`, and [`RandomSource`], where its bytes come from: the host's generator, or what the
//! embedder gives. Randomness reaches the guest through nothing else.

use crate::{Errno, GuestMemory, WasiCtx, fuel};

/// A source of random bytes.
pub trait RandomSource: Send {
    /// Fills all of `bytes`.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno>;
}

/// The host's generator, fit for cryptography. Without the standard library there is none.
pub(crate) struct HostRandom;

impl RandomSource for HostRandom {
    #[cfg(feature = "std")]
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        getrandom::fill(bytes).map_err(|_| Errno::Io)
    }

    #[cfg(not(feature = "std"))]
    fn fill(&mut self, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::NotSup)
    }
}

/// Bytes that follow from a seed: the same on every host, in every run. Not fit for cryptography.
#[derive(Clone, Debug)]
pub struct SeededRandom {
    state: u64,
    /// Bytes made and not yet used.
    rest: u64,
    left: u32,
}

impl SeededRandom {
    /// The bytes of this seed.
    pub fn new(seed: u64) -> SeededRandom {
        SeededRandom { state: seed, rest: 0, left: 0 }
    }

    /// The next eight bytes (SplitMix64).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl RandomSource for SeededRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        let mut words = bytes.chunks_exact_mut(8);
        if self.left == 0 {
            for word in &mut words {
                word.copy_from_slice(&self.next().to_le_bytes());
            }
        }
        let rest = if self.left == 0 { words.into_remainder() } else { bytes };
        for byte in rest {
            if self.left == 0 {
                (self.rest, self.left) = (self.next(), 8);
            }
            *byte = self.rest as u8;
            self.rest >>= 8;
            self.left -= 1;
        }
        Ok(())
    }
}

/// Fills a buffer with random bytes.
///
/// Parameters: `buffer`, the address of the bytes; `len`, how many.
///
/// Errors: `EFAULT` if the buffer is not in memory; `EIO`, `ENOTSUP` if the host has no randomness
/// to give; `EINTR` if the call is interrupted before the buffer, of more than 64 KiB, is full.
///
/// ```text
/// buffer ─▶ ┌───────────┐
///           │ len bytes │ written
///           └───────────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#random_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/getentropy.html>.
pub fn random_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    buffer: u32,
    len: u32,
) -> Result<(), Errno> {
    memory.check(buffer, len)?;
    let mut done = 0;
    while done < len {
        if done > 0 {
            memory.check_interrupt()?;
        }
        let piece = (len - done).min(PIECE);
        memory.charge(fuel::RANDOM * u64::from(piece));
        memory.fill(buffer + done, piece, |bytes| ctx.random.fill(bytes).map(|()| bytes.len()))?;
        done += piece;
    }
    Ok(())
}

/// How many bytes it makes between looks at whether the call is to end.
const PIECE: u32 = 1 << 16;
