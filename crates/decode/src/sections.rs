//! The sections of a module (3.0, section 5.5).

use crate::{BlockType, Error, ErrorKind, Features, HeapType, Module, Reader, ValType};

impl Module {
    /// Decodes a module.
    pub fn decode(bytes: &[u8], features: Features) -> Result<Module, Error> {
        let _ = (bytes, features);
        Err(Error::new(ErrorKind::UnexpectedEnd, 0))
    }
}

impl<'a> Reader<'a> {
    /// A block type.
    pub fn block_type(&mut self) -> Result<BlockType, Error> {
        Err(self.error(ErrorKind::UnexpectedEnd))
    }
    /// A value type.
    pub fn val_type(&mut self) -> Result<ValType, Error> {
        Err(self.error(ErrorKind::UnexpectedEnd))
    }
    /// A heap type.
    pub fn heap_type(&mut self) -> Result<HeapType, Error> {
        Err(self.error(ErrorKind::UnexpectedEnd))
    }
}
