//! [`skim`]: passes over instructions of which the first look at a body wants no more than the
//! locals that they name, without decoding them. `prescan` uses it. What it reads was validated;
//! whatever it does not know, it stops at.

use windlass_decode::{ImmKind, Op, Reader};

/// How an instruction is passed over, by its opcode's byte.
#[derive(Clone, Copy)]
enum Skim {
    /// It is not: it is for others to look at.
    Stop,
    /// Its immediate has so many bytes.
    Bytes(u8),
    /// Its immediate is a number in LEB128.
    Number,
    /// It names a local.
    Local,
    /// Its immediate is flags and an offset.
    Access,
}

static SKIM: [Skim; 256] = {
    let mut skim = [Skim::Stop; 256];
    let mut byte = 0;
    while byte < skim.len() {
        if let Some(op) = Op::of_byte(byte) {
            skim[byte] = Skim::of(op);
        }
        byte += 1;
    }
    skim
};

impl Skim {
    const fn of(op: Op) -> Skim {
        match (op, op.imm_kind()) {
            // Blocks and the other calls have immediates that are not named here.
            (Op::Else | Op::End | Op::Delegate | Op::Rethrow | Op::Return | Op::Call, _) => {
                Skim::Stop
            }
            (_, ImmKind::none) => Skim::Bytes(0),
            (_, ImmKind::f32) => Skim::Bytes(4),
            (_, ImmKind::f64) => Skim::Bytes(8),
            (_, ImmKind::local) => Skim::Local,
            (_, ImmKind::memarg) => Skim::Access,
            (
                _,
                ImmKind::label
                | ImmKind::tag
                | ImmKind::func
                | ImmKind::global
                | ImmKind::table
                | ImmKind::i32
                | ImmKind::i64,
            ) => Skim::Number,
            _ => Skim::Stop,
        }
    }
}

/// Passes over instructions that neither control anything nor call, at most so many, and tells how
/// many there were. `local` is told which locals they name.
pub(super) fn skim(reader: &mut Reader<'_>, most: usize, mut local: impl FnMut(u32)) -> usize {
    let mut bytes = reader.rest();
    let all = bytes.len();
    let mut passed = 0;
    while passed < most
        && let Some((&code, rest)) = bytes.split_first()
    {
        let rest = match SKIM[usize::from(code)] {
            Skim::Stop => None,
            Skim::Bytes(count) => rest.get(usize::from(count)..),
            Skim::Number => behind_number(rest),
            Skim::Local => index(rest).map(|(index, rest)| {
                local(index);
                rest
            }),
            // Other flags are followed by the index of a memory.
            Skim::Access if rest.first().is_some_and(|&flags| flags < 0x40) => {
                behind_number(&rest[1..])
            }
            Skim::Access => None,
        };
        let Some(rest) = rest else { break };
        bytes = rest;
        passed += 1;
    }
    reader.skip(all - bytes.len());
    passed
}

/// What follows a number in LEB128.
#[inline(always)]
fn behind_number(bytes: &[u8]) -> Option<&[u8]> {
    let last = bytes.iter().position(|&byte| byte < 0x80)?;
    bytes.get(last + 1..)
}

/// An index of one or two bytes, and what follows it.
#[inline(always)]
fn index(bytes: &[u8]) -> Option<(u32, &[u8])> {
    match *bytes {
        [low, ref rest @ ..] if low < 0x80 => Some((low.into(), rest)),
        [low, high, ref rest @ ..] if high < 0x80 => {
            Some((u32::from(low & 0x7f) | u32::from(high) << 7, rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use windlass_decode::{Features, Imm, Instrs};

    #[test]
    fn what_is_passed_over_is_what_would_be_read() {
        let mut passed = 0;
        for (code, low) in (0..=u8::MAX).flat_map(|code| (0..=u8::MAX).map(move |low| (code, low)))
        {
            for high in [0, 0x3f, 0x40, 0x7f] {
                let bytes = [code, low, high, high, high, high, high, high, high];
                let mut reader = Reader::new(&bytes, 0);
                let mut locals = Vec::new();
                if skim(&mut reader, 1, |local| locals.push(local)) == 0 {
                    assert_eq!(reader.offset(), 0);
                    continue;
                }
                let mut instrs = Instrs::new(Reader::new(&bytes, 0), Features::ALL);
                // What is not well-formed was found by validation.
                let Ok(instr) = instrs.next_instr() else { continue };
                assert_eq!(reader.offset(), instrs.reader.offset(), "{:?}", instr.op);
                match (instr.op, instr.imm) {
                    (Op::LocalGet | Op::LocalSet | Op::LocalTee, Imm::Index(local)) => {
                        assert_eq!(locals, [local]);
                    }
                    _ => assert!(locals.is_empty()),
                }
                assert!(!instr.op.begins_block() && !matches!(instr.op, Op::End | Op::Call));
                passed += 1;
            }
        }
        assert!(passed > 100_000, "{passed}");
    }
}
