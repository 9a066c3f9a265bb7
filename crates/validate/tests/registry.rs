//! Types across modules: equal recursion groups are one, and declared subtypes are known.

use windlass_decode::{
    AbsHeapType, CompositeType, Features, FuncType, GlobalType, HeapType, Limits, MemoryType,
    Module, RefType, SubType, TableType, ValType,
};
use windlass_validate::{Context, NewGroup, TypeId, TypeRegistry};

fn context(text: &str, registry: &mut TypeRegistry) -> Context {
    counted(text, registry).0
}

/// The context of a module, and what it has counted.
fn counted(text: &str, registry: &mut TypeRegistry) -> (Context, Vec<TypeId>) {
    let bytes = wat::parse_str(text).expect("the text is right");
    let mut module = Module::decode(&bytes, Features::ALL).expect("well-formed");
    let mut context = Context::new(&mut module, &bytes, Features::ALL).expect("valid");
    let mut counted = Vec::new();
    context.enter(registry, &mut counted).expect("room");
    (context, counted)
}

/// Ends what a module has counted.
fn release(registry: &mut TypeRegistry, counted: Vec<TypeId>) {
    counted.into_iter().for_each(|id| registry.release(id));
    while registry.sweep(1) {}
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
    let composite = CompositeType::Func(ty.clone());
    let alone = SubType {
        is_final: true,
        supertypes: [].into(),
        describes: None,
        descriptor: None,
        composite,
    };
    let host = registry.enter(NewGroup::alone(alone.clone()).expect("memory")).expect("room");
    let module = context("(module (type (func (param i32 f64))))", &mut registry);
    assert_eq!(module.type_ids[0], host);
    assert_eq!(registry.func(host), Some(&ty));
    assert_eq!(registry.enter(NewGroup::alone(alone).expect("memory")), Some(host));
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

const PAIR: &str = "(module
    (type $f (func (param i32)))
    (type $s (sub (struct (field (ref null $f)))))
    (rec (type $x (sub $s (struct (field (ref null $f)) (field (ref $y))))) \
    (type $y (array (ref $x)))))";

#[test]
fn what_nobody_counts_is_removed_and_its_numbers_come_again() {
    let mut registry = TypeRegistry::new();
    let (first, of_first) = counted(PAIR, &mut registry);
    let (second, of_second) = counted(PAIR, &mut registry);
    assert_eq!((registry.len(), &first.type_ids), (4, &second.type_ids));
    release(&mut registry, of_first);
    assert_eq!(registry.len(), 4);
    release(&mut registry, of_second);
    assert!(registry.is_empty());
    let (other, _) = counted("(module (type (array i8)))", &mut registry);
    assert!(first.type_ids.contains(&other.type_ids[0]));
    assert!(matches!(registry.get(other.type_ids[0]).composite, CompositeType::Array(_)));
}

#[test]
fn a_group_keeps_the_groups_that_it_refers_to() {
    let mut registry = TypeRegistry::new();
    let (module, mut of_module) = counted(PAIR, &mut registry);
    let last = of_module.pop().expect("three groups");
    release(&mut registry, of_module);
    let [f, s, x, y] = module.type_ids[..] else { panic!("four types") };
    assert_eq!(registry.len(), 4);
    assert!(registry.is_subtype(x, s) && registry.func(f).is_some());
    // A type counts its group, whichever it is.
    registry.retain(y);
    release(&mut registry, vec![last]);
    assert_eq!(registry.len(), 4);
    release(&mut registry, vec![x]);
    assert!(registry.is_empty());
}

#[test]
fn what_is_reserved_stays_with_all_that_it_needs() {
    let mut registry = TypeRegistry::new();
    let (module, of_module) = counted(PAIR, &mut registry);
    registry.reserve(module.type_ids[1]);
    release(&mut registry, of_module);
    assert_eq!(registry.len(), 2, "the structure and the function type in it");
    let (again, _) = counted(PAIR, &mut registry);
    assert_eq!(again.type_ids[..2], module.type_ids[..2]);
}

#[test]
fn what_is_found_before_it_is_swept_stays() {
    let mut registry = TypeRegistry::new();
    let (first, of_first) = counted(PAIR, &mut registry);
    of_first.into_iter().for_each(|id| registry.release(id));
    let (again, of_again) = counted(PAIR, &mut registry);
    assert_eq!(first.type_ids, again.type_ids);
    while registry.sweep(1) {}
    assert_eq!(registry.len(), 4);
    release(&mut registry, of_again);
    assert!(registry.is_empty());
}

#[test]
fn sweeping_ends_after_a_piece() {
    let mut registry = TypeRegistry::new();
    // Each refers to the one before it.
    let chain: String =
        (1..500).map(|i| format!("(type (struct (field (ref {}))))", i - 1)).collect();
    let text = format!("(module (type (struct)) {chain})");
    let (_, of_module) = counted(&text, &mut registry);
    assert_eq!((registry.len(), of_module.len()), (500, 500));
    of_module.into_iter().for_each(|id| registry.release(id));
    let mut pieces = 1;
    while registry.sweep(50) {
        pieces += 1;
        assert!(registry.len() >= 500 - 50 * pieces);
    }
    assert!(registry.is_empty() && pieces >= 10);
}

#[test]
fn a_context_has_numbers_of_its_own_until_it_enters() {
    let bytes = wat::parse_str(
        "(module (type (array i8)) (type $a (func)) (type $b (func)) (table 1 (ref null $b))
            (global (ref null $b) (ref.null $a)) (elem (ref null $b)))",
    )
    .expect("the text is right");
    let mut module = Module::decode(&bytes, Features::ALL).expect("well-formed");
    let mut context = Context::new(&mut module, &bytes, Features::ALL).expect("valid");
    assert_eq!(context.type_ids, [0, 1, 1].map(TypeId));
    let mut registry = TypeRegistry::new();
    counted(PAIR, &mut registry);
    let mut counted = Vec::new();
    context.enter(&mut registry, &mut counted).expect("room");
    assert_eq!(counted.len(), 2);
    let id = context.type_ids[1];
    assert_eq!(context.type_ids[2], id);
    assert!(registry.func(id).is_some_and(|ty| ty.params.is_empty()));
    assert_eq!(context.tables[0].element, reference(true, id));
    assert_eq!(context.globals[0].val, ValType::Ref(reference(true, id)));
    assert_eq!(context.elements[0], reference(true, id));
    assert_eq!((context.type_index(id), context.type_index(TypeId(99))), (Some(1), None));
}
