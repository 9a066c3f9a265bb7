//! [`GuestMemory`]: the only way to the guest's memory. Every access is checked. It knows nothing
//! of descriptors or of the host.

use crate::{
    Errno,
    fuel::Meter,
    iovecs::{BATCH, Buffers, Position},
};
use alloc::{borrow::Cow, vec::Vec};
use core::ops::Range;
use windlass::SharedMemory;

/// The guest's linear memory during one call. Every access is checked; one outside of the memory is
/// [`Errno::Fault`].
pub struct GuestMemory<'a> {
    bytes: Bytes<'a>,
    interrupted: &'a dyn Fn() -> bool,
    /// Counts what the call costs in fuel.
    pub(crate) meter: Meter<'a>,
    /// Whoever called waits in the function's stead, and calls it again.
    pub(crate) puts_off: bool,
    pub(crate) progress: Progress,
}

enum Bytes<'a> {
    Own(&'a mut [u8]),
    /// Other threads use it: what is read is copied, what is to be written is copied in at the end.
    Shared(&'a SharedMemory),
}

/// How far a call has come that waits and then goes on, or is called again.
#[derive(Clone, Copy, Default)]
pub(crate) struct Progress {
    /// What it has transferred, and where in its buffers it is.
    pub(crate) bytes: u32,
    pub(crate) position: Position,
    /// When it began, by both clocks.
    pub(crate) start: Option<(u64, u64)>,
}

fn never() -> bool {
    false
}

impl<'a> GuestMemory<'a> {
    /// The guest's memory is `bytes`.
    pub fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory::of(Bytes::Own(bytes))
    }

    /// The guest's memory is one that other threads use at the same time. Bytes are copied on their
    /// way.
    pub fn shared(memory: &'a SharedMemory) -> GuestMemory<'a> {
        GuestMemory::of(Bytes::Shared(memory))
    }

    fn of(bytes: Bytes<'a>) -> GuestMemory<'a> {
        let progress = Progress::default();
        let meter = Meter::default();
        GuestMemory { bytes, interrupted: &never, meter, puts_off: false, progress }
    }

    /// The call ends soon after `interrupted` is true: with [`Errno::Intr`], or with a part of what
    /// it was to do. Functions that wait, or work for long, ask every 10 ms or oftener.
    pub fn interrupted_by(self, interrupted: &'a dyn Fn() -> bool) -> GuestMemory<'a> {
        GuestMemory { interrupted, ..self }
    }

    /// Counts what the call costs in fuel, beside what any call of the function does.
    pub(crate) fn metered_by(self, meter: Meter<'a>) -> GuestMemory<'a> {
        GuestMemory { meter, ..self }
    }

    /// Adds to what the call costs.
    pub(crate) fn charge(&self, units: u64) {
        self.meter.add(units);
    }

    /// Whether the call is to end.
    pub(crate) fn interrupted(&self) -> bool {
        (self.interrupted)()
    }

    /// Fails if the call is to end.
    pub(crate) fn check_interrupt(&self) -> Result<(), Errno> {
        if self.interrupted() { Err(Errno::Intr) } else { Ok(()) }
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        match &self.bytes {
            Bytes::Own(bytes) => bytes.len(),
            Bytes::Shared(memory) => memory.data_size(),
        }
    }

    /// How many bytes are transferred at once: little enough for a look at whether the call is to
    /// end, and, where they are copied, for the copy.
    pub(crate) fn piece(&self) -> usize {
        match self.bytes {
            Bytes::Own(_) => PIECE,
            Bytes::Shared(_) => COPY,
        }
    }

    /// The range of `len` bytes at `ptr`, which are there.
    pub(crate) fn check(&self, ptr: u32, len: u32) -> Result<Range<usize>, Errno> {
        let start = ptr as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::Fault)?;
        if end <= self.size() { Ok(start..end) } else { Err(Errno::Fault) }
    }

    /// The `len` bytes at `ptr`, which may be copied: the caller has seen to it that they are few.
    fn bytes(&self, ptr: u32, len: u32) -> Result<Cow<'_, [u8]>, Errno> {
        let range = self.check(ptr, len)?;
        match &self.bytes {
            Bytes::Own(bytes) => Ok(Cow::Borrowed(&bytes[range])),
            Bytes::Shared(memory) => {
                let mut copy = zeros(range.len())?;
                memory.read(range.start, &mut copy).map_err(|_| Errno::Fault)?;
                Ok(Cow::Owned(copy))
            }
        }
    }

    /// Lets `fill` write to the `len` bytes at `ptr`, from the first on; returns how many it wrote,
    /// as it says.
    pub(crate) fn fill(
        &mut self,
        ptr: u32,
        len: u32,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let range = self.check(ptr, len)?;
        match &mut self.bytes {
            Bytes::Own(bytes) => fill(&mut bytes[range]),
            Bytes::Shared(memory) => {
                let mut copy = zeros(range.len())?;
                let count = fill(&mut copy)?;
                let written = copy.get(..count).ok_or(Errno::Fault)?;
                memory.write(range.start, written).map_err(|_| Errno::Fault)?;
                Ok(count)
            }
        }
    }

    pub(crate) fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::Overflow)?;
        let range = self.check(ptr, len)?;
        match &mut self.bytes {
            Bytes::Own(own) => own[range].copy_from_slice(bytes),
            Bytes::Shared(memory) => {
                memory.write(range.start, bytes).map_err(|_| Errno::Fault)?;
            }
        }
        Ok(())
    }

    /// Copies what is at `ptr`.
    pub(crate) fn read(&self, ptr: u32, target: &mut [u8]) -> Result<(), Errno> {
        let len = u32::try_from(target.len()).map_err(|_| Errno::Overflow)?;
        let range = self.check(ptr, len)?;
        match &self.bytes {
            Bytes::Own(bytes) => target.copy_from_slice(&bytes[range]),
            Bytes::Shared(memory) => {
                memory.read(range.start, target).map_err(|_| Errno::Fault)?;
            }
        }
        Ok(())
    }

    pub(crate) fn read_u32(&self, ptr: u32) -> Result<u32, Errno> {
        let mut bytes = [0; 4];
        self.read(ptr, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub(crate) fn write_u32(&mut self, ptr: u32, value: u32) -> Result<(), Errno> {
        self.write(ptr, &value.to_le_bytes())
    }

    pub(crate) fn write_u64(&mut self, ptr: u32, value: u64) -> Result<(), Errno> {
        self.write(ptr, &value.to_le_bytes())
    }

    /// The `index`th of the (pointer, length) pairs at `iovs`.
    pub(crate) fn iovec(&self, iovs: u32, index: u32) -> Result<(u32, u32), Errno> {
        let at = index.checked_mul(8).and_then(|o| iovs.checked_add(o)).ok_or(Errno::Fault)?;
        let length_at = at.checked_add(4).ok_or(Errno::Fault)?;
        Ok((self.read_u32(at)?, self.read_u32(length_at)?))
    }

    /// Calls `write` with the buffers. Returns how many bytes it took.
    pub(crate) fn gather(
        &self,
        buffers: &Buffers,
        write: impl FnOnce(&[&[u8]]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        match &self.bytes {
            Bytes::Own(bytes) => {
                let mut slices: [&[u8]; BATCH] = [&[]; BATCH];
                for (slice, range) in slices.iter_mut().zip(buffers.ranges()) {
                    *slice = bytes.get(range.clone()).ok_or(Errno::Fault)?;
                }
                write(&slices[..buffers.ranges().len()])
            }
            Bytes::Shared(memory) => {
                let mut copy = zeros(buffers.len())?;
                let mut rest = &mut copy[..];
                for range in buffers.ranges() {
                    let (part, behind) = rest.split_at_mut(range.len().min(rest.len()));
                    memory.read(range.start, part).map_err(|_| Errno::Fault)?;
                    rest = behind;
                }
                write(&[&copy])
            }
        }
    }

    /// Calls `read` with the buffers, to be filled. If they overlap, it sees only the first.
    /// Returns how many bytes it filled, and how many it could have.
    pub(crate) fn scatter(
        &mut self,
        buffers: &Buffers,
        read: impl FnOnce(&mut [&mut [u8]]) -> Result<usize, Errno>,
    ) -> Result<(usize, usize), Errno> {
        match &mut self.bytes {
            Bytes::Own(bytes) => {
                let [first, ..] = buffers.ranges() else { return Ok((0, 0)) };
                if buffers.ranges().len() > 1
                    && let Ok(mut slices) = bytes.get_disjoint_mut(buffers.all())
                {
                    return Ok((read(&mut slices[..buffers.ranges().len()])?, buffers.len()));
                }
                let first = bytes.get_mut(first.clone()).ok_or(Errno::Fault)?;
                let len = first.len();
                Ok((read(&mut [first])?, len))
            }
            Bytes::Shared(memory) => {
                let mut copy = zeros(buffers.len())?;
                let count = read(&mut [&mut copy])?;
                let mut rest = copy.get(..count).ok_or(Errno::Fault)?;
                for range in buffers.ranges() {
                    let (part, behind) = rest.split_at(range.len().min(rest.len()));
                    memory.write(range.start, part).map_err(|_| Errno::Fault)?;
                    rest = behind;
                }
                Ok((count, copy.len()))
            }
        }
    }

    /// A path of the guest. One that is too long is not even copied.
    pub(crate) fn path(&self, ptr: u32, len: u32) -> Result<Cow<'_, [u8]>, Errno> {
        self.check(ptr, len)?;
        if len as usize > MAX_PATH { Err(Errno::NameTooLong) } else { self.bytes(ptr, len) }
    }
}

/// How many bytes go between looks at whether the call is to end.
const PIECE: usize = 1 << 20;
/// How many bytes are copied at once.
const COPY: usize = 1 << 16;

/// A buffer, if the host has room for it.
fn zeros(len: usize) -> Result<Vec<u8>, Errno> {
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(len).map_err(|_| Errno::NoMem)?;
    zeros.resize(len, 0);
    Ok(zeros)
}

/// The longest path, as on Linux.
pub(crate) const MAX_PATH: usize = 4095;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_checked() {
        let mut bytes = [0u8; 16];
        let mut memory = GuestMemory::new(&mut bytes);
        memory.write_u32(12, 0x0403_0201).unwrap();
        assert_eq!(memory.read_u32(12), Ok(0x0403_0201));
        assert_eq!(memory.bytes(12, 4).as_deref(), Ok(&[1, 2, 3, 4][..]));
        assert_eq!(memory.read_u32(13), Err(Errno::Fault));
        assert_eq!(memory.write_u64(9, 0), Err(Errno::Fault));
        assert_eq!(memory.bytes(u32::MAX, u32::MAX), Err(Errno::Fault));
        assert_eq!(memory.bytes(16, 0).as_deref(), Ok(&[][..]));
        assert_eq!(memory.bytes(17, 0), Err(Errno::Fault));
        assert_eq!(memory.iovec(8, 0), Ok((0, 0x0403_0201)));
        assert_eq!(memory.iovec(8, 1), Err(Errno::Fault));
        assert_eq!(memory.iovec(u32::MAX, u32::MAX), Err(Errno::Fault));
    }
}
