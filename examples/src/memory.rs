//! A guest's memory. The host sees it as bytes; whatever a guest does, nothing outside of it can be
//! reached, and the host's own accesses are checked, too.

use windlass::{Instance, Memory, MemoryType, Module, Result, Store, Trap};

const GUEST: &str = r#"
    (memory (export "memory") 2 3)
    (data (i32.const 0x1000) "\01\02\03\04")
    (func (export "size") (result i32) (memory.size))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))"#;

pub(crate) fn main() -> Result<()> {
    let mut store = Store::<()>::default();
    let module = Module::new(store.engine(), GUEST)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
    let size = instance.get_typed_func::<(), i32>(&mut store, "size")?;
    let load = instance.get_typed_func::<i32, i32>(&mut store, "load")?;
    let set = instance.get_typed_func::<(i32, i32), ()>(&mut store, "store")?;

    // In pages of 64 KiB, and in bytes.
    assert_eq!((memory.size(&store), memory.data_size(&store)), (2, 0x2_0000));
    assert_eq!(memory.data(&store)[0x1000..0x1004], [1, 2, 3, 4]);

    // What one side writes, the other reads.
    memory.write(&mut store, 0x1002, &[9])?;
    assert_eq!(load.call(&mut store, 0x1002)?, 9);
    set.call(&mut store, (0x1003, 5))?;
    let mut four = [0; 4];
    memory.read(&store, 0x1000, &mut four)?;
    assert_eq!(four, [1, 2, 9, 5]);

    // Nobody gets beyond the end.
    let error = load.call(&mut store, 0x2_0000).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
    assert!(memory.write(&mut store, 0x1_ffff, &[0, 0]).is_err());

    // It can grow, up to the maximum of its type. New bytes are zero.
    assert_eq!(memory.grow(&mut store, 1)?, 2, "what it had before");
    assert_eq!(size.call(&mut store, ())?, 3);
    assert_eq!(load.call(&mut store, 0x2_0000)?, 0);
    assert!(memory.grow(&mut store, 1).is_err());

    // The host can make one, and give it to guests that import one.
    let own = Memory::new(&mut store, MemoryType::new(1, Some(1)))?;
    println!("one of {} pages, and one of {}", memory.size(&store), own.size(&store));
    Ok(())
}
