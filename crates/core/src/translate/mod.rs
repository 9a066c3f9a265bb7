//! From Wasm to threaded code.
//!
//! [`translate`] turns one validated function body into cells. It keeps a symbolic operand stack
//! ([`stack`]): `local.get` and constants emit nothing, they become operands of what consumes them. A value
//! has a slot of its own by its height, so every merge of control agrees without moves. [`builder`]
//! remembers the last instructions, so that a consumer can fuse with them.
//!
//! Translation is a deterministic function of the module's bytes and the engine's configuration: the map from
//! code back to Wasm is found by translating again with recording on. It must never depend on anything
//! else.

mod atomic;
mod builder;
mod call;
mod cast;
#[cfg(all(debug_assertions, feature = "std"))]
mod check;
mod control;
mod exception;
mod fuel;
mod inst;
mod listing;
mod memory;
mod numeric;
mod object;
mod prescan;
mod reference;
mod safepoint;
mod stack;
mod variable;
mod vector;

use crate::{
    Error, Metering, Trap,
    exec::{
        Catches, Cell, CodeTable, Ip,
        canonical::Nans,
        select::{self, Domain, Kind},
    },
    module::ModuleInner,
    object::ObjectType,
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use builder::Builder;
pub(crate) use builder::Line;
use control::{Frame, Patch};
use exception::Tries;
pub use fuel::FUEL_VERSION;
use fuel::Regions;
use inst::kind_of;
pub(crate) use listing::Listing;
pub(crate) use safepoint::{Maps, Stopped, maps};
use safepoint::{Noted, Recorder};
use stack::Operand;
use windlass_decode::{Imm, Instr, Instrs, Op, Reader};
use windlass_validate::Context;

/// What translation needs of a module.
#[derive(Clone, Copy)]
pub(crate) struct Source<'m> {
    pub(crate) bytes: &'m [u8],
    pub(crate) decoded: &'m windlass_decode::Module,
    pub(crate) context: &'m Context,
    pub(crate) objects: &'m [Option<Arc<ObjectType>>],
    pub(crate) code: &'m CodeTable,
    pub(crate) metering: Metering,
    /// Whether every NaN that is made gets the same bits.
    pub(crate) canonicalize_nans: bool,
}

/// Why a valid function could not be translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TranslateError {
    /// It needs more slots than a cell can name.
    FrameTooLarge,
    /// It has an instruction that is not supported (the module should have been refused), at this offset.
    Unsupported(usize),
}

/// The code of a function, and what it catches.
pub(crate) struct Translated {
    pub(crate) code: Box<[Cell]>,
    pub(crate) catches: Catches,
}

/// Translates the body of the `defined`th function that the module defines. It must be valid.
pub(crate) fn translate(source: Source<'_>, defined: usize) -> Result<Translated, TranslateError> {
    let mut translator = Translator::new(source, defined, false)?;
    translator.body(None)?;
    let code = translator.builder.code.into_boxed_slice();
    let catches = translator.tries.catches;
    #[cfg(all(debug_assertions, feature = "std"))]
    if let Err(fault) = check::check(source, defined, &code, &catches) {
        panic!("function {defined} of those that the module defines: {fault}");
    }
    Ok(Translated { code, catches })
}

/// Why a function could not be made ready to run.
pub(crate) enum Failure {
    Trap(Trap),
    /// It was not validated before, and is not valid.
    Invalid(Error),
}

/// The code of a function, translated now if it is not yet. This is the one way back from execution to
/// translation.
pub(crate) fn translated(module: &ModuleInner, defined: usize) -> Result<Ip, Failure> {
    if let Some(code) = module.code.translated(defined) {
        return Ok(code);
    }
    module.validate_late(defined).map_err(Failure::Invalid)?;
    let Translated { code, catches } =
        translate(module.source(), defined).map_err(|error| match error {
            TranslateError::FrameTooLarge => Failure::Trap(Trap::FrameTooLarge),
            TranslateError::Unsupported(offset) => {
                Failure::Invalid(Error::msg(alloc::format!("not supported, at offset {offset:#x}")))
            }
        })?;
    Ok(module.code.publish(defined, code, catches))
}

/// Translates again and returns every cell with the offset of its Wasm instruction, and what is caught.
fn record(source: Source<'_>, defined: usize) -> Result<(Vec<Line>, Catches), TranslateError> {
    let mut translator = Translator::new(source, defined, true)?;
    translator.body(None)?;
    Ok((translator.builder.lines.take().unwrap_or_default(), translator.tries.catches))
}

/// The offset in the module of the instruction that the cell with word `word` was made from.
pub(crate) fn offset_of(source: Source<'_>, defined: usize, word: usize) -> Option<usize> {
    let (lines, _) = record(source, defined).ok()?;
    let index = lines.partition_point(|line| line.at <= word);
    Some(lines.get(index.checked_sub(1)?)?.offset)
}

/// The most slots that a frame can have: slot numbers are signed 16-bit integers.
const MAX_SLOTS: usize = i16::MAX as usize - 8;
/// Where locals begin: slots 0 and 1 are the return address and the caller's frame.
const FIRST_LOCAL: usize = 2;

/// A local of the function.
#[derive(Clone, Copy)]
struct Local {
    kind: Kind,
    slot: i16,
    /// Which pinned local of its domain it is.
    pin: Option<u8>,
    /// How often it is on the symbolic stack.
    pending: u32,
}

/// The state of a translation.
struct Translator<'m> {
    source: Source<'m>,
    builder: Builder,
    locals: Vec<Local>,
    /// The symbolic operand stack.
    stack: Vec<Operand>,
    /// All operands below this index are constants or in their slots.
    settled: usize,
    /// Slots that the operands take, the first of them, and the most there were.
    height: usize,
    first_temp: usize,
    max_height: usize,
    frames: Vec<Frame>,
    /// Branches whose target is not known yet, as lists by label.
    patches: Vec<Patch>,
    /// Code is not reachable; how many blocks deep it goes on.
    unreachable: Option<usize>,
    /// From the prescan: which loops, in order, are innermost without calls.
    simple_loops: Vec<bool>,
    next_loop: usize,
    /// From the prescan: after which blocks, in order, the function returns.
    last_blocks: Vec<bool>,
    next_block: usize,
    pins: [[Option<u32>; 2]; 3],
    regions: Regions,
    tries: Tries,
    /// The index of this function's type.
    ty: u32,
    param_slots: usize,
    instrs: Instrs<'m>,
    /// Where the present instruction can stop, if wanted.
    noted: Option<Vec<Noted>>,
}

impl<'m> Translator<'m> {
    fn new(source: Source<'m>, defined: usize, recording: bool) -> Result<Self, TranslateError> {
        let context = source.context;
        let body = &source.decoded.bodies[defined];
        let ty = context.funcs[context.imported.funcs as usize + defined];
        let params = context.type_func(ty).map_or(&[][..], |ty| &ty.params[..]);
        let declared = body.locals.iter().flat_map(|&(n, ty)| (0..n).map(move |_| ty));
        let mut kinds: Vec<Kind> = params.iter().copied().chain(declared).map(kind_of).collect();
        let slots = |kinds: &[Kind]| kinds.iter().map(|kind| kind.width()).sum::<usize>();
        let param_slots = slots(&kinds[..params.len()]);
        let reader = Reader::new(&source.bytes[body.code.clone()], body.code.start);
        let instrs = Instrs::new(reader, context.features);
        let scanned = prescan::prescan(instrs.clone(), &kinds)
            .map_err(|error| TranslateError::Unsupported(error.offset()))?;
        let first_kept = FIRST_LOCAL + slots(&kinds[params.len()..]);
        // References to what legacy clauses have caught: locals that no instruction names.
        kinds.extend((0..scanned.kept).map(|_| Kind::Ref));
        let first_temp = first_kept + scanned.kept;
        if first_temp > MAX_SLOTS {
            return Err(TranslateError::FrameTooLarge);
        }
        let mut locals = lay_out(&kinds, params.len(), param_slots);
        for domain in &scanned.pins {
            for (pin, local) in domain.iter().enumerate() {
                if let Some(local) = local {
                    locals[*local as usize].pin = Some(pin as u8);
                }
            }
        }
        Ok(Translator {
            source,
            builder: Builder::new(recording),
            locals,
            stack: Vec::new(),
            settled: 0,
            height: 0,
            first_temp,
            max_height: 0,
            frames: Vec::new(),
            patches: Vec::new(),
            unreachable: None,
            simple_loops: scanned.simple_loops,
            next_loop: 0,
            last_blocks: scanned.last_blocks,
            next_block: 0,
            pins: scanned.pins,
            regions: Regions::default(),
            tries: Tries::new(scanned.rethrown, first_kept),
            ty,
            param_slots,
            instrs,
            noted: None,
        })
    }

    /// Translates the whole body.
    fn body(&mut self, mut recorder: Option<&mut Recorder<'_>>) -> Result<(), TranslateError> {
        self.builder.offset = self.instrs.reader.offset();
        let enter = self.enter();
        self.push_function_frame();
        while !self.instrs.reader.is_empty() {
            let instr = self
                .instrs
                .next_instr()
                .map_err(|error| TranslateError::Unsupported(error.offset()))?;
            self.builder.offset = instr.offset;
            if let Some(recorder) = &mut recorder {
                recorder.before(&instr)?;
            }
            self.instr(&instr)?;
            if let (Some(recorder), Some(noted)) = (&mut recorder, &mut self.noted) {
                recorder.after(instr.op, noted);
            }
            if self.first_temp + self.max_height + FIRST_LOCAL > MAX_SLOTS {
                return Err(TranslateError::FrameTooLarge);
            }
        }
        self.finish_enter(enter);
        self.finish_costs();
        Ok(())
    }

    /// Translates one instruction.
    fn instr(&mut self, instr: &Instr<'m>) -> Result<(), TranslateError> {
        if self.skip_unreachable(instr) {
            return Ok(());
        }
        self.count(instr.op);
        let unsupported = TranslateError::Unsupported(instr.offset);
        match (instr.op, instr.imm) {
            (Op::Nop, _) => {}
            (Op::Unreachable, _) => self.trap(),
            (Op::Block, Imm::Block(ty)) => self.block(ty),
            (Op::Loop, Imm::Block(ty)) => self.enter_loop(ty),
            (Op::If, Imm::Block(ty)) => self.enter_if(ty),
            (Op::Else, _) => self.enter_else(),
            (Op::End, _) => self.end(),
            (Op::Br, Imm::Index(label)) => self.br(label),
            (Op::BrIf, Imm::Index(label)) => self.br_if(label),
            (Op::BrTable, Imm::Labels(labels)) => self.br_table(labels),
            (Op::Return, _) => self.return_(),
            (Op::Call, Imm::Index(func)) => self.call(func),
            (Op::CallIndirect, Imm::Index2(ty, table)) => self.call_indirect(ty, table),
            (Op::ReturnCall, Imm::Index(func)) => self.return_call(func),
            (Op::ReturnCallIndirect, Imm::Index2(ty, table)) => {
                self.return_call_indirect(ty, table);
            }
            (Op::CallRef, Imm::Index(ty)) => self.call_ref(ty),
            (Op::ReturnCallRef, Imm::Index(ty)) => self.return_call_ref(ty),
            (Op::BrOnNull, Imm::Index(label)) => self.br_on_null(label),
            (Op::BrOnNonNull, Imm::Index(label)) => self.br_on_non_null(label),
            (Op::Throw, Imm::Index(tag)) => self.throw(tag),
            (Op::ThrowRef, _) => self.throw_ref(),
            (Op::TryTable, Imm::TryTable(ty, catches)) => self.try_table(ty, catches.iter()),
            (Op::Try, Imm::Block(ty)) => self.legacy_try(ty),
            (Op::Catch, Imm::Index(tag)) => self.catch(Some(tag)),
            (Op::CatchAll, _) => self.catch(None),
            (Op::Delegate, Imm::Index(label)) => self.delegate(label),
            (Op::Rethrow, Imm::Index(label)) => self.rethrow(label),
            (Op::Drop, _) => drop(self.pop()),
            (Op::Select | Op::SelectT, _) => self.select(),
            (Op::LocalGet, Imm::Index(local)) => self.local_get(local),
            (Op::LocalSet, Imm::Index(local)) => self.local_set(local),
            (Op::LocalTee, Imm::Index(local)) => self.local_tee(local),
            (Op::GlobalGet, Imm::Index(global)) => self.global_get(global),
            (Op::GlobalSet, Imm::Index(global)) => self.global_set(global),
            (Op::I32Const, Imm::I32(value)) => self.push_const(Kind::I32, u64::from(value as u32)),
            (Op::I64Const, Imm::I64(value)) => self.push_const(Kind::I64, value as u64),
            (Op::F32Const, Imm::F32(bits)) => self.push_const(Kind::F32, bits.into()),
            (Op::F64Const, Imm::F64(bits)) => self.push_const(Kind::F64, bits),
            (Op::RefNull, _) => self.push_const(Kind::Ref, 0),
            (Op::RefIsNull, _) => self.unary(Op::I64Eqz),
            (Op::RefAsNonNull, _) => self.ref_as_non_null(),
            (Op::RefFunc, Imm::Index(func)) => self.ref_func(func),
            (Op::TableGet, Imm::Index(table)) => self.table_get(table),
            (Op::TableSet, Imm::Index(table)) => self.table_set(table),
            (Op::TableSize, Imm::Index(table)) => self.table_size(table),
            (Op::AtomicFence, _) => self.fence(),
            (Op::RefEq, _) => self.binary(Op::I64Eq),
            (Op::AnyConvertExtern | Op::ExternConvertAny, _) => {}
            (op, Imm::Heap(heap)) => self.cast(op, heap),
            (op, Imm::BrCast { label, to, .. }) => self.br_cast(op, label, to),
            (op, imm) if self.object(op, imm) => {}
            (op, Imm::Mem(arg)) => self.memory_access(op, arg).ok_or(unsupported)?,
            (op, Imm::MemLane(arg, lane)) => self.lane_access(op, arg, lane).ok_or(unsupported)?,
            (op, imm) if self.slow(op, imm) || self.vector(op, imm) => {}
            (op, _) => self.numeric(op).ok_or(unsupported)?,
        }
        if self.source.canonicalize_nans
            && self.unreachable.is_none()
            && let Some(nans) = Nans::made_by(instr.op)
        {
            self.canonicalize(nans);
        }
        Ok(())
    }

    /// The kind of a block's or function's values, with the slots they take.
    fn width_of(kinds: impl Iterator<Item = Kind>) -> usize {
        kinds.map(Kind::width).sum()
    }

    /// Emits the function's first cell; frame size and cost are not known yet.
    fn enter(&mut self) -> usize {
        let has = |pins: &[Option<u32>; 2]| pins[0].is_some();
        let [int, f64, f32] = &self.pins;
        let handler = select::enter(self.source.metering, has(int), has(f64), has(f32));
        let [int, f64, f32] =
            [Domain::Int, Domain::F64, Domain::F32].map(|domain| self.pin_slots(domain));
        let text = format_args!(
            "enter int s{} s{} f64 s{} s{} f32 s{} s{}",
            int[0], int[1], f64[0], f64[1], f32[0], f32[1]
        );
        let at = self.builder.cell(handler, text);
        self.builder.push(crate::exec::pack_fields([int[0], int[1], f64[0], f64[1]]));
        self.builder.push(0);
        self.builder.push(0);
        self.open_region(at + 2);
        at
    }

    fn finish_enter(&mut self, at: usize) {
        let [.., f32] = [Domain::Int, Domain::F64, Domain::F32].map(|d| self.pin_slots(d));
        // Room for the two words below the frame of whatever this one calls.
        let size = self.first_temp + self.max_height + FIRST_LOCAL;
        let zeroed = self.first_temp - FIRST_LOCAL;
        self.builder.code[at + 1] =
            Cell::word(crate::exec::pack_fields([f32[0], f32[1], size as i16, zeroed as i16]));
    }

    /// The slots of the pinned locals of a domain; slot 0 where there is none.
    fn pin_slots(&self, domain: Domain) -> [i16; 2] {
        self.pins[domain as usize]
            .map(|pin| pin.map_or(0, |local| self.locals[local as usize].slot))
    }
}

/// Gives each local its slot: parameters below the frame's two words, the others above.
fn lay_out(kinds: &[Kind], params: usize, param_slots: usize) -> Vec<Local> {
    let mut next = -(param_slots as isize);
    let locals = kinds.iter().enumerate().map(|(i, &kind)| {
        if i == params {
            next = FIRST_LOCAL as isize;
        }
        let slot = next as i16;
        next += kind.width() as isize;
        Local { kind, slot, pin: None, pending: 0 }
    });
    locals.collect()
}
