//! [`Reader`]: a cursor over the bytes of a module that knows the primitive encodings (3.0, section
//! 5.2). Every other part of the decoder reads through it; nothing else indexes the bytes.

use crate::{Error, ErrorKind, Features, MESSAGES, limits};

/// A cursor over bytes, with their offset in the module for errors.
///
/// # Errors
/// What its functions return tells where in the module something is malformed: the bytes end, an
/// integer is too long or too large, a name is no UTF-8 or longer than [`limits::NAME_BYTES`].
/// After an error it stands somewhere before the place where it would have gone on.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
    /// Offset of `bytes[0]` in the module.
    base: usize,
    features: Features,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, which start at `base` in the module. Every feature is switched on.
    pub fn new(bytes: &'a [u8], base: usize) -> Reader<'a> {
        Reader { bytes, pos: 0, base, features: Features::ALL }
    }

    /// The same reader with these features switched on, and no others.
    pub fn with_features(self, features: Features) -> Reader<'a> {
        Reader { features, ..self }
    }

    /// The features that are switched on.
    #[inline]
    pub fn features(&self) -> Features {
        self.features
    }

    /// Whether `feature` is in this build and switched on; if not, `what`, found at `offset`, is an
    /// error.
    ///
    /// Where the compiler knows the feature, it leaves out what comes after in a build without.
    #[inline(always)]
    pub(crate) fn require(
        &self,
        feature: Features,
        what: &'static str,
        offset: usize,
    ) -> Result<(), Error> {
        if !Features::BUILT.contains(feature) {
            return Err(not_built(feature, what, offset));
        }
        self.require_enabled(feature, what, offset)
    }

    /// The same for a feature that the compiler does not know.
    #[cfg_attr(feature = "fast", inline)]
    pub(crate) fn require_any(
        &self,
        feature: Features,
        what: &'static str,
        offset: usize,
    ) -> Result<(), Error> {
        if !Features::BUILT.contains(feature) {
            return Err(not_built(feature, what, offset));
        }
        self.require_enabled(feature, what, offset)
    }

    /// The same where the build has what the feature takes.
    #[cfg_attr(feature = "fast", inline)]
    fn require_enabled(
        &self,
        feature: Features,
        what: &'static str,
        offset: usize,
    ) -> Result<(), Error> {
        if self.features.contains(feature) {
            return Ok(());
        }
        let what = if MESSAGES { what } else { "it" };
        let feature = feature.names().next().unwrap_or_default();
        Err(Error::new(ErrorKind::FeatureDisabled { what, feature }, offset))
    }

    /// The offset in the module of the next byte.
    #[inline]
    pub fn offset(&self) -> usize {
        self.base + self.pos
    }

    /// How many bytes are left.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.pos
    }

    /// Whether no byte is left.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// An error at the current offset.
    #[cold]
    pub fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.offset())
    }

    /// The next byte, left unread.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// The bytes that are left.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.pos..).unwrap_or_default()
    }

    /// Goes on behind the next `len` bytes, or at the end if there are fewer.
    #[inline]
    pub fn skip(&mut self, len: usize) {
        self.pos += len.min(self.remaining());
    }

    /// One byte.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, Error> {
        match self.bytes.get(self.pos) {
            Some(&byte) => {
                self.pos += 1;
                Ok(byte)
            }
            None => Err(self.error(ErrorKind::UnexpectedEnd)),
        }
    }

    /// A byte that is kept free: zero.
    pub(crate) fn zero_byte(&mut self) -> Result<(), Error> {
        let offset = self.offset();
        match self.byte()? {
            0 => Ok(()),
            _ => Err(Error::new(ErrorKind::Malformed("zero byte expected"), offset)),
        }
    }

    /// The next `len` bytes.
    #[inline]
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], Error> {
        if len > self.remaining() {
            return Err(self.error(ErrorKind::UnexpectedEnd));
        }
        let bytes = &self.bytes[self.pos..self.pos + len];
        self.pos += len;
        Ok(bytes)
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes = self.bytes(N)?;
        Ok(core::array::from_fn(|i| bytes[i]))
    }

    /// An unsigned 32-bit integer in LEB128.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Error> {
        match self.peek() {
            Some(byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(byte.into())
            }
            _ => Ok(self.long_unsigned(32)? as u32),
        }
    }

    /// An unsigned 64-bit integer in LEB128.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Error> {
        match self.peek() {
            Some(byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(byte.into())
            }
            _ => self.long_unsigned(64),
        }
    }

    /// A signed 32-bit integer in LEB128.
    #[inline]
    pub fn s32(&mut self) -> Result<i32, Error> {
        Ok(self.signed(32)? as i32)
    }

    /// A signed 33-bit integer in LEB128, as block types have it.
    #[inline]
    pub fn s33(&mut self) -> Result<i64, Error> {
        self.signed(33)
    }

    /// A signed 64-bit integer in LEB128.
    #[inline]
    pub fn s64(&mut self) -> Result<i64, Error> {
        self.signed(64)
    }

    /// Most integers are one byte long.
    #[inline]
    fn signed(&mut self, bits: u32) -> Result<i64, Error> {
        match self.peek() {
            Some(byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(i64::from((byte << 1) as i8 >> 1))
            }
            _ => self.long_signed(bits),
        }
    }

    fn long_unsigned(&mut self, bits: u32) -> Result<u64, Error> {
        let start = self.offset();
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            let left = bits - shift;
            if left < 7 && (byte & 0x7f) >> left != 0 {
                return Err(Error::new(too_long_or_large(byte), start));
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
            if shift >= bits {
                return Err(Error::new(ErrorKind::IntegerRepresentationTooLong, start));
            }
        }
    }

    fn long_signed(&mut self, bits: u32) -> Result<i64, Error> {
        let start = self.offset();
        let mut value = 0i64;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            let left = bits - shift;
            if left < 7 {
                // The unused bits of the last byte repeat the sign.
                let rest = ((byte << 1) as i8) >> left;
                if rest != 0 && rest != -1 {
                    return Err(Error::new(too_long_or_large(byte), start));
                }
            }
            value |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                let unused = 64u32.saturating_sub(shift);
                return Ok(value << unused >> unused);
            }
            if shift >= bits {
                return Err(Error::new(ErrorKind::IntegerRepresentationTooLong, start));
            }
        }
    }

    /// A name: a length and that many bytes of UTF-8.
    pub fn name(&mut self) -> Result<&'a str, Error> {
        self.name_of_at_most(limits::NAME_BYTES)
    }

    /// A name of at most `limit` bytes.
    pub(crate) fn name_of_at_most(&mut self, limit: u32) -> Result<&'a str, Error> {
        let len = self.count("the length of a name", limit)? as usize;
        let start = self.offset();
        if len > self.remaining() {
            return Err(self.error(ErrorKind::LengthOutOfBounds));
        }
        let bytes = self.bytes(len)?;
        core::str::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::MalformedUtf8, start))
    }

    /// A reader of the next `len` bytes, which this one skips.
    pub fn take(&mut self, len: usize) -> Result<Reader<'a>, Error> {
        let base = self.offset();
        if len > self.remaining() {
            return Err(self.error(ErrorKind::LengthOutOfBounds));
        }
        Ok(Reader::new(self.bytes(len)?, base).with_features(self.features))
    }
}

/// A last byte with bits that do not belong: the integer goes on too long, or is too large.
fn too_long_or_large(byte: u8) -> ErrorKind {
    if byte & 0x80 != 0 {
        ErrorKind::IntegerRepresentationTooLong
    } else {
        ErrorKind::IntegerTooLarge
    }
}

#[cold]
fn not_built(feature: Features, what: &'static str, offset: usize) -> Error {
    let what = if MESSAGES { what } else { "it" };
    let feature = feature.cargo_feature().unwrap_or_default();
    Error::new(ErrorKind::NotBuilt { what, feature }, offset)
}
