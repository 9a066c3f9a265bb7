//! [`Body`]: a walk over a function's body, as the module has it, beside the pass over its cells.
//! It counts anew what operators cost, in the regions that they are paid in, and says what cells
//! have to come: those that pay, calls, instructions of the driver, and branches that may be taken
//! or not. `paid` compares. It must never look at cells, or ask the translator: of that it believes
//! one thing, which it can check.

use super::{NO_MEMORY, Outcome, Subject, ensure, frame::width};
use crate::{
    Metering,
    costs::{self, MAX_REGION},
    exec::SlowOp,
    object_type::MIN_OBJECT,
    room::push,
};
use alloc::vec::Vec;
use windlass_decode::{
    BlockType, FuncType, Imm, ImmKind, Instr, Instrs, Op, Reader, Shape, ValType,
};

/// A cell that has to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Call {
        is_tail: bool,
        callee: Callee,
    },
    /// An instruction of the driver, by its number.
    Slow(i16),
    /// A branch that may be taken; one with so many targets beside the last.
    Branch,
    Table(u32),
    /// A cell that pays for a region.
    Pay(Why),
}

/// What is called: a function, an element of a table, a reference; by the module's indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callee {
    Func(u32),
    Indirect(u32, u32),
    Ref(u32),
}

/// Why a region begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Loop,
    /// Behind the branch of an `if`.
    Then,
    /// Only branches lead there.
    Label,
    /// The region before has become too expensive.
    Part,
}

/// A stretch of code that is paid as a whole.
pub(super) struct Region {
    /// What its operators cost.
    pub(super) cost: u64,
    /// What the cell at this word pays, when that has come.
    pub(super) paid: u32,
    pub(super) word: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Function,
    Block,
    Loop,
    If,
    Else,
    /// The legacy `try`, and its clauses.
    Try,
}

/// An open block.
struct Block {
    kind: Kind,
    /// The region around it.
    region: usize,
    /// How many slots a branch to it moves.
    moved: usize,
    /// Something leads to its end, beside what falls through.
    is_target: bool,
    /// It begins where nothing leads to.
    is_dead: bool,
}

/// Whether anything leads to where the walk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reach {
    #[default]
    Yes,
    No,
    /// The translator has all branches to here return at once, as nothing but a return follows.
    Returns,
}

/// How far the walk has come.
#[derive(Default)]
pub(super) struct Body {
    /// Offset in the module of the next operator.
    at: usize,
    blocks: Vec<Block>,
    pub(super) regions: Vec<Region>,
    current: usize,
    reach: Reach,
    /// What has to come next, and after that.
    due: [Option<Event>; 2],
    /// How many of the ends that only branches lead to there were.
    landed: usize,
    /// How many legacy `try`s are open, the most there were, and whether something that they caught
    /// is thrown again.
    tries: usize,
    most_tries: usize,
    rethrows: bool,
}

const NO_BODY: &str = "I15: the body that was validated";

/// Bytes of a function that may be computed where it is called, at most.
const MOST_COMPUTED: usize = 64;

/// What a function costs that does nothing but compute numbers of its parameters and of constants:
/// it has no locals, and its operators neither trap nor call nor branch. Also how much work that
/// was.
pub(super) fn computes(subject: Subject<'_>, func: u32) -> (usize, Option<u32>) {
    let defined = func.checked_sub(subject.context.imported.funcs);
    let body = defined.and_then(|defined| subject.decoded.bodies.get(defined as usize));
    let Some(body) = body.filter(|body| body.locals.is_empty() && body.code.len() <= MOST_COMPUTED)
    else {
        return (1, None);
    };
    let Some(code) = subject.bytes.get(body.code.clone()) else { return (1, None) };
    let mut instrs = Instrs::new(Reader::new(code, body.code.start), subject.context.features);
    let mut cost = 0;
    loop {
        let Ok(instr) = instrs.next_instr() else { return (code.len(), None) };
        cost += costs::operator(instr.op);
        match (instr.op, instr.op.shape(), &instr.imm) {
            (Op::End, ..) => return (code.len(), instrs.reader.is_empty().then_some(cost)),
            (Op::LocalGet, ..)
            | (_, Shape::un | Shape::test | Shape::bin | Shape::cmp, _)
            | (_, _, Imm::I32(_) | Imm::I64(_) | Imm::F32(_) | Imm::F64(_)) => {}
            _ => return (code.len(), None),
        }
    }
}

impl Body {
    /// Before the first operator of a function of this type: the first cell sets so many slots to
    /// zero.
    pub(super) fn begin(
        &mut self,
        subject: &Subject<'_>,
        ty: &FuncType,
        zeroed: usize,
        paid: u32,
    ) -> Outcome {
        self.at = subject.decoded.bodies[subject.defined].code.start;
        let moved = width(&ty.results) as usize;
        let block =
            Block { kind: Kind::Function, region: 0, moved, is_target: false, is_dead: false };
        push(&mut self.blocks, block).map_err(|_| NO_MEMORY)?;
        // The last return is not counted where it is.
        let cost = costs::slots(zeroed) + costs::slots(moved);
        push(&mut self.regions, Region { cost, paid, word: 0 }).map_err(|_| NO_MEMORY)
    }

    /// What has to come next, if the walk has found it.
    pub(super) fn due(&self) -> Option<Event> {
        self.due[0]
    }

    /// That has come.
    pub(super) fn has_come(&mut self) {
        self.due = [self.due[1], None];
    }

    /// The whole body was looked at.
    pub(super) fn is_done(&self) -> bool {
        self.blocks.is_empty()
    }

    /// How many slots keep what legacy clauses have caught.
    pub(super) fn kept(&self) -> usize {
        if self.rethrows { self.most_tries } else { 0 }
    }

    /// Looks at operators until a cell has to come, the body ends, or it was so much work. Returns
    /// how much it was.
    pub(super) fn go_on(
        &mut self,
        subject: &Subject<'_>,
        most: usize,
    ) -> Result<usize, &'static str> {
        let end = subject.decoded.bodies[subject.defined].code.end;
        let code = subject.bytes.get(self.at..end).ok_or(NO_BODY)?;
        let mut instrs = Instrs::new(Reader::new(code, self.at), subject.context.features);
        let mut work = 0;
        while self.due[0].is_none() && !self.is_done() && work < most {
            if self.reach == Reach::Yes {
                let passed = self.pass_over(&mut instrs.reader, most - work)?;
                if passed > 0 {
                    work += passed;
                    continue;
                }
            }
            let next = instrs.next_instr();
            let instr = next.as_ref().map_err(|_| NO_BODY)?;
            work += 1 + self.operator(subject, instr)?;
        }
        self.at = instrs.reader.offset();
        let is_over = !self.is_done() || (self.at == end && self.landed == subject.landed.len());
        ensure(is_over, NO_BODY)?;
        Ok(work)
    }

    /// Passes over operators, at most so many, of which nothing counts but what they cost. How many
    /// there were. (Most of a body is such.)
    fn pass_over(&mut self, reader: &mut Reader<'_>, most: usize) -> Result<usize, &'static str> {
        let (all, region) = (reader.rest(), &mut self.regions[self.current]);
        let (mut bytes, mut passed) = (all, 0);
        while passed < most
            && region.cost < MAX_REGION
            && let Some((&code, rest)) = bytes.split_first()
        {
            let Plain { imm, cost } = PLAIN[usize::from(code)];
            let rest = match imm {
                PlainImm::NotPlain => None,
                PlainImm::Bytes(count) => rest.get(usize::from(count)..),
                PlainImm::Number => behind_number(rest),
                // Other flags are followed by the index of a memory.
                PlainImm::Access if rest.first().is_some_and(|&flags| flags < 0x40) => {
                    behind_number(&rest[1..])
                }
                PlainImm::Access => None,
            };
            let Some(rest) = rest else { break };
            (bytes, passed) = (rest, passed + 1);
            region.cost += u64::from(cost);
        }
        let is_full = passed > 0 && region.cost >= MAX_REGION;
        reader.skip(all.len() - bytes.len());
        if is_full {
            self.open(Why::Part)?;
        }
        Ok(passed)
    }

    /// Looks at an operator. How much work it was beside.
    fn operator(
        &mut self,
        subject: &Subject<'_>,
        instr: &Instr<'_>,
    ) -> Result<usize, &'static str> {
        self.count_tries(instr.op);
        if self.reach != Reach::Yes && self.is_passed_over(instr.op)? {
            return Ok(0);
        }
        self.add(costs::operator(instr.op).into());
        let work = self.reached(subject, instr)?;
        let is_metered = self.reach == Reach::Yes && !self.is_done();
        if is_metered && self.regions[self.current].cost >= MAX_REGION {
            self.open(Why::Part)?;
        }
        Ok(work)
    }

    /// Whether the operator, which nothing leads to, is of no account.
    fn is_passed_over(&mut self, op: Op) -> Result<bool, &'static str> {
        let is_return = matches!(op, Op::End | Op::Else | Op::Delegate | Op::Return);
        let is_so = self.reach == Reach::No || is_return;
        ensure(is_so, "I15: branches that return at once, though more follows")?;
        let is_dead = self.blocks.last().is_none_or(|block| block.is_dead);
        match op {
            _ if op.begins_block() => {
                let kind = if op == Op::Try { Kind::Try } else { Kind::Block };
                self.begin_block(kind, 0, true)?;
            }
            Op::Else | Op::Catch | Op::CatchAll => return Ok(is_dead),
            Op::End | Op::Delegate if is_dead => drop(self.blocks.pop()),
            Op::End | Op::Delegate => return Ok(false),
            Op::Return => self.reach = Reach::No,
            _ => {}
        }
        Ok(true)
    }

    /// Legacy blocks are counted wherever they are.
    fn count_tries(&mut self, op: Op) {
        match op {
            Op::Try => {
                self.tries += 1;
                self.most_tries = self.most_tries.max(self.tries);
            }
            Op::End | Op::Delegate => {
                let is_try = self.blocks.last().is_some_and(|block| block.kind == Kind::Try);
                self.tries -= usize::from(is_try);
            }
            Op::Rethrow => self.rethrows = true,
            _ => {}
        }
    }

    /// An operator that something leads to. How much work it was beside.
    fn reached(&mut self, subject: &Subject<'_>, instr: &Instr<'_>) -> Result<usize, &'static str> {
        let context = subject.context;
        let func = |ty| context.type_func(ty).ok_or(NO_BODY);
        match (instr.op, instr.imm) {
            (Op::Block, Imm::Block(ty)) => return self.block(subject, Kind::Block, ty),
            (Op::TryTable, Imm::TryTable(ty, catches)) => {
                for catch in catches.iter() {
                    self.aim(catch.label);
                }
                return Ok(self.block(subject, Kind::Block, ty)? + catches.len());
            }
            (Op::Try, Imm::Block(ty)) => return self.block(subject, Kind::Try, ty),
            (Op::Loop, Imm::Block(ty)) => {
                let outer = self.current;
                self.open(Why::Loop)?;
                let work = self.block(subject, Kind::Loop, ty)?;
                if let Some(block) = self.blocks.last_mut() {
                    block.region = outer;
                }
                return Ok(work);
            }
            (Op::If, Imm::Block(ty)) => {
                self.come(Event::Branch);
                let work = self.block(subject, Kind::If, ty)?;
                self.open_arm(subject, Why::Then)?;
                return Ok(work);
            }
            (Op::Else, _) => self.next_arm(subject, Kind::Else)?,
            (Op::Catch | Op::CatchAll, _) => self.next_arm(subject, Kind::Try)?,
            (Op::End | Op::Delegate, _) => self.end(subject, instr.offset)?,
            (Op::Br, Imm::Index(label)) => {
                self.branch(label);
                self.reach = Reach::No;
            }
            (Op::BrIf | Op::BrOnNull | Op::BrOnNonNull, Imm::Index(label))
            | (_, Imm::BrCast { label, .. }) => {
                self.branch(label);
                self.come(Event::Branch);
            }
            (Op::BrTable, Imm::Labels(labels)) => {
                for label in labels.iter() {
                    self.aim(label);
                }
                self.branch(labels.default);
                self.come(Event::Table(labels.len()));
                self.reach = Reach::No;
                return Ok(labels.len() as usize);
            }
            (Op::Return, _) => {
                self.add(costs::slots(self.blocks.first().map_or(0, |body| body.moved)));
                self.reach = Reach::No;
            }
            (Op::Unreachable | Op::ThrowRef | Op::Rethrow, _) => self.reach = Reach::No,
            (Op::Throw, Imm::Index(tag)) => {
                let ty = context.tag_type(tag).ok_or(NO_BODY)?;
                self.add(costs::slots(width(&ty.params) as usize));
                self.reach = Reach::No;
                return Ok(ty.params.len());
            }
            (op @ (Op::Call | Op::ReturnCall), Imm::Index(index)) => {
                self.add(costs::callee(index < context.imported.funcs));
                let ty = context.func_type(index).ok_or(NO_BODY)?;
                return Ok(self.call(ty, op == Op::ReturnCall, Callee::Func(index)));
            }
            (op @ (Op::CallIndirect | Op::ReturnCallIndirect), Imm::Index2(ty, table)) => {
                let callee = Callee::Indirect(ty, table);
                return Ok(self.call(func(ty)?, op == Op::ReturnCallIndirect, callee));
            }
            (op @ (Op::CallRef | Op::ReturnCallRef), Imm::Index(ty)) => {
                return Ok(self.call(func(ty)?, op == Op::ReturnCallRef, Callee::Ref(ty)));
            }
            (
                Op::StructNew | Op::StructNewDefault | Op::StructNewDesc | Op::StructNewDefaultDesc,
                Imm::Index(ty),
            ) => {
                let object = subject.objects.get(ty as usize).ok_or(NO_BODY)?;
                let object = object.as_ref().ok_or(NO_BODY)?;
                self.add(costs::object(object.size.into()));
            }
            (Op::ArrayNewFixed, Imm::Index2(ty, count)) => {
                let object = subject.objects.get(ty as usize).ok_or(NO_BODY)?;
                let size = object.as_ref().and_then(|object| object.array_size(count.into()));
                let size = size.map_or(MIN_OBJECT.into(), |size| size as u64);
                self.add(costs::object(size));
            }
            (op, _) => {
                if let Some(op) = SlowOp::of(op) {
                    self.come(Event::Slow(op.number()));
                }
            }
        }
        Ok(0)
    }

    /// This cell has to come. (An operator has two at most, the second one of which pays.)
    fn come(&mut self, event: Event) {
        let place = usize::from(self.due[0].is_some());
        self.due[place] = Some(event);
    }

    fn add(&mut self, units: u64) {
        self.regions[self.current].cost += units;
    }

    /// Another region begins.
    fn open(&mut self, why: Why) -> Outcome {
        self.current = self.regions.len();
        push(&mut self.regions, Region { cost: 0, paid: 0, word: 0 }).map_err(|_| NO_MEMORY)?;
        self.come(Event::Pay(why));
        Ok(())
    }

    /// The same where only fuel has regions.
    fn open_arm(&mut self, subject: &Subject<'_>, why: Why) -> Outcome {
        if subject.metering == Metering::Fuel { self.open(why) } else { Ok(()) }
    }

    fn begin_block(&mut self, kind: Kind, moved: usize, is_dead: bool) -> Outcome {
        let block = Block { kind, region: self.current, moved, is_target: false, is_dead };
        push(&mut self.blocks, block).map_err(|_| NO_MEMORY)
    }

    fn block(
        &mut self,
        subject: &Subject<'_>,
        kind: Kind,
        ty: BlockType,
    ) -> Result<usize, &'static str> {
        let (params, results) = subject.context.block_type(&ty);
        let moved: &[ValType] = if kind == Kind::Loop { params } else { results };
        self.begin_block(kind, width(moved) as usize, false)?;
        Ok(moved.len())
    }

    /// A branch to this label: its block.
    fn aim(&mut self, label: u32) -> Option<&mut Block> {
        let block = self.blocks.iter_mut().nth_back(label as usize)?;
        block.is_target = true;
        Some(block)
    }

    fn branch(&mut self, label: u32) {
        let moved = self.aim(label).map_or(0, |block| block.moved);
        self.add(costs::slots(moved));
    }

    /// A call. How much work it was beside.
    fn call(&mut self, ty: &FuncType, is_tail: bool, callee: Callee) -> usize {
        self.add(costs::values(ty));
        self.come(Event::Call { is_tail, callee });
        if is_tail {
            self.add(costs::slots(width(&ty.params) as usize));
            self.reach = Reach::No;
        }
        ty.params.len()
    }

    /// The next arm of an `if`, or of a legacy `try`.
    fn next_arm(&mut self, subject: &Subject<'_>, kind: Kind) -> Outcome {
        let block = self.blocks.last_mut().ok_or(NO_BODY)?;
        block.is_target |= self.reach == Reach::Yes;
        block.kind = kind;
        self.current = block.region;
        self.reach = Reach::Yes;
        self.open_arm(subject, Why::Label)
    }

    /// The end of a block that something leads to, or of its last arm.
    fn end(&mut self, subject: &Subject<'_>, offset: usize) -> Outcome {
        let Block { kind, region, is_target, .. } = self.blocks.pop().ok_or(NO_BODY)?;
        self.current = region;
        match kind {
            // Branches to a loop lead back.
            Kind::Function | Kind::Loop => Ok(()),
            Kind::If => {
                self.reach = Reach::Yes;
                Ok(())
            }
            _ if self.reach == Reach::Yes || !is_target => Ok(()),
            _ if subject.landed.get(self.landed) == Some(&offset) => {
                self.landed += 1;
                self.reach = Reach::Yes;
                self.open_arm(subject, Why::Label)
            }
            _ => {
                self.reach = Reach::Returns;
                Ok(())
            }
        }
    }
}

/// An operator of one byte that gives no cell that the walk knows, changes no block, and costs the
/// same wherever it is.
#[derive(Clone, Copy)]
struct Plain {
    imm: PlainImm,
    cost: u32,
}

/// What follows it.
#[derive(Clone, Copy)]
enum PlainImm {
    NotPlain,
    /// So many bytes.
    Bytes(u8),
    /// A number in LEB128.
    Number,
    /// Flags and an offset.
    Access,
}

static PLAIN: [Plain; 256] = {
    let mut plain = [Plain { imm: PlainImm::NotPlain, cost: 0 }; 256];
    let mut byte = 0;
    while byte < plain.len() {
        if let Some(op) = Op::of_byte(byte) {
            plain[byte] = Plain { imm: PlainImm::of(op), cost: costs::operator(op) };
        }
        byte += 1;
    }
    plain
};

impl PlainImm {
    const fn of(op: Op) -> PlainImm {
        use Shape::{bin, cmp, constant, load, store, test, try_bin, try_un, un};
        let is_plain = matches!(
            op.shape(),
            un | bin | try_un | try_bin | test | cmp | load | store | constant
        ) || matches!(
            op,
            Op::Drop | Op::LocalGet | Op::LocalSet | Op::LocalTee | Op::GlobalGet | Op::GlobalSet
        );
        match op.imm_kind() {
            _ if !is_plain => PlainImm::NotPlain,
            ImmKind::none => PlainImm::Bytes(0),
            ImmKind::f32 => PlainImm::Bytes(4),
            ImmKind::f64 => PlainImm::Bytes(8),
            ImmKind::local | ImmKind::global | ImmKind::i32 | ImmKind::i64 => PlainImm::Number,
            ImmKind::memarg => PlainImm::Access,
            _ => PlainImm::NotPlain,
        }
    }
}

/// What follows a number in LEB128.
fn behind_number(bytes: &[u8]) -> Option<&[u8]> {
    let last = bytes.iter().position(|&byte| byte < 0x80)?;
    bytes.get(last + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_decode::Features;

    #[test]
    fn what_is_passed_over_is_what_would_be_read() {
        let mut count = 0;
        for (code, low) in (0..=u8::MAX).flat_map(|code| (0..=u8::MAX).map(move |low| (code, low)))
        {
            for high in [0, 0x3f, 0x40, 0x7f] {
                let bytes = [code, low, high, high, high, high, high, high, high];
                let mut reader = Reader::new(&bytes, 0);
                let mut body = Body { regions: Vec::new(), ..Body::default() };
                body.regions.push(Region { cost: 0, paid: 0, word: 0 });
                let passed = body.pass_over(&mut reader, 1).expect("there is memory");
                if passed == 0 {
                    assert_eq!((reader.offset(), body.regions[0].cost), (0, 0));
                    continue;
                }
                let mut instrs = Instrs::new(Reader::new(&bytes, 0), Features::ALL);
                // What is not well-formed was found by validation.
                let Ok(instr) = instrs.next_instr() else { continue };
                assert_eq!(reader.offset(), instrs.reader.offset(), "{:?}", instr.op);
                assert_eq!(body.regions[0].cost, u64::from(costs::operator(instr.op)));
                assert!(!instr.op.begins_block() && SlowOp::of(instr.op).is_none());
                count += 1;
            }
        }
        assert!(count > 10_000, "{count}");
    }
}
