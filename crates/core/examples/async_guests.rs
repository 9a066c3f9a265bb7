//! Several guests in one thread, each waiting for its own calls of the host: `cargo run --example
//! async_guests`. The runtime is tokio's here; Windlass needs none in particular.
//!
//! Each guest has a store, as each session of a server would have. Its calls of `host.fetch` take
//! time, during which the others run. And since it is given fuel in slices, a guest that computes
//! lets the others run, too.

use std::{sync::Arc, time::Duration};
use tokio::sync::Barrier;
use windlass::{Caller, Config, Engine, Linker, Module, Result, Store};

/// Asks the host for three numbers, one after the other, and adds them up.
const GUEST: &str = r#"
    (import "host" "fetch" (func $fetch (param i32) (result i32)))
    (func (export "run") (param $n i32) (result i32) (local $sum i32)
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (call $fetch (local.get $n))))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))"#;

/// What the host knows of a guest.
struct Session {
    name: usize,
    /// Where all guests meet: nobody goes on before all are there.
    meeting: Arc<Barrier>,
}

/// A host function that waits: as if it asked a server, which answers when all have asked.
async fn fetch(session: &Session, key: i32) -> i32 {
    session.meeting.wait().await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    100 * session.name as i32 + key
}

/// One guest, from its start to its end.
async fn guest(engine: Engine, module: Module, session: Session) -> Result<i32> {
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("host", "fetch", |caller: Caller<'_, Session>, (key,): (i32,)| {
        Box::new(async move { fetch(caller.data(), key).await })
    })?;
    let mut store = Store::new(&engine, session);
    store.set_fuel(1_000_000)?;
    store.fuel_async_yield_interval(Some(10_000))?;
    let instance = linker.instantiate_async(&mut store, &module).await?;
    let run = instance.get_typed_func::<i32, i32>(&store, "run")?;
    run.call_async(&mut store, 3).await
}

/// Runs so many guests in this thread, and returns their results.
fn guests(count: usize) -> Result<Vec<i32>> {
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let module = Module::new(&engine, wat::parse_str(GUEST)?)?;
    let meeting = Arc::new(Barrier::new(count));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let tasks: Vec<_> = (0..count)
            .map(|name| Session { name, meeting: meeting.clone() })
            .map(|session| tokio::spawn(guest(engine.clone(), module.clone(), session)))
            .collect();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await??);
        }
        Ok(results)
    })
}

fn main() -> Result<()> {
    for (name, sum) in guests(5)?.iter().enumerate() {
        println!("guest {name}: {sum}");
    }
    Ok(())
}

/// They can only meet if each waits without keeping the others from running.
#[test]
fn guests_wait_side_by_side() {
    let expected = (0..20).map(|name| 300 * name + 6).collect::<Vec<_>>();
    assert_eq!(guests(20).unwrap(), expected);
}
