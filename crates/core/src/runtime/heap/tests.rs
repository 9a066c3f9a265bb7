//! Tests of the heap alone: random graphs against a model, long lists, exhaustion, arrays.

use super::*;
use crate::object_type::Storage;
use alloc::{collections::BTreeMap, vec};
use windlass_decode::{
    AbsHeapType, CompositeType, FieldType, HeapType, RefType, StorageType, SubType, ValType,
};
use windlass_validate::NewGroup;

/// A heap with types, that grows up to a limit and collects when it must.
struct World {
    heap: Heap,
    node: Arc<ObjectType>,
    array: Arc<ObjectType>,
    bytes: Arc<ObjectType>,
    limit: usize,
    /// How much is looked at in one go, how much was, and how often.
    part: usize,
    work: usize,
    collections: usize,
}

fn sub_type(composite: CompositeType) -> SubType {
    let supertypes = Box::default();
    SubType { is_final: true, supertypes, describes: None, descriptor: None, composite }
}
use alloc::boxed::Box;

impl World {
    fn new(limit: usize) -> World {
        let any = RefType { nullable: true, heap: HeapType::Abs(AbsHeapType::Any) };
        let field = |storage| FieldType { mutable: true, storage };
        let any = StorageType::Val(ValType::Ref(any));
        let int = StorageType::Val(ValType::I32);
        let mut types = TypeRegistry::new();
        let mut heap = Heap::default();
        let composites = [
            CompositeType::Struct([field(int), field(any), field(any)].into()),
            CompositeType::Array(field(any)),
            CompositeType::Array(field(StorageType::I8)),
        ];
        let [node, array, bytes] = composites.map(|composite| {
            let id = types.enter(NewGroup::alone(sub_type(composite)).unwrap()).unwrap();
            let ty = Arc::new(ObjectType::new(&types, id).unwrap().unwrap());
            heap.add_type(&types, id, &ty, &mut Vec::new()).unwrap();
            ty
        });
        World { heap, node, array, bytes, limit, part: usize::MAX, work: 0, collections: 0 }
    }

    #[cfg(feature = "gc-stress")]
    fn third_word(&self, object: u64) -> u64 {
        self.heap.words[object as usize / 8 + 2]
    }

    fn collect(&mut self, roots: &[u64]) {
        self.heap.start_marking();
        let mut at = 0;
        while !self.heap.unmark(&mut at, &mut self.part.clone()) {}
        roots.iter().for_each(|&root| self.heap.mark(root));
        let mut other = |_, word| panic!("{word:#x} is no object");
        loop {
            let mut left = self.part;
            let is_traced = self.heap.trace(&mut left, &mut other);
            self.work += self.part - left;
            if is_traced {
                break;
            }
        }
        while !self.heap.sweep(&mut self.part.clone()) {}
        self.heap.budget = self.heap.live().max(MIN_BUDGET);
        self.collections += 1;
    }

    /// Makes room; false if even a collection does not help.
    fn reserve(&mut self, size: usize, roots: &[u64]) -> bool {
        if self.heap.has_room(size) {
            return true;
        }
        if self.heap.allocated() >= self.heap.budget {
            self.collect(roots);
        }
        if self.heap.refill(size, false) {
            return true;
        }
        let sizes = self.heap.growth(size);
        if sizes.into_iter().any(|size| size <= self.limit && self.heap.grow(size)) {
            return self.heap.refill(size, true);
        }
        self.collect(roots);
        self.heap.refill(size, true)
    }

    fn node(&mut self, id: u64, next: [u64; 2], roots: &[u64]) -> Option<u64> {
        let node = self.node.clone();
        let all: Vec<u64> = roots.iter().copied().chain(next).collect();
        self.reserve(node.size as usize, &all)
            .then(|| self.heap.new_struct(&node, &[id, next[0], next[1]], 0))
    }

    fn get(&self, object: u64, field: usize) -> u64 {
        let place = self.node.fields[field];
        self.heap.read(object as usize + place.offset as usize, place.storage)[0]
    }

    fn set(&mut self, object: u64, field: usize, value: u64) {
        let place = self.node.fields[field];
        self.heap.write(object as usize + place.offset as usize, place.storage, [value, 0]);
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// Nodes by number, and what their two links are.
type Model = BTreeMap<u64, [u64; 2]>;

/// Every node that the model reaches from `roots` is in the heap with its links; returns how many.
fn check(world: &World, model: &Model, places: &BTreeMap<u64, u64>, roots: &[u64]) -> usize {
    let mut seen = BTreeMap::new();
    let mut waiting: Vec<u64> = roots.to_vec();
    while let Some(id) = waiting.pop() {
        if id == 0 || seen.insert(id, ()).is_some() {
            continue;
        }
        let object = places[&id];
        assert_eq!(world.get(object, 0), id);
        for (field, link) in model[&id].into_iter().enumerate() {
            let found = world.get(object, field + 1);
            assert_eq!(found, if link == 0 { 0 } else { places[&link] });
            waiting.push(link);
        }
    }
    seen.len()
}

/// What `cargo xtask gc-stress` relies on.
#[cfg(feature = "gc-stress")]
#[test]
fn under_stress_every_allocation_finds_room_for_itself_and_the_dead_are_overwritten() {
    let mut world = World::new(1 << 20);
    assert!(world.heap.grow(1 << 16));
    let size = world.node.size as usize;
    let objects = [7, 8].map(|_| {
        assert!(world.heap.refill(size, false));
        let object = world.heap.allocate(world.node.header.into(), size);
        assert!(!world.heap.has_room(8), "there is spare room");
        world.heap.words[object as usize / 8 + 1..][..2].fill(0);
        object
    });
    world.collect(&objects[..1]);
    assert_eq!(objects.map(|object| world.third_word(object)), [0, POISON]);
}

#[test]
fn random_graphs_agree_with_a_model() {
    for (seed, max_waiting, part) in [
        (1, None, usize::MAX),
        (2, None, 1),
        (3, Some(0), 7),
        (4, Some(3), usize::MAX),
        (5, Some(3), 1),
    ] {
        let mut world = World::new(1 << 20);
        world.heap.marking.max_waiting = max_waiting;
        world.part = part;
        let mut random = Random(0x9e37_79b9_7f4a_7c15 + seed);
        let mut model = Model::new();
        let mut places = BTreeMap::new();
        let mut roots = [0u64; 16];
        for step in 1..20_000u64 {
            let links = [0, 1].map(|_| roots[random.below(roots.len())]);
            let words = links.map(|id| places.get(&id).copied().unwrap_or(0));
            let live: Vec<u64> = roots.iter().filter_map(|id| places.get(id).copied()).collect();
            let Some(object) = world.node(step, words, &live) else {
                roots = [0; 16];
                continue;
            };
            model.insert(step, links);
            places.insert(step, object);
            let chosen = random.below(roots.len());
            roots[chosen] = if random.below(50) == 0 { 0 } else { step };
            // Links change, so that there are cycles.
            let [a, b] = [0, 1].map(|_| roots[random.below(roots.len())]);
            if a != 0 {
                let field = random.below(2);
                world.set(places[&a], field + 1, places.get(&b).copied().unwrap_or(0));
                model.get_mut(&a).unwrap()[field] = b;
            }
            if random.below(40) == 0 {
                roots[random.below(16)] = 0;
            }
            if step % 500 == 0 {
                let live: Vec<u64> =
                    roots.iter().filter_map(|id| places.get(id).copied()).collect();
                world.collect(&live);
                let count = check(&world, &model, &places, &roots);
                assert_eq!(world.heap.live(), count * world.node.size as usize, "no more, no less");
            }
        }
        assert!(world.collections > 30);
    }
}

#[test]
fn cycles_are_collected() {
    let mut world = World::new(64 << 10);
    for _ in 0..100_000 {
        let a = world.node(1, [0, 0], &[]).expect("there is room without the cycles before");
        let b = world.node(2, [a, 0], &[a]).expect("there is room");
        world.set(a, 1, b);
        world.set(a, 2, a);
    }
    world.collect(&[]);
    assert_eq!(world.heap.live(), 0);
}

#[test]
fn a_list_of_a_million_nodes_is_marked() {
    let mut world = World::new(usize::MAX);
    let mut list = 0;
    for id in 0..1_000_000 {
        list = world.node(id, [list, 0], &[list]).unwrap();
    }
    world.collect(&[list]);
    assert_eq!(world.heap.live(), 1_000_000 * world.node.size as usize);
    for id in (0..1_000_000).rev() {
        assert_eq!(world.get(list, 0), id);
        list = world.get(list, 1);
    }
    assert_eq!(list, 0);
}

#[test]
fn a_large_place_is_touched_in_pieces() {
    let mut world = World::new(usize::MAX);
    let size = 16 * PIECE;
    let growth = world.heap.growth(size);
    assert!(world.heap.grow(growth[2]) && world.heap.size() == 0, "growth touches nothing");
    assert_eq!(world.heap.marking.len(), 0, "nor does it clear marks");
    let mut pieces = 1;
    while world.heap.lengthen(size) {
        assert!(world.heap.size() <= pieces * PIECE && !world.heap.has_room(size));
        assert_eq!(world.heap.marking.len(), world.heap.size() / 8);
        pieces += 1;
    }
    assert!(pieces >= 16 && world.heap.refill(size, false));
    // What is left of it at the end grows together with what comes.
    let ty = world.bytes.clone();
    world.heap.new_array(&ty, (size / 2) as u32, [0, 0]);
    let more = size - world.heap.growth(size)[2].saturating_sub(world.heap.granted());
    assert!(more < size, "{more}");
}

#[test]
fn what_waits_has_the_room_that_was_set_aside() {
    // A tree, so that many objects wait; the root is made last, and so are the objects that lead to
    // others.
    let mut world = World::new(usize::MAX);
    let count = 1 << 14;
    let mut level: Vec<u64> = (0..count).map(|id| world.node(id, [0, 0], &[]).unwrap()).collect();
    world.collect(&level);
    assert_eq!(world.heap.live(), count as usize * world.node.size as usize);
    while level.len() > 1 {
        let pairs: Vec<_> = level.chunks(2).map(|pair| [pair[0], pair[1]]).collect();
        level = pairs.into_iter().map(|pair| world.node(1, pair, &[]).unwrap()).collect();
    }
    world.work = 0;
    world.collect(&level);
    let objects = 2 * count as usize - 1;
    assert_eq!(world.heap.live(), objects * world.node.size as usize);
    let once = 4 * objects + world.heap.size() / 8 / 64;
    assert!(world.work <= 32 * once, "{} of {once}", world.work);
    assert_eq!(Heap::held(world.heap.granted()), world.heap.granted() + world.heap.marking.held());
}

#[test]
fn a_collection_that_is_given_up_leaves_no_trace() {
    let mut world = World::new(usize::MAX);
    let kept = world.node(1, [0, 0], &[]).unwrap();
    let list = (2..2000).fold(kept, |list, id| world.node(id, [list, 0], &[]).unwrap());
    for part in [1, 100, 1000] {
        // It stops while it marks, and then while it sweeps.
        world.heap.start_marking();
        world.heap.unmark(&mut 0, &mut usize::MAX.clone());
        world.heap.mark(list);
        let mut other = |_, word| panic!("{word:#x} is no object");
        assert!(!world.heap.trace(&mut part.clone(), &mut other));
        world.collect(&[list]);
        assert_eq!(world.heap.live(), 1999 * world.node.size as usize);
        world.heap.start_marking();
        world.heap.unmark(&mut 0, &mut usize::MAX.clone());
        world.heap.mark(list);
        assert!(world.heap.trace(&mut usize::MAX.clone(), &mut other));
        assert!(!world.heap.sweep(&mut part.clone()));
        // What is allocated now is no part of what is alive.
        let new: Vec<u64> =
            (0..100).map(|id| world.node(id, [list, 0], &[list]).unwrap()).collect();
        assert!(new.iter().all(|&new| world.get(new, 1) == list));
        let mut next = list;
        for id in (1..2000).rev() {
            assert_eq!(world.get(next, 0), id);
            next = world.get(next, 1);
        }
    }
    world.collect(&[kept]);
    assert_eq!(world.heap.live(), world.node.size as usize);
}

#[test]
fn a_full_heap_has_no_room_until_something_dies() {
    let mut world = World::new(100_000);
    let mut list = 0;
    let mut count = 0;
    while let Some(node) = world.node(7, [list, 0], &[list]) {
        list = node;
        count += 1;
    }
    // All but the word that is no object, and what is too small for another.
    assert_eq!(count, (100_000 - 8) / world.node.size as usize);
    assert!(world.node(7, [0, 0], &[list]).is_none());
    let second = world.get(list, 1);
    assert!(world.node(7, [0, 0], &[second]).is_some(), "the first node is not needed any more");
}

#[test]
fn small_gaps_are_used_again() {
    let mut world = World::new(64 << 10);
    let mut all = Vec::new();
    while let Some(node) = world.node(all.len() as u64, [0, 0], &all) {
        all.push(node);
    }
    let kept: Vec<u64> = all.iter().copied().step_by(2).collect();
    let mut again = kept.clone();
    while let Some(node) = world.node(9, [0, 0], &again) {
        again.push(node);
    }
    assert_eq!(again.len(), all.len());
    assert!(kept.iter().enumerate().all(|(i, &node)| world.get(node, 0) == 2 * i as u64));
}

#[test]
fn large_places_are_found_among_small_ones() {
    let mut world = World::new(1 << 20);
    let mut random = Random(77);
    let mut arrays: Vec<(u64, u32)> = Vec::new();
    for step in 0..3000 {
        let len = 1 + random.below(20_000) as u32;
        let size = world.bytes.array_size(len.into()).unwrap();
        let roots: Vec<u64> = arrays.iter().map(|&(array, _)| array).collect();
        if world.reserve(size, &roots) {
            let ty = world.bytes.clone();
            let array = world.heap.new_array(&ty, len, [u64::from(len), 0]);
            arrays.push((array, len));
        } else {
            arrays.swap_remove(random.below(arrays.len()));
        }
        if step % 7 == 0 && arrays.len() > 20 {
            arrays.swap_remove(random.below(arrays.len()));
        }
        for &(array, len) in &arrays {
            assert_eq!(world.heap.len(array), len);
            let last = world.heap.element(array, Storage::I8, len - 1);
            assert_eq!(world.heap.read(last, Storage::I8), [u64::from(len as u8), 0]);
        }
    }
}

#[test]
fn arrays_keep_what_they_refer_to() {
    let mut world = World::new(usize::MAX);
    let ty = world.array.clone();
    let node = world.node(5, [0, 0], &[]).unwrap();
    assert!(world.reserve(ty.array_size(1000).unwrap(), &[node]));
    let array = world.heap.new_array(&ty, 1000, [0, 0]);
    // The smallest and the largest i31 are no objects, whatever their bits.
    for (index, word) in [(0, 1), (1, u32::MAX.into()), (999, node)] {
        let at = world.heap.element(array, Storage::Any, index);
        world.heap.write(at, Storage::Any, [word, 0]);
    }
    world.collect(&[array]);
    assert_eq!(world.heap.live(), 8008 + world.node.size as usize);
    assert_eq!(world.get(node, 0), 5);
}

#[test]
fn elements_are_filled_as_one_by_one() {
    use Storage::*;
    let mut world = World::new(usize::MAX);
    let ty = world.bytes.clone();
    assert!(world.reserve(ty.array_size(400).unwrap(), &[]));
    let array = world.heap.new_array(&ty, 400, [0, 0]);
    let mut random = Random(3);
    for storage in [I8, I16, I32, F32, I64, F64, V128] {
        let size = storage.size() as usize;
        let count = 400 / size;
        let mut model = vec![[0u64; 2]; count];
        world.heap.fill(array, storage, 0, count as u32, [0, 0]);
        for step in 1..2000u64 {
            let at = random.below(count);
            let len = random.below(count - at) as u32;
            let mask = if size >= 8 { u64::MAX } else { (1 << (8 * size)) - 1 };
            let value = [(step * 0x0101_0305_0701) & mask, if size == 16 { step } else { 0 }];
            world.heap.fill(array, storage, at as u32, len, value);
            model[at..at + len as usize].fill(value);
            for (index, &value) in model.iter().enumerate() {
                let at = world.heap.element(array, storage, index as u32);
                assert_eq!(world.heap.read(at, storage), value, "{storage:?} {index} at {step}");
            }
        }
    }
}

/// Marks some of the values, sweeps, and drops the others.
fn keep(values: &mut HostValues, marked: &[u32]) {
    marked.iter().for_each(|&index| values.mark(host_reference(index)));
    while !values.sweep(&mut 0, &mut usize::MAX.clone()) {}
    while values.drop_next() {}
}

#[test]
fn host_values_are_dropped_when_nothing_refers_to_them() {
    let mut values = HostValues::default();
    let counter = Arc::new(());
    let all: Vec<u32> = (0..4).map(|_| values.add(Box::new(counter.clone())).unwrap()).collect();
    values.mark(u64::from(all[2]) << 3 | 1); // an i31
    keep(&mut values, &[all[1]]);
    assert_eq!((Arc::strong_count(&counter), values.len()), (2, 1));
    assert!(values.get(all[1]).is_some() && values.get(all[2]).is_none());
    let again = values.add(Box::new("new")).unwrap();
    assert!(again < 4, "places are used again");
    keep(&mut values, &[]);
    assert_eq!(Arc::strong_count(&counter), 1);
}

#[test]
fn host_values_wait_to_be_dropped_once() {
    let mut values = HostValues::default();
    let counter = Arc::new(());
    let all: Vec<u32> = (0..4).map(|_| values.add(Box::new(counter.clone())).unwrap()).collect();
    values.mark(host_reference(all[0]));
    assert!(values.sweep(&mut 0, &mut usize::MAX.clone()));
    assert_eq!(Arc::strong_count(&counter), 5, "sweeping drops nothing");
    assert!(values.drop_next());
    // Another collection begins and ends before the others are dropped.
    let later = values.add(Box::new(counter.clone())).unwrap();
    keep(&mut values, &[all[0], later]);
    assert_eq!((Arc::strong_count(&counter), values.len()), (3, 2));
    assert!(values.get(all[0]).is_some() && values.get(later).is_some());
}

#[test]
fn a_heap_has_pages_for_its_own_types_only() {
    let mut types = TypeRegistry::new();
    let ids: Vec<TypeId> = (0..2_000u32)
        .map(|number| {
            let field = |bit: u32| match number >> bit & 1 {
                0 => FieldType { mutable: true, storage: StorageType::I8 },
                _ => FieldType { mutable: true, storage: StorageType::I16 },
            };
            let composite = CompositeType::Struct((0..11).map(field).collect());
            types.enter(NewGroup::alone(sub_type(composite)).unwrap()).unwrap()
        })
        .collect();
    let (mut heap, mut held) = (Heap::default(), Vec::new());
    for _ in 0..2 {
        for &id in &ids[1_995..] {
            let ty = Arc::new(ObjectType::new(&types, id).unwrap().unwrap());
            heap.add_type(&types, id, &ty, &mut held).unwrap();
        }
    }
    assert_eq!(held, ids[1_995..]);
    assert!(heap.types.object(ids[1_999]).is_some() && heap.types.object(ids[1_990]).is_none());
    let pages = heap.types.pages();
    assert_eq!((pages.len(), pages.iter().flatten().count()), (8, 1));
}
