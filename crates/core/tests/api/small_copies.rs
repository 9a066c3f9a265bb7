//! `memory.copy` and `memory.fill` of every small length, and some larger ones: within bounds, at
//! the end of the memory, overlapping in both directions.

use windlass::{Config, Engine, Event, Instance, Metering, Module, Store, Trap, TypedFunc, Val};

const TEXT: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "copy") (param i32 i32 i32)
        (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fill") (param i32 i32 i32)
        (memory.fill (local.get 0) (local.get 1) (local.get 2))))"#;

const PAGE: u32 = 1 << 16;

struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new(metering: Metering) -> Guest {
        let engine = Engine::new(Config::new().metering(metering).verify_code(true)).unwrap();
        let module = Module::new(&engine, wat::parse_str(TEXT).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        if metering == Metering::Fuel {
            store.set_fuel(1 << 40).unwrap();
        }
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        Guest { store, instance }
    }

    fn func(&self, name: &str) -> TypedFunc<(u32, u32, u32), ()> {
        self.instance.get_typed_func(&self.store, name).unwrap()
    }

    fn bytes(&mut self) -> &mut [u8] {
        let memory = self.instance.get_memory(&self.store, "memory").unwrap();
        memory.data_mut(&mut self.store)
    }

    /// Bytes that tell where they were.
    fn reset(&mut self) -> Vec<u8> {
        for (at, byte) in self.bytes().iter_mut().enumerate() {
            *byte = (at * 37 + at / 251) as u8;
        }
        self.bytes().to_vec()
    }
}

const METERINGS: [Metering; 3] = [Metering::None, Metering::Interrupt, Metering::Fuel];

#[test]
fn copies_are_as_if_all_was_read_before() {
    for metering in METERINGS {
        let mut guest = Guest::new(metering);
        let copy = guest.func("copy");
        for len in (0..=140).chain([200, 1000]) {
            // Disjoint, the same, and less apart than they are long; and at the end.
            let apart = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 65, 127, 2000];
            let pairs = apart.iter().flat_map(|apart| [(3000, 3000 + apart), (3000 + apart, 3000)]);
            for (to, from) in pairs.chain([(PAGE - len, 5), (5, PAGE - len)]) {
                let mut model = guest.reset();
                model.copy_within(from as usize..(from + len) as usize, to as usize);
                copy.call(&mut guest.store, (to, from, len)).unwrap();
                assert!(guest.bytes() == model, "{metering:?}: {len} from {from} to {to}");
            }
        }
    }
}

#[test]
fn fills_set_what_they_say() {
    for metering in METERINGS {
        let mut guest = Guest::new(metering);
        let fill = guest.func("fill");
        for len in (0..=140).chain([200, 1000]) {
            for to in [0, 3001, PAGE - len] {
                let mut model = guest.reset();
                model[to as usize..(to + len) as usize].fill(0xab);
                fill.call(&mut guest.store, (to, 0x1234_56ab, len)).unwrap();
                assert!(guest.bytes() == model, "{metering:?}: {len} at {to}");
            }
        }
    }
}

#[test]
fn what_is_out_of_bounds_traps_and_writes_nothing() {
    for metering in METERINGS {
        let mut guest = Guest::new(metering);
        let (copy, fill) = (guest.func("copy"), guest.func("fill"));
        let model = guest.reset();
        for len in [0, 1, 2, 5, 9, 16, 40, 100, 129, u32::MAX] {
            let beyond = PAGE - len.min(PAGE) + 1;
            for (to, from) in [(beyond, 0), (0, beyond), (u32::MAX, 0), (0, u32::MAX)] {
                let error = copy.call(&mut guest.store, (to, from, len)).unwrap_err();
                assert_eq!(error.trap(), Some(Trap::MemoryOutOfBounds), "{len}: {from} to {to}");
            }
            for to in [beyond, u32::MAX] {
                let error = fill.call(&mut guest.store, (to, 1, len)).unwrap_err();
                assert_eq!(error.trap(), Some(Trap::MemoryOutOfBounds), "{len} at {to}");
            }
        }
        assert!(guest.bytes() == model);
    }
}

/// What was paid for a copy stays paid, though the host interrupts before each run, and sets the
/// fuel anew to less than it costs.
#[test]
fn a_copy_is_done_however_often_it_is_interrupted() {
    let mut guest = Guest::new(Metering::Fuel);
    let copy = guest.instance.get_func(&guest.store, "copy").unwrap();
    let args = [Val::I32(1000), Val::I32(0), Val::I32(128)];
    let mut execution = copy.start(&mut guest.store, &args).unwrap();
    for round in 0.. {
        assert!(round < 50, "it does not get on");
        guest.store.set_fuel(1).unwrap();
        guest.store.interrupt_handle().unwrap().interrupt();
        match execution.run(&mut guest.store).unwrap() {
            Event::Finished(_) => break,
            Event::OutOfFuel | Event::Interrupted => {}
            event => panic!("{event:?}"),
        }
    }
}
