//! Random programs that throw and catch, compared with a small model of what they mean: nests of
//! try blocks in both encodings, in loops, over calls of the same instance, of others and through
//! the host.

use windlass::{
    Caller, Config, Engine, Error, Features, Func, Instance, Linker, Metering, Module, Store,
    ThrownException, Val,
};

/// What a function consists of. Every function has a parameter `p` and the locals `a`, `b`, `c`,
/// `d`.
#[derive(Debug)]
enum Stmt {
    /// Changes one of the locals.
    Change(u8, i32),
    /// Adds all locals to the trace, a global of all instances.
    Trace,
    /// Throws if the parameter's bits under the mask have the value.
    Throw {
        mask: i32,
        value: i32,
        tag: usize,
    },
    /// Adds to `a` what a later function returns, called directly or by the host.
    Call {
        func: usize,
        add: i32,
        by_host: bool,
    },
    /// Adds to `a`, as it was before, a value that depends on which clause it comes through.
    Try {
        form: Form,
        body: Vec<Stmt>,
        clauses: Vec<Clause>,
    },
    Loop(i32, Vec<Stmt>),
    /// Does it again, if it throws, at most so many times.
    Retry(i32, Vec<Stmt>),
    /// The field of an exception with tag 1 is what the function returns.
    Return(Vec<Stmt>),
}

#[derive(Debug)]
struct Clause {
    /// None catches all.
    tag: Option<usize>,
    handler: Vec<Stmt>,
    /// Whether what was caught is thrown again in the end.
    again: bool,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    TryTable,
    Legacy,
    /// As legacy; the body is in a `try` that delegates to it, past another one.
    Delegate,
}

const FUNCS: usize = 4;
/// What tags carry: see [`Model::fields`].
const TAGS: [&str; 4] = ["", "i32", "i64 f64", "v128 f32"];

/// A small generator of random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    fn small(&mut self) -> i32 {
        self.below(100) as i32
    }

    fn stmts(&mut self, func: usize, depth: u64) -> Vec<Stmt> {
        (0..1 + self.below(4)).map(|_| self.stmt(func, depth)).collect()
    }

    fn stmt(&mut self, func: usize, depth: u64) -> Stmt {
        let kinds = if depth == 0 { 8 } else { 16 };
        match self.below(kinds) {
            0..=2 => Stmt::Change(self.below(4) as u8, self.small()),
            3 => Stmt::Trace,
            4 | 5 => {
                let mask = self.below(8) as i32;
                Stmt::Throw {
                    mask,
                    value: self.below(8) as i32 & mask,
                    tag: self.below(4) as usize,
                }
            }
            6 | 7 if func + 1 < FUNCS => Stmt::Call {
                func: func + 1 + self.below((FUNCS - func - 1) as u64) as usize,
                add: self.small(),
                by_host: self.below(3) == 0,
            },
            6 | 7 => Stmt::Trace,
            8..=12 => Stmt::Try {
                form: [Form::TryTable, Form::TryTable, Form::Legacy, Form::Delegate]
                    [self.below(4) as usize],
                body: self.stmts(func, depth - 1),
                clauses: self.clauses(func, depth - 1),
            },
            13 => Stmt::Loop(1 + self.below(3) as i32, self.stmts(func, depth - 1)),
            14 => Stmt::Retry(self.below(4) as i32, self.stmts(func, depth - 1)),
            _ => Stmt::Return(self.stmts(func, depth - 1)),
        }
    }

    fn clauses(&mut self, func: usize, depth: u64) -> Vec<Clause> {
        let mut clauses: Vec<Clause> = (0..self.below(4))
            .map(|_| Clause {
                tag: Some(self.below(4) as usize),
                handler: self.stmts(func, depth),
                again: self.below(3) == 0,
            })
            .collect();
        if self.below(3) == 0 {
            let (handler, again) = (self.stmts(func, depth), self.below(2) == 0);
            clauses.push(Clause { tag: None, handler, again });
        }
        clauses
    }
}

/// An exception: its tag and its fields as bits.
type Exception = (usize, [u128; 2]);

/// How a list of statements ends: none goes on, or the function returns.
type Flow = Result<Option<i32>, Stop>;

#[derive(Debug, PartialEq)]
enum Stop {
    Thrown(Exception),
    /// The program takes too long to be of use.
    TooLong,
}

#[derive(Clone, Copy)]
struct Locals {
    p: i32,
    a: i32,
    b: i64,
    c: f64,
    d: f32,
}

/// What a program means.
struct Model<'a> {
    funcs: &'a [Vec<Stmt>],
    trace: i64,
    steps: u32,
}

impl Model<'_> {
    fn call(&mut self, func: usize, p: i32) -> Result<i32, Stop> {
        let mut l = Locals { p, a: 1, b: 2, c: 3.0, d: 4.0 };
        let funcs = self.funcs;
        match self.run(&funcs[func], &mut l)? {
            Some(result) => Ok(result),
            None => Ok(l.a),
        }
    }

    fn run(&mut self, stmts: &[Stmt], l: &mut Locals) -> Flow {
        for stmt in stmts {
            if let Some(result) = self.stmt(stmt, l)? {
                return Ok(Some(result));
            }
        }
        Ok(None)
    }

    fn stmt(&mut self, stmt: &Stmt, l: &mut Locals) -> Flow {
        self.steps += 1;
        if self.steps > 3000 {
            return Err(Stop::TooLong);
        }
        match stmt {
            Stmt::Change(0, k) => l.a = l.a.wrapping_mul(3).wrapping_add(*k),
            Stmt::Change(1, k) => l.b = l.b.wrapping_add((*k).into()),
            Stmt::Change(2, k) => l.c += f64::from(*k),
            Stmt::Change(_, k) => l.d += *k as f32,
            Stmt::Trace => {
                let all = i64::from(l.a as u32)
                    .wrapping_add(l.b)
                    .wrapping_add(l.c.to_bits() as i64)
                    .wrapping_add(i64::from(l.d.to_bits()));
                self.trace = self.trace.wrapping_mul(31).wrapping_add(all);
            }
            Stmt::Throw { mask, value, tag } => {
                if l.p & mask == *value {
                    return Err(Stop::Thrown((*tag, Model::fields(*tag, l))));
                }
            }
            Stmt::Call { func, add, .. } => {
                let result = self.call(*func, l.p.wrapping_add(*add))?;
                l.a = l.a.wrapping_add(result);
            }
            Stmt::Try { body, clauses, .. } => {
                let before = l.a;
                let value = match self.run(body, l) {
                    Ok(None) => 1000,
                    Err(Stop::Thrown(exception)) => {
                        let fits = |clause: &&Clause| clause.tag.is_none_or(|t| t == exception.0);
                        let Some(index) = clauses.iter().position(|c| fits(&c)) else {
                            return Err(Stop::Thrown(exception));
                        };
                        let clause = &clauses[index];
                        if clause.tag.is_some() {
                            Model::take(exception, l);
                        }
                        if let Some(result) = self.run(&clause.handler, l)? {
                            return Ok(Some(result));
                        }
                        if clause.again {
                            return Err(Stop::Thrown(exception));
                        }
                        2000 + index as i32
                    }
                    end => return end,
                };
                l.a = before.wrapping_add(value);
            }
            Stmt::Loop(count, body) => {
                for _ in 0..*count {
                    if let Some(result) = self.run(body, l)? {
                        return Ok(Some(result));
                    }
                }
            }
            Stmt::Retry(count, body) => {
                for _ in 0..*count {
                    match self.run(body, l) {
                        Err(Stop::Thrown(_)) => {}
                        Ok(None) => break,
                        end => return end,
                    }
                }
            }
            Stmt::Return(body) => match self.run(body, l) {
                Err(Stop::Thrown((1, fields))) => return Ok(Some(fields[0] as i32)),
                end => return end,
            },
        }
        Ok(None)
    }

    /// What an exception that is thrown has as fields.
    fn fields(tag: usize, l: &Locals) -> [u128; 2] {
        let b = u128::from(l.b as u64);
        match tag {
            0 => [0, 0],
            1 => [(l.a as u32).into(), 0],
            2 => [b, l.c.to_bits().into()],
            _ => [b << 64 | b, l.d.to_bits().into()],
        }
    }

    /// What a clause does with the fields first.
    fn take((tag, fields): Exception, l: &mut Locals) {
        match tag {
            0 => {}
            1 => l.a ^= fields[0] as i32,
            2 => {
                l.c = f64::from_bits(fields[1] as u64);
                l.b = l.b.wrapping_add(fields[0] as i64);
            }
            _ => {
                l.d = f32::from_bits(fields[1] as u32);
                l.b = ((fields[0] >> 64) as i64).wrapping_add(1);
            }
        }
    }
}

/// A function as text.
#[derive(Default)]
struct Text {
    code: String,
    /// Declarations of more locals.
    locals: String,
    /// How many labels and locals were named.
    names: usize,
}

impl Text {
    fn function(index: usize, stmts: &[Stmt]) -> String {
        let mut text = Text::default();
        text.stmts(stmts);
        let Text { code, locals, .. } = text;
        format!(
            "(func $f{index} (export \"f{index}\") (param $p i32) (result i32)
              (local $a i32) (local $b i64) (local $c f64) (local $d f32) {locals}
              i32.const 1 local.set $a i64.const 2 local.set $b
              f64.const 3 local.set $c f32.const 4 local.set $d
              {code} local.get $a)\n"
        )
    }

    fn put(&mut self, code: impl AsRef<str>) {
        self.code.push_str(code.as_ref());
        self.code.push('\n');
    }

    fn name(&mut self) -> usize {
        self.names += 1;
        self.names
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        stmts.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Change(0, k) => self.put(format!(
                "local.get $a i32.const 3 i32.mul i32.const {k} i32.add local.set $a"
            )),
            Stmt::Change(which, k) => {
                let (name, ty) =
                    [("a", "i32"), ("b", "i64"), ("c", "f64"), ("d", "f32")][usize::from(*which)];
                self.put(format!("local.get ${name} {ty}.const {k} {ty}.add local.set ${name}"));
            }
            Stmt::Trace => self.put(
                "global.get $trace i64.const 31 i64.mul
                 local.get $a i64.extend_i32_u local.get $b i64.add
                 local.get $c i64.reinterpret_f64 i64.add
                 local.get $d i32.reinterpret_f32 i64.extend_i32_u i64.add
                 i64.add global.set $trace",
            ),
            Stmt::Throw { mask, value, tag } => {
                let fields = [
                    "",
                    "local.get $a",
                    "local.get $b local.get $c",
                    "local.get $b i64x2.splat local.get $d",
                ][*tag];
                self.put(format!(
                    "local.get $p i32.const {mask} i32.and i32.const {value} i32.eq
                     if {fields} throw $t{tag} end"
                ));
            }
            Stmt::Call { func, add, by_host } => {
                self.put("local.get $a");
                let arg = format!("local.get $p i32.const {add} i32.add");
                match by_host {
                    true => self.put(format!("i32.const {func} {arg} call $hop")),
                    false => self.put(format!("{arg} call $f{func}")),
                }
                self.put("i32.add local.set $a");
            }
            Stmt::Try { form, body, clauses } => {
                // Under the block lies what `a` was.
                self.put("local.get $a");
                match form {
                    Form::TryTable => self.try_table(body, clauses),
                    Form::Legacy => self.legacy(body, clauses, false),
                    Form::Delegate => self.legacy(body, clauses, true),
                }
                self.put("i32.add local.set $a");
            }
            Stmt::Loop(count, body) => {
                let n = self.name();
                self.locals.push_str(&format!("(local $n{n} i32)"));
                self.put(format!("i32.const {count} local.set $n{n} loop $l{n}"));
                self.stmts(body);
                self.put(format!(
                    "local.get $n{n} i32.const 1 i32.sub local.tee $n{n} br_if $l{n} end"
                ));
            }
            Stmt::Retry(count, body) => {
                let n = self.name();
                self.locals.push_str(&format!("(local $n{n} i32)"));
                self.put(format!(
                    "i32.const {count} local.set $n{n}
                     block $done{n} loop $l{n}
                       local.get $n{n} i32.eqz br_if $done{n}
                       local.get $n{n} i32.const 1 i32.sub local.set $n{n}
                       try_table (catch_all $l{n})"
                ));
                self.stmts(body);
                self.put("end end end");
            }
            Stmt::Return(body) => {
                let n = self.name();
                self.put(format!(
                    "block $no{n} block $yes{n} (result i32) try_table (catch $t1 $yes{n})"
                ));
                self.stmts(body);
                self.put(format!("end br $no{n} end return end"));
            }
        }
    }

    fn try_table(&mut self, body: &[Stmt], clauses: &[Clause]) {
        let n = self.name();
        self.locals.push_str(&format!("(local $exn{n} exnref)"));
        self.put(format!("block $out{n} (result i32)"));
        for (i, clause) in clauses.iter().enumerate().rev() {
            let fields = clause.tag.map_or("", |tag| TAGS[tag]);
            let exn = if clause.again { "(ref exn)" } else { "" };
            self.put(format!("block $h{n}_{i} (result {fields} {exn})"));
        }
        self.put("try_table (result i32)");
        for (i, clause) in clauses.iter().enumerate() {
            let reference = if clause.again { "_ref" } else { "" };
            match clause.tag {
                Some(tag) => self.put(format!("(catch{reference} $t{tag} $h{n}_{i})")),
                None => self.put(format!("(catch_all{reference} $h{n}_{i})")),
            }
        }
        self.stmts(body);
        self.put(format!("i32.const 1000 end br $out{n}"));
        for (i, clause) in clauses.iter().enumerate() {
            self.put("end");
            if clause.again {
                self.put(format!("local.set $exn{n}"));
            }
            self.clause(i, clause);
            match clause.again {
                true => self.put(format!("drop local.get $exn{n} throw_ref")),
                false => self.put(format!("br $out{n}")),
            }
        }
        self.put("end");
    }

    fn legacy(&mut self, body: &[Stmt], clauses: &[Clause], delegate: bool) {
        let n = self.name();
        self.put(format!("try $try{n} (result i32)"));
        if delegate {
            self.put("try (result i32) try (result i32)");
        }
        self.stmts(body);
        self.put("i32.const 1000");
        if delegate {
            self.put(format!("delegate $try{n} catch_all unreachable end"));
        }
        for (i, clause) in clauses.iter().enumerate() {
            match clause.tag {
                Some(tag) => self.put(format!("catch $t{tag}")),
                None => self.put("catch_all"),
            }
            self.clause(i, clause);
            if clause.again {
                self.put(format!("drop rethrow $try{n}"));
            }
        }
        self.put("end");
    }

    /// Takes the fields, and leaves the clause's value.
    fn clause(&mut self, index: usize, clause: &Clause) {
        self.put(match clause.tag {
            None | Some(0) => "",
            Some(1) => "local.get $a i32.xor local.set $a",
            Some(2) => "local.set $c local.get $b i64.add local.set $b",
            Some(_) => "local.set $d i64x2.extract_lane 1 i64.const 1 i64.add local.set $b",
        });
        self.stmts(&clause.handler);
        self.put(format!("i32.const {}", 2000 + index));
    }
}

/// The instances of a program; the store has its functions.
struct Program {
    store: Store<Vec<Func>>,
    base: Instance,
    /// The one that exports the tags.
    tags: Instance,
}

fn hop(mut caller: Caller<'_, Vec<Func>>, func: u32, arg: i32) -> Result<i32, Error> {
    // The last function was made first.
    let func = caller.data()[FUNCS - 1 - func as usize];
    func.typed::<i32, i32>(&caller)?.call(&mut caller, arg)
}

impl Program {
    /// All functions and tags in one instance, or each function in one of its own that imports the
    /// tags.
    fn new(engine: &Engine, funcs: &[Vec<Stmt>], apart: bool) -> Program {
        let mut store = Store::new(engine, Vec::new());
        let mut linker = Linker::new(engine);
        linker.func_wrap("host", "hop", hop).unwrap();
        let tags = |form: fn(usize, &str) -> String| -> String {
            TAGS.iter().enumerate().map(|(i, fields)| form(i, fields)).collect()
        };
        let defined = tags(|i, fields| format!("(tag $t{i} (export \"t{i}\") (param {fields}))"));
        let text =
            format!("(module {defined} (global (export \"trace\") (mut i64) (i64.const 0)))");
        let module = |text: &str| {
            let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            Module::new(engine, wasm).unwrap_or_else(|error| panic!("{error}: {text}"))
        };
        let base = linker.instantiate(&mut store, &module(&text)).unwrap();
        linker.instance(&store, "base", base).unwrap();

        let others = r#"(import "base" "trace" (global $trace (mut i64)))
                        (import "host" "hop" (func $hop (param i32 i32) (result i32)))"#;
        let imports =
            tags(|i, fields| format!("(import \"base\" \"t{i}\" (tag $t{i} (param {fields})))"));
        let texts: Vec<String> =
            funcs.iter().enumerate().map(|(i, stmts)| Text::function(i, stmts)).collect();
        if !apart {
            let text = format!("(module {others} {defined} {})", texts.concat());
            let instance = linker.instantiate(&mut store, &module(&text)).unwrap();
            let all = (0..FUNCS).rev();
            let all = all.map(|i| instance.get_func(&store, &format!("f{i}")).unwrap()).collect();
            *store.data_mut() = all;
            return Program { store, base, tags: instance };
        }
        for (i, text) in texts.iter().enumerate().rev() {
            let later: String = (i + 1..FUNCS)
                .map(|j| format!("(import \"{j}\" \"f{j}\" (func $f{j} (param i32) (result i32)))"))
                .collect();
            let text = format!("(module {others} {imports} {later} {text})");
            let instance = linker.instantiate(&mut store, &module(&text)).unwrap();
            linker.instance(&store, &i.to_string(), instance).unwrap();
            let func = instance.get_func(&store, &format!("f{i}")).unwrap();
            store.data_mut().push(func);
        }
        Program { store, base, tags: base }
    }

    /// What the first function returns or throws, and the trace.
    fn call(&mut self, p: i32) -> (Result<i32, Stop>, i64) {
        let trace = self.base.get_global(&self.store, "trace").unwrap();
        trace.set(&mut self.store, Val::I64(0)).unwrap();
        let first = self.store.data()[FUNCS - 1].typed::<i32, i32>(&self.store).unwrap();
        let result = first.call(&mut self.store, p).map_err(|error| {
            assert!(error.is::<ThrownException>(), "{error}");
            self.pending()
        });
        (result, trace.get(&mut self.store).i64().unwrap())
    }

    fn pending(&mut self) -> Stop {
        let exception = self.store.take_pending_exception().unwrap();
        let tag = exception.tag(&self.store).unwrap();
        let is_tag = |i: &usize| self.tags.get_tag(&self.store, &format!("t{i}")) == Some(tag);
        let index = (0..TAGS.len()).find(is_tag).unwrap();
        let mut fields = [0; 2];
        for (field, val) in fields.iter_mut().zip(exception.fields(&mut self.store).unwrap()) {
            *field = match val {
                Val::I32(x) => u128::from(x as u32),
                Val::I64(x) => u128::from(x as u64),
                Val::F32(bits) => bits.into(),
                Val::F64(bits) => bits.into(),
                Val::V128(x) => x.as_u128(),
                other => panic!("{other:?}"),
            };
        }
        Stop::Thrown((index, fields))
    }
}

#[test]
fn random_programs_do_as_the_model_says() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let features = Features::WASM3 | Features::LEGACY_EXCEPTIONS;
    let engines = [Metering::None, Metering::Interrupt, Metering::Fuel]
        .map(|metering| Engine::new(Config::new().features(features).metering(metering)).unwrap());
    let (mut returned, mut thrown, mut traced) = (0, 0, 0);
    for round in 0..300 {
        let funcs: Vec<_> = (0..FUNCS).map(|func| random.stmts(func, 4)).collect();
        let engine = &engines[round % 3];
        let mut program = Program::new(engine, &funcs, round % 2 == 0);
        for p in 0..6 {
            let mut model = Model { funcs: &funcs, trace: 0, steps: 0 };
            let expected = model.call(0, p);
            if expected == Err(Stop::TooLong) {
                continue;
            }
            if round % 3 == 2 {
                program.store.set_fuel(1 << 30).unwrap();
            }
            let found = program.call(p);
            assert_eq!(found, (expected, model.trace), "round {round}, p = {p}: {funcs:#?}");
            match found.0 {
                Ok(_) => returned += 1,
                Err(_) => thrown += 1,
            }
            traced += u32::from(found.1 != 0);
        }
    }
    assert!(returned > 250 && thrown > 250 && traced > 250, "{returned} {thrown} {traced}");
}
