//! References and the tables that hold them: `ref.func`, null checks and branches on them, single
//! elements of tables. A null check leaves the reference where it is.

use super::{
    Translator,
    condition::Condition,
    inst::{Loc, What},
    stack::{Operand, Origin},
};
use crate::exec::{
    machine::place::{Domain, Kind},
    pack_const, pack_fields,
    tables::{self, plain},
};

impl Translator<'_> {
    pub(super) fn ref_func(&mut self, func: u32) {
        self.produce(What::RefFunc(func), &mut [], Kind::Ref);
    }

    pub(super) fn ref_as_non_null(&mut self) {
        let operand = self.pop();
        match operand.origin {
            Origin::Const(bits) if bits != 0 => {}
            _ => {
                let a = self.kept_place(operand);
                let Some(entry) = tables::non_null(a.place()) else { return };
                self.builder.use_operands(Domain::Int, &[a]);
                self.builder.cell(entry, format_args!("non_null {a}"));
                self.builder.push(pack_fields([0, a.slot(), 0, 0]));
            }
        }
        self.push(operand.origin, operand.kind);
    }

    /// Where to read a reference that stays an operand: not in the code.
    pub(super) fn kept_place(&mut self, operand: Operand) -> Loc {
        match self.variable_place(operand) {
            Loc::Acc { slot, .. } => Loc::Acc { slot, last_use: false },
            place => place,
        }
    }

    /// `br_on_null`: the label does not get the reference; who goes on does.
    pub(super) fn br_on_null(&mut self, label: u32) {
        let operand = self.pop();
        let a = self.kept_place(operand);
        self.branch_on(label, a, true);
        self.push(operand.origin, operand.kind);
    }

    /// `br_on_non_null`: the label gets the reference; who goes on does not.
    pub(super) fn br_on_non_null(&mut self, label: u32) {
        let operand = self.pop();
        let a = self.kept_place(operand);
        self.push(operand.origin, operand.kind);
        self.branch_on(label, a, false);
        self.pop();
    }

    /// Branches if the reference is null, or if it is not. The label's operands are on the stack.
    fn branch_on(&mut self, label: u32, a: Loc, null: bool) {
        let test = |zero| Condition::Test { is64: true, zero, a };
        self.branch_if(label, |_, taken| test(taken == null));
    }

    pub(super) fn table_get(&mut self, table: u32) {
        let mut index = self.pop();
        if let Origin::Const(_) = index.origin {
            self.settle_one(index);
            index.origin = Origin::Temp;
        }
        self.produce(What::TableGet(table), &mut [index], Kind::Ref);
    }

    pub(super) fn table_set(&mut self, table: u32) {
        let (value, index) = (self.pop(), self.pop());
        let (v, a) = (self.slot_of(value), self.slot_of(index));
        self.builder.cell(plain::TABLE_SET, format_args!("table {table} [s{a}] = s{v}"));
        self.builder.push(pack_const(v, a, table));
    }

    pub(super) fn table_size(&mut self, table: u32) {
        let ty = self.source.context.tables.get(table as usize);
        let kind = if ty.is_some_and(|ty| ty.limits.is64) { Kind::I64 } else { Kind::I32 };
        self.produce(What::TableSize(kind, table), &mut [], kind);
    }
}
