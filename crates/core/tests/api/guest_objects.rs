//! Structures and arrays that guests and the host make, hand each other, and drop.

use crate::{instance, module};
use windlass::{
    AnyRef, ArrayRef, ArrayRefPre, Caller, Engine, Error, ExternRef, ExternType, Func, I31,
    Instance, Linker, RootScope, Rooted, Store, StoreLimits, StoreLimitsBuilder, StructRef,
    StructRefPre, Val,
};

const LISTS: &str = r#"
    (type $node (struct (field $value (mut i32)) (field $next (mut (ref null $node)))))
    (import "host" "push" (func $push (param (ref null $node) i32) (result (ref $node))))
    (func (export "build") (param $n i32) (result (ref null $node)) (local $list (ref null $node))
      (loop $again
        (local.set $list (call $push (local.get $list) (local.get $n)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $list))
    (func (export "sum") (param $list (ref null $node)) (result i64) (local $sum i64)
      (block $end
        (loop $again
          (local.set $sum (i64.add (local.get $sum)
            (i64.extend_i32_s (struct.get $node $value (br_on_null $end (local.get $list))))))
          (local.set $list (struct.get $node $next (local.get $list)))
          (br $again)))
      (local.get $sum))"#;

/// A linker whose host function puts a node before a list.
fn linker(engine: &Engine, module: &windlass::Module) -> Linker<StoreLimits> {
    let mut linker = Linker::new(engine);
    let push = module.imports().next().expect("an import").ty();
    let ExternType::Func(ty) = push else { panic!("a function") };
    let node = ty.results().next().and_then(|ty| ty.as_ref().map(|ty| ty.heap_type()));
    let node = node.and_then(|ty| ty.as_concrete_struct(engine)).expect("a structure type");
    let push = move |mut caller: Caller<'_, StoreLimits>, params: &[Val], results: &mut [Val]| {
        let nodes = StructRefPre::new(&mut caller, node.clone())?;
        let node = StructRef::new(&mut caller, &nodes, &[params[1], params[0]])?;
        results[0] = node.into();
        Ok(())
    };
    linker.func_new("host", "push", ty, push).expect("a new name");
    linker
}

#[test]
fn lists_of_the_host_and_the_guest() {
    let engine = Engine::default();
    let module = module(&engine, LISTS);
    let linker = linker(&engine, &module);
    let mut store = Store::new(&engine, StoreLimitsBuilder::new().gc_heap_size(4 << 20).build());
    store.limiter(|limits| limits);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    type List = Option<Rooted<StructRef>>;
    let build = instance.get_typed_func::<i32, List>(&store, "build").unwrap();
    let sum = instance.get_typed_func::<List, i64>(&store, "sum").unwrap();
    let kept = {
        let mut scope = RootScope::new(&mut store);
        let list = build.call(&mut scope, 100).unwrap().unwrap();
        list.set_field(&mut scope, 0, Val::I32(1000)).unwrap();
        list.to_owned_rooted(&mut scope).unwrap()
    };
    // Twenty times what fits: all but the last is garbage.
    for _ in 0..40 {
        let mut scope = RootScope::new(&mut store);
        let list = build.call(&mut scope, 50_000).unwrap();
        assert_eq!(sum.call(&mut scope, list).unwrap(), 50_000 * 50_001 / 2);
    }
    let list = kept.to_rooted(&mut store);
    assert_eq!(sum.call(&mut store, Some(list)).unwrap(), 5050 - 1 + 1000);
    assert_eq!(sum.call(&mut store, None).unwrap(), 0);
    // Deep ones are marked without native stack.
    let deep = build.call(&mut store, 100_000).unwrap();
    store.gc();
    assert_eq!(sum.call(&mut store, deep).unwrap(), 100_000 * 100_001 / 2);
}

#[test]
fn what_fields_hold_must_be_of_their_type() {
    let engine = Engine::default();
    let module = module(&engine, LISTS);
    let linker = linker(&engine, &module);
    let mut store = Store::new(&engine, StoreLimits::default());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let build = instance.get_typed_func::<i32, Option<Rooted<StructRef>>>(&store, "build").unwrap();
    let list = build.call(&mut store, 2).unwrap().unwrap();
    let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(1));
    let error = list.set_field(&mut store, 1, number.into()).unwrap_err().to_string();
    assert!(error.contains("type mismatch: expected a value of type"), "{error}");
    assert!(list.set_field(&mut store, 1, Val::ExternRef(None)).is_err());
    list.set_field(&mut store, 1, list.into()).unwrap();
    let next = list.field(&mut store, 1).unwrap().unwrap_anyref().unwrap();
    assert!(Rooted::ref_eq(&store, &list.to_anyref(), &next).unwrap());
}

#[test]
fn arrays_and_conversions_go_both_ways() {
    let (mut store, instance) = instance(
        r#"(type $bytes (array (mut i8)))
           (func (export "make") (param i32) (result (ref $bytes))
             (array.new $bytes (i32.const 7) (local.get 0)))
           (func (export "sum") (param $a (ref $bytes)) (result i32) (local $i i32) (local $sum i32)
             (loop $again
               (local.set $sum (i32.add (local.get $sum)
                 (array.get_s $bytes (local.get $a) (local.get $i))))
               (br_if $again (i32.lt_u
                 (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                 (array.len (local.get $a)))))
             (local.get $sum))
           (func (export "hide") (param anyref) (result externref)
             (extern.convert_any (local.get 0)))
           (func (export "show") (param externref) (result anyref)
             (any.convert_extern (local.get 0)))
           (func (export "i31") (param i32) (result (ref i31)) (ref.i31 (local.get 0)))"#,
    );
    let make = instance.get_typed_func::<u32, Rooted<ArrayRef>>(&store, "make").unwrap();
    let sum = instance.get_typed_func::<Rooted<ArrayRef>, i32>(&store, "sum").unwrap();
    let array = make.call(&mut store, 5).unwrap();
    assert_eq!(sum.call(&mut store, array).unwrap(), 35);
    array.set(&mut store, 2, Val::I32(-100)).unwrap();
    assert_eq!(sum.call(&mut store, array).unwrap(), 28 - 100);
    let ty = array.ty(&store).unwrap();
    let arrays = ArrayRefPre::new(&mut store, ty).unwrap();
    let own = ArrayRef::new_fixed(&mut store, &arrays, &[Val::I32(1), Val::I32(0x1ff)]).unwrap();
    assert_eq!(sum.call(&mut store, own).unwrap(), 0);

    let hide = instance.get_func(&store, "hide").unwrap();
    let hide = hide.typed::<Option<Rooted<AnyRef>>, Option<Rooted<ExternRef>>>(&store).unwrap();
    let show = instance.get_func(&store, "show").unwrap();
    let show = show.typed::<Option<Rooted<ExternRef>>, Option<Rooted<AnyRef>>>(&store).unwrap();
    let hidden = hide.call(&mut store, Some(array.into())).unwrap().unwrap();
    assert!(hidden.data(&store).unwrap().is_none());
    let shown = show.call(&mut store, Some(hidden)).unwrap().unwrap();
    assert!(Rooted::ref_eq(&store, &shown, &array.to_anyref()).unwrap());
    let host = ExternRef::new(&mut store, "host").unwrap();
    let shown = show.call(&mut store, Some(host)).unwrap().unwrap();
    assert_eq!(shown.ty(&store).unwrap().to_string(), "any");
    let hidden = hide.call(&mut store, Some(shown)).unwrap().unwrap();
    assert!(Rooted::ref_eq(&store, &hidden, &host).unwrap());

    let i31 = instance.get_typed_func::<i32, I31>(&store, "i31").unwrap();
    assert_eq!(i31.call(&mut store, -3).unwrap().get_i32(), -3);
}

#[test]
fn a_host_function_collects_while_guests_hold_objects() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker
        .func_wrap("host", "collect", |mut caller: Caller<'_, ()>, value: Rooted<StructRef>| {
            caller.gc();
            Ok::<_, Error>(value)
        })
        .unwrap();
    linker
        .func_wrap("host", "call", |mut caller: Caller<'_, ()>, callee: Func| {
            let callee = callee.typed::<(), i32>(&caller)?;
            let result = callee.call(&mut caller, ())?;
            caller.gc();
            Ok::<i32, Error>(result)
        })
        .unwrap();
    let text = r#"
        (type $box (struct (field i32)))
        (import "host" "collect" (func $collect (param (ref struct)) (result (ref struct))))
        (import "host" "call" (func $call (param (ref func)) (result i32)))
        (func $inner (export "inner") (result i32) (local $a (ref $box))
          (local.set $a (struct.new $box (i32.const 5)))
          (drop (call $collect (struct.new $box (i32.const 6))))
          (struct.get $box 0 (local.get $a)))
        (func (export "outer") (result i32) (local $a (ref $box))
          (local.set $a (struct.new $box (i32.const 30)))
          (struct.get $box 0 (struct.new $box (i32.const 300)))
          (call $call (ref.func $inner))
          (struct.get $box 0
            (ref.cast (ref $box) (call $collect (struct.new $box (i32.const 2000)))))
          (struct.get $box 0 (local.get $a))
          (i32.add) (i32.add) (i32.add))"#;
    let mut store = Store::new(&engine, ());
    let instance: Instance = linker.instantiate(&mut store, &module(&engine, text)).unwrap();
    let outer = instance.get_typed_func::<(), i32>(&store, "outer").unwrap();
    for _ in 0..100 {
        assert_eq!(outer.call(&mut store, ()).unwrap(), 2335);
    }
}
