//! Integers in LEB128 against a plain reading of the specification (3.0, section 5.2.2).

use proptest::{collection::vec, prelude::*};
use windlass_decode::{Error, ErrorKind, Reader};

/// `value` in groups of seven bits, in at least `min_len` bytes.
fn encode(mut value: i128, min_len: usize, signed: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let group = (value & 0x7f) as u8;
        value >>= 7;
        let rest = if signed && group & 0x40 != 0 { -1 } else { 0 };
        if value == rest && bytes.len() + 1 >= min_len {
            bytes.push(group);
            return bytes;
        }
        bytes.push(group | 0x80);
    }
}

/// What the specification's grammar makes of `bytes`: the value and how many bytes it takes.
fn expected(bytes: &[u8], bits: u32, signed: bool) -> Result<(i128, usize), ErrorKind> {
    let longest = bits.div_ceil(7) as usize;
    let mut value = 0i128;
    for (i, &byte) in bytes.iter().enumerate() {
        value |= i128::from(byte & 0x7f) << (7 * i);
        let last = i + 1 == longest;
        if byte & 0x80 != 0 && !last {
            continue;
        }
        if byte & 0x80 != 0 {
            return Err(ErrorKind::IntegerRepresentationTooLong);
        }
        let used = 7 * (i as u32 + 1);
        if signed && byte & 0x40 != 0 {
            value -= 1 << used;
        }
        let range = if signed { -(1i128 << (bits - 1))..1 << (bits - 1) } else { 0..1 << bits };
        return if range.contains(&value) {
            Ok((value, i + 1))
        } else {
            Err(ErrorKind::IntegerTooLarge)
        };
    }
    Err(ErrorKind::UnexpectedEnd)
}

fn read<'a, T: Into<i128>>(
    bytes: &'a [u8],
    read: impl Fn(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<(i128, usize), ErrorKind> {
    let mut reader = Reader::new(bytes, 1000);
    match read(&mut reader) {
        Ok(value) => Ok((value.into(), reader.offset() - 1000)),
        Err(error) => {
            assert!((1000..=1000 + bytes.len()).contains(&error.offset()));
            Err(error.kind().clone())
        }
    }
}

fn check_all(bytes: &[u8]) {
    assert_eq!(read(bytes, Reader::u32), expected(bytes, 32, false), "u32 {bytes:x?}");
    assert_eq!(read(bytes, Reader::u64), expected(bytes, 64, false), "u64 {bytes:x?}");
    assert_eq!(read(bytes, Reader::s32), expected(bytes, 32, true), "s32 {bytes:x?}");
    assert_eq!(read(bytes, Reader::s33), expected(bytes, 33, true), "s33 {bytes:x?}");
    assert_eq!(read(bytes, Reader::s64), expected(bytes, 64, true), "s64 {bytes:x?}");
}

/// Mostly bytes that go on, and then interesting last ones.
fn continued_bytes() -> impl Strategy<Value = Vec<u8>> {
    let last = prop_oneof![any::<u8>(), Just(0), Just(0x7f), Just(0x40), Just(0x0f), Just(0x70)];
    (vec(0x80u8..=0xff, 0..11), vec(last, 0..3)).prop_map(|(mut bytes, end)| {
        bytes.extend(end);
        bytes
    })
}

proptest! {
    #[test]
    fn any_bytes_read_as_specified(bytes in vec(any::<u8>(), 0..12)) {
        check_all(&bytes);
    }

    #[test]
    fn long_integers_read_as_specified(bytes in continued_bytes()) {
        check_all(&bytes);
    }

    #[test]
    fn unsigned_round_trip(value: u64, len in 1usize..11) {
        let bytes = encode(value.into(), len, false);
        prop_assert_eq!(Reader::new(&bytes, 0).u64().unwrap(), value);
        let bytes = encode((value as u32).into(), len.min(5), false);
        prop_assert_eq!(Reader::new(&bytes, 0).u32().unwrap(), value as u32);
    }

    #[test]
    fn signed_round_trip(value: i64, len in 1usize..11) {
        let bytes = encode(value.into(), len, true);
        prop_assert_eq!(Reader::new(&bytes, 0).s64().unwrap(), value);
        let bytes = encode((value as i32).into(), len.min(5), true);
        prop_assert_eq!(Reader::new(&bytes, 0).s32().unwrap(), value as i32);
        prop_assert_eq!(Reader::new(&bytes, 0).s33().unwrap(), i64::from(value as i32));
    }
}

#[test]
fn all_short_integers_read_as_specified() {
    for a in 0..=255u8 {
        check_all(&[a]);
        for b in 0..=255u8 {
            check_all(&[a, b]);
            // The last byte of a 32-bit integer, and of a 64-bit one.
            check_all(&[0x80, 0x80, 0x80, a, b, 0]);
            check_all(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, a, b, 0]);
        }
    }
}
