//! Many instances of a module, on several threads: a server that gives each request a guest of its
//! own, so that none sees what another left behind. The module is translated once; an instance
//! costs little more than its memory.

use std::{
    sync::{Mutex, mpsc},
    thread,
};
use windlass::{Engine, Linker, Module, Result, Store};

/// Counts how often it was called, in its memory: always once, since each request has its own.
const GUEST: &str = r#"
    (memory 1)
    (func (export "answer") (param $request i32) (result i32)
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (i32.mul (local.get $request) (i32.load (i32.const 0))))"#;

const WORKERS: usize = 4;
const REQUESTS: i32 = 200;

/// Answers one request.
fn answer(linker: &Linker<()>, module: &Module, request: i32) -> Result<i32> {
    let mut store = Store::new(linker.engine(), ());
    let instance = linker.instantiate(&mut store, module)?;
    instance.get_typed_func::<i32, i32>(&store, "answer")?.call(&mut store, request)
}

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    let linker = Linker::new(&engine);
    let (requests, queue) = mpsc::channel();
    let (answers, answered) = mpsc::channel();
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            // Engines, modules and linkers are shared; what runs belongs to one thread at a time.
            let (linker, module, queue, answers) = (&linker, &module, &queue, answers.clone());
            scope.spawn(move || {
                loop {
                    let request = queue.lock().expect("nobody panics with it").recv();
                    let Ok(request) = request else { break };
                    let _ = answers.send(answer(linker, module, request));
                }
            });
        }
        drop(answers);
        for request in 0..REQUESTS {
            requests.send(request).expect("the workers wait");
        }
        drop(requests);
        let sum: Result<i32> = answered.iter().sum();
        let sum = sum?;
        println!("{REQUESTS} requests, {WORKERS} workers: {sum}");
        assert_eq!(sum, REQUESTS * (REQUESTS - 1) / 2);
        Ok(())
    })
}
