//! Atomic instructions. Their operands are in slots, and so is the result.

use super::{Translator, inst::result_kind};
use crate::exec::{
    SlowOp,
    code::maps::Stopped,
    handlers::atomic,
    machine::place::{Domain, Kind},
    pack_const, pack_halves,
    tables::{Entry, THREADS, plain},
};
use windlass_decode::{MemArg, Op, Shape};

impl Translator<'_> {
    /// Translates an atomic access; none if the instruction is not one.
    pub(super) fn atomic(&mut self, op: Op, arg: MemArg) -> Option<()> {
        let entry = Entry::alone(atomic::handler(op)?);
        let operands = op.info().params.len();
        let mut slots = [0; 2];
        for slot in slots[..operands].iter_mut().rev() {
            let operand = self.pop();
            *slot = self.slot_of(operand);
        }
        let address = self.pop();
        let a = self.slot_of(address);
        let (has_result, has_second_word) = match op.shape() {
            Shape::atomic_load => (true, false),
            Shape::atomic_store => (false, false),
            Shape::atomic_rmw | Shape::atomic_cmpxchg => (true, true),
            _ => return None,
        };
        let first = if has_result { self.next_slot() } else { slots[0] };
        let MemArg { memory, offset, .. } = arg;
        let [x, y] = slots;
        let text = format_args!(
            "s{first} {} memory {memory} [s{a} + {offset:#x}] s{x} s{y}",
            op.mnemonic()
        );
        self.builder.cell(entry, text);
        self.builder.push(pack_const(first, a, memory));
        self.builder.push(offset);
        if has_second_word {
            self.builder.push(pack_halves(x.into(), y.into()));
        }
        if has_result {
            self.builder.written(first, 1);
            self.builder.set_held(Domain::Int, first);
            self.push_temp(result_kind(op));
        }
        Some(())
    }

    /// Translates `wait` or `notify`, which the driver executes.
    pub(super) fn wait_or_notify(&mut self, op: Op, arg: MemArg) -> Option<()> {
        if !THREADS {
            return None;
        }
        let slow = SlowOp::of(op)?;
        // The address comes before the operands in the table.
        let operands = op.info().params.len() + 1;
        self.settle(self.stack.len() - operands, true);
        self.can_stop(Stopped::Before);
        self.truncate(self.stack.len() - operands);
        let base = self.next_slot();
        let MemArg { memory, offset, .. } = arg;
        let text = format_args!("{} {memory} {offset:#x} from s{base}", op.mnemonic());
        self.builder.cell(plain::SLOW, text);
        self.builder.push(pack_const(slow.number(), base, memory));
        self.builder.push(offset);
        self.builder.forget();
        self.push_temp(Kind::I32);
        Some(())
    }

    /// Translates `atomic.fence`.
    pub(super) fn fence(&mut self) {
        self.builder.cell(plain::FENCE, "atomic.fence");
        self.builder.push(0);
    }
}
