//! The attacks: each makes a module of a size. One kind of thing is numerous in it; the rest is as
//! small as can be.

use crate::wasi;
use crate::wasm::{EMPTY, END, EXTERNREF, FUNCREF, I32, I64, Wasm, i32_const, leb, op};

/// An attack.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// How many bytes of the module each of the numerous things takes, about.
    pub(crate) unit: usize,
    /// More of them are not allowed.
    pub(crate) most: usize,
    pub(crate) make: fn(usize) -> Vec<u8>,
}

impl Attack {
    /// About the size of a module with so many of the numerous things, in bytes.
    pub(crate) fn size(&self, count: usize) -> usize {
        count.saturating_mul(self.unit)
    }
}

const fn attack(
    name: &'static str,
    unit: usize,
    most: usize,
    make: fn(usize) -> Vec<u8>,
) -> Attack {
    Attack { name, unit, most, make }
}

const ANY: usize = usize::MAX;

pub(crate) const ATTACKS: &[Attack] = &[
    attack("types", 12, 1_000_000, types),
    attack("groups", 24, 300_000, groups),
    attack("group", 8, 300_000, group),
    attack("functions", 5, 1_000_000, functions),
    attack("exports", 12, 1_000_000, exports),
    attack("imports", 6, 1_000_000, imports),
    attack("globals", 5, 1_000_000, globals),
    attack("locals", 10, ANY, locals),
    attack("runs of locals", 2, 32_000, runs_of_locals),
    attack("zeroed locals", 10, ANY, zeroed_locals),
    attack("results", 2, ANY, results),
    attack("nesting", 3, ANY, nesting),
    attack("br_tables", 7, ANY, br_tables),
    attack("labels", 1, 65_000, labels),
    attack("try and throw", 11, ANY, try_and_throw),
    attack("clauses", 3, 9_000, clauses),
    attack("clauses in depth", 9, ANY, clauses_in_depth),
    attack("delegates", 7, 32_000, delegates),
    attack("data segments", 3, 100_000, data_segments),
    attack("element segments", 7, ANY, element_segments),
    attack("elements", 1, 10_000_000, elements),
    attack("pending locals", 5, 32_000, pending_locals),
    attack("operands", 3, 30_000, operands),
    attack("small functions", 2, ANY, small_functions),
    attack("reference locals", 2, ANY, reference_locals),
    attack("references", 5, 30_000, references),
    attack("frames collected", 9, ANY, frames_collected),
    attack("frames backwards", 10, ANY, frames_backwards),
    attack("call depth", 4, ANY, call_depth),
    attack("backtrace", 1, ANY, backtrace),
    attack("throw through", 12, ANY, throw_through),
    attack("tables and calls", 4, 100_000, tables_and_calls),
    attack("memory.grow", 200, 5_000, memory_grow),
    attack("large table", 1, 10_000_000, large_table),
    attack("garbage", 1, ANY, garbage),
    attack("wasi calls", 1, ANY, wasi::calls),
    attack("iovecs", 8, ANY, wasi::iovecs),
    attack("descriptors", 32, ANY, wasi::descriptors),
    attack("directory entries", 32, ANY, wasi::directory_entries),
    attack("link parts", 2, ANY, wasi::link_parts),
    attack("subscriptions", 48, ANY, wasi::subscriptions),
    attack("threads", 1_000, ANY, wasi::threads),
];

fn repeat(bytes: &[u8], count: usize) -> Vec<u8> {
    bytes.repeat(count)
}

/// Value types that are a number in base 4.
fn digits(mut n: usize) -> Vec<u8> {
    let mut types = Vec::new();
    while n > 0 {
        types.push(I32 - (n % 4) as u8);
        n /= 4;
    }
    types
}

fn types(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    for n in 0..count {
        wasm.func_type(&digits(n), &[]);
    }
    wasm.bytes()
}

fn structure(fields: &[u8]) -> Vec<u8> {
    let fields = fields.iter().flat_map(|&field| [field, 0]).collect::<Vec<_>>();
    [vec![0x5f], leb(fields.len() / 2), fields].concat()
}

fn groups(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    for n in 0..count {
        wasm.ty([vec![0x4e, 1], structure(&digits(n))].concat());
    }
    wasm.bytes()
}

/// One group, in which each type refers to the next.
fn group(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    // The index is a signed number.
    let index = |n| i32_const(n).split_off(1);
    let next = |n| [vec![0x5f, 1, 0x63], index((n + 1) % count), vec![0]].concat();
    let types: Vec<u8> = (0..count).flat_map(next).collect();
    wasm.ty([vec![0x4e], leb(count), types].concat());
    wasm.bytes()
}

fn functions(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    for _ in 0..count {
        wasm.func(ty, &[], &[]);
    }
    wasm.run(0);
    wasm.bytes()
}

fn exports(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let func = wasm.func(ty, &[], &[]);
    for n in 0..count {
        wasm.export(&format!("{n:x}"), func);
    }
    wasm.bytes()
}

fn imports(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    for _ in 0..count {
        wasm.import("f", ty);
    }
    wasm.run(0);
    wasm.bytes()
}

fn globals(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    (0..count).for_each(|_| wasm.global());
    wasm.bytes()
}

/// Small functions that declare many locals.
fn locals(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    for _ in 0..count {
        wasm.func(ty, &[(30_000, I32)], &[]);
    }
    wasm.bytes()
}

fn runs_of_locals(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let runs: Vec<_> = (0..count).map(|n| (1, if n % 2 == 0 { I32 } else { I64 })).collect();
    let func = wasm.func(ty, &runs, &[]);
    wasm.run(func);
    wasm.bytes()
}

/// Each call sets many locals to zero.
fn zeroed_locals(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let callee = wasm.func(ty, &[(30_000, I64)], &[]);
    let func = wasm.func(ty, &[], &repeat(&op(0x10, &[callee]), count));
    wasm.run(func);
    wasm.bytes()
}

/// Branches to a label with many results that are not in place.
fn results(count: usize) -> Vec<u8> {
    const RESULTS: usize = 1000;
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let block = wasm.func_type(&[], &[I32; RESULTS]);
    let code = [
        op(0x02, &[block]),
        i32_const(0),
        repeat(&op(0x20, &[0]), RESULTS),
        // br_if leaves its operands: all branches are reachable.
        repeat(&[op(0x20, &[0]), op(0x0d, &[0])].concat(), count / 2),
        op(0x0c, &[0]),
        vec![END],
        repeat(&[0x1a], RESULTS),
    ];
    let func = wasm.func(ty, &[(1, I32)], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

fn nesting(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let code = [repeat(&[0x02, EMPTY], count), repeat(&[END], count)].concat();
    let func = wasm.func(ty, &[], &code);
    wasm.run(func);
    wasm.bytes()
}

/// Nested blocks, and as many tables of branches out of all of them.
fn br_tables(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let table = [vec![0x02, EMPTY], i32_const(0), op(0x0e, &[0, 0]), vec![END]].concat();
    let code =
        [repeat(&[0x02, EMPTY], count / 2), repeat(&table, count / 2), repeat(&[END], count / 2)];
    let func = wasm.func(ty, &[], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

fn labels(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let table = [i32_const(3), vec![0x0e], leb(count), repeat(&[0], count), vec![0]].concat();
    let func = wasm.func(ty, &[], &[vec![0x02, EMPTY], table, vec![END]].concat());
    wasm.run(func);
    wasm.bytes()
}

/// `try_table` with these clauses: opcode, tag, label.
fn try_table(clauses: &[u8], count: usize) -> Vec<u8> {
    [vec![0x1f, EMPTY], leb(count), clauses.to_vec()].concat()
}

/// Nested blocks that catch another tag, and as many throws.
fn try_and_throw(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    wasm.tag(ty);
    wasm.tag(ty);
    let open = try_table(&[0, 1, 0], 1);
    let throw = [op(0x20, &[0]), vec![0x04, EMPTY], op(0x08, &[0]), vec![END]].concat();
    let code = [
        vec![0x02, EMPTY],
        try_table(&[2, 0], 1),
        repeat(&open, count),
        repeat(&throw, count),
        op(0x08, &[0]),
        repeat(&[END], count + 2),
    ];
    let func = wasm.func(ty, &[(1, I32)], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

/// A loop that throws to the last of many clauses.
fn clauses(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    (0..100).for_each(|_| wasm.tag(ty));
    let thrower = wasm.func(ty, &[], &op(0x08, &[0]));
    let clauses: Vec<u8> = (0..count).flat_map(|n| [0, (1 + n % 99) as u8, 0]).collect();
    let all = [clauses, vec![2, 0]].concat();
    let code = [
        i32_const(10_000),
        op(0x21, &[0]),
        vec![0x03, EMPTY, 0x02, EMPTY],
        try_table(&all, count + 1),
        op(0x10, &[thrower]),
        vec![END, END],
        [op(0x20, &[0]), i32_const(1), vec![0x6b], op(0x22, &[0]), op(0x0d, &[0])].concat(),
        vec![END],
    ];
    let func = wasm.func(ty, &[(1, I32)], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

/// The same, with a clause in each of many blocks.
fn clauses_in_depth(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    (0..2).for_each(|_| wasm.tag(ty));
    let thrower = wasm.func(ty, &[], &op(0x08, &[0]));
    let code = [
        i32_const(10_000),
        op(0x21, &[0]),
        vec![0x03, EMPTY, 0x02, EMPTY],
        try_table(&[2, 0], 1),
        repeat(&try_table(&[0, 1, 0], 1), count),
        op(0x10, &[thrower]),
        repeat(&[END], count + 2),
        [op(0x20, &[0]), i32_const(1), vec![0x6b], op(0x22, &[0]), op(0x0d, &[0])].concat(),
        vec![END],
    ];
    let func = wasm.func(ty, &[(1, I32)], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

/// Nested blocks, and as many legacy `try`s that delegate to the caller.
fn delegates(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let delegate = [vec![0x06, EMPTY], op(0x18, &[count / 2])].concat();
    let code =
        [repeat(&[0x02, EMPTY], count / 2), repeat(&delegate, count), repeat(&[END], count / 2)];
    let func = wasm.func(ty, &[], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

fn data_segments(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    wasm.memory(1);
    (0..count).for_each(|_| wasm.passive());
    wasm.bytes()
}

fn element_segments(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let func = wasm.func(ty, &[], &[]);
    wasm.table(FUNCREF, 1);
    (0..count).for_each(|_| wasm.element(&[func]));
    wasm.run(func);
    wasm.bytes()
}

fn elements(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let func = wasm.func(ty, &[], &[]);
    wasm.table(FUNCREF, count);
    wasm.element(&vec![func; count]);
    wasm.run(func);
    wasm.bytes()
}

/// A local below many constants, which is set again and again.
fn pending_locals(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let set = [i32_const(1), op(0x21, &[1])].concat();
    let code = [
        op(0x20, &[0]),
        repeat(&i32_const(0), count / 2),
        repeat(&[op(0x20, &[0]), set.clone(), vec![0x1a]].concat(), count / 2),
        repeat(&[0x1a], count / 2 + 1),
    ];
    let func = wasm.func(ty, &[(2, I32)], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

/// Many operands on the stack, and as many calls.
fn operands(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let value = wasm.func_type(&[], &[I32]);
    let callee = wasm.func(value, &[], &i32_const(1));
    let code = [repeat(&op(0x10, &[callee]), count), repeat(&[0x1a], count)].concat();
    let func = wasm.func(ty, &[], &code);
    wasm.run(func);
    wasm.bytes()
}

/// Many calls of a function that is computed where it is called, in as much code as there can be.
fn small_functions(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let value = wasm.func_type(&[I64], &[I64]);
    // Constants of 33 bits, and `i64.xor`, `i64.clz`, `i64.popcnt`.
    let wide = [0x42, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x85];
    let body = [vec![0x20, 0x00], repeat(&wide, 3), vec![0x79, 0x7b]].concat();
    let callee = wasm.func(value, &[], &body);
    let code = [vec![0x42, 0x01], repeat(&op(0x10, &[callee]), count), vec![0x1a]].concat();
    let func = wasm.func(ty, &[], &code);
    wasm.run(func);
    wasm.bytes()
}

/// Many locals that are references, and calls that collect.
fn reference_locals(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let gc = wasm.import("gc", ty);
    let empty = wasm.func(ty, &[], &[]);
    let calls = [repeat(&op(0x10, &[empty]), count), repeat(&op(0x10, &[gc]), 20)].concat();
    let func = wasm.func(ty, &[(15_000, EXTERNREF)], &calls);
    wasm.run(func);
    wasm.bytes()
}

/// Many references on the operand stack, and as many calls that collect.
fn references(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let value = wasm.func_type(&[], &[EXTERNREF]);
    let gc = wasm.import("gc", ty);
    let callee = wasm.func(value, &[], &[0xd0, EXTERNREF]);
    let code = [
        repeat(&op(0x10, &[callee]), count / 2),
        repeat(&op(0x10, &[gc]), count.min(200)),
        repeat(&op(0x10, &[callee]), count / 2),
        repeat(&[0x1a], count / 2 * 2),
    ];
    let func = wasm.func(ty, &[], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

/// A chain of functions, each of which waits for the next, when there is a collection.
fn frames_collected(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let gc = wasm.import("gc", ty);
    for n in 0..count {
        wasm.func(ty, &[(1, EXTERNREF)], &op(0x10, &[n + 2]));
    }
    wasm.func(ty, &[], &repeat(&op(0x10, &[gc]), 5));
    wasm.run(1);
    wasm.bytes()
}

/// As `frames_collected`; but each function calls the one before it, so that their code lies the
/// other way round.
fn frames_backwards(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let gc = wasm.import("gc", ty);
    wasm.func(ty, &[(1, EXTERNREF)], &repeat(&op(0x10, &[gc]), 5));
    for n in 0..count {
        wasm.func(ty, &[(1, EXTERNREF)], &op(0x10, &[n + 1]));
    }
    wasm.run(count + 1);
    wasm.bytes()
}

/// Recursion without end, through a chain of functions.
fn call_depth(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let mut code = op(0x10, &[0]);
    code.extend(repeat(&[0x01], count));
    let func = wasm.func(ty, &[], &code);
    wasm.run(func);
    wasm.bytes()
}

/// A trap in a recursion of a large function.
fn backtrace(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let rest = [op(0x20, &[0]), op(0x20, &[1]), vec![0x6a], op(0x21, &[0])].concat();
    let code = [op(0x10, &[0]), repeat(&rest, count / rest.len())].concat();
    let func = wasm.func(ty, &[(2, I32)], &code);
    wasm.run(func);
    wasm.bytes()
}

/// An exception goes through many functions, each of which throws it again.
fn throw_through(count: usize) -> Vec<u8> {
    const EXNREF: u8 = 0x69;
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    wasm.tag(ty);
    let again = |callee| {
        let tried = [try_table(&[3, 0], 1), op(0x10, &[callee]), vec![END, 0x0f]].concat();
        [vec![0x02, EXNREF], tried, vec![END, 0x0a]].concat()
    };
    for n in 0..count {
        wasm.func(ty, &[], &again(n + 1));
    }
    wasm.func(ty, &[], &op(0x08, &[0]));
    wasm.run(0);
    wasm.bytes()
}

/// A loop of calls of a host function in a module with many tables.
fn tables_and_calls(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    let host = wasm.import("f", ty);
    (0..count).for_each(|_| wasm.table(FUNCREF, 0));
    let code = [
        i32_const(10_000),
        op(0x21, &[0]),
        vec![0x03, EMPTY],
        op(0x10, &[host]),
        [op(0x20, &[0]), i32_const(1), vec![0x6b], op(0x22, &[0]), op(0x0d, &[0])].concat(),
        vec![END],
    ];
    let func = wasm.func(ty, &[(1, I32)], &code.concat());
    wasm.run(func);
    wasm.bytes()
}

/// Memory grows page by page.
fn memory_grow(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    let ty = wasm.func_type(&[], &[]);
    wasm.memory(1);
    let grow = [i32_const(1), op(0x40, &[0]), vec![0x1a]].concat();
    let func = wasm.func(ty, &[], &repeat(&grow, count));
    wasm.run(func);
    wasm.bytes()
}

/// A large table of references while garbage is made.
fn large_table(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    wasm.table(EXTERNREF, count);
    make_garbage(&mut wasm, 20_000);
    wasm.bytes()
}

fn garbage(count: usize) -> Vec<u8> {
    let mut wasm = Wasm::default();
    make_garbage(&mut wasm, count);
    wasm.bytes()
}

/// `run` makes so many arrays of a thousand bytes.
pub(crate) fn make_garbage(wasm: &mut Wasm, count: usize) {
    let ty = wasm.func_type(&[], &[]);
    let array = wasm.ty(vec![0x5e, 0x78, 1]);
    let code = [
        i32_const(count),
        op(0x21, &[0]),
        vec![0x03, EMPTY],
        [i32_const(1000), vec![0xfb], op(0x07, &[array]), vec![0x1a]].concat(),
        [op(0x20, &[0]), i32_const(1), vec![0x6b], op(0x22, &[0]), op(0x0d, &[0])].concat(),
        vec![END],
    ];
    let func = wasm.func(ty, &[(1, I32)], &code.concat());
    wasm.run(func);
}
