//! A row of [THE TABLE](crate::ops) as a build keeps it: in 8 bytes, without its mnemonic. Only
//! `ops` uses it, which gives what is asked for as an [`OpInfo`].

use crate::{Features, ImmKind, OpInfo, Shape, ValType};

/// A row, made short.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// An opcode of one byte, or the sub-opcode with the number of its prefix above 12 bits.
    code: u16,
    /// The number of the feature's bit and 1; 0 if there is none.
    feature: u8,
    imm: ImmKind,
    shape: Shape,
    params: Types,
    results: Types,
}

/// The prefix before those that there are.
const PREFIXES: u32 = 0xfa;

impl Row {
    /// Is evaluated by the compiler; a row that does not fit is an error of it.
    pub(crate) const fn of(info: &OpInfo) -> Row {
        let (prefix, rest, feature) = (info.code >> 16, info.code & 0xffff, info.feature.bits());
        assert!(rest < 1 << 12 && (prefix == 0 || prefix - PREFIXES < 16));
        assert!(feature.count_ones() <= 1);
        let page = if prefix == 0 { 0 } else { prefix - PREFIXES };
        Row {
            code: (page << 12 | rest) as u16,
            feature: if feature == 0 { 0 } else { feature.trailing_zeros() as u8 + 1 },
            imm: info.imm,
            shape: info.shape,
            params: Types::of(info.params),
            results: Types::of(info.results),
        }
    }

    /// All that it says; the mnemonic is given.
    #[inline]
    pub(crate) fn info(self, mnemonic: &'static str) -> OpInfo {
        let (page, rest) = (u32::from(self.code >> 12), u32::from(self.code & 0xfff));
        OpInfo {
            code: if page == 0 { rest } else { (PREFIXES + page) << 16 | rest },
            mnemonic,
            feature: match self.feature {
                0 => Features::NONE,
                bit => Features::of_bit(bit - 1),
            },
            imm: self.imm,
            shape: self.shape,
            params: self.params.list(),
            results: self.results.list(),
        }
    }
}

/// Types that stand side by side in [`LISTS`]: where they begin, and, above 5 bits, how many there
/// are.
#[derive(Clone, Copy)]
struct Types(u8);

/// The types that rows have, in a list in which each of their lists is found.
static LISTS: [ValType; 17] = ALL_LISTS;
const ALL_LISTS: [ValType; 17] = {
    use ValType::{F32, F64, I32, I64, V128};
    [V128, I32, I32, I64, V128, F32, F32, V128, F64, F64, V128, V128, V128, I64, I64, I64, I64]
};

impl Row {
    /// The first of its operands.
    #[inline]
    pub(crate) fn first_param(self) -> Option<ValType> {
        self.params.first()
    }

    /// The first of its results.
    #[inline]
    pub(crate) fn first_result(self) -> Option<ValType> {
        self.results.first()
    }
}

impl Types {
    #[inline]
    fn first(self) -> Option<ValType> {
        let first = LISTS.get(usize::from(self.0 & 31)).copied();
        first.filter(|_| self.0 >> 5 != 0)
    }

    const fn of(types: &[ValType]) -> Types {
        let mut start = 0;
        while !stand_at(types, start) {
            start += 1;
        }
        assert!(start < 32 && types.len() < 8);
        Types((start | types.len() << 5) as u8)
    }

    #[inline]
    fn list(self) -> &'static [ValType] {
        let (start, len) = (usize::from(self.0 & 31), usize::from(self.0 >> 5));
        LISTS.get(start..start + len).unwrap_or_default()
    }
}

const fn stand_at(types: &[ValType], start: usize) -> bool {
    assert!(start + types.len() <= ALL_LISTS.len(), "a row has types that are in no list");
    let mut i = 0;
    while i < types.len() {
        let same = matches!(
            (types[i], ALL_LISTS[start + i]),
            (ValType::I32, ValType::I32)
                | (ValType::I64, ValType::I64)
                | (ValType::F32, ValType::F32)
                | (ValType::F64, ValType::F64)
                | (ValType::V128, ValType::V128)
        );
        if !same {
            return false;
        }
        i += 1;
    }
    true
}
