//! Memories, tables and globals, as host and guest share them.

use crate::instance;
use windlass::{Memory, MemoryType, Ref, Trap, Val};

#[test]
fn host_and_guest_see_the_same_bytes() {
    let (mut store, instance) = instance(
        r#"(memory (export "memory") 1 2)
           (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
           (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))"#,
    );
    let memory = instance.get_memory(&store, "memory").unwrap();
    let load = instance.get_typed_func::<u32, u32>(&store, "load").unwrap();
    memory.write(&mut store, 16, &[0x78, 0x56, 0x34, 0x12]).unwrap();
    assert_eq!(load.call(&mut store, 16).unwrap(), 0x1234_5678);
    let set = instance.get_typed_func::<(u32, u32), ()>(&store, "store").unwrap();
    set.call(&mut store, (65_532, 0xdead_beef)).unwrap();
    let mut bytes = [0; 4];
    memory.read(&store, 65_532, &mut bytes).unwrap();
    assert_eq!(u32::from_le_bytes(bytes), 0xdead_beef);
    assert_eq!(load.call(&mut store, 65_533).unwrap_err().trap(), Some(Trap::MemoryOutOfBounds));
    assert_eq!(memory.grow(&mut store, 1).unwrap(), 1);
    assert_eq!(load.call(&mut store, 65_533).unwrap(), 0x00de_adbe);
    assert!(memory.grow(&mut store, 1).is_err());
}

#[test]
fn accesses_beyond_the_memory_are_errors() {
    let mut store = windlass::Store::<()>::default();
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let mut buffer = [1, 2];
    for offset in [65_535, 65_536, 65_537, usize::MAX - 1, usize::MAX] {
        assert!(memory.read(&store, offset, &mut buffer).is_err());
        assert!(memory.write(&mut store, offset, &buffer).is_err());
    }
    assert_eq!(buffer, [1, 2]);
    let error = memory.read(&store, 65_535, &mut buffer).unwrap_err();
    assert_eq!((error.offset, error.len, error.size), (65_535, 2, 65_536));
    assert_eq!(
        error.to_string(),
        "out of bounds memory access: 2 bytes at 0xffff, in a memory of 0x10000"
    );
    assert!(memory.read(&store, 65_536, &mut []).is_ok());
    assert!(memory.data(&store).iter().all(|&byte| byte == 0));
}

#[test]
fn types_of_memories_are_told() {
    let mut store = windlass::Store::<()>::default();
    let memory = Memory::new(&mut store, MemoryType::new64(1, Some(5))).unwrap();
    memory.grow(&mut store, 2).unwrap();
    let ty = memory.ty(&store);
    assert!(ty.is_64() && !ty.is_shared());
    assert_eq!((ty.minimum(), ty.maximum(), ty.page_size()), (1, Some(5), 65_536));
    assert_eq!((memory.size(&store), memory.data_size(&store)), (3, 3 << 16));
    assert!(Memory::new(&mut store, MemoryType::new(2, Some(1))).is_err());
}

/// One memory that lies with the allocator, where a growth moves it, and another beside it.
#[test]
fn a_pinned_memory_stays_and_others_grow() {
    let (mut store, instance) = instance(
        r#"(memory $a (export "a") 1 3) (memory $b (export "b") 1 3)
           (func (export "grow_a") (result i32) (memory.grow $a (i32.const 1)))
           (func (export "grow_b") (result i32) (memory.grow $b (i32.const 1)))"#,
    );
    let [a, b] = ["a", "b"].map(|name| instance.get_memory(&store, name).unwrap());
    let [grow_a, grow_b] =
        ["grow_a", "grow_b"].map(|name| instance.get_typed_func::<(), i32>(&store, name).unwrap());
    assert!(a.stable_size(&mut store) < 2 << 16);
    let pin = a.pin(&mut store);
    let (copy, address) = (pin.clone(), a.data_ptr(&store));
    drop(pin);
    assert_eq!(grow_a.call(&mut store, ()).unwrap(), -1);
    assert!(a.grow(&mut store, 1).is_err());
    assert_eq!(a.grow(&mut store, 0).unwrap(), 1);
    assert_eq!((a.data_ptr(&store), a.size(&store)), (address, 1));
    assert_eq!(grow_b.call(&mut store, ()).unwrap(), 1);
    assert_eq!(b.grow(&mut store, 1).unwrap(), 2);
    drop(copy);
    assert_eq!(grow_a.call(&mut store, ()).unwrap(), 1);
    assert_eq!(a.grow(&mut store, 1).unwrap(), 2);
}

/// Where there are addresses to reserve, it grows in them.
#[test]
fn a_pinned_memory_grows_where_it_is() {
    let mut store = windlass::Store::<()>::default();
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(100))).unwrap();
    let _pin = memory.pin(&mut store);
    let (address, stable) = (memory.data_ptr(&store), memory.stable_size(&mut store));
    let grows = memory.grow(&mut store, 50).is_ok();
    assert_eq!(grows, stable >= 51 << 16);
    assert_eq!(memory.data_ptr(&store), address);
}

#[test]
fn tables_are_shared() {
    let (mut store, instance) = instance(
        r#"(type $f (func (result i32)))
           (table (export "table") 3 10 funcref)
           (func $five (export "five") (result i32) (i32.const 5))
           (func (export "call") (param i32) (result i32)
             (call_indirect (type $f) (local.get 0)))
           (elem declare func $five)"#,
    );
    let table = instance.get_table(&store, "table").unwrap();
    let five = instance.get_func(&store, "five").unwrap();
    let call = instance.get_typed_func::<u32, i32>(&store, "call").unwrap();
    assert_eq!(call.call(&mut store, 1).unwrap_err().trap(), Some(Trap::UninitializedElement));
    table.set(&mut store, 1, five.into()).unwrap();
    assert_eq!(call.call(&mut store, 1).unwrap(), 5);
    let six = windlass::Func::wrap(&mut store, || 6);
    table.set(&mut store, 2, six.into()).unwrap();
    assert_eq!(call.call(&mut store, 2).unwrap(), 6);
    let other = windlass::Func::wrap(&mut store, || 6.5);
    table.set(&mut store, 0, other.into()).unwrap();
    assert_eq!(call.call(&mut store, 0).unwrap_err().trap(), Some(Trap::IndirectCallTypeMismatch));
    assert_eq!(table.grow(&mut store, 2, six.into()).unwrap(), 3);
    assert_eq!(call.call(&mut store, 4).unwrap(), 6);
    assert_eq!(call.call(&mut store, 5).unwrap_err().trap(), Some(Trap::UndefinedElement));
    table.fill(&mut store, 0, Ref::Func(None), 5).unwrap();
    assert!((0..5).all(|i| table.get(&mut store, i).unwrap().is_null()));
    assert!(table.set(&mut store, 5, five.into()).is_err());
    assert!(table.fill(&mut store, 1, five.into(), u64::MAX).is_err());
    assert!(table.set(&mut store, 0, Ref::Extern(None)).is_err());
    assert!(table.grow(&mut store, 6, five.into()).is_err());
}

#[test]
fn globals_are_shared() {
    let (mut store, instance) = instance(
        r#"(global $g (export "g") (mut f64) (f64.const 0.5))
           (global (export "c") i64 (i64.mul (i64.const 6) (i64.const 7)))
           (func (export "double") (global.set $g (f64.add (global.get $g) (global.get $g))))"#,
    );
    let g = instance.get_global(&store, "g").unwrap();
    let double = instance.get_typed_func::<(), ()>(&store, "double").unwrap();
    double.call(&mut store, ()).unwrap();
    assert_eq!(g.get(&mut store).f64(), Some(1.0));
    g.set(&mut store, Val::from(21.0f64)).unwrap();
    double.call(&mut store, ()).unwrap();
    assert_eq!(g.get(&mut store).f64(), Some(42.0));
    assert!(g.set(&mut store, Val::I32(1)).is_err());
    let c = instance.get_global(&store, "c").unwrap();
    assert_eq!(c.get(&mut store).i64(), Some(42));
    assert_eq!(c.set(&mut store, Val::I64(1)).unwrap_err().to_string(), "immutable global");
}
