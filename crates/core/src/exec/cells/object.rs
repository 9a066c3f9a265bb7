//! Layouts of the handlers of objects and casts: a part of [`Layouts`].

use super::{DESTS, FREE, Field, Layouts, PLACES, Part, dest, for_each, for_pairs, source};
use crate::exec::{
    machine::place::{Kind, Place},
    tables::{
        self,
        object::{Access, Wanted},
    },
};

const ALL: [Access; 9] = [
    Access::I8S,
    Access::I8U,
    Access::I16S,
    Access::I16U,
    Access::I32,
    Access::I64,
    Access::F32,
    Access::F64,
    Access::V128,
];

const TESTS: [Wanted; 10] = [
    Wanted::Always,
    Wanted::Never,
    Wanted::I31,
    Wanted::Eq,
    Wanted::Struct,
    Wanted::Array,
    Wanted::Final,
    Wanted::Below,
    Wanted::Func,
    Wanted::ExactFunc,
];

/// The kind of what is accessed, and its size in bytes.
fn of(access: Access) -> (Kind, u32) {
    match access {
        Access::I8S | Access::I8U => (Kind::I32, 1),
        Access::I16S | Access::I16U => (Kind::I32, 2),
        Access::I32 => (Kind::I32, 4),
        Access::I64 => (Kind::I64, 8),
        Access::F32 => (Kind::F32, 4),
        Access::F64 => (Kind::F64, 8),
        Access::V128 => (Kind::V128, 16),
    }
}

impl Layouts {
    /// Everything on objects.
    pub(crate) fn add_objects(&mut self) {
        for_each(&ALL, |access| {
            self.add_access(access);
            self.add_new(access);
        });
        for_each(DESTS, |d| {
            let done = [dest(d, Kind::I64), Field::Free, Field::Free, Field::Free];
            self.add(tables::object::new_done(d), 2, done, Part::NewLast { size: 0 });
            for_each(PLACES, |a| {
                let unary = |result, operand| {
                    [dest(d, result), source(a, operand), Field::Free, Field::Free]
                };
                let (int, reference) = (Kind::I32, Kind::I64);
                let none = Part::Nothing;
                self.add(tables::object::array_len(a, d), 1, unary(int, reference), none);
                self.add(tables::object::i31_get_s(a, d), 1, unary(int, reference), none);
                self.add(tables::object::i31_get_u(a, d), 1, unary(int, reference), none);
                self.add(tables::object::ref_i31(a, d), 1, unary(reference, int), none);
                self.add(tables::object::get_desc(a, d), 1, unary(reference, reference), none);
                let described = tables::object::new_described(a, d);
                self.add(described, 2, unary(reference, reference), Part::NewLast { size: 0 });
                for_each(&TESTS, |test| {
                    let handler = tables::object::ref_test(test, a, d);
                    self.add(handler, 1, unary(int, reference), none);
                });
            });
        });
        for_each(PLACES, |a| {
            let fields = [Field::Free, source(a, Kind::I64), Field::Free, Field::Free];
            for_each(&TESTS, |test| {
                self.add(tables::object::ref_cast(test, a), 1, fields, Part::Nothing);
                for passes in [false, true] {
                    let branch = Part::Branch { word: 1, again: false };
                    self.add(tables::object::br_cast(test, passes, a), 2, fields, branch);
                }
            });
        });
        for_pairs(|a, b| {
            let [reference, descriptor] = [a, b].map(|place| source(place, Kind::I64));
            let fields = [Field::Free, reference, descriptor, Field::Free];
            self.add(tables::object::desc_cast(a, b), 1, fields, Part::Nothing);
            for_each(DESTS, |d| {
                let fields = [dest(d, Kind::I32), reference, descriptor, Field::Free];
                self.add(tables::object::desc_test(a, b, d), 1, fields, Part::Nothing);
            });
        });
        self.add(tables::object::NEW_ZEROED, 2, FREE, Part::NewFirst { size: 0 });
    }

    fn add_access(&mut self, access: Access) {
        let (kind, size) = of(access);
        for_each(PLACES, |a| {
            for_each(DESTS, |d| {
                let fields = [dest(d, kind), source(a, Kind::I64), Field::Free, Field::Free];
                self.add(tables::object::struct_get(access, a, d), 1, fields, Part::Field { size });
            });
            for_each(PLACES, |v| {
                let fields = [source(v, kind), source(a, Kind::I64), Field::Free, Field::Free];
                let words = 1 + usize::from(v == Place::Const);
                let handler = tables::object::struct_set(access, a, v);
                self.add(handler, words, fields, Part::Field { size });
            });
        });
        for_pairs(|a, b| {
            let [array, index] = [source(a, Kind::I64), source(b, Kind::I32)];
            for_each(DESTS, |d| {
                let fields = [dest(d, kind), array, index, Field::Free];
                self.add(tables::object::array_get(access, a, b, d), 1, fields, Part::Nothing);
            });
            for_each(PLACES, |v| {
                let fields = [source(v, kind), array, index, Field::Free];
                let words = 1 + usize::from(v == Place::Const);
                self.add(tables::object::array_set(access, a, b, v), words, fields, Part::Nothing);
            });
        });
    }

    fn add_new(&mut self, access: Access) {
        let (kind, size) = of(access);
        for_each(PLACES, |v| {
            let more = usize::from(v == Place::Const);
            let value = [source(v, kind), Field::Free, Field::Free, Field::Free];
            let first = tables::object::new_first(access, v);
            self.add(first, 2 + more, value, Part::NewFirst { size });
            let field = tables::object::new_field(access, v);
            self.add(field, 1 + more, value, Part::NewField { size });
            for_each(DESTS, |d| {
                let fields = [dest(d, Kind::I64), source(v, kind), Field::Free, Field::Free];
                let last = tables::object::new_last(access, v, d);
                self.add(last, 2 + more, fields, Part::NewLast { size });
            });
        });
        for is_default in [false, true] {
            let fields = [Field::Write, Field::Free, Field::Free, Field::Free];
            let handler = tables::object::array_new(access, is_default);
            self.add(handler, 1, fields, Part::SmallArray);
        }
    }
}
