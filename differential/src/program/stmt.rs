//! Statements: each leaves the operand stack as it found it.

use super::{Type, func::Func};

const STORES: [&[&str]; 4] = [
    &["i32.store", "i32.store", "i32.store8", "i32.store16"],
    &["i64.store", "i64.store", "i64.store8", "i64.store16", "i64.store32"],
    &["f32.store"],
    &["f64.store"],
];

impl Func<'_> {
    /// Writes some statements, with blocks nested to `depth`.
    pub(super) fn statements(&mut self, depth: usize) {
        for _ in 0..=self.random.below(1 + 2 * depth) {
            self.statement(depth);
        }
    }

    /// Writes one statement.
    pub(super) fn statement(&mut self, depth: usize) {
        if self.budget == 0 {
            return;
        }
        self.budget -= 1;
        let choice = self.random.below(if depth == 0 { 60 } else { 100 });
        match choice {
            0..=34 => self.set(),
            35..=47 => self.store(),
            48..=51 => self.exit(),
            52..=55 => self.call_any(),
            56..=57 => self.set_global(),
            58..=59 => self.swap(),
            60..=69 => self.when(depth - 1),
            70..=74 => self.nested(depth - 1),
            75..=92 => self.repeat(depth - 1),
            _ => self.switch(depth - 1),
        }
    }

    fn set(&mut self) {
        let ty = Type::random(self.random);
        if let Some(local) = self.local(ty) {
            self.expr(ty, 3);
            self.emit(format!("local.set {local}"));
        }
    }

    /// Old values of locals are on the operand stack while the locals are written.
    fn swap(&mut self) {
        let locals: Vec<usize> =
            (0..2 + self.random.below(2)).map(|_| self.random.below(self.locals.len())).collect();
        for &local in &locals {
            self.emit(format!("local.get {local}"));
        }
        let types: Vec<Type> = locals.iter().map(|&local| self.locals[local]).collect();
        for &ty in types.iter().rev() {
            match self.local(ty) {
                Some(local) => self.emit(format!("local.set {local}")),
                None => self.emit("drop"),
            }
        }
    }

    fn set_global(&mut self) {
        let ty = Type::random(self.random);
        self.expr(ty, 2);
        self.emit(format!("global.set {}", ty as usize));
    }

    fn store(&mut self) {
        let ty = Type::random(self.random);
        let place = self.address(2);
        self.expr(ty, 2);
        if ty.is_float() {
            self.canonical(ty);
        }
        let op = self.random.pick(STORES[ty as usize]);
        self.emit(format!("{op}{place}"));
    }

    fn call_any(&mut self) {
        let first = self.first_callee();
        if first >= self.signatures.len() {
            return self.set();
        }
        let callee = first + self.random.below(self.signatures.len() - first);
        self.call(callee, 2);
        let results = self.signatures[callee].results.clone();
        self.consume(&results);
    }

    /// Leaves some block, or the function, if a condition holds.
    fn exit(&mut self) {
        let open: Vec<usize> =
            (0..self.labels.len()).filter(|&label| !self.labels[label].is_loop).collect();
        let target = self.random.pick(&open);
        let types = self.labels[target].types.clone();
        if self.random.chance(60) {
            self.exprs(&types, 2);
            self.condition(2);
            let label = self.labels.len() - 1 - target;
            self.emit(format!("br_if {label}"));
            return self.consume(&types);
        }
        self.condition(2);
        self.open("if", &[], &[]);
        self.exprs(&types, 2);
        let label = self.labels.len() - 1 - target;
        if target > 0 {
            self.emit(format!("br {label}"));
        } else {
            self.leave();
        }
        self.close();
    }

    /// Returns the results on the operand stack: as they are, or those of a tail call.
    fn leave(&mut self) {
        let results = &self.signatures[self.index].results;
        let callee = (self.first_callee()..self.signatures.len())
            .find(|&callee| self.signatures[callee].results == *results);
        match callee {
            Some(callee) if self.random.chance(50) => {
                let params = self.signatures[callee].params.clone();
                self.exprs(&params, 1);
                if self.random.chance(40) {
                    self.emit(format!(
                        "i32.const {callee}\n return_call_indirect (type $t{callee})"
                    ));
                } else {
                    self.emit(format!("return_call $f{callee}"));
                }
            }
            _ => self.emit("return"),
        }
    }

    fn when(&mut self, depth: usize) {
        self.condition(3);
        self.open("if", &[], &[]);
        self.statements(depth);
        if self.random.chance(50) {
            self.emit("else");
            self.statements(depth);
        }
        self.close();
    }

    fn nested(&mut self, depth: usize) {
        let results: Vec<Type> =
            (0..self.random.below(3)).map(|_| Type::random(self.random)).collect();
        self.open("block", &[], &results);
        self.statements(depth);
        self.exprs(&results, 2);
        self.close();
        self.consume(&results);
    }

    /// A loop that counts. It may carry values from round to round.
    fn repeat(&mut self, depth: usize) {
        if self.loops == 3 {
            return self.nested(depth);
        }
        let ty = self.random.pick(&[Type::I32, Type::I32, Type::I32, Type::I64]);
        let [counter, limit] = self.counter(ty);
        let name = ty.name();
        let carried: Vec<Type> =
            (0..self.random.pick(&[0, 0, 0, 1, 2])).map(|_| Type::random(self.random)).collect();
        let down = self.random.chance(20);
        let limited = self.random.chance(40);
        self.expr(ty, 2);
        self.emit(format!("{name}.const 7\n {name}.and\n local.set {limit}"));
        let start = if down { 1 + self.random.below(6) } else { 0 };
        self.emit(format!("{name}.const {start}\n local.set {counter}"));
        self.exprs(&carried, 2);
        self.open("loop", &carried, &carried);
        self.loops += 1;
        if ty == Type::I32 {
            self.small.push(counter.clone());
        }
        if self.random.chance(50) || carried.is_empty() {
            self.consume(&carried);
            self.statements(depth);
            self.exprs(&carried, 2);
        } else {
            self.statements(depth);
        }
        if ty == Type::I32 {
            self.small.pop();
        }
        if down {
            self.count_down(&counter, ty);
        } else {
            self.count_up(&counter, limited.then_some(&*limit), ty);
        }
        self.emit("br_if 0");
        if self.random.chance(20) && carried.is_empty() {
            self.set();
        }
        self.loops -= 1;
        self.close();
        self.consume(&carried);
    }

    fn count_down(&mut self, counter: &str, ty: Type) {
        let name = ty.name();
        self.emit(format!("local.get {counter}"));
        match self.random.chance(50) {
            true => self.emit(format!("{name}.const 1\n {name}.sub")),
            false => self.emit(format!("{name}.const -1\n {name}.add")),
        }
        self.emit(format!("local.tee {counter}"));
        match self.random.below(3) {
            0 if ty == Type::I32 => {}
            1 => self.emit(format!("{name}.eqz\n i32.eqz")),
            _ => {
                let op = self.random_of(&["ne", "gt_s", "gt_u"]);
                self.emit(format!("{name}.const 0\n {name}.{op}"));
            }
        }
    }

    /// Adds to the counter and compares it with the limit, in one of the ways that compilers do.
    fn count_up(&mut self, counter: &str, limit: Option<&str>, ty: Type) {
        let name = ty.name();
        let step = 1 + self.random.below(2);
        if ty == Type::I32 && self.random.chance(15) {
            let wide = self.random_of(&["i64.extend_i32_u", "i64.extend_i32_s"]);
            self.emit(format!("local.get {counter}\n {wide}\n i64.const {step}\n i64.add"));
            self.emit("i32.wrap_i64");
        } else {
            self.emit(format!("local.get {counter}\n {name}.const {step}\n {name}.add"));
        }
        let tee = self.random.chance(50);
        let rounds = self.random.below(8);
        let bound = match limit {
            Some(limit) => format!("local.get {limit}"),
            None => format!("{name}.const {rounds}"),
        };
        if tee {
            self.emit(format!("local.tee {counter}\n {bound}"));
        } else {
            self.emit(format!("local.set {counter}"));
            if self.random.chance(20) {
                self.set();
            }
            if self.random.chance(30) {
                let op = self.random_of(&["gt_s", "gt_u", "ge_s", "ge_u"]);
                return self.emit(format!("{bound}\n local.get {counter}\n {name}.{op}"));
            }
            self.emit(format!("local.get {counter}\n {bound}"));
        }
        match self.random.below(3) {
            0 => {
                let op = self.random_of(&["gt_s", "ge_u", "ge_s", "gt_u"]);
                self.emit(format!("{name}.{op}\n i32.eqz"));
            }
            _ => {
                let op = self.random_of(&["lt_s", "lt_u", "le_s", "le_u"]);
                self.emit(format!("{name}.{op}"));
            }
        }
    }

    fn random_of(&mut self, names: &[&'static str]) -> &'static str {
        self.random.pick(names)
    }

    /// A `br_table` into nested blocks that all take the same values, and perhaps further out.
    fn switch(&mut self, depth: usize) {
        let types: Vec<Type> =
            (0..self.random.pick(&[0, 0, 1, 2])).map(|_| Type::random(self.random)).collect();
        let cases = 1 + self.random.below(3);
        for _ in 0..cases {
            self.open("block", &[], &types);
        }
        if self.random.chance(30) {
            let below = Type::random(self.random);
            self.expr(below, 1);
        }
        self.exprs(&types, 2);
        self.expr(Type::I32, 2);
        if self.random.chance(70) {
            self.emit("i32.const 7\n i32.and");
        }
        let fitting: Vec<usize> = (0..self.labels.len())
            .filter(|&label| self.labels[label].types == types && !self.labels[label].is_loop)
            .map(|label| self.labels.len() - 1 - label)
            .collect();
        let targets: Vec<String> =
            (0..2 + self.random.below(5)).map(|_| self.random.pick(&fitting).to_string()).collect();
        self.emit(format!("br_table {}", targets.join(" ")));
        for case in 0..cases {
            self.close();
            self.consume(&types);
            self.statements(depth);
            if case + 1 < cases {
                self.exprs(&types, 2);
            }
        }
    }
}
