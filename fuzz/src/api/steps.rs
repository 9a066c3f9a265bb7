//! The steps: each does something to a store and the same to its model. What fails has changed
//! nothing, and fails only for a reason that the model knows, or since a limiter has refused.

use super::{
    model::{MOST_ELEMENTS, MOST_PAGES, Own, Place},
    world::{Ended, Guest, Limiter, Paused, Room, World, attempt},
};
use arbitrary::{Result, Unstructured};
use windlass::{Event, ExternRef, Func, Ref, RootScope, Trap, Val};

/// Addresses of words: at the beginning, and around the ends of pages.
const ADDRESSES: [u64; 8] = [0, 8, 1 << 10, 65_528, 65_536, 131_064, 131_072, 393_208];

impl World {
    /// One step.
    pub(super) fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        if self.rooms.is_empty() || (self.rooms.len() < 4 && input.ratio(1, 16)?) {
            self.open(input.int_in_range(0..=1)?);
        }
        if self.rooms.len() > 1 && input.ratio(1, 32)? {
            let index = input.choose_index(self.rooms.len())?;
            self.rooms.swap_remove(index);
        }
        let room = input.choose_index(self.rooms.len())?;
        if self.rooms[room].guests.is_empty() || input.ratio(1, 16)? {
            self.instantiate(room, input)?;
        }
        if self.rooms.len() > 1 && input.ratio(1, 16)? {
            self.mix_up(room, input)?;
        }
        let (value, number) = self.value();
        let room = &mut self.rooms[room];
        room.store.set_fuel(100_000).expect("it counts fuel");
        room.store.data_mut().limiter = Limiter { armed: input.arbitrary()?, has_refused: false };
        if let Some((after, _)) = &mut room.store.data_mut().limiter.armed {
            *after %= 4;
        }
        if !room.guests.is_empty() {
            room.step(value, number, input)?;
        }
        Ok(())
    }

    /// Another instance: with a memory, a table and a global of its own, or with those of another.
    fn instantiate(&mut self, room: usize, input: &mut Unstructured<'_>) -> Result<()> {
        let shared: bool = input.arbitrary()?;
        let owner = self.rooms[input.choose_index(self.rooms.len())?]
            .guests
            .first()
            .map(|guest| (guest.instance, guest.place));
        let fits = |world: &World, instance| {
            world.rooms[room].guests.iter().any(|guest: &Guest| guest.instance == instance)
        };
        let mut linker = self.houses[self.rooms[room].house].linker.clone();
        let house = &self.houses[self.rooms[room].house];
        let (module, place) = match owner {
            Some((owner, place)) if shared => {
                // The owner's store, which may be another.
                let from = self
                    .rooms
                    .iter()
                    .find(|room| room.guests.iter().any(|guest| guest.instance == owner))
                    .expect("it was just chosen there");
                let mut defined = Ok(());
                for name in ["memory", "table", "global"] {
                    let item = owner.get_export(&from.store, name).expect("it is exported");
                    let done = linker.define(&from.store, "owner", name, item).map(drop);
                    defined = defined.and(done);
                }
                let same_engine = from.house == self.rooms[room].house;
                assert_eq!(defined.is_ok(), same_engine, "{defined:?}");
                (&house.user, fits(self, owner).then_some(place))
            }
            _ => (&house.own, None),
        };
        let needs_owner = owner.is_some() && shared;
        let room = &mut self.rooms[room];
        room.store.set_fuel(100_000).expect("it counts fuel");
        let made = attempt(|| linker.instantiate(&mut room.store, module));
        let has_refused = room.has_refused();
        match made {
            Ended::Well(instance) => {
                let place = place.unwrap_or_else(|| {
                    assert!(!needs_owner, "linked with another store");
                    room.places.push(Place::new());
                    room.places.len() - 1
                });
                room.guests.push(Guest { instance, place, own: Own::default() });
            }
            other => assert!(
                has_refused || (needs_owner && place.is_none()),
                "no instance: {:?}",
                other.error()
            ),
        }
        Ok(())
    }

    /// Uses what is one store's with another: always an error.
    fn mix_up(&mut self, room: usize, input: &mut Unstructured<'_>) -> Result<()> {
        let other = (room + 1) % self.rooms.len();
        let Some(guest) = self.rooms[other].guests.first().map(|guest| guest.instance) else {
            return Ok(());
        };
        let from = &self.rooms[other].store;
        let func = guest.get_func(from, "sum").expect("it is exported");
        let memory = guest.get_memory(from, "memory").expect("it is exported");
        let table = guest.get_table(from, "table").expect("it is exported");
        let global = guest.get_global(from, "global").expect("it is exported");
        let paused = self.rooms[other].paused.pop();
        let store = &mut self.rooms[room].store;
        assert!(func.call(&mut *store, &[], &mut [Val::I32(0)]).is_err());
        assert!(func.start(&mut *store, &[]).is_err());
        assert!(memory.grow(&mut *store, 0).is_err());
        assert!(table.set(&mut *store, 0, Ref::Extern(None)).is_err());
        assert!(table.grow(&mut *store, 0, Ref::Extern(None)).is_err());
        assert!(global.set(&mut *store, Val::I64(1)).is_err());
        if let Some(mut paused) = paused {
            if input.arbitrary()? {
                assert!(paused.execution.run(&mut *store).is_err());
            }
            assert!(paused.execution.resume(&mut *store, &[Val::I32(1)]).is_err());
            self.rooms[other].paused.push(paused);
        }
        Ok(())
    }
}

impl<R> Ended<R> {
    fn error(&self) -> Option<String> {
        match self {
            Ended::Well(_) => None,
            Ended::Failed(error) => Some(error.to_string()),
            Ended::Panicked => Some("a panic".to_string()),
        }
    }
}

impl Room {
    fn has_refused(&self) -> bool {
        self.store.data().limiter.has_refused
    }

    fn func(&self, guest: usize, name: &str) -> Func {
        self.guests[guest].instance.get_func(&self.store, name).expect("it is exported")
    }

    fn call(&mut self, guest: usize, name: &str, args: &[Val]) -> Ended<Vec<Val>> {
        let func = self.func(guest, name);
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        match attempt(|| func.call(&mut self.store, args, &mut results)) {
            Ended::Well(()) => Ended::Well(results),
            Ended::Failed(error) => Ended::Failed(error),
            Ended::Panicked => Ended::Panicked,
        }
    }

    /// A call that ends well, unless a limiter refuses: true if it did.
    fn call_well(&mut self, guest: usize, name: &str, args: &[Val]) -> bool {
        let ended = self.call(guest, name, args);
        let well = matches!(ended, Ended::Well(_));
        assert!(well || self.has_refused(), "{name}: {:?}", ended.error());
        well
    }

    fn step(
        &mut self,
        value: super::world::Counted,
        number: u64,
        input: &mut Unstructured<'_>,
    ) -> Result<()> {
        let guest = input.choose_index(self.guests.len())?;
        let place = self.guests[guest].place;
        match input.int_in_range(0..=15)? {
            0 | 1 => self.access(guest, *input.choose(&ADDRESSES)?, input.arbitrary()?),
            2 | 3 => self.grow_memory(guest, input.int_in_range(0..=3)?, input.arbitrary()?),
            4 | 5 => {
                let delta = input.int_in_range(0..=6)?;
                self.grow_table(guest, delta, value, number, input.arbitrary()?);
            }
            6 => {
                let index = input.int_in_range(0..=8)?;
                self.set_element(guest, index, value, number, input.arbitrary()?);
            }
            7 => {
                let n: i64 = input.arbitrary()?;
                if input.arbitrary()? {
                    let global = self.guests[guest].instance.get_global(&self.store, "global");
                    let global = global.expect("it is exported");
                    assert!(global.set(&mut self.store, Val::I32(1)).is_err());
                    global.set(&mut self.store, Val::I64(n)).expect("it is of this type");
                    self.places[place].global = n;
                } else if self.call_well(guest, "set", &[Val::I64(n)]) {
                    self.places[place].global = n;
                }
            }
            8 => {
                let n: i64 = input.arbitrary()?;
                if self.call_well(guest, "push", &[Val::I64(n)]) {
                    self.guests[guest].own.list.push(n);
                }
            }
            9 => {
                let n = input.int_in_range(1..=200)?;
                self.call_well(guest, "garbage", &[Val::I32(n)]);
                if input.arbitrary()? {
                    self.store.gc();
                }
            }
            10 => self.act(guest, input.int_in_range(0..=7)?),
            11 => self.start(guest, input.int_in_range(1..=300)?, input.arbitrary()?),
            12 | 13 => self.go_on(input)?,
            14 => self.hold(value, number),
            _ => self.stop(guest, input)?,
        }
        Ok(())
    }

    /// Stores and loads a word.
    fn access(&mut self, guest: usize, address: u64, word: i64) {
        let place = self.guests[guest].place;
        let is_there = self.places[place].word(address).is_some();
        let at = Val::I32(address as i32);
        let ended = self.call(guest, "store", &[at, Val::I64(word)]);
        self.expect(&ended, is_there, Trap::MemoryOutOfBounds);
        if matches!(ended, Ended::Well(_)) {
            self.places[place].words.insert(address, word);
        }
        let ended = self.call(guest, "load", &[at]);
        self.expect(&ended, is_there, Trap::MemoryOutOfBounds);
        if let Ended::Well(values) = ended {
            assert_eq!(values[0].i64(), self.places[place].word(address));
        }
    }

    /// It ends well if it may, else by this trap; whatever it does if a limiter has refused.
    fn expect<R>(&self, ended: &Ended<R>, may: bool, trap: Trap) {
        match ended {
            Ended::Well(_) => assert!(may, "no {trap}"),
            _ if self.has_refused() => {}
            Ended::Failed(error) => assert!(!may && error.trap() == Some(trap), "{error}"),
            Ended::Panicked => panic!("nobody has panicked"),
        }
    }

    /// Applies growth that was asked for: the old size, or none. True if it has grown.
    fn has_grown(&self, old: Option<u64>, size: u64, delta: u64, most: u64) -> bool {
        let may = size + delta <= most;
        match old {
            Some(old) => assert!(may && old == size, "{old} + {delta}, from {size}"),
            None => assert!(!may || self.has_refused(), "{size} + {delta} refused"),
        }
        old.is_some()
    }

    fn grow_memory(&mut self, guest: usize, delta: u64, by_host: bool) {
        let place = self.guests[guest].place;
        let old = if by_host {
            let memory = self.guests[guest].instance.get_memory(&self.store, "memory");
            let memory = memory.expect("it is exported");
            match attempt(|| memory.grow(&mut self.store, delta)) {
                Ended::Well(old) => Some(old),
                _ => None,
            }
        } else {
            let ended = self.call(guest, "grow_memory", &[Val::I32(delta as i32)]);
            old_size(ended)
        };
        if self.has_grown(old, self.places[place].pages, delta, MOST_PAGES) {
            self.places[place].pages += delta;
        }
    }

    fn grow_table(
        &mut self,
        guest: usize,
        delta: u64,
        value: super::world::Counted,
        number: u64,
        by_host: bool,
    ) {
        let place = self.guests[guest].place;
        let table = self.guests[guest].instance.get_table(&self.store, "table");
        let (table, func) = (table.expect("it is exported"), self.func(guest, "grow_table"));
        let mut scope = RootScope::new(&mut self.store);
        let old = match attempt(|| ExternRef::new(&mut scope, value)) {
            Ended::Well(value) if by_host => {
                let init = Ref::Extern(Some(value));
                match attempt(|| table.grow(&mut scope, delta, init)) {
                    Ended::Well(old) => Some(old),
                    _ => None,
                }
            }
            Ended::Well(value) => {
                let args = [Val::ExternRef(Some(value)), Val::I32(delta as i32)];
                let mut results = [Val::I32(0)];
                let ended = attempt(|| func.call(&mut scope, &args, &mut results));
                match ended {
                    Ended::Well(()) => old_size(Ended::Well(results.to_vec())),
                    _ => None,
                }
            }
            _ => None,
        };
        drop(scope);
        let size = self.places[place].table.len() as u64;
        if self.has_grown(old, size, delta, MOST_ELEMENTS) {
            let grown = (size + delta) as usize;
            self.places[place].table.resize(grown, Some(number));
        }
    }

    fn set_element(
        &mut self,
        guest: usize,
        index: u64,
        value: super::world::Counted,
        number: u64,
        by_host: bool,
    ) {
        let place = self.guests[guest].place;
        let table = self.guests[guest].instance.get_table(&self.store, "table");
        let (table, func) = (table.expect("it is exported"), self.func(guest, "table_set"));
        let mut scope = RootScope::new(&mut self.store);
        let ended = attempt(|| {
            let value = ExternRef::new(&mut scope, value)?;
            if by_host {
                return table.set(&mut scope, index, Ref::Extern(Some(value)));
            }
            let args = [Val::I32(index as i32), Val::ExternRef(Some(value))];
            func.call(&mut scope, &args, &mut [])
        });
        drop(scope);
        let is_there = index < self.places[place].table.len() as u64;
        self.expect(&ended, is_there, Trap::TableOutOfBounds);
        if matches!(ended, Ended::Well(())) {
            self.places[place].table[index as usize] = Some(number);
        }
    }

    /// Calls the host function, which does something of its own.
    fn act(&mut self, guest: usize, what: i32) {
        // What it does before a refusal, the model can't know.
        self.store.data_mut().limiter = Limiter::default();
        let ended = self.call(guest, "act", &[Val::I32(what)]);
        let place = self.guests[guest].place;
        match (what, &ended) {
            (1 | 3, Ended::Failed(error)) => assert_eq!(error.trap(), None),
            (2, Ended::Panicked) => {}
            (4, Ended::Well(_)) => self.guests[guest].own.list.push(5),
            (5, Ended::Well(values)) => {
                let grows = self.places[place].pages < MOST_PAGES;
                assert_eq!(values[0].i32(), Some(grows.into()));
                self.places[place].pages += u64::from(grows);
            }
            (0 | 6 | 7, Ended::Well(values)) => assert_eq!(values[0].i32(), Some(what)),
            _ => panic!("{what}: {:?}", ended.error()),
        }
    }

    /// Starts a call that counts, or one that asks the host for numbers to add; it does not run.
    fn start(&mut self, guest: usize, n: i32, asks: bool) {
        if self.paused.len() >= 8 {
            return;
        }
        let n = if asks { n % 4 + 1 } else { n };
        let func = self.func(guest, if asks { "ask" } else { "count" });
        match attempt(|| func.start(&mut self.store, &[Val::I32(n)])) {
            Ended::Well(execution) => {
                self.guests[guest].own.counted.1 += i64::from(n);
                let adds = i64::from(n);
                self.paused.push(Paused { execution, guest, adds, pending: false });
            }
            other => assert!(self.has_refused(), "{:?}", other.error()),
        }
    }

    /// Runs a paused call on, with some fuel, or drops it.
    fn go_on(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        if self.paused.is_empty() {
            return Ok(());
        }
        let index = input.choose_index(self.paused.len())?;
        let mut paused = self.paused.swap_remove(index);
        if input.ratio(1, 8)? {
            return Ok(());
        }
        let store = &mut self.store;
        let resumed = paused.execution.resume(&mut *store, &[Val::I32(1)]);
        assert_eq!(resumed.is_ok(), paused.pending, "{resumed:?}");
        store.set_fuel(input.int_in_range(0..=400)?).expect("it counts fuel");
        if input.ratio(1, 8)? {
            store.interrupt_handle().expect("it looks for interrupts").interrupt();
        }
        let ended = attempt(|| paused.execution.run(&mut *store));
        store.clear_interrupt();
        paused.pending = false;
        match ended {
            Ended::Well(Event::Finished(_)) => {
                assert!(paused.execution.has_ended());
                self.guests[paused.guest].own.counted.0 += paused.adds;
            }
            Ended::Well(event) => {
                paused.pending = matches!(event, Event::HostPending(_));
                self.paused.push(paused);
            }
            other => assert!(self.has_refused(), "{:?}", other.error()),
        }
        Ok(())
    }

    /// The host keeps a value.
    fn hold(&mut self, value: super::world::Counted, number: u64) {
        let mut scope = RootScope::new(&mut self.store);
        let made = attempt(|| {
            let value = ExternRef::new(&mut scope, value)?;
            value.to_owned_rooted(&mut scope)
        });
        drop(scope);
        match made {
            Ended::Well(value) => self.store.data_mut().held.push((value, number)),
            other => assert!(self.has_refused(), "{:?}", other.error()),
        }
    }

    /// Calls that end otherwise than by returning, or nearly.
    fn stop(&mut self, guest: usize, input: &mut Unstructured<'_>) -> Result<()> {
        match input.int_in_range(0..=4)? {
            0 => {
                let ended = self.call(guest, "recurse", &[Val::I32(1 << 20)]);
                self.expect(&ended, false, Trap::StackOverflow);
            }
            1 => {
                self.store.set_fuel(input.int_in_range(0..=200)?).expect("it counts fuel");
                let ended = self.call(guest, "count", &[Val::I32(500)]);
                self.expect(&ended, false, Trap::OutOfFuel);
                // How far it came, nobody says.
                self.guests[guest].own.counted.1 += 500;
            }
            2 => {
                let thrown: i64 = input.arbitrary()?;
                match self.call(guest, "catch", &[Val::I64(thrown)]) {
                    Ended::Well(values) => assert_eq!(values[0].i64(), Some(thrown)),
                    other => assert!(self.has_refused(), "{:?}", other.error()),
                }
            }
            3 => match self.call(guest, "throw", &[Val::I64(1)]) {
                other if self.has_refused() => drop(other),
                Ended::Failed(error) => assert_eq!(error.trap(), None, "{error}"),
                other => panic!("{:?}", other.error()),
            },
            _ => {
                self.store.interrupt_handle().expect("it looks for interrupts").interrupt();
                let ended = self.call(guest, "garbage", &[Val::I32(1 << 20)]);
                self.store.clear_interrupt();
                let stopped = match &ended {
                    Ended::Failed(error) => {
                        matches!(error.trap(), Some(Trap::Interrupted | Trap::OutOfFuel))
                    }
                    _ => false,
                };
                assert!(stopped || self.has_refused(), "{:?}", ended.error());
            }
        }
        Ok(())
    }
}

/// What growth in a guest says: the old size, or none if it failed.
fn old_size(ended: Ended<Vec<Val>>) -> Option<u64> {
    match ended {
        Ended::Well(values) => values[0].i32().and_then(|old| u64::try_from(old).ok()),
        _ => None,
    }
}
