//! What a file system in memory holds of the host is what it counts, whatever a guest makes in it,
//! and what was removed is given back. An allocator that counts tells.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use windlass_wasi::{Errno, FileSystem, Handle, MemoryBudget, MemoryFs, OpenOptions};

thread_local! {
    /// Bytes that this thread has allocated and not freed, with what an allocator takes for each.
    static HELD: Cell<i64> = const { Cell::new(0) };
}

/// The system's allocator, with a count of the bytes.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn size(layout: Layout) -> i64 {
    (layout.size() + 8).next_multiple_of(16).max(32) as i64
}

// SAFETY: it hands everything on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.set(HELD.get() + size(layout));
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.set(HELD.get() - size(layout));
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Counts what a file system takes.
#[derive(Default)]
struct Counted(AtomicI64);

impl MemoryBudget for Counted {
    fn take(&self, bytes: u64) -> bool {
        self.0.fetch_add(bytes as i64, Ordering::Relaxed);
        true
    }

    fn give_back(&self, bytes: u64) {
        self.0.fetch_sub(bytes as i64, Ordering::Relaxed);
    }
}

struct World {
    fs: Box<dyn FileSystem>,
    root: Handle,
    counted: Arc<Counted>,
    before: i64,
}

impl World {
    fn new() -> World {
        let before = HELD.get();
        let counted = Arc::new(Counted::default());
        let mut fs = MemoryFs::with_budget(1 << 40, counted.clone());
        let root = fs.root().unwrap();
        World { fs: Box::new(fs), root, counted, before }
    }

    fn held(&self) -> i64 {
        HELD.get() - self.before
    }

    fn counted(&self) -> i64 {
        self.counted.0.load(Ordering::Relaxed)
    }

    /// It holds no more than it counts, and not much less. The world itself takes a bit.
    fn check(&self, what: &str) {
        let (held, counted) = (self.held() - 2000, self.counted());
        assert!(held <= counted, "{what}: {held} bytes are held, and {counted} counted");
        assert!(counted < 5 * self.held(), "{what}: {held} are held, and {counted} counted");
    }

    fn create(&mut self, name: &str) -> Result<Handle, Errno> {
        let options = OpenOptions { read: true, write: true, create: true, ..Default::default() };
        self.fs.open(self.root, name.as_bytes(), &options)
    }
}

/// Each number below `count` once, in no order.
fn mixed(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(move |n| n * 7919 % count)
}

const MANY: u64 = 10_007;

#[test]
fn blocks() {
    let orders: [(&str, Vec<u64>); 3] = [
        ("upwards", (0..MANY).collect()),
        ("downwards", (0..MANY).rev().collect()),
        ("mixed", mixed(MANY).collect()),
    ];
    for (order, numbers) in orders {
        let mut w = World::new();
        let file = w.create("f").unwrap();
        for &number in &numbers {
            assert_eq!(w.fs.write_at(file, &[b"x"], 4096 * number), Ok(1));
        }
        w.check(order);
        for &number in &numbers {
            assert_eq!(w.fs.write_at(file, &[&[1; 100]], 4096 * number), Ok(100));
        }
        w.check(order);
        w.fs.set_size(file, 0).unwrap();
        assert!(w.counted() > 1_000_000, "it is not freed at once");
        w.check(order);
        while w.fs.reclaim() {
            w.check(order);
        }
        assert!(w.held() < 4000 && w.counted() < 2000, "{} {}", w.held(), w.counted());
    }
}

/// Makes many things; then removes half of them, which leaves maps with gaps; then all.
fn many(what: &str, make: impl Fn(&mut World, &str), remove: impl Fn(&mut World, &str)) {
    for long in [0, 200] {
        let mut w = World::new();
        let name = |n| format!("{n:0long$}");
        for number in mixed(MANY) {
            make(&mut w, &name(number));
        }
        w.check(what);
        for number in mixed(MANY).filter(|n| n % 2 == 0) {
            remove(&mut w, &name(number));
        }
        w.check(what);
        for number in mixed(MANY).filter(|n| n % 2 == 1) {
            remove(&mut w, &name(number));
        }
        assert_eq!(w.counted(), 0);
        assert!(w.held() < 4000, "{what}: {} are held", w.held());
    }
}

fn remove_file(w: &mut World, name: &str) {
    w.fs.remove_file(w.root, name.as_bytes()).unwrap();
}

#[test]
fn empty_files() {
    let make = |w: &mut World, name: &str| {
        let file = w.create(name).unwrap();
        w.fs.close(file);
    };
    many("empty files", make, remove_file);
}

#[test]
fn small_files() {
    let make = |w: &mut World, name: &str| {
        let file = w.create(name).unwrap();
        assert_eq!(w.fs.write_at(file, &[b"x"], 0), Ok(1));
        w.fs.close(file);
    };
    many("small files", make, remove_file);
}

#[test]
fn directories() {
    let make = |w: &mut World, name: &str| {
        w.fs.create_dir(w.root, name.as_bytes()).unwrap();
        let dir = w.fs.open_dir(w.root, name.as_bytes()).unwrap();
        w.fs.symlink(b"x", dir, b"x").unwrap();
        w.fs.close(dir);
    };
    let remove = |w: &mut World, name: &str| {
        let dir = w.fs.open_dir(w.root, name.as_bytes()).unwrap();
        w.fs.remove_file(dir, b"x").unwrap();
        w.fs.close(dir);
        w.fs.remove_dir(w.root, name.as_bytes()).unwrap();
    };
    many("directories", make, remove);
}

#[test]
fn links() {
    let make = |w: &mut World, name: &str| {
        w.fs.symlink(&[b'x'; 500], w.root, name.as_bytes()).unwrap();
    };
    many("symbolic links", make, remove_file);
}

/// A name of the old length takes no more room; a longer one that has none leaves everything as it
/// is.
#[test]
fn renaming_without_room() {
    /// Gives so much, and then nothing more.
    struct Least(AtomicI64);
    impl MemoryBudget for Least {
        fn take(&self, bytes: u64) -> bool {
            let left = self.0.load(Ordering::Relaxed) - bytes as i64;
            if left >= 0 {
                self.0.store(left, Ordering::Relaxed);
            }
            left >= 0
        }
        // Somebody else is quicker.
        fn give_back(&self, _: u64) {}
    }
    let budget = Arc::new(Least(AtomicI64::new(1 << 20)));
    let files = MemoryFs::with_budget(1 << 30, budget.clone());
    files.write("old", "old contents").unwrap();
    files.write("new", "new contents").unwrap();
    budget.0.store(0, Ordering::Relaxed);
    let mut fs = files.clone();
    let root = fs.root().unwrap();
    assert_eq!(fs.rename(root, b"old", root, b"longer"), Err(Errno::NoSpc));
    assert_eq!(files.read("old").unwrap(), b"old contents");
    fs.rename(root, b"old", root, b"new").unwrap();
    assert_eq!(files.read("new").unwrap(), b"old contents");
    assert_eq!(files.read_dir("").unwrap().len(), 1);
    fs.rename(root, b"new", root, b"wen").unwrap();
    assert_eq!(files.read("wen").unwrap(), b"old contents");
}

/// If nothing else is said, there is room for 1 GiB, and no file is longer.
#[test]
fn the_limit_of_its_own() {
    let mut fs = MemoryFs::new();
    let root = fs.root().unwrap();
    let options = OpenOptions { write: true, create: true, ..Default::default() };
    let file = fs.open(root, b"f", &options).unwrap();
    fs.set_size(file, 1 << 30).unwrap();
    assert_eq!(fs.set_size(file, (1 << 30) + 1), Err(Errno::NoSpc));
    assert_eq!(fs.write_at(file, &[b"x"], 1 << 30), Err(Errno::NoSpc));
    assert_eq!(
        fs.allocate(file, 0, 1 << 30),
        Err(Errno::NoSpc),
        "blocks take more than their bytes"
    );
    fs.allocate(file, 0, 1_000_000_000).unwrap();
    let other = fs.open(root, b"g", &options).unwrap();
    assert_eq!(fs.allocate(other, 0, 100_000_000), Err(Errno::NoSpc));
    fs.remove_file(root, b"f").unwrap();
    fs.close(file);
    fs.allocate(other, 0, 100_000_000).unwrap();
}
