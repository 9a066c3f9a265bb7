//! Vectors (3.0, section 5.1.3): a count and that many elements. Every section reads its vectors
//! here. A count is never trusted with memory: room is made for as many elements as the bytes that
//! are left can hold, and if the host has not so much, that is an error.

use crate::{Error, ErrorKind, MESSAGES, Reader};
use alloc::{string::String, vec::Vec};

/// Room for one more in a list whose length nobody knows before.
pub(crate) fn one_more<T>(list: &mut Vec<T>, reader: &Reader<'_>) -> Result<(), Error> {
    list.try_reserve(1).map_err(|_| reader.error(ErrorKind::OutOfMemory))
}

impl<'a> Reader<'a> {
    /// A count, which must not exceed `limit`.
    pub(crate) fn count(&mut self, what: &'static str, limit: u32) -> Result<u32, Error> {
        let offset = self.offset();
        let count = self.u32()?;
        if count > limit {
            let (what, limit) = (if MESSAGES { what } else { "a number" }, limit.into());
            return Err(Error::new(ErrorKind::LimitExceeded { what, limit }, offset));
        }
        Ok(count)
    }

    /// A name that is kept.
    pub(crate) fn owned_name(&mut self, limit: u32) -> Result<String, Error> {
        let name = self.name_of_at_most(limit)?;
        self.owned(name)
    }

    /// A copy of a name that was just read.
    pub(crate) fn owned(&self, name: &str) -> Result<String, Error> {
        let mut owned = String::new();
        if owned.try_reserve_exact(name.len()).is_err() {
            return Err(self.error(ErrorKind::OutOfMemory));
        }
        owned.push_str(name);
        Ok(owned)
    }

    /// A vector of at most `limit` elements, read by `element`, which reads at least `min_bytes` of
    /// each, valid or not.
    pub(crate) fn vector<T>(
        &mut self,
        what: &'static str,
        limit: u32,
        min_bytes: usize,
        element: impl FnMut(&mut Reader<'a>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut vector = Vec::new();
        self.vector_into(&mut vector, what, limit, min_bytes, element)?;
        Ok(vector)
    }

    /// The same, added to a list, which has what there is if an element is malformed.
    pub(crate) fn vector_into<T>(
        &mut self,
        vector: &mut Vec<T>,
        what: &'static str,
        limit: u32,
        min_bytes: usize,
        mut element: impl FnMut(&mut Reader<'a>) -> Result<T, Error>,
    ) -> Result<(), Error> {
        let (count, room) = self.count_and_room(what, limit, min_bytes)?;
        vector.try_reserve_exact(room).map_err(|_| self.error(ErrorKind::OutOfMemory))?;
        for _ in 0..count {
            let element = element(self)?;
            // There is room, as there were bytes: what makes more need not be linked.
            if vector.len() == vector.capacity() {
                return Err(self.error(ErrorKind::OutOfMemory));
            }
            vector.push(element);
        }
        Ok(())
    }

    /// The count of a vector, and how many of its elements the bytes that are left can hold.
    fn count_and_room(
        &mut self,
        what: &'static str,
        limit: u32,
        min_bytes: usize,
    ) -> Result<(u32, usize), Error> {
        let count = self.count(what, limit)?;
        Ok((count, (count as usize).min(self.remaining() / min_bytes)))
    }
}
