//! Structures and arrays that the host makes, reads and writes.

use windlass::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, AsContextMut, Engine, EqRef, Error, ExternRef,
    FieldType, Finality, Func, FuncType, HeapType, I31, Mutability, RefType, RootScope, Rooted,
    StorageType, Store, StructRef, StructRefPre, StructType, V128, Val, ValType,
};

fn var(storage: impl Into<StorageType>) -> FieldType {
    FieldType::new(Mutability::Var, storage.into())
}

fn constant(storage: impl Into<StorageType>) -> FieldType {
    FieldType::new(Mutability::Const, storage.into())
}

fn store() -> Store<()> {
    Store::new(&Engine::default(), ())
}

fn structures(store: &mut Store<()>, fields: &[FieldType]) -> StructRefPre {
    let ty = StructType::new(store.engine(), fields.iter().copied()).unwrap();
    StructRefPre::new(store, ty).unwrap()
}

fn arrays(store: &mut Store<()>, element: FieldType) -> ArrayRefPre {
    let ty = ArrayType::new(store.engine(), element).unwrap();
    ArrayRefPre::new(store, ty).unwrap()
}

#[test]
fn fields_of_every_type_are_read_and_written() {
    let mut store = store();
    let func = Func::wrap(&mut store, || 5i32);
    let host = ExternRef::new(&mut store, "host").unwrap();
    let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(9));
    let fields = [
        var(StorageType::I8),
        var(ValType::I64),
        var(StorageType::I16),
        var(ValType::I32),
        var(ValType::V128),
        var(ValType::F32),
        var(ValType::F64),
        var(ValType::FUNCREF),
        var(ValType::EXTERNREF),
        var(ValType::ANYREF),
        var(StorageType::I8),
    ];
    let make = structures(&mut store, &fields);
    let zeros: Vec<Val> = fields
        .iter()
        .map(|field| Val::default_for_ty(field.element_type().unpack()).unwrap())
        .collect();
    let values = [
        Val::I32(-1),
        Val::I64(i64::MIN),
        Val::I32(0x1_2345),
        Val::I32(-7),
        V128::from(u128::MAX / 3).into(),
        Val::F32(0x7fa0_0001),
        Val::from(0.5f64),
        func.into(),
        host.into(),
        number.into(),
        Val::I32(0x180),
    ];
    // Packed fields have lost their high bits.
    let mut written = values.each_ref().map(|value| format!("{value:?}"));
    written[0] = format!("{:?}", Val::I32(0xff));
    written[2] = format!("{:?}", Val::I32(0x2345));
    written[8] = "host".into();
    written[9] = "9".into();
    written[10] = format!("{:?}", Val::I32(0x80));
    let shown = |store: &mut Store<()>, object: Rooted<StructRef>| -> Vec<String> {
        let fields = object.fields(&mut *store).unwrap();
        let show = |field| match field {
            Val::ExternRef(Some(host)) => {
                host.data(&*store).unwrap().unwrap().downcast_ref::<&str>().unwrap().to_string()
            }
            Val::AnyRef(Some(any)) => any.as_i31(&*store).unwrap().unwrap().to_string(),
            other => format!("{other:?}"),
        };
        fields.map(show).collect()
    };
    let made = StructRef::new(&mut store, &make, &values).unwrap();
    assert_eq!(shown(&mut store, made), written);
    let set = StructRef::new(&mut store, &make, &zeros).unwrap();
    for (index, value) in values.into_iter().enumerate() {
        set.set_field(&mut store, index, value).unwrap();
    }
    assert_eq!(shown(&mut store, set), written);
    let error = set.field(&mut store, 11).unwrap_err().to_string();
    assert!(error.contains("no field 11"), "{error}");
}

#[test]
fn elements_of_every_type_are_read_and_written() {
    let mut store = store();
    for (storage, value, read) in [
        (StorageType::I8, Val::I32(-2), Val::I32(0xfe)),
        (StorageType::I16, Val::I32(-2), Val::I32(0xfffe)),
        (ValType::I32.into(), Val::I32(-2), Val::I32(-2)),
        (ValType::I64.into(), Val::I64(-2), Val::I64(-2)),
        (ValType::F32.into(), Val::F32(7), Val::F32(7)),
        (ValType::F64.into(), Val::F64(7), Val::F64(7)),
        (ValType::V128.into(), V128::from(1 << 100).into(), V128::from(1 << 100).into()),
    ] {
        let make = arrays(&mut store, var(storage));
        let zero = Val::default_for_ty(storage.unpack()).unwrap();
        let show = |vals: &[Val]| vals.iter().map(|val| format!("{val:?}")).collect::<Vec<_>>();
        for len in [0, 1, 3, 9, 17] {
            let array = ArrayRef::new(&mut store, &make, &value, len).unwrap();
            assert_eq!(array.len(&store).unwrap(), len);
            let elements: Vec<Val> = array.elems(&mut store).unwrap().collect();
            assert_eq!(show(&elements), show(&vec![read; len as usize]));
            for index in 0..len {
                array.set(&mut store, index, zero).unwrap();
                assert_eq!(show(&[array.get(&mut store, index).unwrap()]), show(&[zero]));
            }
            assert!(array.get(&mut store, len).is_err());
            assert!(array.set(&mut store, len, zero).is_err());
        }
        let array = ArrayRef::new_fixed(&mut store, &make, &[zero, value, zero]).unwrap();
        let elements: Vec<Val> = array.elems(&mut store).unwrap().collect();
        assert_eq!(show(&elements), show(&[zero, read, zero]));
    }
}

#[test]
fn wrong_values_and_immutable_fields_are_errors() {
    let mut store = store();
    let mut other = Store::new(store.engine(), ());
    let number = AnyRef::from_i31(&mut store, I31::default());
    let foreign = AnyRef::from_i31(&mut other, I31::default());
    let never_null = ValType::Ref(RefType::new(false, HeapType::Any));
    let make = structures(&mut store, &[constant(ValType::I32), var(never_null)]);
    let good = [Val::I32(1), number.into()];
    for (fields, message) in [
        (&good[..1], "expected 2 fields, found 1"),
        (&[Val::I64(1), number.into()], "expected a value of type i32, found i64"),
        (&[Val::I32(1), Val::AnyRef(None)], "expected a value of type (ref any), found nullref"),
        (
            &[Val::I32(1), Val::FuncRef(None)],
            "expected a value of type (ref any), found nullfuncref",
        ),
        (&[Val::I32(1), foreign.into()], "belongs to another store"),
    ] {
        let error = StructRef::new(&mut store, &make, fields).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let error = StructRef::new(&mut other, &make, &good).unwrap_err().to_string();
    assert!(error.contains("belongs to another store"), "{error}");
    let object = StructRef::new(&mut store, &make, &good).unwrap();
    for (index, value, message) in [
        (0, Val::I32(2), "immutable field"),
        (1, Val::AnyRef(None), "type mismatch"),
        (1, Val::ExternRef(None), "type mismatch"),
        (2, Val::I32(2), "no field 2"),
    ] {
        let error = object.set_field(&mut store, index, value).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let make = arrays(&mut store, constant(ValType::I32));
    assert!(ArrayRef::new(&mut store, &make, &Val::I64(1), 2).is_err());
    assert!(ArrayRef::new_fixed(&mut store, &make, &[Val::I32(1), Val::F32(1)]).is_err());
    let array = ArrayRef::new(&mut store, &make, &Val::I32(1), 2).unwrap();
    let error = array.set(&mut store, 0, Val::I32(2)).unwrap_err().to_string();
    assert!(error.contains("immutable field"), "{error}");
    let engine = Engine::default();
    let ty = StructType::new(&engine, []).unwrap();
    assert!(StructRefPre::new(&mut store, ty).is_err());
    let wanted =
        ValType::Ref(RefType::new(true, StructType::new(store.engine(), []).unwrap().into()));
    let take = FuncType::new(store.engine(), [wanted], []);
    let take = Func::new(&mut store, take, |_, _, _| Ok(()));
    assert!(take.call(&mut store, &[object.into()], &mut []).is_err());
}

#[test]
fn casts_find_what_is_there() {
    let mut store = store();
    let engine = store.engine().clone();
    let base = StructType::with_finality_and_supertype(
        &engine,
        Finality::NonFinal,
        None,
        [var(ValType::I32)],
    )
    .unwrap();
    let derived = StructType::with_finality_and_supertype(
        &engine,
        Finality::Final,
        Some(&base),
        [var(ValType::I32), var(ValType::F64)],
    )
    .unwrap();
    let make = StructRefPre::new(&mut store, derived.clone()).unwrap();
    let object = StructRef::new(&mut store, &make, &[Val::I32(1), Val::F64(2)]).unwrap();
    let make = arrays(&mut store, var(ValType::I32));
    let array = ArrayRef::new(&mut store, &make, &Val::I32(1), 1).unwrap();
    assert!(object.matches_ty(&store, &base).unwrap() && object.ty(&store).unwrap() == derived);
    let any: Rooted<AnyRef> = object.into();
    assert!(any.matches_ty(&store, HeapType::from(&base)).unwrap());
    assert!(!any.matches_ty(&store, HeapType::Array).unwrap());
    assert!(any.as_array(&mut store).unwrap().is_none() && any.as_i31(&store).unwrap().is_none());
    let again = any.as_struct(&mut store).unwrap().unwrap();
    assert!(Rooted::ref_eq(&store, &object, &again).unwrap());
    let eq: Rooted<EqRef> = array.into();
    assert!(eq.as_struct(&mut store).unwrap().is_none());
    assert_eq!(eq.as_array(&mut store).unwrap().unwrap().len(&store).unwrap(), 1);
    let other = ArrayRef::new(&mut store, &make, &Val::I32(1), 1).unwrap();
    assert!(!Rooted::ref_eq(&store, &array, &other).unwrap());
    // Of a wrong type for the guest's function: found when it is called.
    let wanted = ValType::Ref(RefType::new(false, HeapType::from(&base)));
    let ty = FuncType::new(&engine, [wanted], [wanted]);
    let id = Func::new(&mut store, ty, |_, params, results| {
        results[0] = params[0];
        Ok(())
    });
    let id = id.typed::<Rooted<StructRef>, Rooted<StructRef>>(&store).unwrap();
    let returned = id.call(&mut store, object).unwrap();
    assert!(Rooted::ref_eq(&store, &object, &returned).unwrap());
    let make = structures(&mut store, &[var(ValType::I64)]);
    let wrong = StructRef::new(&mut store, &make, &[Val::I64(1)]).unwrap();
    assert!(id.call(&mut store, wrong).is_err());
}

#[test]
fn supertypes_must_fit() {
    let engine = Engine::default();
    let open = |sup: Option<&StructType>, fields: &[FieldType]| {
        let fields = fields.iter().copied();
        StructType::with_finality_and_supertype(&engine, Finality::NonFinal, sup, fields)
    };
    let base = open(None, &[var(ValType::I32), constant(ValType::ANYREF)]).unwrap();
    let good = open(Some(&base), &[var(ValType::I32), constant(ValType::EQREF)]).unwrap();
    assert_eq!(good.supertype(), Some(base.clone()));
    assert_eq!(good.finality(), Finality::NonFinal);
    assert_eq!(good.fields().collect::<Vec<_>>(), [var(ValType::I32), constant(ValType::EQREF)]);
    let error: Error = open(Some(&base), &[var(ValType::I64)]).unwrap_err();
    assert_eq!(error.to_string(), "the type does not match its supertype");
    assert!(open(Some(&base), &[var(ValType::I32), var(ValType::ANYREF)]).is_err());
    let closed = StructType::new(&engine, []).unwrap();
    assert!(closed.finality() == Finality::Final && open(Some(&closed), &[]).is_err());
    assert_eq!(StructType::new(&engine, []).unwrap(), closed);
    let other = StructType::new(&Engine::default(), []).unwrap();
    assert!(other != closed && !other.matches(&closed));
    let func = |finality, sup: Option<&FuncType>, params: &[ValType]| {
        let params = params.iter().copied();
        FuncType::with_finality_and_supertype(&engine, finality, sup, params, [])
    };
    let general = func(Finality::NonFinal, None, &[ValType::EQREF]).unwrap();
    let special = func(Finality::Final, Some(&general), &[ValType::ANYREF]).unwrap();
    assert!(special.matches(&general) && special.supertype().as_ref() == Some(&general));
    assert!(func(Finality::Final, Some(&special), &[ValType::ANYREF]).is_err());
    assert!(func(Finality::Final, Some(&general), &[ValType::I31REF]).is_err());
}

#[test]
fn roots_keep_what_they_lead_to_and_cycles_are_collected() {
    let mut store = store();
    let counted = std::sync::Arc::new(());
    let count = || std::sync::Arc::strong_count(&counted) - 1;
    let node = structures(&mut store, &[var(ValType::EQREF), var(ValType::EXTERNREF)]);
    let arrays = arrays(&mut store, var(ValType::ANYREF));
    let make_cycle = |scope: &mut RootScope<&mut Store<()>>| -> Rooted<StructRef> {
        let host = ExternRef::new(&mut *scope, counted.clone()).unwrap();
        let first = [Val::AnyRef(None), host.into()];
        let first = StructRef::new(&mut *scope, &node, &first).unwrap();
        let second = StructRef::new(&mut *scope, &node, &[first.into(), host.into()]).unwrap();
        let array = ArrayRef::new(&mut *scope, &arrays, &second.into(), 1).unwrap();
        first.set_field(&mut *scope, 0, array.into()).unwrap();
        first
    };
    let owned = {
        let mut scope = RootScope::new(&mut store);
        let kept = make_cycle(&mut scope);
        make_cycle(&mut scope);
        assert_eq!(count(), 2);
        scope.as_context_mut().gc();
        assert_eq!(count(), 2);
        kept.to_owned_rooted(&mut scope).unwrap()
    };
    store.gc();
    assert_eq!(count(), 1);
    {
        let mut scope = RootScope::new(&mut store);
        let array = owned.field(&mut scope, 0).unwrap().unwrap_anyref().unwrap();
        let array = array.as_array(&mut scope).unwrap().unwrap();
        let second = array.get(&mut scope, 0).unwrap().unwrap_anyref().unwrap();
        let second = second.as_struct(&mut scope).unwrap().unwrap();
        let first = second.field(&mut scope, 0).unwrap().unwrap_anyref().unwrap();
        let first = first.as_struct(&mut scope).unwrap().unwrap();
        assert!(Rooted::ref_eq(&scope, &first, &owned).unwrap());
    }
    drop(owned);
    store.gc();
    assert_eq!(count(), 0);
}

#[test]
fn garbage_of_the_host_is_collected_under_a_small_limit() {
    let engine = Engine::default();
    let limits = windlass::StoreLimitsBuilder::new().gc_heap_size(1 << 20).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let ty = ArrayType::new(&engine, var(StorageType::I8)).unwrap();
    let make = ArrayRefPre::new(&mut store, ty).unwrap();
    let kept = ArrayRef::new(&mut store, &make, &Val::I32(1), 1000).unwrap();
    for round in 0..10_000 {
        let mut scope = RootScope::new(&mut store);
        let array = ArrayRef::new(&mut scope, &make, &Val::I32(round), 10_000).unwrap();
        assert_eq!(array.get(&mut scope, 9_999).unwrap().i32(), Some(round & 0xff));
    }
    assert!(kept.elems(&mut store).unwrap().all(|element| element.i32() == Some(1)));
    let error = ArrayRef::new(&mut store, &make, &Val::I32(1), 2 << 20).unwrap_err();
    assert_eq!(error.trap(), Some(windlass::Trap::AllocationTooLarge));
    // What is rooted can't be collected.
    let outcome = (0..1000)
        .try_for_each(|_| ArrayRef::new(&mut store, &make, &Val::I32(2), 10_000).map(|_| ()));
    assert!(outcome.is_err());
    assert!(kept.elems(&mut store).unwrap().all(|element| element.i32() == Some(1)));
}
