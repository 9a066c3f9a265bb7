//! [`GuestMemory`]: the only way to the guest's memory. Every access is checked. It knows nothing of
//! descriptors or of the host.

use crate::Errno;
use core::ops::Range;

/// The guest's linear memory during one call. Every access is checked; one outside of the memory is
/// [`Errno::Fault`].
pub struct GuestMemory<'a>(&'a mut [u8]);

impl<'a> GuestMemory<'a> {
    /// The guest's memory is `bytes`.
    pub fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory(bytes)
    }

    /// The `len` bytes at `ptr`.
    pub(crate) fn bytes(&self, ptr: u32, len: u32) -> Result<&[u8], Errno> {
        let start = ptr as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::Fault)?;
        self.0.get(start..end).ok_or(Errno::Fault)
    }

    /// The `len` bytes at `ptr`, to be written.
    pub(crate) fn bytes_mut(&mut self, ptr: u32, len: u32) -> Result<&mut [u8], Errno> {
        let start = ptr as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::Fault)?;
        self.0.get_mut(start..end).ok_or(Errno::Fault)
    }

    pub(crate) fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::Overflow)?;
        self.bytes_mut(ptr, len)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn array<const N: usize>(&self, ptr: u32) -> Result<[u8; N], Errno> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(ptr, N as u32)?);
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
        let mut buffers: [&[u8]; BATCH] = [&[]; BATCH];
        let mut total = 0;
        for (index, buffer) in buffers.iter_mut().enumerate().take(count as usize) {
            let (ptr, len) = self.iovec(iovs, first + index as u32)?;
            *buffer = self.bytes(ptr, len)?;
            total += u64::from(len);
        }
        Ok((write(&buffers[..(count as usize).min(BATCH)])?, total))
    }

    /// As [`GuestMemory::gather`], for buffers to be filled. If they overlap, `read` sees only the first.
    /// Also returns how many buffers it saw.
    pub(crate) fn scatter<R>(
        &mut self,
        iovs: u32,
        first: u32,
        count: u32,
        read: impl FnOnce(&mut [&mut [u8]]) -> Result<R, Errno>,
    ) -> Result<(R, u64, u32), Errno> {
        let mut ranges: [Range<usize>; BATCH] = [const { 0..0 }; BATCH];
        let mut total = 0;
        let count = (count as usize).min(BATCH);
        for (index, range) in ranges.iter_mut().enumerate().take(count) {
            let (ptr, len) = self.iovec(iovs, first + index as u32)?;
            self.bytes(ptr, len)?;
            if len > 0 {
                *range = ptr as usize..ptr as usize + len as usize;
                total += u64::from(len);
            }
        }
        if count > 1
            && let Ok(mut buffers) = self.0.get_disjoint_mut(ranges.clone())
        {
            return Ok((read(&mut buffers[..count])?, total, count as u32));
        }
        let range = ranges[0].clone();
        let len = range.len() as u64;
        Ok((read(&mut [&mut self.0[range]])?, len, 1))
    }
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
        assert_eq!(memory.bytes(12, 4), Ok(&[1, 2, 3, 4][..]));
        assert_eq!(memory.read_u32(13), Err(Errno::Fault));
        assert_eq!(memory.write_u64(9, 0), Err(Errno::Fault));
        assert_eq!(memory.bytes(u32::MAX, u32::MAX), Err(Errno::Fault));
        assert_eq!(memory.bytes(16, 0), Ok(&[][..]));
        assert_eq!(memory.bytes(17, 0), Err(Errno::Fault));
        assert_eq!(memory.iovec(8, 0), Ok((0, 0x0403_0201)));
        assert_eq!(memory.iovec(8, 1), Err(Errno::Fault));
        assert_eq!(memory.iovec(u32::MAX, u32::MAX), Err(Errno::Fault));
    }
}
