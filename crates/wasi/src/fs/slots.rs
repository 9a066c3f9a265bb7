//! [`Slots`]: what is open in a file system of the host, by the numbers of its handles. The two
//! implementations of the host's files use it, and nothing else.

use super::Handle;
use crate::Errno;
use alloc::vec::Vec;

/// What is open. The numbers of what was closed are used again.
pub(super) struct Slots<T> {
    open: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots { open: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// Fails, and closes it, if the host has no memory for one more.
    pub(super) fn add(&mut self, open: T) -> Result<Handle, Errno> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.open.try_reserve(1)?;
                // All may become free: what is closed needs no memory.
                self.free.try_reserve(self.open.len() + 1)?;
                self.open.push(None);
                self.open.len() - 1
            }
        };
        self.open[index] = Some(open);
        Ok(Handle(index as u64))
    }

    pub(super) fn get(&self, handle: Handle) -> Result<&T, Errno> {
        index(handle).and_then(|i| self.open.get(i)?.as_ref()).ok_or(Errno::BadF)
    }

    pub(super) fn get_mut(&mut self, handle: Handle) -> Result<&mut T, Errno> {
        index(handle).and_then(|i| self.open.get_mut(i)?.as_mut()).ok_or(Errno::BadF)
    }

    /// Closes what is there, if anything is.
    pub(super) fn remove(&mut self, handle: Handle) {
        let Some(index) = index(handle) else { return };
        if self.open.get_mut(index).and_then(Option::take).is_some() {
            self.free.push(index);
        }
    }
}

fn index(handle: Handle) -> Option<usize> {
    usize::try_from(handle.0).ok()
}
