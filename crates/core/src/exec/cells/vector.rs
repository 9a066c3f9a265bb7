//! What the handlers of vector instructions find in their cells: part of [`Layouts`], made from the
//! tables of [`tables::vector`].

use super::{DESTS, Field, Layouts, PLACES, Part, Type, dest, for_each, for_pairs, source};
use crate::exec::{
    machine::place::{Dest, Place},
    tables::{self, Handlers, Sort},
};
use windlass_decode::{Op, Shape};

const V: Type = Type::V128;

impl Layouts {
    /// The handlers of `v128.const`, which no table of an instruction has.
    pub(crate) fn add_vector_constants(&mut self) {
        for_each(DESTS, |d| {
            let fields = [dest(d, V), Field::Free, Field::Free, Field::Free];
            self.add(tables::vector::constant(d), 3, fields, Part::Nothing);
        });
    }

    pub(crate) fn add_vector(&mut self, op: Op, handlers: Handlers) {
        let info = op.info();
        let [first, second] =
            [0, 1].map(|i| info.params.get(i).map_or(V, |&ty| Type::of(ty.into())));
        let result = info.results.first().map_or(V, |&ty| Type::of(ty.into()));
        match handlers {
            Handlers::VectorUn(_) => for_pairs(|a, _| {
                for_each(DESTS, |d| {
                    let fields = [dest(d, result), source(a, first), Field::Free, Field::Free];
                    self.add(handlers.un(a, d), 1, fields, Part::Nothing);
                });
            }),
            Handlers::VectorBin(_) => for_pairs(|a, b| {
                let constants = match (info.shape, b) {
                    (Shape::v_shuffle, _) | (Shape::v_bin, Place::Const) => 2,
                    _ => 0,
                };
                for_each(DESTS, |d| {
                    let fields = [dest(d, V), source(a, first), source(b, second), Field::Free];
                    self.add(handlers.bin(a, b, d), 1 + constants, fields, Part::Nothing);
                });
            }),
            Handlers::VectorTern(_) => for_pairs(|a, b| {
                for &c in PLACES {
                    for_each(DESTS, |d| {
                        let fields = [dest(d, V), source(a, V), source(b, V), source(c, V)];
                        self.add(handlers.tern([a, b, c], d), 1, fields, Part::Nothing);
                    });
                }
            }),
            Handlers::VectorLoad(_) => {
                for_pairs(|a, b| {
                    for_each(DESTS, |d| {
                        let [a_field, b_field] = [a, b].map(|place| source(place, Type::I32));
                        let one = [dest(d, V), a_field, Field::Free, Field::Free];
                        self.add(handlers.load(a, d), 1, one, Part::Memory);
                        self.add(handlers.load_wrapped(a, d), 1, one, Part::Memory);
                        let two = [dest(d, V), a_field, b_field, Field::Free];
                        self.add(handlers.load_indexed(a, b, 0, d), 1, two, Part::Memory);
                    });
                });
                self.add_any(handlers, dest(Dest::Slot, V));
            }
            Handlers::VectorStore(_) => {
                for &v in PLACES {
                    for_pairs(|a, b| {
                        let [a_field, b_field] = [a, b].map(|place| source(place, Type::I32));
                        let one = [source(v, V), a_field, Field::Free, Field::Free];
                        self.add(handlers.store(a, v), 1, one, Part::Memory);
                        self.add(handlers.store_wrapped(a, v), 1, one, Part::Memory);
                        let two = [source(v, V), a_field, b_field, Field::Free];
                        self.add(handlers.store_indexed(a, b, 0, v), 1, two, Part::Memory);
                    });
                }
                self.add_any(handlers, source(Place::Slot, V));
            }
            _ => self.add_lanes(handlers),
        }
    }

    fn add_lanes(&mut self, handlers: Handlers) {
        for_each(PLACES, |a| {
            for &v in PLACES {
                let fields = [source(v, V), source(a, Type::I32), Field::Free, Field::Free];
                self.add(handlers.store_lane(a, v), 2, fields, Part::Memory);
                for d in [Dest::Slot, Dest::Acc] {
                    self.add(handlers.load_lane(a, v, d), 2, fields, Part::MemoryLane(d));
                }
            }
        });
        for sort in Sort::ALL {
            let address = source(Place::Slot, Type::address(sort.is64()));
            let fields = [source(Place::Slot, V), address, Field::Free, Field::Free];
            let part = match handlers {
                Handlers::LoadLane(_) => Part::AnyMemoryLane { sort },
                _ => Part::AnyMemory { sort },
            };
            self.add(handlers.any(sort), 3, fields, part);
        }
    }
}
