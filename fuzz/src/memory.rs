//! Instructions on memories and tables, beside plain lists of bytes and numbers: two memories, one
//! with addresses of 64 bits, two tables; loads and stores of every width, `fill`, `copy` within
//! and between them, `init`, `drop` of segments, `grow`. What is out of bounds traps and changes
//! nothing.

use arbitrary::{Result, Unstructured};
use std::fmt::Write;
use windlass::{Config, Engine, ExternRef, Instance, Module, Store, Trap, Val};

const PAGE: usize = 1 << 16;
const SEGMENT: &[u8] = b"bytes of a passive segment";
/// The most pages and elements.
const MOST: [usize; 2] = [3, 2];
const MOST_ELEMENTS: [usize; 2] = [20, 9];

/// Loads and stores: the name, how many bytes, whether the sign is extended.
const LOADS: [(&str, usize, bool); 7] = [
    ("i64.load", 8, false),
    ("i64.load8_s", 1, true),
    ("i64.load8_u", 1, false),
    ("i64.load16_s", 2, true),
    ("i64.load16_u", 2, false),
    ("i64.load32_s", 4, true),
    ("i64.load32_u", 4, false),
];
const STORES: [(&str, usize); 4] =
    [("i64.store", 8), ("i64.store8", 1), ("i64.store16", 2), ("i64.store32", 4)];
const OFFSETS: [u64; 3] = [0, 7, 65_530];

/// The guest, a function for each instruction; addresses are always 64 bits wide.
fn text() -> String {
    let mut text = String::from(
        r#"(module (memory $m0 1 3) (memory $m1 i64 1 2)
        (table $t0 5 20 externref) (table $t1 i64 3 9 externref)
        (data $d "bytes of a passive segment")
        (elem $e externref (ref.null extern) (ref.null extern) (ref.null extern))"#,
    );
    let address = |memory: usize, at: usize| match memory {
        0 => format!("(i32.wrap_i64 (local.get {at}))"),
        _ => format!("(local.get {at})"),
    };
    let three = "(param i64 i64 i64)";
    let len = |at: usize| format!("(i32.wrap_i64 (local.get {at}))");
    for m in 0..2 {
        for offset in OFFSETS {
            for (name, ..) in LOADS {
                let _ = write!(
                    text,
                    r#"(func (export "{name} {m} {offset}") (param i64) (result i64)
                    ({name} $m{m} offset={offset} {}))"#,
                    address(m, 0)
                );
            }
            for (name, _) in STORES {
                let _ = write!(
                    text,
                    r#"(func (export "{name} {m} {offset}") (param i64 i64)
                    ({name} $m{m} offset={offset} {} (local.get 1)))"#,
                    address(m, 0)
                );
            }
        }
        let (at, n) = (address(m, 0), address(m, 2));
        let grown = if m == 0 { "i64.extend_i32_s" } else { "" };
        let grow = |what: &str, init: &str| match grown {
            "" => format!("({what} {init} {})", address(m, 0)),
            _ => format!("({grown} ({what} {init} {}))", address(m, 0)),
        };
        let _ = write!(
            text,
            r#"(func (export "fill {m}") {three} (memory.fill $m{m} {at} {} {n}))
            (func (export "init {m}") {three} (memory.init $m{m} $d {at} {} {}))
            (func (export "grow {m}") (param i64) (result i64) {})
            (func (export "table.init {m}") {three} (table.init $t{m} $e {at} {} {}))
            (func (export "table.fill {m}") (param i64 externref i64)
              (table.fill $t{m} {at} (local.get 1) {n}))
            (func (export "table.grow {m}") (param i64 externref) (result i64) {})
            (func (export "table.set {m}") (param i64 externref)
              (table.set $t{m} {at} (local.get 1)))
            (func (export "table.get {m}") (param i64) (result externref) (table.get $t{m} {at}))
            (export "m{m}" (memory $m{m})) (export "t{m}" (table $t{m}))"#,
            len(1),
            len(1),
            len(2),
            grow(&format!("memory.grow $m{m}"), ""),
            len(1),
            len(2),
            grow(&format!("table.grow $t{m}"), "(local.get 1)"),
        );
        for from in 0..2 {
            let both = if m == 1 && from == 1 { 1 } else { 0 };
            for (what, name) in [("memory.copy", "m"), ("table.copy", "t")] {
                let _ = write!(
                    text,
                    r#"(func (export "{what} {m} {from}") {three}
                    ({what} ${name}{m} ${name}{from} {at} {} {}))"#,
                    address(from, 1),
                    address(both, 2)
                );
            }
        }
    }
    text + r#"(func (export "data.drop") (data.drop $d))
        (func (export "elem.drop") (elem.drop $e)))"#
}

/// What must be there.
struct Model {
    memories: [Vec<u8>; 2],
    tables: [Vec<Option<u64>>; 2],
    segment: &'static [u8],
    elements: usize,
}

type Answer<T = ()> = std::result::Result<T, Trap>;

/// The part of a list that begins at `at` and is so long.
fn part<T>(list: &mut [T], at: u64, len: u64, trap: Trap) -> Answer<&mut [T]> {
    let end = u128::from(at) + u128::from(len);
    match end <= list.len() as u128 {
        true => Ok(&mut list[at as usize..end as usize]),
        false => Err(trap),
    }
}

/// Copies between lists, or within one.
fn copy<T: Copy>(
    lists: &mut [Vec<T>; 2],
    to: usize,
    from: usize,
    at: [u64; 3],
    trap: Trap,
) -> Answer {
    let [to_at, from_at, len] = at;
    let taken = part(&mut lists[from], from_at, len, trap)?.to_vec();
    part(&mut lists[to], to_at, len, trap)?.copy_from_slice(&taken);
    Ok(())
}

struct World {
    store: Store<()>,
    instance: Instance,
    model: Model,
    next: u64,
}

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let engine = Engine::new(Config::new().fuse(input.arbitrary()?)).expect("it is valid");
    let wasm = wat::parse_str(text()).expect("the text is a module");
    let module = Module::new(&engine, wasm).expect("it is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    let model = Model {
        memories: [vec![0; PAGE], vec![0; PAGE]],
        tables: [vec![None; 5], vec![None; 3]],
        segment: SEGMENT,
        elements: 3,
    };
    let mut world = World { store, instance, model, next: 0 };
    let count = input.int_in_range(4..=60)?;
    for _ in 0..count {
        if input.is_empty() {
            break;
        }
        world.step(input)?;
    }
    world.check();
    Ok(count)
}

/// A place or a length that may be beyond the end.
fn place(input: &mut Unstructured<'_>, len: usize) -> Result<u64> {
    let len = len as u64;
    Ok(match input.int_in_range(0..=7)? {
        0 => len,
        1 => len.saturating_sub(input.int_in_range(0..=9)?),
        2 => len + 1,
        3 => 0xffff_ffff,
        4 => 0,
        _ => input.int_in_range(0..=len)?,
    })
}

impl World {
    fn call(&mut self, name: &str, args: &[Val]) -> Answer<Vec<Val>> {
        let func = self.instance.get_func(&self.store, name).expect("it is exported");
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        match func.call(&mut self.store, args, &mut results) {
            Ok(()) => Ok(results),
            Err(error) => Err(error.trap().expect("nothing else can fail")),
        }
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        const OUTSIDE: Trap = Trap::MemoryOutOfBounds;
        const BEYOND: Trap = Trap::TableOutOfBounds;
        let (m, from) = (input.int_in_range(0..=1)?, input.int_in_range(0..=1)?);
        let size = self.model.memories[m].len();
        let at = place(input, size)?;
        let number = |n: u64| Val::I64(n.cast_signed());
        match input.int_in_range(0..=11)? {
            0 | 1 => {
                let (name, width, is_signed) = *input.choose(&LOADS)?;
                let offset = *input.choose(&OFFSETS)?;
                let found = self.call(&format!("{name} {m} {offset}"), &[number(at)]);
                let bytes = part(&mut self.model.memories[m], at + offset, width as u64, OUTSIDE);
                let expected = bytes.map(|bytes| {
                    let sign = is_signed && bytes[width - 1] >= 0x80;
                    let mut all = [if sign { 0xff } else { 0 }; 8];
                    all[..width].copy_from_slice(bytes);
                    i64::from_le_bytes(all)
                });
                assert_eq!(found.map(|values| values[0].unwrap_i64()), expected, "{name}");
            }
            2 | 3 => {
                let (name, width) = *input.choose(&STORES)?;
                let (offset, value): (_, i64) = (*input.choose(&OFFSETS)?, input.arbitrary()?);
                let args = [number(at), Val::I64(value)];
                let found = self.call(&format!("{name} {m} {offset}"), &args);
                let bytes = part(&mut self.model.memories[m], at + offset, width as u64, OUTSIDE);
                let expected =
                    bytes.map(|bytes| bytes.copy_from_slice(&value.to_le_bytes()[..width]));
                assert_eq!(found.map(drop), expected, "{name}");
            }
            4 => {
                let (len, byte): (_, u8) = (place(input, size)?, input.arbitrary()?);
                let args = [number(at), number(u64::from(byte) + 256), number(len)];
                let found = self.call(&format!("fill {m}"), &args).map(drop);
                let bytes = part(&mut self.model.memories[m], at, len, OUTSIDE);
                assert_eq!(found, bytes.map(|bytes| bytes.fill(byte)), "fill");
            }
            5 | 6 => {
                let other = self.model.memories[from].len();
                let places = [at, place(input, other)?, place(input, size.min(other))?];
                let found = self.call(&format!("memory.copy {m} {from}"), &places.map(number));
                let expected = copy(&mut self.model.memories, m, from, places, OUTSIDE);
                assert_eq!(found.map(drop), expected, "memory.copy {m} {from} {places:?}");
            }
            7 => {
                let (start, len) = (place(input, SEGMENT.len())?, place(input, SEGMENT.len())?);
                let found = self.call(&format!("init {m}"), &[at, start, len].map(number));
                let taken = part(&mut self.model.segment.to_vec(), start, len, OUTSIDE)
                    .map(|taken| taken.to_vec());
                let expected = taken.and_then(|taken| {
                    part(&mut self.model.memories[m], at, len, OUTSIDE)?.copy_from_slice(&taken);
                    Ok(())
                });
                assert_eq!(found.map(drop), expected, "memory.init");
            }
            8 => self.grow(m, input)?,
            9 => {
                let name = *input.choose(&["data.drop", "elem.drop"])?;
                self.call(name, &[]).expect("it can't fail");
                match name {
                    "data.drop" => self.model.segment = &[],
                    _ => self.model.elements = 0,
                }
            }
            _ => self.table(m, from, input, BEYOND)?,
        }
        Ok(())
    }

    fn grow(&mut self, m: usize, input: &mut Unstructured<'_>) -> Result<()> {
        let delta = input.int_in_range(0..=2)?;
        let old = self.model.memories[m].len() / PAGE;
        let found = self.call(&format!("grow {m}"), &[Val::I64(delta as i64)]);
        let expected = if old + delta <= MOST[m] {
            self.model.memories[m].resize((old + delta) * PAGE, 0);
            old as i64
        } else {
            -1
        };
        assert_eq!(found.expect("it can't trap")[0].i64(), Some(expected));
        Ok(())
    }

    fn table(
        &mut self,
        t: usize,
        from: usize,
        input: &mut Unstructured<'_>,
        trap: Trap,
    ) -> Result<()> {
        let size = self.model.tables[t].len();
        let at = place(input, size)?;
        let number = |n: u64| Val::I64(n.cast_signed());
        self.next += 1;
        let new = self.next;
        let value = ExternRef::new(&mut self.store, new).expect("there is room");
        let value = Val::ExternRef(Some(value));
        match input.int_in_range(0..=5)? {
            0 => {
                let found = self.call(&format!("table.set {t}"), &[number(at), value]);
                let one = part(&mut self.model.tables[t], at, 1, trap);
                assert_eq!(found.map(drop), one.map(|one| one[0] = Some(new)));
            }
            1 => {
                let found = self.call(&format!("table.get {t}"), &[number(at)]);
                let found = found.map(|values| self.number(&values[0]));
                let one = part(&mut self.model.tables[t], at, 1, trap);
                assert_eq!(found, one.map(|one| one[0]));
            }
            2 => {
                let len = place(input, size)?;
                let args = [number(at), value, number(len)];
                let found = self.call(&format!("table.fill {t}"), &args);
                let filled = part(&mut self.model.tables[t], at, len, trap);
                assert_eq!(found.map(drop), filled.map(|filled| filled.fill(Some(new))));
            }
            3 => {
                let other = self.model.tables[from].len();
                let places = [at, place(input, other)?, place(input, size.min(other))?];
                let found = self.call(&format!("table.copy {t} {from}"), &places.map(number));
                let expected = copy(&mut self.model.tables, t, from, places, trap);
                assert_eq!(found.map(drop), expected, "table.copy {t} {from} {places:?}");
            }
            4 => {
                let (start, len) = (place(input, 3)?, place(input, 3)?);
                let found = self.call(&format!("table.init {t}"), &[at, start, len].map(number));
                let mut segment = vec![(); self.model.elements];
                let taken = part(&mut segment, start, len, trap).map(drop);
                let tables = &mut self.model.tables;
                let expected = taken.and_then(|()| {
                    part(&mut tables[t], at, len, trap)?.fill(None);
                    Ok(())
                });
                assert_eq!(found.map(drop), expected, "table.init");
            }
            _ => {
                let delta = input.int_in_range(0..=4)?;
                let args = [Val::I64(delta as i64), value];
                let found = self.call(&format!("table.grow {t}"), &args);
                let expected = if size + delta <= MOST_ELEMENTS[t] {
                    self.model.tables[t].resize(size + delta, Some(new));
                    size as i64
                } else {
                    -1
                };
                assert_eq!(found.expect("it can't trap")[0].i64(), Some(expected));
            }
        }
        Ok(())
    }

    /// The number of a host value.
    fn number(&self, value: &Val) -> Option<u64> {
        let value = value.extern_ref().expect("it is of this type")?;
        let data = value.data(&self.store).expect("it lives").expect("it is the host's");
        data.downcast_ref().copied()
    }

    fn check(&mut self) {
        for index in 0..2 {
            let memory = self.instance.get_memory(&self.store, &format!("m{index}"));
            let memory = memory.expect("it is exported");
            assert!(memory.data(&self.store) == self.model.memories[index], "memory {index}");
            let table = self.instance.get_table(&self.store, &format!("t{index}"));
            let table = table.expect("it is exported");
            assert_eq!(table.size(&self.store), self.model.tables[index].len() as u64);
            for (at, expected) in (0..).zip(self.model.tables[index].clone()) {
                let element = table.get(&mut self.store, at).expect("it is there");
                let found = self.number(&Val::ExternRef(element.unwrap_extern()));
                assert_eq!(found, expected, "table {index}, {at}");
            }
        }
    }
}
