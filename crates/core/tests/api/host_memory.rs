//! Memories that lie in bytes of the host: zeros at first, grown within, limited as others are,
//! given back when they end.

use crate::module;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering},
    },
};
use windlass::{
    Config, Engine, Error, Instance, Memory, MemoryPool, MemorySource, MemoryType, ResourceLimiter,
    SharedMemory, Store, Trap,
};

const PAGE: usize = 1 << 16;

/// Where the bytes are that are given for good: so nobody takes them for lost.
static GIVEN: Mutex<Vec<AtomicPtr<u8>>> = Mutex::new(Vec::new());

/// Bytes aligned to 8 that a guest before has used.
fn dirty(len: usize) -> &'static mut [u8] {
    let bytes = vec![0xa5; len + 8].leak();
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.as_mut_ptr().into());
    let at = bytes.as_ptr().align_offset(8);
    &mut bytes[at..][..len]
}

fn pool(sizes: &[usize]) -> Arc<MemoryPool> {
    Arc::new(MemoryPool::new(sizes.iter().map(|&size| dirty(size))))
}

fn engine(source: &Arc<impl MemorySource + 'static>) -> Engine {
    let mut config = Config::new();
    config.wasm_threads(true).wasm_custom_page_sizes(true).memory_source(source.clone());
    Engine::new(&config).unwrap()
}

fn instantiate(store: &mut Store<()>, text: &str) -> Result<Instance, Error> {
    let module = module(&store.engine().clone(), text);
    Instance::new(store, &module, &[])
}

const GROWS: &str = r#"(memory (export "memory") 1 9) (data (i32.const 8) "data")
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))"#;

#[test]
fn a_module_s_memory_lies_in_the_host_s_bytes() {
    let bytes = dirty(3 * PAGE + 100);
    let (base, len) = (bytes.as_ptr(), bytes.len());
    let pool = Arc::new(MemoryPool::new([bytes]));
    let mut store = Store::new(&engine(&pool), ());
    let instance = instantiate(&mut store, GROWS).unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    assert_eq!(memory.data(&store).as_ptr(), base);
    assert_eq!(&memory.data(&store)[7..13], b"\0data\0");
    assert!(memory.data(&store)[12..].iter().all(|&byte| byte == 0));
    assert_eq!(memory.stable_size(&mut store), len);
    let grow = instance.get_typed_func::<i32, i32>(&store, "grow").unwrap();
    let load = instance.get_typed_func::<i32, i32>(&store, "load").unwrap();
    let set = instance.get_typed_func::<(i32, i32), ()>(&store, "store").unwrap();
    assert_eq!(
        load.call(&mut store, PAGE as i32).unwrap_err().trap(),
        Some(Trap::MemoryOutOfBounds)
    );
    assert_eq!(grow.call(&mut store, 2).unwrap(), 1);
    assert!(memory.data(&store)[PAGE..].iter().all(|&byte| byte == 0));
    let last = 3 * PAGE as i32 - 1;
    set.call(&mut store, (last, 7)).unwrap();
    assert_eq!(load.call(&mut store, last).unwrap(), 7);
    assert_eq!(grow.call(&mut store, 1).unwrap(), -1, "the type would allow it");
    assert_eq!(memory.data(&store).as_ptr(), base, "it has not moved");
    assert_eq!(pool.free_bytes(), 0);
    drop(store);
    let bytes = pool.remove().unwrap();
    assert_eq!((bytes.as_ptr(), bytes.len()), (base, len), "all is given back");
    assert_eq!((bytes[3 * PAGE - 1], bytes[3 * PAGE]), (7, 0xa5), "as the guest has left it");
}

#[test]
fn every_kind_of_memory_can_lie_there() {
    let pool = pool(&[2 * PAGE, PAGE, 100]);
    let engine = engine(&pool);
    let mut store = Store::new(&engine, ());
    let text = r#"(memory (export "a") i64 1) (memory (export "b") 100 (pagesize 1))
                  (memory (export "c") 2)"#;
    let instance = instantiate(&mut store, text).unwrap();
    assert_eq!(pool.free_bytes(), 0, "each has the smallest that it fits");
    assert!(instance.get_memory(&store, "b").unwrap().grow(&mut store, 1).is_err());
    assert!(Memory::new(&mut store, MemoryType::new(0, None)).is_err(), "also the host's");
    // What belongs to no store lies elsewhere.
    assert!(SharedMemory::new(&engine, MemoryType::shared(1, 1)).is_ok());
    drop(store);
    assert_eq!(pool.free_bytes(), 3 * PAGE + 100);
}

#[test]
fn the_host_makes_one_of_a_source() {
    let pool = pool(&[2 * PAGE]);
    let mut store = Store::<()>::default();
    let ty = MemoryType::new(1, None);
    let memory = Memory::with_source(&mut store, ty, pool.clone()).unwrap();
    assert!(memory.data(&store).iter().all(|&byte| byte == 0));
    assert_eq!(memory.grow(&mut store, 1).unwrap(), 1);
    assert!(memory.grow(&mut store, 1).is_err());
    let error = Memory::with_source(&mut store, ty, pool.clone()).unwrap_err();
    assert!(error.to_string().contains("no bytes"), "{error}");
    let shared = MemoryType::shared(1, 1);
    assert!(Memory::with_source(&mut store, shared, pool).is_err());
}

#[test]
fn what_is_made_in_vain_is_given_back() {
    let pool = pool(&[PAGE]);
    let engine = engine(&pool);
    let mut store = Store::new(&engine, ());
    assert!(instantiate(&mut store, "(memory 1) (memory 1)").is_err(), "there is one piece");
    assert_eq!(pool.free_bytes(), PAGE);
    instantiate(&mut store, "(memory 1)").unwrap();
    assert_eq!(pool.free_bytes(), 0);
}

/// Gives out whatever it has, fit or not.
struct Any(std::sync::Mutex<Option<&'static mut [u8]>>);

impl MemorySource for Any {
    fn take(&self, _: usize, _: Option<usize>) -> Option<&'static mut [u8]> {
        self.0.lock().unwrap().take()
    }

    fn give_back(&self, bytes: &'static mut [u8]) {
        *self.0.lock().unwrap() = Some(bytes);
    }
}

#[test]
fn bytes_that_do_not_fit_are_an_error_and_given_back() {
    for (bytes, message) in [
        (dirty(PAGE - 1), "too few bytes"),
        (&mut dirty(PAGE + 8)[4..], "not aligned"),
        (dirty(0), "too few bytes"),
    ] {
        let len = bytes.len();
        let source = Arc::new(Any(Some(bytes).into()));
        let error = instantiate(&mut Store::new(&engine(&source), ()), "(memory 1)").unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(source.0.lock().unwrap().take().unwrap().len(), len);
    }
}

#[test]
fn what_a_source_is_asked_for() {
    struct Asked(std::sync::Mutex<Vec<(usize, Option<usize>)>>);
    impl MemorySource for Asked {
        fn take(&self, minimum: usize, maximum: Option<usize>) -> Option<&'static mut [u8]> {
            self.0.lock().unwrap().push((minimum, maximum));
            Some(dirty(minimum))
        }
        fn give_back(&self, _: &'static mut [u8]) {}
    }
    let source = Arc::new(Asked(Vec::new().into()));
    let mut store = Store::new(&engine(&source), ());
    instantiate(&mut store, "(memory 2) (memory 0 3)").unwrap();
    assert_eq!(*source.0.lock().unwrap(), [(2 * PAGE, None), (0, Some(3 * PAGE))]);
}

/// Allows two pages in all, and counts what fails beside that.
#[derive(Default)]
struct TwoPages {
    failed: usize,
}

impl ResourceLimiter for TwoPages {
    fn memory_growing(&mut self, _: usize, to: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(to <= 2 * PAGE)
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<(), Error> {
        self.failed += 1;
        Ok(())
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }
}

#[test]
fn limits_are_as_ever() {
    let pool = pool(&[PAGE, 4 * PAGE]);
    let engine = engine(&pool);
    let mut store = Store::new(&engine, TwoPages::default());
    store.limiter(|limits| limits);
    assert!(Memory::new(&mut store, MemoryType::new(3, None)).is_err());
    assert_eq!(pool.free_bytes(), 5 * PAGE, "the source was not asked");
    let large = Memory::new(&mut store, MemoryType::new(2, None)).unwrap();
    assert!(large.grow(&mut store, 1).is_err(), "there are bytes, but it may not");
    assert_eq!(store.data().failed, 0);
    let small = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    assert!(small.grow(&mut store, 1).is_err(), "it may, but there are no bytes");
    assert_eq!(store.data().failed, 1, "of which the limiter is told");
}

/// Panics when told to: in `give_back` once.
struct Panics {
    pool: Arc<MemoryPool>,
    in_take: AtomicBool,
    in_give_back: AtomicBool,
    given_back: AtomicUsize,
}

impl MemorySource for Panics {
    fn take(&self, minimum: usize, maximum: Option<usize>) -> Option<&'static mut [u8]> {
        assert!(!self.in_take.load(Ordering::Relaxed), "take panics");
        self.pool.take(minimum, maximum)
    }

    fn give_back(&self, bytes: &'static mut [u8]) {
        self.pool.give_back(bytes);
        self.given_back.fetch_add(1, Ordering::Relaxed);
        assert!(!self.in_give_back.swap(false, Ordering::Relaxed), "give_back panics");
    }
}

/// What a store knew of a shared memory goes with the instantiation that made it known, also where
/// the source panics: else another memory would take its place.
#[test]
fn a_source_that_panics_leaves_no_shared_memory_behind() {
    let source = Arc::new(Panics {
        pool: pool(&[PAGE]),
        in_take: false.into(),
        in_give_back: true.into(),
        given_back: 0.into(),
    });
    let engine = engine(&source);
    let ty = MemoryType::shared(1, 1);
    let shared = SharedMemory::new(&engine, ty).unwrap();
    let mut store = Store::new(&engine, ());
    let imports = r#"(memory (export "m") (import "" "m") 1 1 shared)"#;
    let two = module(&engine, &format!("{imports} (memory 1) (memory 1)"));
    let attempt = || Instance::new(&mut store, &two, &[shared.clone().into()]).map(drop);
    assert!(catch_unwind(AssertUnwindSafe(attempt)).is_err(), "it panics");
    // It lies where the shared one lay.
    let own = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    own.write(&mut store, 0, b"own").unwrap();
    let load = r#"(func (export "load") (result i32) (i32.load (i32.const 0)))"#;
    let loads = module(&engine, &format!("{imports} {load}"));
    let instance = Instance::new(&mut store, &loads, &[shared.into()]).unwrap();
    let load = instance.get_typed_func::<(), i32>(&store, "load").unwrap();
    assert_eq!(load.call(&mut store, ()).unwrap(), 0);
    assert!(instance.get_shared_memory(&mut store, "m").is_some());
}

#[test]
fn a_store_stays_whole_when_its_source_panics() {
    let source = Arc::new(Panics {
        pool: pool(&[PAGE, PAGE]),
        in_take: true.into(),
        in_give_back: false.into(),
        given_back: 0.into(),
    });
    let mut store = Store::new(&engine(&source), ());
    let mut try_with = |text: &str| {
        let instantiation = AssertUnwindSafe(|| instantiate(&mut store, text).map(drop));
        catch_unwind(instantiation)
    };
    assert!(try_with("(memory 1)").is_err(), "it panics");
    source.in_take.store(false, Ordering::Relaxed);
    source.in_give_back.store(true, Ordering::Relaxed);
    let three = r#"(global i32 (i32.const 1)) (table 1 funcref) (memory 1) (memory 1) (memory 1)"#;
    assert!(try_with(three).is_err(), "it panics");
    assert_eq!(source.given_back.load(Ordering::Relaxed), 2);
    for _ in 0..3 {
        assert!(try_with(three).is_ok_and(|tried| tried.is_err()), "an error");
    }
    let instance = instantiate(&mut store, GROWS).unwrap();
    let load = instance.get_typed_func::<i32, i32>(&store, "load").unwrap();
    assert_eq!(load.call(&mut store, 8).unwrap(), i32::from(b'd'));
    drop(store);
    assert_eq!(source.pool.free_bytes(), 2 * PAGE);
}
