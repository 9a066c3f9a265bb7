//! [`Func`]: one function of a program while it is written.

use super::{Signature, TYPES, Type, list};
use crate::Random;
use std::fmt::Write;

/// A function while it is written.
pub(super) struct Func<'a> {
    pub(super) random: &'a mut Random,
    pub(super) signatures: &'a [Signature],
    pub(super) index: usize,
    /// The types of parameters and locals that anything may write.
    pub(super) locals: Vec<Type>,
    /// Open blocks, innermost last.
    pub(super) labels: Vec<Label>,
    /// Local that loops count in, and locals that keep their limits: `i32`, then `i64`. Each is
    /// used by one loop only.
    counters: [usize; 2],
    /// The counters of the open loops: `i32`s that are small.
    pub(super) small: Vec<String>,
    pub(super) loops: usize,
    /// How much there is still to write.
    pub(super) budget: usize,
    out: String,
}

/// An open block.
#[derive(Clone)]
pub(super) struct Label {
    /// What a branch there takes.
    pub(super) types: Vec<Type>,
    /// Only the loop's own latch may branch there.
    pub(super) is_loop: bool,
}

impl<'a> Func<'a> {
    /// A function with this index.
    pub(super) fn text(
        random: &'a mut Random,
        signatures: &'a [Signature],
        index: usize,
    ) -> String {
        let Signature { params, results } = signatures[index].clone();
        let mut locals = params.clone();
        // Few locals are all pinned; many are not.
        let count = random.pick(&[2, 4, 8, 14]);
        locals.extend((0..count).map(|_| Type::random(random)));
        let budget = random.pick(&[10, 30, 60, 120]);
        let mut func = Func {
            random,
            signatures,
            index,
            labels: vec![Label { types: results.clone(), is_loop: false }],
            counters: [0, 0],
            small: Vec::new(),
            loops: 0,
            budget,
            out: String::new(),
            locals,
        };
        func.statements(4);
        for &ty in &results {
            func.expr(ty, 3);
        }
        func.show_locals();
        func.finish(&params)
    }

    fn finish(self, params: &[Type]) -> String {
        let index = self.index;
        let mut text = format!("(func $f{index} (export \"f{index}\") (type $t{index})\n");
        // Locals are named by number: parameters, then the rest in order.
        let _ = writeln!(text, "{}", list("local", &self.locals[params.len()..]));
        for ty in TYPES {
            let _ = writeln!(text, "(local $nan_{0} {0})", ty.name());
        }
        for (ty, count) in [Type::I32, Type::I64].into_iter().zip(self.counters) {
            for number in 0..count {
                let _ = writeln!(
                    text,
                    "(local $c_{0}_{number} {0}) (local $n_{0}_{number} {0})",
                    ty.name()
                );
            }
        }
        text.push_str(&self.out);
        text.push_str(")\n");
        text
    }

    /// Writes one instruction.
    pub(super) fn emit(&mut self, instr: impl std::fmt::Display) {
        let _ = writeln!(self.out, "{:1$}{instr}", "", self.labels.len());
    }

    /// A local of this type that may be written, if there is one.
    pub(super) fn local(&mut self, ty: Type) -> Option<usize> {
        let fitting: Vec<usize> =
            (0..self.locals.len()).filter(|&local| self.locals[local] == ty).collect();
        // The first ones more often: they are the ones to be pinned.
        let among = if self.random.chance(60) { fitting.len().min(3) } else { fitting.len() };
        (!fitting.is_empty()).then(|| fitting[self.random.below(among)])
    }

    /// The names of a counter and of the limit that goes with it, of type `i32` or `i64`.
    pub(super) fn counter(&mut self, ty: Type) -> [String; 2] {
        let number = self.counters[ty as usize];
        self.counters[ty as usize] += 1;
        ["c", "n"].map(|what| format!("${what}_{}_{number}", ty.name()))
    }

    /// Opens a block: `block`, `loop` or `if`.
    pub(super) fn open(&mut self, what: &str, params: &[Type], results: &[Type]) {
        let is_loop = what == "loop";
        let types = if is_loop { params } else { results };
        self.emit(format!("{what}{}{}", list("param", params), list("result", results)));
        self.labels.push(Label { types: types.to_vec(), is_loop });
    }

    pub(super) fn close(&mut self) {
        self.labels.pop();
        self.emit("end");
    }

    /// Takes values off the operand stack, the last first: into locals, or away.
    pub(super) fn consume(&mut self, types: &[Type]) {
        for &ty in types.iter().rev() {
            match self.local(ty) {
                Some(local) if self.random.chance(80) => self.emit(format!("local.set {local}")),
                _ => self.emit("drop"),
            }
        }
    }

    /// Writes values of these types.
    pub(super) fn exprs(&mut self, types: &[Type], depth: usize) {
        for &ty in types {
            self.expr(ty, depth);
        }
    }
}
