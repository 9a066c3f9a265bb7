//! Exceptions that nothing refers to any more make room for others; those that something does stay.

use crate::{linked, module};
use windlass::{
    AsContextMut, Caller, Config, Engine, Error, ExnRef, ExternRef, Features, Instance, Linker,
    OwnedRooted, RootScope, Rooted, Store, StoreLimits, StoreLimitsBuilder, Trap, Val,
};

/// A store whose exceptions take two megabytes at most.
fn limited(engine: &Engine) -> Store<StoreLimits> {
    let limits = StoreLimitsBuilder::new().gc_heap_size(2 << 20).build();
    let mut store = Store::new(engine, limits);
    store.limiter(|limits| limits);
    store
}

fn legacy() -> Engine {
    Engine::new(Config::new().features(Features::WASM3 | Features::LEGACY_EXCEPTIONS)).unwrap()
}

/// Throws and catches `n` times, in each way that makes a reference, and keeps the first of these
/// where `keep` says: in a global, a table, a local, an operand below, another exception, a clause.
/// Throws that again in the end.
const TEXT: &str = r#"
    (tag $t (export "t") (param i64))
    (tag $nest (param exnref i32))
    (global $g (mut exnref) (ref.null exn))
    (table $table 1 exnref)
    (func $throw (param i64) (throw $t (local.get 0)))
    (func $make (param $x i64) (result exnref)
      block $caught (result exnref)
        try_table (catch_all_ref $caught) local.get $x call $throw end
        unreachable
      end)
    (func $garbage (param $n i32)
      loop $next
        local.get $n i64.extend_i32_u call $make drop
        local.get $n i32.const 1 i32.sub local.tee $n br_if $next
      end)
    (func (export "run") (param $keep i32) (param $n i32) (local $e exnref)
      i64.const -7 call $make local.set $e
      local.get $keep i32.eqz if
        local.get $e global.set $g ref.null exn local.set $e
        local.get $n call $garbage
        global.get $g throw_ref
      end
      local.get $keep i32.const 1 i32.eq if
        i32.const 0 local.get $e table.set $table ref.null exn local.set $e
        local.get $n call $garbage
        i32.const 0 table.get $table throw_ref
      end
      local.get $keep i32.const 2 i32.eq if
        local.get $n call $garbage
        local.get $e throw_ref
      end
      local.get $keep i32.const 3 i32.eq if
        i64.const -7 call $make
        ref.null exn local.set $e
        local.get $n call $garbage
        throw_ref
      end
      local.get $keep i32.const 4 i32.eq if
        block $outer (result exnref i32 exnref)
          try_table (catch_ref $nest $outer) local.get $e i32.const 3 throw $nest end
          unreachable
        end
        local.set $e drop drop
        local.get $n call $garbage
        block $outer (result exnref i32)
          try_table (catch $nest $outer) local.get $e throw_ref end
          unreachable
        end
        drop throw_ref
      end
      ref.null exn local.set $e
      try $try
        i64.const -7 call $throw
      catch $t
        drop
        try
          local.get $n call $garbage
        delegate $try
        rethrow $try
      catch_all
        unreachable
      end)"#;

#[test]
fn garbage_makes_room_and_what_is_kept_stays() {
    let engine = legacy();
    let mut store = limited(&engine);
    let instance = Instance::new(&mut store, &module(&engine, TEXT), &[]).unwrap();
    let run = instance.get_func(&store, "run").unwrap();
    for keep in 0..6 {
        let args = [Val::I32(keep), Val::I32(200_000)];
        let error = run.call(&mut store, &args, &mut []).unwrap_err();
        assert_eq!(error.trap(), None, "{keep}: {error}");
        let mut scope = RootScope::new(&mut store);
        let exception = scope.as_context_mut().take_pending_exception().unwrap();
        assert_eq!(exception.field(&mut scope, 0).unwrap().i64(), Some(-7), "{keep}");
    }
}

#[test]
fn too_many_are_a_trap() {
    let engine = Engine::default();
    let mut store = limited(&engine);
    let text = r#"
        (tag $t (param exnref))
        (global $last (mut exnref) (ref.null exn))
        (func (export "run")
          (loop $next
            (block $caught (result exnref exnref)
              (try_table (catch_ref $t $caught) (throw $t (global.get $last)))
              (unreachable))
            (global.set $last) (drop)
            (br $next)))
        (func (export "forget") (global.set $last (ref.null exn)))"#;
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
    let forget = instance.get_typed_func::<(), ()>(&store, "forget").unwrap();
    for _ in 0..3 {
        let error = run.call(&mut store, ()).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::AllocationTooLarge));
        assert!(error.backtrace().is_some());
        forget.call(&mut store, ()).unwrap();
    }
}

#[test]
fn what_the_host_holds_stays() {
    let engine = legacy();
    let mut store = limited(&engine);
    let instance = Instance::new(&mut store, &module(&engine, TEXT), &[]).unwrap();
    let tag = instance.get_tag(&store, "t").unwrap();
    let rooted: Rooted<ExnRef> = ExnRef::new(&mut store, &tag, &[Val::I64(1)]).unwrap();
    let owned: OwnedRooted<ExnRef> = {
        let mut scope = RootScope::new(&mut store);
        let inner = ExnRef::new(&mut scope, &tag, &[Val::I64(2)]).unwrap();
        inner.to_owned_rooted(&mut scope).unwrap()
    };
    for n in 0..100_000 {
        let mut scope = RootScope::new(&mut store);
        ExnRef::new(&mut scope, &tag, &[Val::I64(n)]).unwrap();
    }
    store.gc();
    assert_eq!(rooted.field(&mut store, 0).unwrap().i64(), Some(1));
    assert_eq!(owned.field(&mut store, 0).unwrap().i64(), Some(2));
}

/// Counts how many of it there are.
struct Counted(std::sync::Arc<()>);

#[test]
fn fields_are_kept_alive_and_let_go() {
    let count = std::sync::Arc::new(());
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    let given = count.clone();
    let new = move |mut caller: Caller<'_, ()>| -> Result<Option<Rooted<ExternRef>>, Error> {
        Ok(Some(ExternRef::new(&mut caller, Counted(given.clone()))?))
    };
    linker.func_wrap("host", "new", new).unwrap();
    let gc = |mut caller: Caller<'_, ()>| {
        caller.as_context_mut().gc();
    };
    linker.func_wrap("host", "gc", gc).unwrap();
    let text = r#"
        (import "host" "new" (func $new (result externref)))
        (import "host" "gc" (func $gc))
        (tag $t (param i32 externref v128))
        (tag $nest (param exnref))
        (func $make (param $depth i32) (result exnref)
          (local $e exnref)
          (if (local.get $depth)
            (then
              (local.set $e (call $make (i32.sub (local.get $depth) (i32.const 1))))
              (block $caught (result exnref)
                (try_table (catch_all_ref $caught) (throw $nest (local.get $e)))
                (unreachable))
              (return)))
          (block $caught (result exnref)
            (try_table (catch_all_ref $caught)
              (throw $t (i32.const 1) (call $new) (v128.const i64x2 1 2)))
            (unreachable)))
        (func $unwrap (param $e exnref) (param $depth i32) (result externref)
          (local $x externref)
          (loop $next
            (if (local.get $depth)
              (then
                (block $caught (result exnref)
                  (try_table (catch $nest $caught) (throw_ref (local.get $e)))
                  (unreachable))
                (local.set $e)
                (call $gc)
                (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
                (br $next))))
          (block $caught (result i32 externref v128)
            (try_table (catch $t $caught) (throw_ref (local.get $e)))
            (unreachable))
          (drop) (local.set $x) (drop) (local.get $x))
        (func (export "run") (param $depth i32) (result externref) (local $e exnref)
          (local.set $e (call $make (local.get $depth)))
          (call $gc)
          (call $unwrap (local.get $e) (local.get $depth)))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let run = instance.get_func(&store, "run").unwrap();
    for depth in [0, 1, 2, 50] {
        let mut scope = RootScope::new(&mut store);
        let mut results = [Val::ExternRef(None)];
        run.call(&mut scope, &[Val::I32(depth)], &mut results).unwrap();
        let value = results[0].unwrap_externref().unwrap();
        assert!(value.data(&scope).unwrap().unwrap().is::<Counted>());
        let _ = &value.data(&scope).unwrap().unwrap().downcast_ref::<Counted>().unwrap().0;
    }
    store.gc();
    // The closure has one, the test another.
    assert_eq!(std::sync::Arc::strong_count(&count), 2);
}
