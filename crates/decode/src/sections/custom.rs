//! Custom sections (3.0, section 5.5.3): a name and bytes that are none of the decoder's business.

use crate::{Custom, Error, Reader, limits};

impl Reader<'_> {
    /// The contents of a custom section, which are all that is left.
    pub(crate) fn custom(&mut self, after: u8) -> Result<Custom, Error> {
        let name = self.owned_name(limits::NAME_BYTES)?;
        let bytes = self.offset()..self.offset() + self.remaining();
        Ok(Custom { name, bytes, after })
    }
}
