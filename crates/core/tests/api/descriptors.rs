//! Custom descriptors as embedders see them: structures with a descriptor, and exact types.

use crate::module;
use windlass::{
    AnyRef, Config, Engine, Extern, FieldType, Finality, Func, FuncType, HeapType, Instance,
    Module, Mutability, RefType, Rooted, Store, StoreLimitsBuilder, StructRef, StructRefPre,
    StructType, Trap, Val, ValType,
};

/// Two types with descriptors, one below the other, and what works on them.
const PROGRAM: &str = r#"(module
    (rec
      (type $a (sub (descriptor $b) (struct (field i32))))
      (type $b (sub (describes $a) (struct (field (mut i32)))))
      (type $c (sub $a (descriptor $d) (struct (field i32) (field v128) (field i8))))
      (type $d (sub $b (describes $c) (struct (field (mut i32))))))
    (type $plain (struct))
    (global $kept (export "kept") (mut anyref) (ref.null none))
    (func (export "descriptor") (param i32) (result (ref $b)) (struct.new $b (local.get 0)))
    (func (export "below") (param i32) (result (ref $d)) (struct.new $d (local.get 0)))
    (func $make (export "make") (param i32 (ref null (exact $b))) (result (ref (exact $a)))
      (struct.new_desc $a (local.get 0) (local.get 1)))
    (func (export "keep") (param i32)
      (global.set $kept
        (struct.new_desc $c (i32.const 1) (v128.const i64x2 2 3) (i32.const 4)
          (struct.new $d (local.get 0)))))
    (func (export "of kept") (result i32)
      (struct.get $b 0 (ref.get_desc $a (ref.cast (ref $a) (global.get $kept)))))
    (func (export "waste") (param i32)
      (loop $on
        (drop (struct.new $b (i32.const -1)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $on (local.get 0))))
    (func (export "number") (param (ref $a)) (result i32)
      (struct.get $b 0 (ref.get_desc $a (local.get 0))))
    (func (export "is") (param anyref (ref null $b)) (result i32)
      (block $no (result anyref)
        (br_on_cast_desc_eq_fail $no anyref (ref $a) (local.get 0) (local.get 1))
        (return (struct.get $a 0)))
      (drop)
      (i32.const -1))
    (func (export "plain") (result anyref) (struct.new $plain))
    (func (export "exactly") (param (ref null (exact $b))) (result (ref null (exact $b)))
      (local.get 0)))"#;

fn engine() -> Engine {
    Engine::new(Config::new().wasm_custom_descriptors(true)).expect("an engine")
}

fn program() -> (Store<()>, Instance) {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module(&engine, PROGRAM), &[]).expect("an instance");
    (store, instance)
}

fn call(store: &mut Store<()>, instance: &Instance, name: &str, args: &[Val]) -> Val {
    let func = instance.get_func(&mut *store, name).expect("an export");
    let mut results = [Val::I32(0)];
    let count = func.ty(&*store).results().len();
    func.call(store, args, &mut results[..count]).unwrap_or_else(|error| panic!("{name}: {error}"));
    results[0]
}

fn structure(store: &mut Store<()>, value: Val) -> Rooted<StructRef> {
    let any = value.any_ref().flatten().expect("a reference");
    any.as_struct(store).unwrap().expect("a structure")
}

#[test]
fn the_feature_is_off_by_default() {
    let wasm = wat::parse_str(PROGRAM).unwrap();
    let error = Module::new(&Engine::default(), &wasm).unwrap_err();
    let words = "needs the feature custom-descriptors, which is switched off";
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn a_descriptor_lives_as_long_as_what_it_describes() {
    let (mut store, instance) = program();
    call(&mut store, &instance, "keep", &[Val::I32(77)]);
    for _ in 0..3 {
        store.gc();
        call(&mut store, &instance, "waste", &[Val::I32(10_000)]);
        assert_eq!(call(&mut store, &instance, "of kept", &[]).i32(), Some(77));
    }
}

#[test]
fn a_descriptor_goes_with_what_it_describes() {
    let engine = engine();
    let mut store = Store::new(&engine, StoreLimitsBuilder::new().gc_heap_size(256 << 10).build());
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module(&engine, PROGRAM), &[]).expect("an instance");
    let keep = instance.get_typed_func::<i32, ()>(&store, "keep").unwrap();
    let number = instance.get_typed_func::<(), i32>(&store, "of kept").unwrap();
    for n in 0..20_000 {
        keep.call(&mut store, n).unwrap();
        assert_eq!(number.call(&mut store, ()).unwrap(), n);
    }
}

#[test]
fn casts_compare_descriptors() {
    let (mut store, instance) = program();
    let [one, two] = [1, 2].map(|n| call(&mut store, &instance, "descriptor", &[Val::I32(n)]));
    let object = call(&mut store, &instance, "make", &[Val::I32(5), one]);
    let plain = call(&mut store, &instance, "plain", &[]);
    let mut is =
        |value, descriptor| call(&mut store, &instance, "is", &[value, descriptor]).i32().unwrap();
    assert_eq!(is(object, one), 5);
    assert_eq!(is(object, two), -1);
    assert_eq!(is(plain, one), -1);
    assert_eq!(is(one, one), -1);
    assert_eq!(is(Val::AnyRef(None), one), -1);
    let number = AnyRef::from_i31(&mut store, windlass::I31::wrapping_u32(1));
    assert_eq!(call(&mut store, &instance, "is", &[number.into(), one]).i32(), Some(-1));
    let is = instance.get_func(&mut store, "is").unwrap();
    let error = is.call(&mut store, &[object, Val::AnyRef(None)], &mut [Val::I32(0)]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::NullDescriptorReference));
}

#[test]
fn the_host_makes_and_sees_descriptors() {
    let (mut store, instance) = program();
    let one = call(&mut store, &instance, "descriptor", &[Val::I32(1)]);
    let made = call(&mut store, &instance, "make", &[Val::I32(5), one]);
    let one = structure(&mut store, one);
    let below = call(&mut store, &instance, "below", &[Val::I32(1)]);
    let below = structure(&mut store, below);
    let made = structure(&mut store, made);
    let found = made.descriptor(&mut store).unwrap().expect("a descriptor");
    assert!(Rooted::ref_eq(&store, &found, &one).unwrap());
    assert!(one.descriptor(&mut store).unwrap().is_none());
    let ty = made.ty(&store).unwrap();
    assert_eq!(ty.descriptor(), Some(one.ty(&store).unwrap()));
    assert_eq!(one.ty(&store).unwrap().describes(), Some(ty.clone()));
    assert_eq!((ty.describes(), one.ty(&store).unwrap().descriptor()), (None, None));

    let allocator = StructRefPre::new(&mut store, ty.clone()).unwrap();
    let fields = [Val::I32(6)];
    assert!(StructRef::new(&mut store, &allocator, &fields).is_err());
    assert!(StructRef::with_descriptor(&mut store, &allocator, &fields, below).is_err());
    assert!(StructRef::with_descriptor(&mut store, &allocator, &fields, made).is_err());
    let own = StructRef::with_descriptor(&mut store, &allocator, &fields, one).unwrap();
    store.gc();
    let arguments = [own.to_anyref().into(), one.to_anyref().into()];
    assert_eq!(call(&mut store, &instance, "is", &arguments).i32(), Some(6));
    assert_eq!(call(&mut store, &instance, "number", &arguments[..1]).i32(), Some(1));

    let ty = one.ty(&store).unwrap();
    let without = StructRefPre::new(&mut store, ty).unwrap();
    assert!(StructRef::with_descriptor(&mut store, &without, &[Val::I32(1)], one).is_err());
    assert!(StructRef::new(&mut store, &without, &[Val::I32(1)]).is_ok());
}

#[test]
fn types_of_the_host_are_not_below_types_with_descriptors() {
    let (mut store, instance) = program();
    let one = call(&mut store, &instance, "descriptor", &[Val::I32(1)]);
    let descriptor = structure(&mut store, one).ty(&store).unwrap();
    let described = descriptor.describes().unwrap();
    let field = |mutability| FieldType::new(mutability, ValType::I32.into());
    for (parent, mutability) in [(described, Mutability::Const), (descriptor, Mutability::Var)] {
        let last = Finality::Final;
        let fields = [field(mutability)];
        let ty =
            StructType::with_finality_and_supertype(store.engine(), last, Some(&parent), fields);
        assert!(ty.is_err());
    }
}

#[test]
fn what_is_given_as_exact_is_of_just_that_type() {
    let (mut store, instance) = program();
    let one = call(&mut store, &instance, "descriptor", &[Val::I32(1)]);
    let below = call(&mut store, &instance, "below", &[Val::I32(1)]);
    let exactly = instance.get_func(&mut store, "exactly").unwrap();
    let mut results = [Val::I32(0)];
    exactly.call(&mut store, &[one], &mut results).unwrap();
    exactly.call(&mut store, &[Val::AnyRef(None)], &mut results).unwrap();
    assert!(exactly.call(&mut store, &[below], &mut results).is_err());
    let typed = instance
        .get_typed_func::<Option<Rooted<StructRef>>, Option<Rooted<StructRef>>>(&store, "exactly");
    let typed = typed.unwrap();
    let [one, below] = [one, below].map(|value| structure(&mut store, value));
    assert!(
        typed.call(&mut store, Some(one)).is_ok() && typed.call(&mut store, Some(below)).is_err()
    );

    let ty = HeapType::from(one.ty(&store).unwrap());
    let param = exactly.ty(&store).params().next().unwrap();
    assert_eq!(param, RefType::new(true, ty.exact()).into());
    assert!(ty.exact().is_exact() && !ty.is_exact());
    assert_eq!(ty.exact().as_concrete_struct(store.engine()), Some(one.ty(&store).unwrap()));
    let engine = store.engine().clone();
    let lower = HeapType::from(below.ty(&store).unwrap());
    for (a, b, expected) in [
        (ty.exact(), ty, true),
        (ty, ty.exact(), false),
        (lower.exact(), ty, true),
        (lower.exact(), ty.exact(), false),
        (HeapType::None, ty.exact(), true),
        (ty.exact(), HeapType::Struct, true),
    ] {
        assert_eq!(a.matches(&engine, &b), expected, "{a} {b}");
    }
    assert!(one.to_anyref().matches_ty(&store, ty.exact()).unwrap());
    assert_eq!(one.to_anyref().ty(&store).unwrap(), ty);
}

#[test]
fn an_exact_import_takes_a_function_of_just_that_type() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let text = r#"(type $super (sub (func))) (type $sub (sub $super (func)))
        (func (export "super") (type $super)) (func (export "sub") (type $sub))"#;
    let given = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    let wanted = |exact| {
        let import = if exact { "(exact (type $super))" } else { "(type $super)" };
        module(&engine, &format!(r#"(type $super (sub (func))) (import "" "f" (func {import}))"#))
    };
    for (name, exact, fits) in
        [("super", true, true), ("super", false, true), ("sub", true, false), ("sub", false, true)]
    {
        let func = given.get_func(&mut store, name).unwrap();
        let instance = Instance::new(&mut store, &wanted(exact), &[func.into()]);
        assert_eq!(instance.is_ok(), fits, "{name} {exact}");
        if let Err(error) = instance {
            assert!(error.to_string().contains("expected just func"), "{error}");
        }
    }
    let text = r#"(type $t (func)) (import "" "f" (func (exact (type $t))))"#;
    let host = Func::new(&mut store, FuncType::new(&engine, [], []), |_, _, _| Ok(()));
    assert!(Instance::new(&mut store, &module(&engine, text), &[Extern::from(host)]).is_ok());
}
