//! Expressions: each writes instructions that push one value.

use super::{TYPES, Type, func::Func};

const INT_BIN: [&str; 10] = ["add", "add", "add", "sub", "mul", "and", "or", "xor", "shl", "shr_u"];
const INT_BIN_RARE: [&str; 3] = ["shr_s", "rotl", "rotr"];
const INT_DIV: [&str; 4] = ["div_s", "div_u", "rem_s", "rem_u"];
const INT_CMP: [&str; 10] =
    ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
const FLOAT_CMP: [&str; 6] = ["eq", "ne", "lt", "gt", "le", "ge"];
const FLOAT_BIN: [&str; 6] = ["add", "sub", "mul", "div", "min", "max"];
const FLOAT_UN: [&str; 7] = ["abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt"];

/// Conversions by result.
const CONVERSIONS: [&[(&str, Type)]; 4] = [
    &[
        ("i32.wrap_i64", Type::I64),
        ("i32.trunc_sat_f32_s", Type::F32),
        ("i32.trunc_sat_f64_u", Type::F64),
        ("i32.trunc_f64_s", Type::F64),
    ],
    &[
        ("i64.extend_i32_s", Type::I32),
        ("i64.extend_i32_u", Type::I32),
        ("i64.trunc_sat_f64_s", Type::F64),
        ("i64.trunc_sat_f32_u", Type::F32),
    ],
    &[
        ("f32.convert_i32_s", Type::I32),
        ("f32.convert_i64_u", Type::I64),
        ("f32.demote_f64", Type::F64),
    ],
    &[
        ("f64.convert_i32_u", Type::I32),
        ("f64.convert_i64_s", Type::I64),
        ("f64.promote_f32", Type::F32),
    ],
];

/// Loads and stores by type, with their sizes.
const LOADS: [&[&str]; 4] = [
    &["i32.load", "i32.load", "i32.load8_s", "i32.load8_u", "i32.load16_s", "i32.load16_u"],
    &["i64.load", "i64.load", "i64.load8_u", "i64.load16_s", "i64.load32_s", "i64.load32_u"],
    &["f32.load"],
    &["f64.load"],
];

impl Func<'_> {
    /// Writes a value of type `ty`.
    pub(super) fn expr(&mut self, ty: Type, depth: usize) {
        self.budget = self.budget.saturating_sub(1);
        if depth == 0 || self.budget == 0 {
            return self.leaf(ty);
        }
        match self.random.below(100) {
            0..=24 => self.leaf(ty),
            25..=49 => self.binary(ty, depth),
            50..=57 => self.unary(ty, depth),
            58..=63 => self.tee(ty, depth),
            64..=73 => self.load(ty, depth),
            74..=81 => self.select(ty, depth),
            82..=86 => self.convert(ty, depth),
            87..=89 => self.global(ty),
            90..=92 => self.block(ty, depth),
            93..=95 => self.branch(ty, depth),
            96..=97 => self.interrupted(ty, depth),
            _ => self.call_of(ty, depth),
        }
    }

    pub(super) fn leaf(&mut self, ty: Type) {
        let local = self.local(ty);
        match self.random.below(10) {
            0 if ty == Type::I32 && !self.small.is_empty() => {
                let counter = self.small[self.random.below(self.small.len())].clone();
                self.emit(format!("local.get {counter}"));
            }
            0..=6 if local.is_some() => {
                self.emit(format!("local.get {}", local.unwrap_or_default()));
            }
            _ => self.constant(ty),
        }
    }

    pub(super) fn constant(&mut self, ty: Type) {
        let bits = self.random.bits();
        match ty {
            Type::I32 => self.emit(format!("i32.const {}", bits as i32)),
            Type::I64 => self.emit(format!("i64.const {}", bits as i64)),
            // Any float: its bits as an integer are folded like any constant.
            Type::F32 => match self.random.chance(70) {
                true => self.emit(format!("f32.const {:?}", bits as i16 as f32 / 4.0)),
                false => self.emit(format!("i32.const {}\n f32.reinterpret_i32", bits as i32)),
            },
            Type::F64 => match self.random.chance(70) {
                true => self.emit(format!("f64.const {:?}", bits as i32 as f64 / 4.0)),
                false => self.emit(format!("i64.const {}\n f64.reinterpret_i64", bits as i64)),
            },
        }
    }

    fn unary(&mut self, ty: Type, depth: usize) {
        let name = ty.name();
        match ty {
            Type::I32 => match self.random.below(4) {
                0 | 1 => self.condition(depth),
                2 => {
                    self.expr(ty, depth - 1);
                    let op = self.random.pick(&["eqz", "clz", "ctz", "popcnt", "extend8_s"]);
                    self.emit(format!("{name}.{op}"));
                }
                _ => {
                    self.expr(Type::F32, depth - 1);
                    self.canonical(Type::F32);
                    self.emit("i32.reinterpret_f32");
                }
            },
            Type::I64 => {
                self.expr(ty, depth - 1);
                let op = self.random.pick(&["clz", "ctz", "popcnt", "extend16_s", "extend32_s"]);
                self.emit(format!("{name}.{op}"));
            }
            _ => {
                self.expr(ty, depth - 1);
                let op = self.random.pick(&FLOAT_UN);
                self.emit(format!("{name}.{op}"));
            }
        }
    }

    fn binary(&mut self, ty: Type, depth: usize) {
        self.expr(ty, depth - 1);
        if self.random.chance(8) {
            // Something else happens while the first operand waits.
            self.statement(1);
        }
        let name = ty.name();
        if ty.is_float() {
            self.expr(ty, depth - 1);
            if self.random.chance(10) {
                self.canonical(ty);
                return self.emit(format!("{name}.copysign"));
            }
            let op = self.random.pick(&FLOAT_BIN);
            return self.emit(format!("{name}.{op}"));
        }
        if self.random.chance(35) {
            self.constant(ty);
        } else {
            self.expr(ty, depth - 1);
        }
        let op = match self.random.below(20) {
            0 => self.random.pick(&INT_DIV),
            1..=3 => self.random.pick(&INT_BIN_RARE),
            _ => self.random.pick(&INT_BIN),
        };
        if INT_DIV.contains(&op) && self.random.chance(90) {
            self.emit(format!("{name}.const 1\n {name}.or"));
        }
        self.emit(format!("{name}.{op}"));
    }

    /// Writes a truth value, as branches like it.
    pub(super) fn condition(&mut self, depth: usize) {
        let depth = depth.saturating_sub(1);
        let ty = self.random.pick(&TYPES);
        match self.random.below(10) {
            0 => return self.expr(Type::I32, depth),
            1 => {
                self.expr(Type::I32, depth);
                self.expr(Type::I32, depth);
                self.emit("i32.and");
            }
            2 => {
                self.expr(Type::I64, depth);
                self.emit("i64.eqz");
            }
            _ => {
                self.expr(ty, depth);
                if self.random.chance(30) {
                    self.constant(ty);
                } else {
                    self.expr(ty, depth);
                }
                let op = if ty.is_float() {
                    self.random.pick(&FLOAT_CMP)
                } else {
                    self.random.pick(&INT_CMP)
                };
                self.emit(format!("{}.{op}", ty.name()));
            }
        }
        for _ in 0..self.random.pick(&[0, 0, 0, 1, 1, 2]) {
            self.emit("i32.eqz");
        }
    }

    fn tee(&mut self, ty: Type, depth: usize) {
        self.expr(ty, depth - 1);
        if let Some(local) = self.local(ty) {
            self.emit(format!("local.tee {local}"));
        }
    }

    fn select(&mut self, ty: Type, depth: usize) {
        self.expr(ty, depth - 1);
        self.expr(ty, depth - 1);
        self.condition(depth);
        self.emit("select");
    }

    fn convert(&mut self, ty: Type, depth: usize) {
        if !ty.is_float() && self.random.chance(60) {
            return self.widths(ty, depth);
        }
        let (op, from) = self.random.pick(CONVERSIONS[ty as usize]);
        self.expr(from, depth - 1);
        self.emit(op);
    }

    /// An integer that is made narrower and wider a few times.
    fn widths(&mut self, ty: Type, depth: usize) {
        let mut own = self.random.pick(&[Type::I32, Type::I64]);
        self.expr(own, depth - 1);
        for _ in 0..1 + self.random.below(3) {
            let (ops, to) = match (own, self.random.below(3)) {
                (Type::I32, 0) => (&["extend8_s", "extend16_s"][..], Type::I32),
                (Type::I32, _) => {
                    (&["extend_i32_u", "extend_i32_u", "extend_i32_s"][..], Type::I64)
                }
                (_, 0) => (&["extend8_s", "extend16_s", "extend32_s"][..], Type::I64),
                (_, 1) => (&["const 0xffffffff\n i64.and"][..], Type::I64),
                _ => (&["wrap_i64"][..], Type::I32),
            };
            let op = self.random.pick(ops);
            self.emit(format!("{}.{op}", to.name()));
            own = to;
        }
        match (own, ty) {
            (Type::I32, Type::I64) => self.emit("i64.extend_i32_u"),
            (Type::I64, Type::I32) => self.emit("i32.wrap_i64"),
            _ => {}
        }
    }

    /// Adds all locals to the globals, where everybody can see them.
    pub(super) fn show_locals(&mut self) {
        for (local, ty) in self.locals.clone().into_iter().enumerate() {
            let (name, global) = (ty.name(), ty as usize);
            self.emit(format!("global.get {global}"));
            if ty.is_float() {
                self.emit(format!("local.get {local}\n {name}.add"));
                self.canonical(ty);
            } else {
                self.emit(format!("{name}.const 5\n {name}.rotl\n local.get {local}"));
                self.emit(format!("{name}.xor"));
            }
            self.emit(format!("global.set {global}"));
        }
    }

    fn global(&mut self, ty: Type) {
        self.emit(format!("global.get {}", ty as usize));
    }

    /// A value by way of a block: its end, or a branch there with other values below.
    fn block(&mut self, ty: Type, depth: usize) {
        let params: Vec<Type> =
            (0..self.random.below(3)).map(|_| Type::random(self.random)).collect();
        self.exprs(&params, depth - 1);
        self.open("block", &params, &[ty]);
        self.consume(&params);
        self.statements(1);
        if self.random.chance(60) {
            if self.random.chance(50) {
                let below = Type::random(self.random);
                self.expr(below, depth - 1);
                self.expr(ty, depth - 1);
                self.condition(depth);
                self.emit("br_if 0");
                self.consume(&[below, ty]);
            } else {
                self.expr(ty, depth - 1);
                self.condition(depth);
                self.emit("br_if 0");
                self.consume(&[ty]);
            }
        }
        self.statements(1);
        self.expr(ty, depth - 1);
        self.close();
    }

    /// A value by way of an `if`.
    fn branch(&mut self, ty: Type, depth: usize) {
        let with = self.random.chance(30).then(|| Type::random(self.random));
        let params: Vec<Type> = with.into_iter().collect();
        self.exprs(&params, depth - 1);
        self.condition(depth);
        self.open("if", &params, &[ty]);
        self.consume(&params);
        self.statements(1);
        self.expr(ty, depth - 1);
        self.emit("else");
        self.consume(&params);
        self.expr(ty, depth - 1);
        self.close();
    }

    /// A value that lies on the operand stack while other things happen.
    fn interrupted(&mut self, ty: Type, depth: usize) {
        self.expr(ty, depth - 1);
        self.statements(depth.min(2));
    }

    /// A value by a call, of a function with one result of this type.
    fn call_of(&mut self, ty: Type, depth: usize) {
        let fitting = (self.first_callee()..self.signatures.len())
            .find(|&callee| self.signatures[callee].results == [ty]);
        match fitting {
            Some(callee) => self.call(callee, depth - 1),
            None => self.leaf(ty),
        }
    }

    /// The functions from here on may be called: in loops the last one only, so that programs end
    /// soon.
    pub(super) fn first_callee(&self) -> usize {
        if self.loops > 0 {
            (self.signatures.len() - 1).max(self.index + 1)
        } else {
            self.index + 1
        }
    }

    /// Writes a call with its arguments, whose results stay on the operand stack.
    pub(super) fn call(&mut self, callee: usize, depth: usize) {
        let params = self.signatures[callee].params.clone();
        self.exprs(&params, depth);
        if self.random.chance(30) {
            self.emit(format!("i32.const {callee}\n call_indirect (type $t{callee})"));
        } else {
            self.emit(format!("call $f{callee}"));
        }
    }

    fn load(&mut self, ty: Type, depth: usize) {
        let op = self.random.pick(LOADS[ty as usize]);
        let place = self.address(depth - 1);
        self.emit(format!("{op}{place}"));
    }

    /// Writes an address; returns the memory and the offset, as text.
    pub(super) fn address(&mut self, depth: usize) -> String {
        if self.random.chance(8) {
            self.expr(Type::I64, depth);
            self.emit("i64.const 0xfff\n i64.and");
            return format!(" 1 offset={}", self.random.below(100));
        }
        self.address_0(depth);
        match self.random.below(10) {
            0..=4 => String::new(),
            5..=8 => format!(" offset={}", self.random.below(300)),
            _ => format!(
                " offset={}",
                self.random.pick(&[65528, 65535, 65536, 70000, u32::MAX as usize])
            ),
        }
    }

    fn address_0(&mut self, depth: usize) {
        match self.random.below(10) {
            0 => {
                let at = self.random.below(1000);
                self.emit(format!("i32.const {at}"));
            }
            1 if self.random.chance(20) => self.expr(Type::I32, depth),
            1..=3 => self.bounded(depth),
            4..=5 => {
                self.bounded(depth);
                self.bounded(depth);
                self.emit("i32.add");
            }
            _ => {
                let scaled_first = self.random.chance(50);
                for scaled in [scaled_first, !scaled_first] {
                    self.bounded(depth);
                    if scaled {
                        let shift = self.random.below(4);
                        self.emit(format!("i32.const {shift}\n i32.shl"));
                    }
                }
                self.emit("i32.add");
            }
        }
    }

    /// Writes a small `i32`.
    fn bounded(&mut self, depth: usize) {
        if !self.small.is_empty() && self.random.chance(60) {
            let counter = self.small[self.random.below(self.small.len())].clone();
            return self.emit(format!("local.get {counter}"));
        }
        self.expr(Type::I32, depth);
        self.emit("i32.const 0xfff\n i32.and");
        if self.random.chance(30)
            && let Some(local) = self.local(Type::I32)
        {
            self.emit(format!("local.tee {local}"));
        }
    }

    /// Makes the float on top of the operand stack one whose bits are the same everywhere.
    pub(super) fn canonical(&mut self, ty: Type) {
        let name = ty.name();
        self.emit(format!("local.tee $nan_{name}"));
        self.emit(format!("{name}.const nan"));
        self.emit(format!("local.get $nan_{name}\n local.get $nan_{name}\n {name}.eq\n select"));
    }
}
