//! Loads and stores. An addition that makes the address, and a shift that scales an index, become
//! part of the access.

use super::{
    Translator,
    builder::MAX_TAKE_OUT,
    encode::low,
    inst::{Inst, Loc, NO_LOC, ResultLoc, What, operand_kind, result_kind},
    placing::{ordered, placed},
    stack::{Operand, Origin},
};
use crate::exec::{
    machine::place::Domain,
    pack_const, pack_fields,
    tables::{self, ANY_MEMORY, Maybe, Sort},
};
use windlass_decode::{MemArg, Op, Raw, Shape};

/// A part of an address that is not there: the slot of a return address, which nothing writes.
const NO_PART: Loc = NO_LOC;

/// An address that the access itself adds up.
#[derive(Clone, Copy)]
enum Address {
    /// Two parts, the second scaled.
    Indexed { a: Loc, b: Loc, shift: u32, offset: u16 },
    /// A constant added; the access has no offset.
    Wrapped { a: Loc, k: u32 },
}

impl Translator<'_> {
    /// Translates a load or store; none if the engine does not execute it.
    pub(super) fn memory_access(&mut self, op: Op, arg: MemArg) -> Option<()> {
        let (sort, offset) = self.reach(arg)?;
        let shared = self.reach_shared(arg, sort);
        match (op.shape(), offset.or(shared)) {
            (Shape::load, Some(offset)) if shared.is_some() => self.load_shared(op, offset),
            (Shape::store, Some(offset)) if shared.is_some() => self.store_shared(op, offset),
            (Shape::v_load, Some(_)) if shared.is_some() => self.load_any(op, arg, sort),
            (Shape::v_store, Some(_)) if shared.is_some() => self.store_any(op, arg, sort)?,
            (Shape::load | Shape::v_load, Some(offset)) => self.load(op, offset),
            (Shape::store | Shape::v_store, Some(offset)) => self.store(op, offset),
            (Shape::load | Shape::v_load, None) if ANY_MEMORY => self.load_any(op, arg, sort),
            (Shape::store | Shape::v_store, None) if ANY_MEMORY => self.store_any(op, arg, sort)?,
            (Shape::atomic_wait | Shape::atomic_notify, _) => return self.wait_or_notify(op, arg),
            (
                Shape::atomic_load
                | Shape::atomic_store
                | Shape::atomic_rmw
                | Shape::atomic_cmpxchg,
                _,
            ) => return self.atomic(op, arg),
            _ => return None,
        }
        Some(())
    }

    /// The sort of the memory; and the offset, if the fast handlers reach it.
    pub(super) fn reach(&self, arg: MemArg) -> Option<(Sort, Option<u32>)> {
        if !ANY_MEMORY {
            return Some((Sort::Own32, u32::try_from(arg.offset).ok()));
        }
        let sort = Sort::of(self.source.context.memories.get(arg.memory as usize)?);
        let fast = arg.memory == 0 && sort == Sort::Own32;
        Some((sort, fast.then(|| u32::try_from(arg.offset).ok()).flatten()))
    }

    /// The offset, if the memory is shared, and numbers in it are reached by handlers that have
    /// places.
    fn reach_shared(&self, arg: MemArg, sort: Sort) -> Option<u32> {
        let has_places = tables::FAST && arg.memory == 0 && sort == Sort::Shared32;
        has_places.then(|| u32::try_from(arg.offset).ok()).flatten()
    }

    fn load_any(&mut self, op: Op, arg: MemArg, sort: Sort) {
        let address = self.pop();
        let a = Loc::Slot(self.slot_of(address));
        let d = ResultLoc::Slot(self.next_slot());
        let what = What::LoadAny(op, arg.memory, arg.offset, sort);
        self.builder.emit(Inst { what, d, a, b: NO_LOC });
        self.push_temp(result_kind(op));
    }

    /// A load of a number from memory 0, which is shared.
    fn load_shared(&mut self, op: Op, offset: u32) {
        let address = self.pop();
        let (a, offset) = match constant_address(address, offset) {
            Some(at) => (Loc::Const(0), at),
            None => (self.variable_place(address), offset),
        };
        let d = ResultLoc::Slot(self.next_slot());
        self.builder.emit(Inst { what: What::LoadShared(op, offset), d, a, b: NO_LOC });
        self.push_temp(result_kind(op));
    }

    /// A store of a number to memory 0, which is shared.
    fn store_shared(&mut self, op: Op, offset: u32) {
        let (value, address) = (self.pop(), self.pop());
        let handlers = tables::handlers(op);
        self.store_at(op, [address, value], offset, " shared", |[a, v]| {
            handlers.store_shared(a.place(), v.place())
        });
    }

    fn load(&mut self, op: Op, offset: u32) {
        let address = self.pop();
        let kind = result_kind(op);
        if let Some(at) = constant_address(address, offset) {
            let d = ResultLoc::Slot(self.next_slot());
            self.builder.emit(Inst { what: What::Load(op, at), d, a: Loc::Const(0), b: NO_LOC });
            return self.push_temp(kind);
        }
        if let Some(joined) = self.join_address(address, op, offset) {
            let d = ResultLoc::Slot(self.next_slot());
            let inst = match joined {
                Address::Indexed { a, b, shift, offset } => {
                    Inst { what: What::Indexed(op, shift, offset), d, a, b }
                }
                Address::Wrapped { a, k } => Inst { what: What::Wrapped(op, k), d, a, b: NO_LOC },
            };
            let emitted = self.builder.emit(inst);
            debug_assert!(emitted, "there is a handler for slots");
            return self.push_temp(kind);
        }
        let a = self.address_place(address);
        let d = ResultLoc::Slot(self.next_slot());
        self.builder.emit(Inst { what: What::Load(op, offset), d, a, b: NO_LOC });
        self.push_temp(kind);
    }

    /// A place that is not a constant, of an address.
    fn address_place(&mut self, operand: Operand) -> Loc {
        self.unconverted(operand).unwrap_or_else(|| self.variable_place(operand))
    }

    /// A place that is not a constant.
    pub(super) fn variable_place(&mut self, operand: Operand) -> Loc {
        match self.place(operand) {
            Loc::Const(_) => Loc::Slot(self.slot_of(operand)),
            place => place,
        }
    }

    fn store(&mut self, op: Op, offset: u32) {
        let value = self.pop();
        let address = self.pop();
        let handlers = tables::handlers(op);
        if let Some(joined) = self.join_address(address, op, offset) {
            return self.store_joined(op, joined, value);
        }
        self.store_at(op, [address, value], offset, "", |[a, v]| {
            handlers.store(a.place(), v.place())
        });
    }

    /// A store to a base in memory 0, by the handlers that `find` knows.
    fn store_at(
        &mut self,
        op: Op,
        [address, value]: [Operand; 2],
        offset: u32,
        whose: &str,
        find: impl Fn([Loc; 2]) -> Maybe,
    ) {
        let kind = operand_kind(op);
        let (a, offset) = match constant_address(address, offset) {
            Some(at) => (Loc::Const(0), at),
            None => (self.address_place(address), offset),
        };
        let v = self.value_place(value, kind.domain(), &[a]);
        let Some(([a, v], entry)) = placed([a, v], find) else { return };
        self.builder.use_operands(Domain::Int, &[a]);
        self.builder.use_operands(kind.domain(), &[v]);
        let name = op.mnemonic();
        self.builder.cell(entry, format_args!("{name}{whose} [{a} + {offset:#x}] = {v}"));
        self.builder.push(pack_const(v.slot(), a.slot(), offset));
        self.push_constant(v);
    }

    fn store_joined(&mut self, op: Op, joined: Address, value: Operand) {
        let handlers = tables::handlers(op);
        let domain = operand_kind(op).domain();
        let found = match joined {
            Address::Indexed { a, b, shift, .. } => {
                let v = self.value_place(value, domain, &[a, b]);
                let find = |[a, b, v]: [Loc; 3]| {
                    let [a, b] = ordered([a, b], shift == 0);
                    let found = handlers.store_indexed(a.place(), b.place(), shift, v.place())?;
                    Some(([a, b], found))
                };
                placed([a, b, v], find).map(|([_, _, v], (parts, found))| (parts, v, found))
            }
            Address::Wrapped { a, .. } => {
                let v = self.value_place(value, domain, &[a]);
                let find = |[a, v]: [Loc; 2]| handlers.store_wrapped(a.place(), v.place());
                placed([a, v], find).map(|([a, v], found)| ([a, NO_LOC], v, found))
            }
        };
        let Some(([a, b], v, entry)) = found else {
            unreachable!("there is a handler for slots, and for a constant")
        };
        self.builder.use_operands(Domain::Int, &[a, b]);
        self.builder.use_operands(domain, &[v]);
        let name = op.mnemonic();
        match joined {
            Address::Indexed { shift, offset, .. } => {
                let text = format_args!("{name} [{a} + ({b} << {shift}) + {offset:#x}] = {v}");
                self.builder.cell(entry, text);
                let fields = [v.slot(), a.slot(), b.slot(), offset.cast_signed()];
                self.builder.push(pack_fields(fields));
            }
            Address::Wrapped { k, .. } => {
                self.builder.cell(entry, format_args!("{name} [wrap {a} + {k:#x}] = {v}"));
                self.builder.push(pack_const(v.slot(), a.slot(), k));
            }
        }
        self.push_constant(v);
    }

    /// The place of a stored value. An integer can't be in the accumulator if the address is there.
    fn value_place(&mut self, value: Operand, domain: Domain, address: &[Loc]) -> Loc {
        match self.place(value) {
            Loc::Acc { slot, .. }
                if domain == Domain::Int && address.iter().any(|loc| loc.is_acc()) =>
            {
                Loc::Slot(slot)
            }
            place => place,
        }
    }

    fn push_constant(&mut self, v: Loc) {
        if let Loc::Const(bits) = v {
            self.builder.push(bits);
        }
    }

    fn store_any(&mut self, op: Op, arg: MemArg, sort: Sort) -> Option<()> {
        let (value, address) = (self.pop(), self.pop());
        let (v, a) = (self.slot_of(value), self.slot_of(address));
        self.builder.cell(
            tables::handlers(op).any(sort)?,
            format_args!(
                "{} memory {} [s{a} + {:#x}] = s{v}",
                op.mnemonic(),
                arg.memory,
                arg.offset
            ),
        );
        self.builder.push(pack_const(v, a, arg.memory));
        self.builder.push(arg.offset);
        Some(())
    }

    /// Takes out the addition that made the address, and a shift before it by the access's size, if
    /// only instructions lie between that do not mind.
    fn join_address(&mut self, address: Operand, op: Op, offset: u32) -> Option<Address> {
        if !tables::FAST || address.origin != Origin::Temp {
            return None;
        }
        let offset = u16::try_from(offset).ok()?;
        let n = (0..=MAX_TAKE_OUT).find(|&n| {
            self.builder.nth_last(n).is_some_and(|inst| inst.d == ResultLoc::Slot(address.slot))
        })?;
        let &Inst { what: What::Bin(Op::I32Add), a, b, .. } = self.builder.nth_last(n)? else {
            return None;
        };
        let scale = self.scale(n, a, op);
        let (joined, parts) = match (scale, b) {
            (Some((b_scaled, shift)), a) => {
                (Address::Indexed { a, b: b_scaled, shift, offset }, [a, b_scaled])
            }
            (None, Loc::Const(k)) if offset == 0 => {
                (Address::Wrapped { a, k: low(k) }, [a, NO_PART])
            }
            (None, b) => (Address::Indexed { a, b, shift: 0, offset }, [a, b]),
        };
        let disturbed = |loc: Loc| {
            (0..n)
                .any(|i| self.builder.nth_last(i).is_none_or(|later| later.d.slot() == loc.slot()))
        };
        if parts.iter().any(|&loc| loc.is_const() || n > 0 && (loc.is_acc() || disturbed(loc)))
            || parts.iter().all(|loc| loc.is_acc())
        {
            return None;
        }
        self.builder.take_out(n)?;
        if scale.is_some() {
            self.builder.take_out(n)?;
        }
        Some(joined)
    }

    /// The index and the shift, if the first operand of the addition at `n` was shifted by the size
    /// of the access just before.
    fn scale(&self, n: usize, a: Loc, op: Op) -> Option<(Loc, u32)> {
        let Loc::Acc { slot, last_use: true } = a else { return None };
        let &Inst { what: What::Bin(Op::I32Shl), d, a: index, b: Loc::Const(shift) } =
            self.builder.nth_last(n + 1)?
        else {
            return None;
        };
        let shift = low(shift);
        // No handler of a vector scales.
        let scales = matches!(op.shape(), Shape::load | Shape::store);
        let size = op.raw().map_or(0, Raw::size_log2);
        (d == ResultLoc::Acc(slot) && scales && shift > 0 && shift == size.into())
            .then_some((index, shift))
    }
}

/// The address if it is constant and no larger than cells can have it.
pub(super) fn constant_address(address: Operand, offset: u32) -> Option<u32> {
    match address.origin {
        Origin::Const(bits) => low(bits).checked_add(offset),
        _ => None,
    }
}
