//! Maps, texts, sorting, trait objects and what they print, as the compiler of Rust makes them: a
//! program of `compiled.rs`.

use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::fmt::Write;
use std::hash::{BuildHasherDefault, Hasher};

/// A hash that is the same everywhere.
#[derive(Default)]
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

trait Shape {
    fn area(&self) -> i64;
}

struct Square(i64);
struct Field(i64, i64);

impl Shape for Square {
    fn area(&self) -> i64 {
        self.0 * self.0
    }
}

impl Shape for Field {
    fn area(&self) -> i64 {
        self.0 * self.1
    }
}

fn words(rounds: u32) -> Vec<String> {
    let mut state = 0x1234_5678_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    (0..rounds * 50)
        .map(|_| (0..1 + next() % 3).map(|_| char::from(b'a' + (next() % 7) as u8)).collect())
        .collect()
}

#[unsafe(no_mangle)]
pub extern "C" fn run(rounds: i32) -> i64 {
    let words = words(rounds.unsigned_abs());
    let mut ordered: BTreeMap<&str, u32> = BTreeMap::new();
    let mut hashed: HashMap<&str, u32, BuildHasherDefault<Fnv>> = HashMap::default();
    let mut queue = VecDeque::new();
    for word in &words {
        *ordered.entry(word).or_default() += 1;
        *hashed.entry(word).or_default() += 1;
        queue.push_back(word.len());
        if queue.len() > 10 {
            queue.pop_front();
        }
    }
    let mut heap: BinaryHeap<(u32, &str)> = hashed.iter().map(|(&w, &n)| (n, w)).collect();
    let mut text = String::new();
    while let Some((count, word)) = heap.pop() {
        let _ = write!(text, "{word:>5}={count:03x};");
    }
    let mut sorted = words.clone();
    sorted.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    sorted.dedup();
    let shapes: Vec<Box<dyn Shape>> = ordered
        .values()
        .map(|&n| match n % 2 {
            0 => Box::new(Square(n.into())) as Box<dyn Shape>,
            _ => Box::new(Field(n.into(), 3)),
        })
        .collect();
    let area: i64 = shapes.iter().map(|shape| shape.area()).sum();
    let mut hash = Fnv::default();
    hash.write(text.as_bytes());
    sorted.iter().for_each(|word| hash.write(word.as_bytes()));
    (hash.finish() as i64).wrapping_add(area).wrapping_add(queue.iter().sum::<usize>() as i64)
}
