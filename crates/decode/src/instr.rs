//! Instructions with their immediates: [`Instr`], and [`Instrs`], which reads a sequence of them.

use crate::{
    BlockType, Error, ErrorKind, Features, HeapType, ImmKind, Op, Reader, RefType, limits,
    sections::short_block_type,
};

/// One instruction of a function body or a constant expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instr<'a> {
    /// Which instruction.
    pub op: Op,
    /// Its immediate; the form is `op.info().imm`.
    pub imm: Imm<'a>,
    /// The offset of the opcode in the module.
    pub offset: usize,
}

/// The immediate of an instruction, by [`ImmKind`]. Indices are not checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Imm<'a> {
    /// Nothing.
    None,
    /// The type of `block`, `loop`, `if`, `try`.
    Block(BlockType),
    /// `try_table`: its type and clauses.
    TryTable(BlockType, Catches<'a>),
    /// `br_table`: its labels and the default.
    Labels(Labels<'a>),
    /// One index: label, function, type, local, global, table, memory, segment or tag.
    Index(u32),
    /// Two indices, in the order of the binary format; of `array.new_fixed`, type and count.
    Index2(u32, u32),
    /// Loads and stores.
    Mem(MemArg),
    /// Loads and stores of one lane.
    MemLane(MemArg, u8),
    /// A lane.
    Lane(u8),
    /// `i8x16.shuffle`
    Lanes([u8; 16]),
    /// `i32.const`
    I32(i32),
    /// `i64.const`
    I64(i64),
    /// `f32.const`, as bits.
    F32(u32),
    /// `f64.const`, as bits.
    F64(u64),
    /// `v128.const`, as little-endian bytes.
    V128([u8; 16]),
    /// `ref.null`, `ref.test`, `ref.cast`, `ref.cast_desc_eq`
    Heap(HeapType),
    /// `select` with types: the first of them, and how many there are (validation wants one).
    Types(Option<crate::ValType>, u32),
    /// `br_on_cast` and the like.
    BrCast {
        /// The target.
        label: u32,
        /// The operand's type.
        from: RefType,
        /// The type that is tested for.
        to: RefType,
    },
}

/// The immediate of a memory instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemArg {
    /// log2 of the alignment.
    pub align: u8,
    /// Which memory.
    pub memory: u32,
    /// What is added to the address operand.
    pub offset: u64,
}

/// An instruction that only pushes an operand: see [`Instrs::next_push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// `local.get`
    Local(u32),
    /// `i32.const`
    I32(i32),
}

/// The labels of a `br_table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels<'a> {
    bytes: &'a [u8],
    count: u32,
    /// The label taken when the operand is not below the number of labels.
    pub default: u32,
}

impl<'a> Labels<'a> {
    /// How many labels there are, the default not counted.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether there is no label but the default.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The labels in order, the default not among them.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        let mut reader = Reader::new(self.bytes, 0);
        (0..self.count).map_while(move |_| reader.u32().ok())
    }
}

/// The clauses of a `try_table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catches<'a> {
    /// Nothing but clauses, which have been read once.
    bytes: &'a [u8],
}

/// A clause of a `try_table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The tag that is caught; none for all exceptions.
    pub tag: Option<u32>,
    /// Whether the exception itself is pushed last (`catch_ref`, `catch_all_ref`).
    pub exn: bool,
    /// Where it goes on.
    pub label: u32,
}

impl<'a> Catches<'a> {
    /// How many clauses there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is no clause.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The clauses in order.
    pub fn iter(&self) -> impl Iterator<Item = Catch> + use<'a> {
        let mut reader = Reader::new(self.bytes, 0);
        core::iter::from_fn(move || reader.catch().ok())
    }
}

/// Reads the instructions of a function body or of a constant expression. It checks the form of
/// opcodes and immediates and that the features they need are switched on; that blocks nest is for
/// the reader's user to see (validation does).
#[derive(Clone, Debug)]
pub struct Instrs<'a> {
    /// Where it reads.
    pub reader: Reader<'a>,
}

impl<'a> Instrs<'a> {
    /// Reads instructions from `reader`.
    pub fn new(reader: Reader<'a>, features: Features) -> Instrs<'a> {
        Instrs { reader: reader.with_features(features) }
    }

    /// Reads instructions at byte `offset` of a module, which is all of `bytes`: there a body's
    /// code or an expression begins.
    ///
    /// Nothing stops at the end of that code. After the last `end` the reader must stand there; if
    /// it does not, the module is malformed.
    pub fn at(bytes: &'a [u8], offset: usize, features: Features) -> Instrs<'a> {
        let code = bytes.get(offset..).unwrap_or_default();
        Instrs::new(Reader::new(code, offset), features)
    }

    /// The next instruction.
    // Inlined, as far as short ones go: with that, and with instructions looked at where they lie,
    // validation and translation of a module of 1.5 million take 13 % fewer machine instructions.
    #[inline(always)]
    pub fn next_instr(&mut self) -> Result<Instr<'a>, Error> {
        let offset = self.reader.offset();
        if FAST && let Some((op, imm)) = self.reader.short_instr() {
            return Ok(Instr { op, imm, offset });
        }
        self.any_instr()
    }

    /// The next instruction, if it is a short one that only pushes an operand, as nearly half of
    /// them are; otherwise nothing is read.
    #[inline(always)]
    pub fn next_push(&mut self) -> Option<Push> {
        const LOCAL: u8 = Op::LocalGet.byte();
        const CONST: u8 = Op::I32Const.byte();
        let code = self.reader.peek()?;
        if code != LOCAL && code != CONST {
            return None;
        }
        let rest = self.reader.rest().get(1..)?;
        let (push, len) = match code {
            LOCAL => {
                let (index, len) = short_number(rest, 0)?;
                (Push::Local(index.into()), len)
            }
            _ => {
                let (bits, len) = short_number(rest, 0)?;
                (Push::I32(short_signed(bits, len)), len)
            }
        };
        self.reader.skip(1 + len);
        Some(push)
    }

    /// The next instruction, whatever it is.
    #[inline(never)]
    fn any_instr(&mut self) -> Result<Instr<'a>, Error> {
        let offset = self.reader.offset();
        let op = self.reader.op()?;
        let info = op.info();
        self.reader.require_any(info.feature, info.mnemonic, offset)?;
        // Its row names references to functions: they bring it, where there are tail calls.
        if GC && !TAIL_CALLS && matches!(op, Op::ReturnCallRef) {
            self.reader.require(Features::TAIL_CALL, info.mnemonic, offset)?;
        }
        let imm = self.reader.imm(info.imm)?;
        Ok(Instr { op, imm, offset })
    }
}

/// Whether the build has code for short ones alone.
const FAST: bool = cfg!(feature = "fast");

/// What of immediates the build has instructions with.
pub(crate) const GC: bool = Features::BUILT.contains(Features::GC);
const EXCEPTIONS: bool = Features::BUILT.contains(Features::EXCEPTIONS);
const SIMD: bool = Features::BUILT.contains(Features::SIMD);
const TAIL_CALLS: bool = Features::BUILT.contains(Features::TAIL_CALL);
const SEVERAL_MEMORIES: bool = Features::BUILT.contains(Features::MULTI_MEMORY);

/// Instructions that are read at once where they are short: those of the MVP with the commonest
/// immediates, as far as these are two bytes for each number.
#[derive(Clone, Copy)]
enum Short {
    /// No immediate.
    None(Op),
    /// One index.
    Index(Op),
    /// `i32.const`
    I32(Op),
    /// Loads and stores of memory 0.
    Mem(Op),
    /// Blocks without operands, with a number at most as result.
    Block(Op),
    /// Any other, or none.
    Not,
}

static SHORT: [Short; 256] = {
    let mut short = [Short::Not; 256];
    let mut byte = 0;
    while byte < short.len() {
        if let Some(op) = Op::of_byte(byte) {
            short[byte] = Short::of(op);
        }
        byte += 1;
    }
    short
};

impl Short {
    const fn of(op: Op) -> Short {
        if !op.is_mvp() {
            return Short::Not;
        }
        match op.imm_kind() {
            ImmKind::none => Short::None(op),
            ImmKind::label | ImmKind::func | ImmKind::local | ImmKind::global => Short::Index(op),
            ImmKind::i32 => Short::I32(op),
            ImmKind::memarg => Short::Mem(op),
            ImmKind::block => Short::Block(op),
            _ => Short::Not,
        }
    }
}

/// A number of one or two bytes, and behind which of `bytes` it ends; its first byte is at `at`.
#[inline(always)]
fn short_number(bytes: &[u8], at: usize) -> Option<(u16, usize)> {
    let low = *bytes.get(at)?;
    if low < 0x80 {
        return Some((low.into(), at + 1));
    }
    let high = *bytes.get(at + 1)?;
    (high < 0x80).then(|| (u16::from(low & 0x7f) | u16::from(high) << 7, at + 2))
}

/// The signed number that has these bits in one or two bytes.
#[inline(always)]
fn short_signed(bits: u16, bytes: usize) -> i32 {
    // The sign is the last bit.
    let unused = if bytes == 1 { 9 } else { 2 };
    ((bits << unused).cast_signed() >> unused).into()
}

impl<'a> Reader<'a> {
    /// The next instruction if it is a short one; otherwise nothing is read.
    #[inline(always)]
    fn short_instr(&mut self) -> Option<(Op, Imm<'a>)> {
        let (&code, rest) = self.rest().split_first()?;
        let (op, imm, len) = match SHORT[usize::from(code)] {
            Short::None(op) => (op, Imm::None, 0),
            Short::Index(op) => {
                let (index, len) = short_number(rest, 0)?;
                (op, Imm::Index(index.into()), len)
            }
            Short::I32(op) => {
                let (bits, len) = short_number(rest, 0)?;
                (op, Imm::I32(short_signed(bits, len)), len)
            }
            Short::Mem(op) => {
                let align = rest.first().copied().filter(|&flags| flags < 0x40)?;
                let (offset, len) = short_number(rest, 1)?;
                (op, Imm::Mem(MemArg { align, memory: 0, offset: offset.into() }), len)
            }
            Short::Block(op) => (op, Imm::Block(short_block_type(*rest.first()?)?), 1),
            Short::Not => return None,
        };
        self.skip(1 + len);
        Some((op, imm))
    }

    /// An opcode.
    #[inline]
    pub fn op(&mut self) -> Result<Op, Error> {
        let offset = self.offset();
        let byte = self.byte()?;
        let mut code = u32::from(byte);
        if Op::is_prefix(byte) {
            // No sub-opcode is that large; the cut one is not in the table either.
            let sub = self.u32()?.min(0xffff);
            code = code << 16 | sub;
        }
        Op::from_code(code).ok_or_else(|| Error::new(ErrorKind::IllegalOpcode(code), offset))
    }

    #[inline]
    fn imm(&mut self, kind: ImmKind) -> Result<Imm<'a>, Error> {
        Ok(match kind {
            ImmKind::none => Imm::None,
            ImmKind::block => Imm::Block(self.block_type()?),
            ImmKind::label
            | ImmKind::func
            | ImmKind::r#type
            | ImmKind::local
            | ImmKind::global
            | ImmKind::table
            | ImmKind::elem
            | ImmKind::data
            | ImmKind::tag => Imm::Index(self.u32()?),
            ImmKind::mem => Imm::Index(self.memory_index()?),
            ImmKind::call_indirect => Imm::Index2(self.u32()?, self.table_index()?),
            ImmKind::table_table
            | ImmKind::elem_table
            | ImmKind::field
            | ImmKind::type_type
            | ImmKind::type_data
            | ImmKind::type_elem => Imm::Index2(self.u32()?, self.u32()?),
            ImmKind::type_count if GC => Imm::Index2(
                self.u32()?,
                self.count("the number of operands of array.new_fixed", limits::ARRAY_NEW_FIXED)?,
            ),
            ImmKind::data_mem => Imm::Index2(self.u32()?, self.memory_index()?),
            ImmKind::mem_mem => Imm::Index2(self.memory_index()?, self.memory_index()?),
            ImmKind::memarg => Imm::Mem(self.memarg()?),
            ImmKind::memarg_lane if SIMD => Imm::MemLane(self.memarg()?, self.byte()?),
            ImmKind::lane if SIMD => Imm::Lane(self.byte()?),
            ImmKind::lanes if SIMD => Imm::Lanes(self.array()?),
            ImmKind::i32 => Imm::I32(self.s32()?),
            ImmKind::i64 => Imm::I64(self.s64()?),
            ImmKind::f32 => Imm::F32(u32::from_le_bytes(self.array()?)),
            ImmKind::f64 => Imm::F64(u64::from_le_bytes(self.array()?)),
            ImmKind::v128 if SIMD => Imm::V128(self.array()?),
            ImmKind::heap => Imm::Heap(self.heap_type()?),
            ImmKind::types => self.select_types()?,
            ImmKind::labels => Imm::Labels(self.labels()?),
            ImmKind::try_table if EXCEPTIONS => Imm::TryTable(self.block_type()?, self.catches()?),
            ImmKind::br_cast if GC => self.br_cast()?,
            ImmKind::fence => {
                self.zero_byte()?;
                Imm::None
            }
            // Instructions that the build is without were refused.
            ImmKind::type_count
            | ImmKind::memarg_lane
            | ImmKind::lane
            | ImmKind::lanes
            | ImmKind::v128
            | ImmKind::try_table
            | ImmKind::br_cast => Imm::None,
        })
    }

    /// A memory index: before multi-memory a reserved zero byte.
    fn memory_index(&mut self) -> Result<u32, Error> {
        if SEVERAL_MEMORIES && self.features().contains(Features::MULTI_MEMORY) {
            return self.u32();
        }
        self.zero_byte()?;
        Ok(0)
    }

    /// The table of an indirect call: before reference types a reserved zero byte.
    fn table_index(&mut self) -> Result<u32, Error> {
        if self.features().contains(Features::REFERENCE_TYPES) {
            return self.u32();
        }
        self.zero_byte()?;
        Ok(0)
    }

    fn memarg(&mut self) -> Result<MemArg, Error> {
        let at = self.offset();
        let mut flags = self.u32()?;
        let mut memory = 0;
        if flags & 0x40 != 0 && self.features().contains(Features::MULTI_MEMORY) {
            let what = "malformed memop flags: the index of a memory";
            self.require(Features::MULTI_MEMORY, what, at)?;
            flags &= !0x40;
            memory = self.u32()?;
        }
        if flags >= 0x40 {
            return Err(Error::new(ErrorKind::Malformed("malformed memop flags"), at));
        }
        let offset = if self.features().contains(Features::MEMORY64) {
            self.u64()?
        } else {
            self.u32()?.into()
        };
        Ok(MemArg { align: flags as u8, memory, offset })
    }

    fn select_types(&mut self) -> Result<Imm<'a>, Error> {
        let count = self.u32()?;
        let mut first = None;
        for _ in 0..count {
            let ty = self.val_type()?;
            first.get_or_insert(ty);
        }
        Ok(Imm::Types(first, count))
    }

    fn labels(&mut self) -> Result<Labels<'a>, Error> {
        let count = self.count("the number of labels of br_table", limits::BR_TABLE_LABELS)?;
        let start = self.clone();
        for _ in 0..count {
            self.u32()?;
        }
        let bytes = start.until(self);
        Ok(Labels { bytes, count, default: self.u32()? })
    }

    fn catches(&mut self) -> Result<Catches<'a>, Error> {
        let count = self.count("the number of clauses of try_table", limits::CATCHES)?;
        let start = self.clone();
        for _ in 0..count {
            self.catch()?;
        }
        Ok(Catches { bytes: start.until(self) })
    }

    fn catch(&mut self) -> Result<Catch, Error> {
        let at = self.offset();
        let kind = self.byte()?;
        if kind > 3 {
            return Err(Error::new(ErrorKind::Malformed("malformed catch clause"), at));
        }
        let tag = if kind < 2 { Some(self.u32()?) } else { None };
        Ok(Catch { tag, exn: kind & 1 == 1, label: self.u32()? })
    }

    fn br_cast(&mut self) -> Result<Imm<'a>, Error> {
        let at = self.offset();
        let flags = self.byte()?;
        if flags > 3 {
            return Err(Error::new(ErrorKind::Malformed("malformed br_on_cast flags"), at));
        }
        let label = self.u32()?;
        let from = RefType { nullable: flags & 1 != 0, heap: self.heap_type()? };
        let to = RefType { nullable: flags & 2 != 0, heap: self.heap_type()? };
        Ok(Imm::BrCast { label, from, to })
    }

    /// The bytes between this position and that of `end`, a later state of the same reader.
    fn until(&self, end: &Reader<'a>) -> &'a [u8] {
        self.clone().bytes(end.offset() - self.offset()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Imm, Instr, Instrs, Push};
    use crate::{Features, Op, Reader};

    /// It is returned by value for every instruction decoded.
    #[test]
    fn an_instruction_is_small() {
        assert!(size_of::<Instr<'_>>() <= 48, "{}", size_of::<Instr<'_>>());
    }

    /// What is read at once is what is read number by number.
    #[test]
    fn short_instructions_are_as_any() {
        let numbers =
            (0..=u8::MAX).flat_map(|low| [0, 1, 0x3f, 0x40, 0x7f, 0x80].map(|b| [low, b]));
        let mut count = 0;
        for (code, [low, high]) in (0..=u8::MAX).flat_map(|c| numbers.clone().map(move |n| (c, n)))
        {
            for bytes in
                [[code, low, high, 5, 6], [code, 2, low, high, 6], [code, 0x40, low, high, 6]]
            {
                let [mut short, mut any] =
                    [(); 2].map(|()| Instrs::new(Reader::new(&bytes, 7), Features::WASM1));
                let Some((op, imm)) = short.reader.short_instr() else {
                    assert_eq!(short.reader.offset(), 7, "nothing is read");
                    continue;
                };
                let mut pushing = Instrs::new(Reader::new(&bytes, 7), Features::WASM1);
                let push = match (op, imm) {
                    (Op::LocalGet, Imm::Index(local)) => Some(Push::Local(local)),
                    (Op::I32Const, Imm::I32(value)) => Some(Push::I32(value)),
                    _ => None,
                };
                assert_eq!(pushing.next_push(), push);
                assert!(push.is_none() || pushing.reader.offset() == short.reader.offset());
                assert_eq!(any.any_instr().map(|instr| (instr.op, instr.imm)), Ok((op, imm)));
                assert_eq!(short.reader.offset(), any.reader.offset());
                count += usize::from(op == Op::I32Const && imm == Imm::I32(-1));
            }
        }
        assert!(count > 0);
    }
}
