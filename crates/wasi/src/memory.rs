//! [`GuestMemory`]: the only way to the guest's memory. Every access is checked. It knows nothing of
//! descriptors or of the host.

use crate::Errno;
use alloc::{borrow::Cow, vec::Vec};
use core::ops::Range;
use windlass::SharedMemory;

/// The guest's linear memory during one call. Every access is checked; one outside of the memory is
/// [`Errno::Fault`].
pub struct GuestMemory<'a>(Bytes<'a>);

enum Bytes<'a> {
    Own(&'a mut [u8]),
    /// Other threads use it: what is read is copied, what is to be written is copied in at the end.
    Shared(&'a SharedMemory),
}

impl<'a> GuestMemory<'a> {
    /// The guest's memory is `bytes`.
    pub fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory(Bytes::Own(bytes))
    }

    /// The guest's memory is one that other threads use at the same time. Bytes are copied on their way.
    pub fn shared(memory: &'a SharedMemory) -> GuestMemory<'a> {
        GuestMemory(Bytes::Shared(memory))
    }

    /// The range of `len` bytes at `ptr`, which are there.
    pub(crate) fn check(&self, ptr: u32, len: u32) -> Result<Range<usize>, Errno> {
        let size = match &self.0 {
            Bytes::Own(bytes) => bytes.len(),
            Bytes::Shared(memory) => memory.data_size(),
        };
        let start = ptr as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::Fault)?;
        if end <= size { Ok(start..end) } else { Err(Errno::Fault) }
    }

    /// The `len` bytes at `ptr`.
    pub(crate) fn bytes(&self, ptr: u32, len: u32) -> Result<Cow<'_, [u8]>, Errno> {
        let range = self.check(ptr, len)?;
        match &self.0 {
            Bytes::Own(bytes) => Ok(Cow::Borrowed(&bytes[range])),
            Bytes::Shared(memory) => {
                let mut copy = zeros(range.len())?;
                memory.read(range.start, &mut copy).map_err(|_| Errno::Fault)?;
                Ok(Cow::Owned(copy))
            }
        }
    }

    /// Lets `fill` write to the `len` bytes at `ptr`, from the first on; returns how many it wrote, as it says.
    pub(crate) fn fill(
        &mut self,
        ptr: u32,
        len: u32,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let range = self.check(ptr, len)?;
        match &mut self.0 {
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
        match &mut self.0 {
            Bytes::Own(own) => own[range].copy_from_slice(bytes),
            Bytes::Shared(memory) => {
                memory.write(range.start, bytes).map_err(|_| Errno::Fault)?;
            }
        }
        Ok(())
    }

    pub(crate) fn array<const N: usize>(&self, ptr: u32) -> Result<[u8; N], Errno> {
        let mut array = [0; N];
        let range = self.check(ptr, N as u32)?;
        match &self.0 {
            Bytes::Own(bytes) => array.copy_from_slice(&bytes[range]),
            Bytes::Shared(memory) => {
                memory.read(range.start, &mut array).map_err(|_| Errno::Fault)?;
            }
        }
        Ok(array)
    }

    pub(crate) fn read_u32(&self, ptr: u32) -> Result<u32, Errno> {
        Ok(u32::from_le_bytes(self.array(ptr)?))
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

    /// Calls `write` with the buffers at `iovs`, from the `first`th on and as many as fit into a batch.
    /// Returns what it returned, and how many bytes these buffers have.
    pub(crate) fn gather<R>(
        &self,
        iovs: u32,
        first: u32,
        count: u32,
        write: impl FnOnce(&[&[u8]]) -> Result<R, Errno>,
    ) -> Result<(R, u64), Errno> {
        if count == 1 {
            let (ptr, len) = self.iovec(iovs, first)?;
            return Ok((write(&[&*self.bytes(ptr, len)?])?, len.into()));
        }
        let mut found: [Cow<'_, [u8]>; BATCH] = [const { Cow::Borrowed(&[]) }; BATCH];
        let mut total = 0;
        for (index, buffer) in found.iter_mut().enumerate().take(count as usize) {
            let (ptr, len) = self.iovec(iovs, first + index as u32)?;
            *buffer = self.bytes(ptr, len)?;
            total += u64::from(len);
        }
        let mut buffers: [&[u8]; BATCH] = [&[]; BATCH];
        for (buffer, found) in buffers.iter_mut().zip(&found) {
            *buffer = found;
        }
        Ok((write(&buffers[..(count as usize).min(BATCH)])?, total))
    }

    /// As [`GuestMemory::gather`], for buffers to be filled. If they overlap, `read` sees only the first.
    /// Also returns how many buffers it saw.
    pub(crate) fn scatter(
        &mut self,
        iovs: u32,
        first: u32,
        count: u32,
        read: impl FnOnce(&mut [&mut [u8]]) -> Result<usize, Errno>,
    ) -> Result<(usize, u64, u32), Errno> {
        if count == 1 {
            let (ptr, len) = self.iovec(iovs, first)?;
            return Ok((self.fill(ptr, len, |buffer| read(&mut [buffer]))?, len.into(), 1));
        }
        let mut ranges: [Range<usize>; BATCH] = [const { 0..0 }; BATCH];
        let mut total = 0;
        let count = (count as usize).min(BATCH);
        for (index, range) in ranges.iter_mut().enumerate().take(count) {
            let (ptr, len) = self.iovec(iovs, first + index as u32)?;
            self.check(ptr, len)?;
            if len > 0 {
                *range = ptr as usize..ptr as usize + len as usize;
                total += u64::from(len);
            }
        }
        if let Bytes::Own(bytes) = &mut self.0
            && let Ok(mut buffers) = bytes.get_disjoint_mut(ranges.clone())
        {
            return Ok((read(&mut buffers[..count])?, total, count as u32));
        }
        let Range { start, end } = ranges[0];
        let len = (end - start) as u32;
        Ok((self.fill(start as u32, len, |buffer| read(&mut [buffer]))?, len.into(), 1))
    }
}

/// A buffer, if the host has room for it.
fn zeros(len: usize) -> Result<Vec<u8>, Errno> {
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(len).map_err(|_| Errno::NoMem)?;
    zeros.resize(len, 0);
    Ok(zeros)
}

/// How many buffers are handed to the host at once.
pub(crate) const BATCH: usize = 16;

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
