//! References that the host holds: scopes, owners, stores, types.

use crate::{instance, linked};
use windlass::{
    AnyRef, AsContextMut, Caller, Engine, EqRef, Error, ExternRef, Func, FuncType, HeapType, I31,
    Linker, OwnedRooted, Ref, RefType, RootScope, Rooted, Store, Val, ValType,
};

fn data(store: &Store<()>, value: Rooted<ExternRef>) -> Result<i32, Error> {
    let value = value.data(store)?.expect("a host value");
    Ok(*value.downcast_ref::<i32>().expect("a number"))
}

#[test]
fn scopes_end_their_references_and_no_others() {
    let mut store = Store::new(&Engine::default(), ());
    let outer = ExternRef::new(&mut store, 1).unwrap();
    let (middle, inner);
    {
        let mut scope = RootScope::new(&mut store);
        middle = ExternRef::new(&mut scope, 2).unwrap();
        {
            let mut scope = RootScope::new(&mut scope);
            inner = ExternRef::new(&mut scope, 3).unwrap();
            assert!(inner.data(&scope).is_ok() && middle.data(&scope).is_ok());
        }
        assert!(inner.data(&scope).is_err() && middle.data(&scope).is_ok());
    }
    assert_eq!(data(&store, outer).unwrap(), 1);
    for gone in [middle, inner] {
        let error = data(&store, gone).unwrap_err().to_string();
        assert!(error.contains("used after its scope"), "{error}");
    }
    // Places are used again; old references don't find the new ones.
    let mut scope = RootScope::new(&mut store);
    let later = ExternRef::new(&mut scope, 4).unwrap();
    assert!(middle.data(&scope).is_err() && later.data(&scope).is_ok());
}

#[test]
fn every_use_after_the_scope_is_an_error() {
    let (mut store, instance) = instance(
        r#"(global (export "g") (mut externref) (ref.null extern))
           (table (export "t") 1 externref)
           (func (export "f") (param externref))"#,
    );
    let value = {
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, 1).unwrap()
    };
    let global = instance.get_global(&store, "g").unwrap();
    let table = instance.get_table(&store, "t").unwrap();
    let func = instance.get_func(&store, "f").unwrap();
    let typed = func.typed::<Option<Rooted<ExternRef>>, ()>(&store).unwrap();
    let returns = Func::wrap(&mut store, move || Some(value));
    let errors = [
        global.set(&mut store, value.into()).err(),
        table.set(&mut store, 0, value.into()).err(),
        table.fill(&mut store, 0, value.into(), 1).err(),
        table.grow(&mut store, 1, value.into()).err(),
        func.call(&mut store, &[value.into()], &mut []).err(),
        typed.call(&mut store, Some(value)).err(),
        returns.call(&mut store, &[], &mut [Val::I32(0)]).err(),
        value.to_owned_rooted(&mut store).err(),
        value.data_mut(&mut store).err(),
        AnyRef::convert_extern(&mut store, value).err(),
        Val::from(value).ty(&store).err(),
        Rooted::ref_eq(&store, &value, &value).err(),
    ];
    for (i, error) in errors.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("use {i} is no error")).to_string();
        assert!(error.contains("used after its scope"), "{i}: {error}");
    }
}

#[test]
fn a_call_of_a_host_function_is_a_scope() {
    let mut linker: Linker<Vec<Rooted<ExternRef>>> = Linker::new(&Engine::default());
    type Data = Vec<Rooted<ExternRef>>;
    linker
        .func_wrap("host", "make", |mut caller: Caller<'_, Data>, n: i32| {
            let value = ExternRef::new(&mut caller, n)?;
            caller.data_mut().push(value);
            Ok::<_, Error>(Some(value))
        })
        .unwrap();
    linker
        .func_wrap(
            "host",
            "take",
            |mut caller: Caller<'_, Data>, value: Option<Rooted<ExternRef>>| {
                caller.data_mut().extend(value);
                let value = value.unwrap().data(&caller)?.unwrap().downcast_ref::<i32>();
                Ok::<i32, Error>(*value.unwrap())
            },
        )
        .unwrap();
    let text = r#"
        (import "host" "make" (func $make (param i32) (result externref)))
        (import "host" "take" (func $take (param externref) (result i32)))
        (func (export "f") (result i32)
          (i32.sub (call $take (call $make (i32.const 9))) (call $take (call $make (i32.const 2)))))
        (func (export "g") (result externref) (call $make (i32.const 5)))"#;
    let (mut store, instance) = linked(&linker, Vec::new(), text);
    let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 7);
    let held = core::mem::take(store.data_mut());
    assert_eq!(held.len(), 4);
    assert!(held.iter().all(|value| value.data(&store).is_err()));
    let g = instance.get_typed_func::<(), Option<Rooted<ExternRef>>>(&store, "g").unwrap();
    let result = g.call(&mut store, ()).unwrap().unwrap();
    assert_eq!(result.data(&store).unwrap().unwrap().downcast_ref(), Some(&5));
}

#[test]
fn owned_references_live_as_long_as_wanted() {
    let mut store = Store::new(&Engine::default(), ());
    let owned: Vec<OwnedRooted<ExternRef>> = (0..500)
        .map(|i| {
            let mut scope = RootScope::new(&mut store);
            let value = ExternRef::new(&mut scope, i).unwrap();
            value.to_owned_rooted(&mut scope).unwrap()
        })
        .collect();
    for (i, value) in owned.iter().enumerate() {
        let value = value.data(&store).unwrap().unwrap();
        assert_eq!(value.downcast_ref(), Some(&(i as i32)));
    }
    let last = owned[499].clone();
    let copied = *owned[3];
    drop(owned);
    for i in 0..500 {
        let value = ExternRef::new(&mut store, 1000 + i).unwrap();
        drop(OwnedRooted::new(&mut store, &value).unwrap());
    }
    assert_eq!(last.data(&store).unwrap().unwrap().downcast_ref(), Some(&499));
    let rooted = last.to_rooted(&mut store);
    drop(last);
    assert_eq!(data(&store, rooted).unwrap(), 499);
    // What was copied out of an owner is checked too.
    assert!(copied.data(&store).is_err());
}

#[test]
fn references_of_another_store_are_errors() {
    let mut own = Store::new(&Engine::default(), ());
    let mut other = Store::new(own.engine(), ());
    let value = ExternRef::new(&mut other, 1).unwrap();
    let number = AnyRef::from_i31(&mut other, I31::wrapping_u32(1));
    let owned = value.to_owned_rooted(&mut other).unwrap();
    ExternRef::new(&mut own, 2).unwrap();
    let errors = [
        value.data(&own).err(),
        owned.data(&own).err(),
        number.as_i31(&own).err(),
        number.ty(&own).err(),
        ExternRef::convert_any(&mut own, number).err(),
        Ref::from(number).ty(&own).err(),
    ];
    for (i, error) in errors.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("use {i} is no error")).to_string();
        assert!(error.contains("belongs to another store"), "{i}: {error}");
    }
}

#[test]
fn numbers_and_host_values_are_of_their_types() {
    let mut store = Store::new(&Engine::default(), ());
    let number = EqRef::from_i31(&mut store, I31::wrapping_i32(-3));
    let host = ExternRef::new(&mut store, 1).unwrap();
    let internal = AnyRef::convert_extern(&mut store, host).unwrap();
    let hidden = ExternRef::convert_any(&mut store, number.to_anyref()).unwrap();
    assert_eq!(number.as_i31(&store).unwrap().unwrap().get_i32(), -3);
    assert!(hidden.data(&store).unwrap().is_none());
    assert!(internal.as_eqref(&mut store).unwrap().is_none());
    let types = [Val::from(number), host.into(), internal.into(), hidden.into()];
    let types = types.map(|value| value.ty(&store).unwrap().to_string());
    assert_eq!(types, ["(ref i31)", "(ref extern)", "(ref any)", "(ref extern)"]);
    assert!(number.matches_ty(&store, HeapType::Eq).unwrap());
    assert!(!number.matches_ty(&store, HeapType::Struct).unwrap());
    assert!(!internal.matches_ty(&store, HeapType::Eq).unwrap());
}

#[test]
fn values_must_be_of_the_type_that_is_wanted() {
    let mut store = Store::new(&Engine::default(), ());
    let engine = store.engine().clone();
    let host = ExternRef::new(&mut store, 1).unwrap();
    let internal = AnyRef::convert_extern(&mut store, host).unwrap();
    let number = AnyRef::from_i31(&mut store, I31::default());
    let never_null = ValType::Ref(RefType::new(false, HeapType::Any));
    for (ty, fits) in [
        (ValType::ANYREF, [false, true, true, true, false]),
        (ValType::EQREF, [false, false, true, true, false]),
        (ValType::I31REF, [false, false, true, true, false]),
        (ValType::STRUCTREF, [false, false, false, true, false]),
        (ValType::NULLREF, [false, false, false, true, false]),
        (ValType::EXTERNREF, [true, false, false, false, true]),
        (ValType::EXNREF, [false; 5]),
        (ValType::FUNCREF, [false; 5]),
        (never_null, [false, true, true, false, false]),
    ] {
        let take = FuncType::new(&engine, [ty], []);
        let take = Func::new(&mut store, take, |_, _, _| Ok(()));
        let values =
            [host.into(), internal.into(), number.into(), Val::AnyRef(None), Val::ExternRef(None)];
        let taken = values.map(|value| match take.call(&mut store, &[value], &mut []) {
            Ok(()) => true,
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains(&format!("expected a value of type {ty}")), "{error}");
                false
            }
        });
        assert_eq!(taken, fits, "{ty}");
        let default = Val::default_for_ty(ty).map(|value| value.matches_ty(&store, &ty).unwrap());
        assert_eq!(default, (ty != never_null).then_some(true));
    }
}

#[test]
fn typed_functions_check_arguments_that_may_be_of_a_wrong_type() {
    let (mut store, instance) = instance(
        r#"(type $f (func (result i32)))
           (func $seven (export "seven") (type $f) (i32.const 7))
           (func (export "call") (param (ref null $f)) (result i32) (call_ref $f (local.get 0)))"#,
    );
    let seven = instance.get_func(&store, "seven").unwrap();
    let call = instance.get_typed_func::<Func, i32>(&store, "call").unwrap();
    assert_eq!(call.call(&mut store, seven).unwrap(), 7);
    let other = Func::wrap(&mut store, |x: i32| x);
    let error = call.call(&mut store, other).unwrap_err().to_string();
    assert!(error.contains("type mismatch"), "{error}");
    assert!(instance.get_typed_func::<Option<Rooted<ExternRef>>, i32>(&store, "call").is_err());
    let ty = FuncType::new(store.engine(), [ValType::I32, ValType::I31REF], [ValType::I32]);
    let i31 = Func::new(&mut store, ty, |_, params, results| {
        results[0] = params[0];
        Ok(())
    });
    assert!(i31.typed::<(i32, Option<I31>), i32>(&store).is_ok());
    let i31 = i31.typed::<(i32, Option<Rooted<AnyRef>>), i32>(&store).unwrap();
    let number = AnyRef::from_i31(&mut store, I31::default());
    let host = ExternRef::new(&mut store, 1).unwrap();
    let host = AnyRef::convert_extern(&mut store, host).unwrap();
    assert_eq!(i31.call(&mut store, (3, Some(number))).unwrap(), 3);
    assert_eq!(i31.call(&mut store, (4, None)).unwrap(), 4);
    assert!(i31.call(&mut store, (5, Some(host))).is_err());
}

/// Tells how many of its clones there are.
type Counted = std::sync::Arc<()>;

#[test]
fn a_collection_drops_what_nobody_can_reach() {
    let (mut store, instance) = instance(
        r#"(table $t (export "t") 2 externref)
           (global $g (export "g") (mut externref) (ref.null extern))"#,
    );
    let table = instance.get_table(&store, "t").unwrap();
    let global = instance.get_global(&store, "g").unwrap();
    let counted: [Counted; 5] = Default::default();
    let count = || counted.each_ref().map(|value| Counted::strong_count(value) - 1);
    let owned = {
        let mut scope = RootScope::new(&mut store);
        let values = counted.clone().map(|value| ExternRef::new(&mut scope, value).unwrap());
        table.set(&mut scope, 1, values[0].into()).unwrap();
        global.set(&mut scope, values[1].into()).unwrap();
        scope.as_context_mut().gc();
        assert_eq!(count(), [1; 5]);
        assert!(values.iter().all(|value| value.data(&scope).is_ok()));
        values[2].to_owned_rooted(&mut scope).unwrap()
    };
    store.gc();
    assert_eq!(count(), [1, 1, 1, 0, 0]);
    drop(owned);
    store.gc();
    assert_eq!(count(), [1, 1, 0, 0, 0]);
    global.set(&mut store, Val::ExternRef(None)).unwrap();
    store.gc();
    assert_eq!(count(), [1, 0, 0, 0, 0]);
    // The place is used again.
    let value = ExternRef::new(&mut store, 7).unwrap();
    assert_eq!(data(&store, value).unwrap(), 7);
    assert!(table.get(&mut store, 1).is_some_and(|element| !element.is_null()));
    drop(store);
    assert_eq!(count(), [0; 5]);
}

#[test]
fn a_collection_in_a_host_function_keeps_what_guests_and_it_hold() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker
        .func_wrap("host", "collect", |mut caller: Caller<'_, ()>, value: Rooted<ExternRef>| {
            caller.gc();
            let before = *value.data(&caller)?.unwrap().downcast_ref::<i32>().unwrap();
            let mut scope = RootScope::new(&mut caller);
            for i in 0..100 {
                ExternRef::new(&mut scope, i)?;
            }
            Ok::<i32, Error>(before)
        })
        .unwrap();
    let text = r#"
        (import "host" "collect" (func $collect (param (ref extern)) (result i32)))
        (func (export "f") (param (ref extern) (ref extern)) (result i32 (ref extern) (ref extern))
          (call $collect (local.get 0))
          (local.get 0)
          (local.get 1))"#;
    let (mut store, instance) = linked(&linker, (), text);
    type Two = (Rooted<ExternRef>, Rooted<ExternRef>);
    let f =
        instance.get_typed_func::<Two, (i32, Rooted<ExternRef>, Rooted<ExternRef>)>(&store, "f");
    let f = f.unwrap();
    for round in 0..10 {
        let mut scope = RootScope::new(&mut store);
        let a = ExternRef::new(&mut scope, 10 * round).unwrap();
        let b = ExternRef::new(&mut scope, 10 * round + 1).unwrap();
        let (before, x, y) = f.call(&mut scope, (a, b)).unwrap();
        assert_eq!(before, 10 * round);
        assert_eq!(x.data(&scope).unwrap().unwrap().downcast_ref(), Some(&(10 * round)));
        assert_eq!(y.data(&scope).unwrap().unwrap().downcast_ref(), Some(&(10 * round + 1)));
    }
}
