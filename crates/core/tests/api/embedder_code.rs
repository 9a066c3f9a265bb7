//! Code of the embedder that runs while a store allocates or collects: limiters that drop what they
//! own, and drops of host values that panic. The store stays whole.

use crate::linked;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use windlass::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, Caller, Engine, Error, ExnRef, ExternRef, FieldType,
    FuncType, HeapType, Linker, Mutability, OwnedRooted, RefType, ResourceLimiter, RootScope,
    Rooted, Store, StructRef, StructRefPre, StructType, Tag, TagType, Val, ValType,
};

/// A limiter that once drops all that it owns, and allows no growth from then on.
#[derive(Default)]
struct Owner {
    owned: Vec<OwnedRooted<AnyRef>>,
    is_armed: bool,
    drops: usize,
}

impl ResourceLimiter for Owner {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.drops += self.owned.len() * usize::from(self.is_armed);
        if self.is_armed {
            self.owned.clear();
        }
        Ok(!self.is_armed)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }
}

/// What the limiter owns when it is armed, and what makes structures of the same type.
fn owning(count: usize) -> (Store<Owner>, StructRefPre, Vec<Rooted<StructRef>>) {
    let mut store = Store::new(&Engine::default(), Owner::default());
    store.limiter(|owner| owner);
    let any = FieldType::new(Mutability::Var, ValType::ANYREF.into());
    let number = FieldType::new(Mutability::Var, ValType::I64.into());
    let ty = StructType::new(store.engine(), [number, any]).unwrap();
    let make = StructRefPre::new(&mut store, ty).unwrap();
    for i in 0..count {
        let mut scope = RootScope::new(&mut store);
        let value = Val::I64(1000 + i as i64);
        let owned = StructRef::new(&mut scope, &make, &[value, Val::null_any_ref()]).unwrap();
        let owned = owned.to_anyref().to_owned_rooted(&mut scope).unwrap();
        drop(scope);
        store.data_mut().owned.push(owned);
    }
    let owned = store.data().owned.clone();
    let structures =
        owned.iter().map(|owned| owned.as_struct(&mut store).unwrap().unwrap()).collect();
    store.data_mut().is_armed = true;
    (store, make, structures)
}

fn number(store: &mut Store<Owner>, value: Rooted<StructRef>) -> i64 {
    value.field(store, 0).unwrap().unwrap_i64()
}

#[test]
fn what_is_stored_outlives_its_owner_that_the_limiter_drops() {
    let (mut store, make, inner) = owning(1);
    // Until the limiter is asked and says no, so that garbage is collected.
    while store.data().drops == 0 {
        let mut scope = RootScope::new(&mut store);
        let fields = [Val::I64(5), inner[0].into()];
        let outer = StructRef::new(&mut scope, &make, &fields).unwrap();
        let held = outer.field(&mut scope, 1).unwrap().any_ref().flatten().unwrap();
        let held = held.as_struct(&mut scope).unwrap().unwrap();
        assert_eq!(held.field(&mut scope, 0).unwrap().unwrap_i64(), 1000);
    }
    assert_eq!(number(&mut store, inner[0]), 1000);
}

#[test]
fn elements_and_fields_outlive_their_owners_too() {
    let (mut store, _, inner) = owning(3);
    let any = FieldType::new(Mutability::Var, ValType::ANYREF.into());
    let ty = ArrayType::new(store.engine(), any).unwrap();
    let arrays = ArrayRefPre::new(&mut store, ty).unwrap();
    let tag = FuncType::new(store.engine(), [ValType::ANYREF], []);
    let tag = Tag::new(&mut store, &TagType::new(tag)).unwrap();
    store.data_mut().is_armed = false;
    ExnRef::new(&mut store, &tag, &[Val::null_any_ref()]).expect("room for exceptions");
    store.data_mut().is_armed = true;
    while store.data().drops == 0 {
        let mut scope = RootScope::new(&mut store);
        let values: Vec<Val> = inner.iter().map(|&value| value.into()).collect();
        let fixed = ArrayRef::new_fixed(&mut scope, &arrays, &values).unwrap();
        let same = ArrayRef::new(&mut scope, &arrays, &values[1], 2).unwrap();
        let thrown = ExnRef::new(&mut scope, &tag, &values[2..]).unwrap();
        let held = [
            fixed.get(&mut scope, 0).unwrap(),
            same.get(&mut scope, 1).unwrap(),
            thrown.field(&mut scope, 0).unwrap(),
        ];
        for (i, held) in held.into_iter().enumerate() {
            let held = held.any_ref().flatten().unwrap().as_struct(&mut scope).unwrap().unwrap();
            assert_eq!(held.field(&mut scope, 0).unwrap().unwrap_i64(), 1000 + i as i64);
        }
    }
    assert_eq!(store.data().drops, 3);
}

#[test]
fn what_an_owned_reference_is_converted_to_has_a_root_of_its_own() {
    let (mut store, _, inner) = owning(1);
    let owned = inner[0].to_anyref().to_owned_rooted(&mut store).unwrap();
    let eq = owned.as_eqref(&mut store).unwrap().unwrap().to_owned_rooted(&mut store).unwrap();
    let (first, second) = {
        let first = owned.as_struct(&mut store).unwrap().unwrap();
        let second = eq.as_struct(&mut store).unwrap().unwrap();
        (first, second)
    };
    drop((owned, eq));
    store.data_mut().owned.clear();
    store.gc();
    assert_eq!([number(&mut store, first), number(&mut store, second)], [1000, 1000]);
    // In a scope, it ends with the scope.
    let owned = first.to_anyref().to_owned_rooted(&mut store).unwrap();
    let inner = {
        let mut scope = RootScope::new(&mut store);
        owned.as_struct(&mut scope).unwrap().unwrap()
    };
    assert!(inner.field(&mut store, 0).is_err());
}

/// Counts its drops, and panics at the first that it is told to.
struct Bomb(Arc<AtomicUsize>, Arc<AtomicBool>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        if self.1.swap(false, Ordering::Relaxed) {
            panic!("a drop that panics");
        }
    }
}

#[test]
fn a_drop_that_panics_leaves_a_whole_store() {
    let mut store = Store::new(&Engine::default(), ());
    let (drops, is_armed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let any = ValType::from(RefType::new(true, HeapType::Any));
    let tag = FuncType::new(store.engine(), [ValType::EXTERNREF, any], []);
    let tag = Tag::new(&mut store, &TagType::new(tag)).unwrap();
    let ty = StructType::new(store.engine(), [FieldType::new(Mutability::Var, any.into())]);
    let make = StructRefPre::new(&mut store, ty.unwrap()).unwrap();
    // An exception is alive, and by it a structure and host values.
    let kept = ExternRef::new(&mut store, 7).unwrap();
    let hidden = AnyRef::convert_extern(&mut store, kept).unwrap();
    let exception = {
        let mut scope = RootScope::new(&mut store);
        let structure = StructRef::new(&mut scope, &make, &[hidden.into()]).unwrap();
        let value = ExternRef::new(&mut scope, 8).unwrap();
        let exception = ExnRef::new(&mut scope, &tag, &[value.into(), structure.into()]).unwrap();
        exception.to_owned_rooted(&mut scope).unwrap()
    };
    for round in 1..=3 {
        {
            let mut scope = RootScope::new(&mut store);
            for _ in 0..5 {
                let bomb = Bomb(drops.clone(), is_armed.clone());
                ExternRef::new(&mut scope, bomb).unwrap();
            }
        }
        is_armed.store(true, Ordering::Relaxed);
        assert!(catch_unwind(AssertUnwindSafe(|| store.gc())).is_err());
        let dropped = drops.load(Ordering::Relaxed);
        assert!(dropped > 5 * (round - 1) && dropped <= 5 * round, "{dropped} in round {round}");
        // The next collections find what is alive, and drop the others, each once.
        store.gc();
        store.gc();
        assert_eq!(drops.load(Ordering::Relaxed), 5 * round);
        let mut scope = RootScope::new(&mut store);
        let value = exception.field(&mut scope, 0).unwrap().unwrap_externref().unwrap();
        assert_eq!(value.data(&scope).unwrap().unwrap().downcast_ref(), Some(&8));
        let structure = exception.field(&mut scope, 1).unwrap().any_ref().flatten().unwrap();
        let structure = structure.as_struct(&mut scope).unwrap().unwrap();
        let held = structure.field(&mut scope, 0).unwrap().any_ref().flatten().unwrap();
        let held = ExternRef::convert_any(&mut scope, held).unwrap();
        assert_eq!(held.data(&scope).unwrap().unwrap().downcast_ref(), Some(&7));
    }
}

#[test]
fn a_limiter_that_panics_leaves_a_whole_store() {
    struct Panics(bool);
    impl ResourceLimiter for Panics {
        fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            assert!(!self.0, "a limiter that panics");
            Ok(true)
        }
        fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            Ok(true)
        }
    }
    let mut store = Store::new(&Engine::default(), Panics(true));
    store.limiter(|limiter| limiter);
    let counted = Arc::new(());
    let any = FieldType::new(Mutability::Var, ValType::EXTERNREF.into());
    let ty = StructType::new(store.engine(), [any]).unwrap();
    let make = StructRefPre::new(&mut store, ty).unwrap();
    {
        let mut scope = RootScope::new(&mut store);
        let value = ExternRef::new(&mut scope, counted.clone()).unwrap();
        let failed = || StructRef::new(&mut scope, &make, &[value.into()]).map(drop);
        assert!(catch_unwind(AssertUnwindSafe(failed)).is_err());
    }
    // Nothing is pinned for ever.
    store.gc();
    assert_eq!(Arc::strong_count(&counted), 1);
    store.data_mut().0 = false;
    assert!(StructRef::new(&mut store, &make, &[Val::null_extern_ref()]).is_ok());
}

/// A host function that panics ends its scope: what it has rooted is garbage, and the store can be
/// used.
#[test]
fn a_host_function_that_panics_ends_its_scope() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    let value = Arc::new(());
    let kept = value.clone();
    let fails = move |mut caller: Caller<'_, Option<Rooted<ExternRef>>>| -> () {
        let root = ExternRef::new(&mut caller, kept.clone()).unwrap();
        *caller.data_mut() = Some(root);
        panic!("the host fails");
    };
    linker.func_wrap("env", "fails", fails).unwrap();
    let text = r#"(import "env" "fails" (func $fails))
        (func (export "run") (call $fails))
        (func (export "answer") (result i32) (i32.const 42))"#;
    let (mut store, instance) = linked(&linker, None, text);
    let run = instance.get_func(&store, "run").unwrap();
    let answer = instance.get_typed_func::<(), i32>(&store, "answer").unwrap();
    // More often than calls may be nested.
    for _ in 0..1000 {
        let called = catch_unwind(AssertUnwindSafe(|| run.call(&mut store, &[], &mut [])));
        assert!(called.is_err());
        let mut execution = run.start(&mut store, &[]).unwrap();
        let ran = catch_unwind(AssertUnwindSafe(|| execution.run(&mut store).map(drop)));
        assert!(ran.is_err() && execution.has_ended());
    }
    let root = store.data().unwrap();
    assert!(root.data(&store).is_err(), "its scope has ended");
    store.gc();
    assert_eq!(Arc::strong_count(&value), 2, "the function has one");
    assert_eq!(answer.call(&mut store, ()).unwrap(), 42);
}
