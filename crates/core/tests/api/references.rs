//! References: host values and functions that go through guests.

use crate::{instance, linked};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use windlass::{Engine, ExternRef, Func, Linker, Rooted, Store, Val};

const KEEPS: &str = r#"
    (table $t (export "table") 10 externref)
    (global $g (export "global") (mut externref) (ref.null extern))
    (func (export "set") (param i32 externref)
      (table.set $t (local.get 0) (local.get 1))
      (global.set $g (local.get 1)))
    (func (export "get") (param i32) (result externref externref i32)
      (table.get $t (local.get 0))
      (global.get $g)
      (ref.is_null (table.get $t (local.get 0))))"#;

#[test]
fn host_values_come_back() {
    let (mut store, instance) = instance(KEEPS);
    let set =
        instance.get_typed_func::<(i32, Option<Rooted<ExternRef>>), ()>(&store, "set").unwrap();
    type Kept = (Option<Rooted<ExternRef>>, Option<Rooted<ExternRef>>, i32);
    let get = instance.get_typed_func::<i32, Kept>(&store, "get").unwrap();
    let first = ExternRef::new(&mut store, String::from("first")).unwrap();
    let second = ExternRef::new(&mut store, 2u8).unwrap();
    set.call(&mut store, (3, Some(first))).unwrap();
    set.call(&mut store, (4, Some(second))).unwrap();
    let (in_table, in_global, is_null) = get.call(&mut store, 3).unwrap();
    assert!(Rooted::ref_eq(&store, &in_table.unwrap(), &first).unwrap());
    assert!(Rooted::ref_eq(&store, &in_global.unwrap(), &second).unwrap());
    assert_eq!(is_null, 0);
    assert!(matches!(get.call(&mut store, 5).unwrap(), (None, Some(_), 1)));
    let value = in_table.unwrap().data(&store).unwrap().unwrap();
    assert_eq!(value.downcast_ref::<String>().unwrap(), "first");
    let table = instance.get_table(&store, "table").unwrap();
    let element = table.get(&mut store, 4).and_then(|element| element.as_extern()).flatten();
    assert!(Rooted::ref_eq(&store, &element.unwrap(), &second).unwrap());
    let global = instance.get_global(&store, "global").unwrap();
    global.set(&mut store, Val::ExternRef(None)).unwrap();
    assert!(get.call(&mut store, 3).unwrap().1.is_none());
}

#[test]
fn host_values_are_dropped_with_their_store() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let mut store = Store::new(&Engine::default(), ());
    ExternRef::new(&mut store, Counted(drops.clone())).unwrap();
    ExternRef::new(&mut store, Counted(drops.clone())).unwrap();
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    drop(store);
    assert_eq!(drops.load(Ordering::Relaxed), 2);
}

#[test]
fn functions_go_through_guests() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker.func_wrap("env", "id", |f: Option<Func>| f).unwrap();
    let text = r#"
        (import "env" "id" (func $id (param funcref) (result funcref)))
        (type $f (func (param i32) (result i32)))
        (table $t 1 funcref)
        (func $inc (export "inc") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (export "get") (result funcref) (call $id (ref.func $inc)))
        (func (export "call") (param funcref) (result i32)
          (table.set $t (i32.const 0) (call $id (local.get 0)))
          (call_indirect $t (type $f) (i32.const 41) (i32.const 0)))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let inc = instance.get_func(&store, "inc").unwrap();
    let get = instance.get_typed_func::<(), Option<Func>>(&store, "get").unwrap();
    assert_eq!(get.call(&mut store, ()).unwrap(), Some(inc));
    let call = instance.get_typed_func::<Option<Func>, i32>(&store, "call").unwrap();
    assert_eq!(call.call(&mut store, Some(inc)).unwrap(), 42);
    let double = Func::wrap(&mut store, |n: i32| 2 * n);
    assert_eq!(call.call(&mut store, Some(double)).unwrap(), 82);
    assert!(call.call(&mut store, None).is_err());
}

#[test]
fn references_have_types() {
    let mut store = Store::new(&Engine::default(), ());
    let func = Func::wrap(&mut store, || {});
    let value = ExternRef::new(&mut store, ()).unwrap();
    assert_eq!(Val::from(value).ty(&store).unwrap().to_string(), "(ref extern)");
    assert_eq!(Val::FuncRef(None).ty(&store).unwrap().to_string(), "nullfuncref");
    assert!(Val::from(func).ty(&store).unwrap().is_ref());
    assert!(Val::from(func).as_ref().is_some_and(|r| !r.is_null()));
}
