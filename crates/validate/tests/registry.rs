//! Types across modules: equal recursion groups are one, and declared subtypes are known.

use windlass_decode::{
    AbsHeapType, CompositeType, Features, FuncType, GlobalType, HeapType, Limits, MemoryType,
    Module, RefType, TableType, ValType,
};
use windlass_validate::{Context, TypeId, TypeRegistry};

fn context(text: &str, registry: &mut TypeRegistry) -> Context {
    let bytes = wat::parse_str(text).expect("the text is right");
    let module = Module::decode(&bytes, Features::ALL).expect("well-formed");
    Context::new(&module, &bytes, Features::ALL, registry).expect("valid")
}

fn reference(nullable: bool, id: TypeId) -> RefType {
    RefType { nullable, heap: HeapType::Concrete(id.0) }
}

#[test]
fn equal_groups_are_one_wherever_they_stand() {
    let mut registry = TypeRegistry::new();
    let a = context(
        "(module
            (type $f (func (param i32)))
            (rec (type $x (struct (field (ref null $y)))) (type $y (array (mut (ref $x))))))",
        &mut registry,
    );
    let types = registry.len();
    let b = context(
        "(module
            (rec (type $p (struct (field (ref null $q)))) (type $q (array (mut (ref $p)))))
            (type (func (param i32)))
            (rec (type $r (struct (field (ref null $s)))) (type $s (array (mut (ref $r))))))",
        &mut registry,
    );
    assert_eq!(registry.len(), types, "nothing new");
    assert_eq!(a.type_ids[1..3], b.type_ids[0..2]);
    assert_eq!(a.type_ids[0], b.type_ids[2]);
    assert_eq!(b.type_ids[0..2], b.type_ids[3..5]);
    // The canonical form refers to canonical types.
    let CompositeType::Struct(fields) = &registry.get(a.type_ids[1]).composite else {
        panic!("a structure")
    };
    let field = ValType::Ref(reference(true, a.type_ids[2]));
    assert_eq!(fields[0].storage, windlass_decode::StorageType::Val(field));
}

#[test]
fn groups_that_differ_in_anything_are_different_types() {
    let mut registry = TypeRegistry::new();
    let texts = [
        "(type (func))",
        "(type (func (param i32)))",
        "(type (func (result i32)))",
        "(type (func (param i64)))",
        "(type (func (param i32 i32)))",
        "(type (func (param i32) (result i32)))",
        "(type (sub (func)))",
        "(type (struct))",
        "(type (struct (field i32)))",
        "(type (struct (field (mut i32))))",
        "(type (struct (field i8)))",
        "(type (struct (field i16)))",
        "(type (struct (field i32 i32)))",
        "(type (array i32))",
        "(type (array (mut i32)))",
        "(type (array anyref))",
        "(type (array (ref any)))",
        "(type (array eqref))",
        "(rec (type (func)) (type (func)))",
        "(rec (type $a (func)) (type (sub (struct (field (ref $a))))))",
        "(rec (type (func)) (type $a (sub (struct (field (ref $a))))))",
    ];
    let mut ids = Vec::new();
    for text in texts {
        let id = context(&format!("(module {text})"), &mut registry).type_ids[0];
        assert!(!ids.contains(&id), "{text}");
        ids.push(id);
    }
    // The second type of a group is not the same type on its own.
    let pair = context("(module (rec (type (func)) (type (func))))", &mut registry);
    assert_ne!(pair.type_ids[0], pair.type_ids[1]);
    assert_ne!(pair.type_ids[1], ids[0]);
}

#[test]
fn subtypes_are_known_to_registry_and_module() {
    let mut registry = TypeRegistry::new();
    let text = "(module
        (type $top (sub (struct)))
        (type $left (sub $top (struct (field i32))))
        (type $right (sub $top (struct (field i64))))
        (type $low (sub final $left (struct (field i32 f32)))))";
    // Other types first, so that ids are not indices.
    context("(module (type (func)) (type (array i8)))", &mut registry);
    let module = context(text, &mut registry);
    let [top, left, right, low] = module.type_ids[..] else { panic!("four types") };
    let below = [
        (top, top),
        (left, top),
        (right, top),
        (low, top),
        (left, left),
        (low, left),
        (right, right),
        (low, low),
    ];
    for a in [top, left, right, low] {
        for b in [top, left, right, low] {
            let expected = below.contains(&(a, b));
            assert_eq!(registry.is_subtype(a, b), expected, "{a:?} {b:?}");
            let [a, b] = [a, b].map(|id| HeapType::Concrete(id.0));
            assert_eq!(registry.heap_is_subtype(a, b), expected, "{a:?} {b:?}");
            assert_eq!(module.heap_is_subtype(a, b), expected, "{a:?} {b:?}");
        }
    }
    assert_eq!(registry.supertype(low), Some(left));
    assert_eq!((registry.depth(top), registry.depth(low)), (0, 2));
    assert!(registry.ref_is_subtype(reference(false, low), reference(true, top)));
    assert!(!registry.ref_is_subtype(reference(true, low), reference(false, top)));
    let any = RefType::null(AbsHeapType::Any);
    assert!(module.ref_is_subtype(reference(true, low), any));
    assert!(module.ref_is_subtype(RefType::null(AbsHeapType::None), reference(true, low)));
    assert!(!module.ref_is_subtype(RefType::null(AbsHeapType::NoFunc), reference(true, low)));
}

#[test]
fn abstract_heap_types_match_as_the_specification_says() {
    use AbsHeapType::*;
    let registry = TypeRegistry::new();
    // Each with everything above it.
    let above: [(AbsHeapType, &[AbsHeapType]); 12] = [
        (Func, &[]),
        (NoFunc, &[Func]),
        (Extern, &[]),
        (NoExtern, &[Extern]),
        (Exn, &[]),
        (NoExn, &[Exn]),
        (Any, &[]),
        (Eq, &[Any]),
        (I31, &[Eq, Any]),
        (Struct, &[Eq, Any]),
        (Array, &[Eq, Any]),
        (None, &[I31, Struct, Array, Eq, Any]),
    ];
    for (a, supers) in above {
        for (b, _) in above {
            let expected = a == b || supers.contains(&b);
            let matches = registry.heap_is_subtype(HeapType::Abs(a), HeapType::Abs(b));
            assert_eq!(matches, expected, "{a:?} {b:?}");
        }
    }
}

#[test]
fn a_host_functions_type_is_that_of_a_module() {
    let mut registry = TypeRegistry::new();
    let ty = FuncType { params: [ValType::I32, ValType::F64].into(), results: [].into() };
    let host = registry.intern_func(ty.clone()).expect("room");
    let module = context("(module (type (func (param i32 f64))))", &mut registry);
    assert_eq!(module.type_ids[0], host);
    assert_eq!(registry.func(host), Some(&ty));
    assert_eq!(registry.intern_func(ty), Some(host));
}

#[test]
fn imports_match_by_type_and_limits() {
    let registry = TypeRegistry::new();
    let limits = |min, max| Limits { min, max, is64: false };
    let memory =
        |min, max, shared| MemoryType { limits: limits(min, max), shared, page_size_log2: 16 };
    let given = memory(2, Some(4), false);
    assert!(registry.memory_matches(&given, &memory(1, None, false)));
    assert!(registry.memory_matches(&given, &memory(2, Some(4), false)));
    assert!(!registry.memory_matches(&given, &memory(3, None, false)));
    assert!(!registry.memory_matches(&given, &memory(1, Some(3), false)));
    assert!(!registry.memory_matches(&given, &memory(2, Some(4), true)));
    assert!(!registry.memory_matches(&memory(2, None, false), &memory(2, Some(9), false)));
    let wide = MemoryType { limits: Limits { is64: true, ..given.limits }, ..given };
    assert!(!registry.memory_matches(&given, &wide));
    let small = MemoryType { page_size_log2: 0, ..given };
    assert!(!registry.memory_matches(&given, &small));

    let table = |element| TableType { element, limits: limits(1, None) };
    assert!(registry.table_matches(&table(RefType::FUNCREF), &table(RefType::FUNCREF)));
    let none = table(RefType::null(AbsHeapType::NoFunc));
    assert!(!registry.table_matches(&none, &table(RefType::FUNCREF)));

    let global = |mutable, heap| GlobalType { val: ValType::Ref(RefType::null(heap)), mutable };
    let [any, eq] = [AbsHeapType::Any, AbsHeapType::Eq];
    assert!(registry.global_matches(&global(false, eq), &global(false, any)));
    assert!(!registry.global_matches(&global(false, any), &global(false, eq)));
    assert!(!registry.global_matches(&global(true, eq), &global(true, any)));
    assert!(registry.global_matches(&global(true, eq), &global(true, eq)));
    assert!(!registry.global_matches(&global(true, eq), &global(false, eq)));
}
