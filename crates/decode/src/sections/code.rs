//! The code section (3.0, section 5.5.13): locals are read here, instructions by validation.

use crate::{Body, Error, ErrorKind, Reader, ValType, limits};
use alloc::{boxed::Box, vec::Vec};

/// `end`, the last byte of every body.
const END: u8 = 0x0b;

impl Reader<'_> {
    #[inline(never)]
    pub(crate) fn bodies(&mut self, list: &mut Vec<Body>) -> Result<(), Error> {
        self.vector_into(list, "the number of function bodies", limits::FUNCS, 3, Reader::body)
    }

    fn body(&mut self) -> Result<Body, Error> {
        let size = self.count("the size of a function body", limits::BODY_BYTES)? as usize;
        let mut ahead = self.clone();
        let mut body = self.take(size)?;
        let start = body.offset();
        let locals = body.locals()?;
        let code = body.offset()..body.offset() + body.remaining();
        if body.bytes(code.len())?.last() != Some(&END) {
            ahead.bytes(code.start - ahead.offset())?;
            return Err(ahead.unclosed(code.end));
        }
        Ok(Body { start, locals, code })
    }

    /// Why a body without `end` as its last byte is malformed: the first instruction that is, or
    /// that the `end` comes later.
    #[cold]
    fn unclosed(&mut self, end: usize) -> Error {
        match self.expr() {
            Err(error) => error,
            Ok(_) => Error::new(ErrorKind::Malformed("section size mismatch"), end),
        }
    }

    /// Runs of locals; their sum is checked against the limit before anyone makes room for them.
    fn locals(&mut self) -> Result<Box<[(u32, ValType)]>, Error> {
        let mut sum = 0u64;
        let runs = self.vector("the number of runs of locals", u32::MAX, 2, |reader| {
            let offset = reader.offset();
            let count = reader.u32()?;
            sum += u64::from(count);
            if sum > limits::LOCALS {
                let what = "too many locals: their number";
                let kind = ErrorKind::LimitExceeded { what, limit: limits::LOCALS };
                return Err(Error::new(kind, offset));
            }
            Ok((count, reader.val_type()?))
        })?;
        Ok(runs.into())
    }
}
