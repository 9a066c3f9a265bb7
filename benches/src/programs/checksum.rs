//! [`Checksum`]: of what a program computed (FNV-1a, 64 bits). Not fit against intent.

use super::host::Value;

/// A checksum of what was added so far.
#[derive(Clone, Copy, Debug)]
pub struct Checksum(u64);

impl Checksum {
    /// Of nothing.
    pub fn new() -> Checksum {
        Checksum(0xcbf2_9ce4_8422_2325)
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Adds a number, by its bits.
    pub fn value(&mut self, value: Value) {
        match value {
            Value::I32(value) => self.bytes(&value.to_le_bytes()),
            Value::I64(value) => self.bytes(&value.to_le_bytes()),
            Value::F32(value) => self.bytes(&value.to_bits().to_le_bytes()),
            Value::F64(value) => self.bytes(&value.to_bits().to_le_bytes()),
        }
    }

    /// What it is.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl Default for Checksum {
    fn default() -> Checksum {
        Checksum::new()
    }
}
