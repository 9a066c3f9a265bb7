//! Layouts of the handlers of objects and casts: a part of [`Layouts`].

use super::{DESTS, FREE, Field, Layouts, PLACES, Part, Type, dest, for_each, for_pairs, source};
use crate::exec::{
    machine::place::Place,
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

/// The type of what is accessed.
fn of(access: Access) -> Type {
    match access {
        Access::I8S | Access::I8U | Access::I16S | Access::I16U | Access::I32 => Type::I32,
        Access::I64 => Type::Word,
        Access::F32 => Type::F32,
        Access::F64 => Type::F64,
        Access::V128 => Type::V128,
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
            let done = [dest(d, Type::Word), Field::Free, Field::Free, Field::Free];
            self.add(tables::object::new_done(d), 2, done, Part::NewLast(None));
            for_each(PLACES, |a| {
                let unary = |result, operand| {
                    [dest(d, result), source(a, operand), Field::Free, Field::Free]
                };
                let none = Part::Nothing;
                self.add(tables::object::array_len(a, d), 1, unary(Type::I32, Type::Array), none);
                self.add(tables::object::i31_get_s(a, d), 1, unary(Type::I32, Type::I31), none);
                self.add(tables::object::i31_get_u(a, d), 1, unary(Type::I32, Type::I31), none);
                self.add(tables::object::ref_i31(a, d), 1, unary(Type::I31, Type::I32), none);
                let described = unary(Type::Word, Type::Ref);
                self.add(tables::object::get_desc(a, d), 1, described, Part::GetDesc);
                let new = tables::object::new_described(a, d);
                self.add(new, 2, described, Part::NewDescribed);
                for_each(&TESTS, |test| {
                    let handler = tables::object::ref_test(test, a, d);
                    self.add(handler, 1, unary(Type::I32, Type::Ref), Part::RefTest(test));
                });
            });
        });
        for_each(PLACES, |a| {
            let fields = [Field::Free, source(a, Type::Ref), Field::Free, Field::Free];
            for_each(&TESTS, |test| {
                self.add(tables::object::ref_cast(test, a), 1, fields, Part::RefCast(test));
                for passes in [false, true] {
                    let branch = Part::BrCast { wanted: test, passes };
                    self.add(tables::object::br_cast(test, passes, a), 2, fields, branch);
                }
            });
        });
        for_pairs(|a, b| {
            let [reference, descriptor] = [a, b].map(|place| source(place, Type::Ref));
            let fields = [Field::Free, reference, descriptor, Field::Free];
            self.add(tables::object::desc_cast(a, b), 1, fields, Part::DescCast);
            for_each(DESTS, |d| {
                let fields = [dest(d, Type::I32), reference, descriptor, Field::Free];
                self.add(tables::object::desc_test(a, b, d), 1, fields, Part::DescTest);
            });
        });
        self.add(tables::object::NEW_ZEROED, 2, FREE, Part::NewFirst(None));
    }

    fn add_access(&mut self, access: Access) {
        let ty = of(access);
        for_each(PLACES, |a| {
            let object = source(a, Type::Ref);
            for_each(DESTS, |d| {
                let fields = [dest(d, ty), object, Field::Free, Field::Free];
                let handler = tables::object::struct_get(access, a, d);
                self.add(handler, 1, fields, Part::StructGet(access));
            });
            for_each(PLACES, |v| {
                let fields = [source(v, ty), object, Field::Free, Field::Free];
                let words = 1 + usize::from(v == Place::Const);
                let handler = tables::object::struct_set(access, a, v);
                self.add(handler, words, fields, Part::StructSet(access));
            });
        });
        for_pairs(|a, b| {
            let [array, index] = [source(a, Type::Array), source(b, Type::I32)];
            for_each(DESTS, |d| {
                let fields = [dest(d, ty), array, index, Field::Free];
                let handler = tables::object::array_get(access, a, b, d);
                self.add(handler, 1, fields, Part::ArrayGet(access));
            });
            for_each(PLACES, |v| {
                let fields = [source(v, ty), array, index, Field::Free];
                let words = 1 + usize::from(v == Place::Const);
                let handler = tables::object::array_set(access, a, b, v);
                self.add(handler, words, fields, Part::ArraySet(access));
            });
        });
    }

    fn add_new(&mut self, access: Access) {
        let ty = of(access);
        for_each(PLACES, |v| {
            let more = usize::from(v == Place::Const);
            let value = [source(v, ty), Field::Free, Field::Free, Field::Free];
            let first = tables::object::new_first(access, v);
            self.add(first, 2 + more, value, Part::NewFirst(Some(access)));
            let field = tables::object::new_field(access, v);
            self.add(field, 1 + more, value, Part::NewField(access));
            for_each(DESTS, |d| {
                let fields = [dest(d, Type::Word), source(v, ty), Field::Free, Field::Free];
                let last = tables::object::new_last(access, v, d);
                self.add(last, 2 + more, fields, Part::NewLast(Some(access)));
            });
        });
        for is_default in [false, true] {
            let handler = tables::object::array_new(access, is_default);
            self.add(handler, 1, FREE, Part::SmallArray(access));
        }
    }
}
