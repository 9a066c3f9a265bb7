//! Numbers and objects as references: an `anyref` is a number of 31 bits, which needs no object, a
//! structure or an array. The host can look what it is.

use windlass::{AnyRef, Engine, I31, Instance, Module, Ref, Result, Rooted, Store, Val};

const GUEST: &str = r#"
    (type $pair (struct (field i32) (field i32)))
    (table (export "table") 10 anyref)
    (global (export "global") (mut anyref) (ref.i31 (i32.const 5)))
    (func (export "pair") (param i32 i32) (result anyref)
      (struct.new $pair (local.get 0) (local.get 1)))
    (func (export "increment") (param anyref) (result anyref)
      (ref.i31 (i32.add (i31.get_s (ref.cast i31ref (local.get 0))) (i32.const 1))))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, GUEST)?;
    let instance = Instance::new(&mut store, &module, &[])?;

    // A number, out of the host and back.
    let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(1_234));
    let increment = instance.get_typed_func::<Option<Rooted<AnyRef>>, Option<Rooted<AnyRef>>>(
        &mut store,
        "increment",
    )?;
    let more = increment.call(&mut store, Some(number))?.expect("it is not null");
    let more = more.as_i31(&store)?.map(|number| number.get_u32());
    println!("1234 + 1 = {more:?}");
    assert_eq!(more, Some(1_235));

    // In a table and a global.
    let table = instance.get_table(&mut store, "table").expect("it is exported");
    table.set(&mut store, 3, Ref::from(number))?;
    let global = instance.get_global(&mut store, "global").expect("it is exported");
    let five = global.get(&mut store).unwrap_anyref().expect("it is not null");
    assert_eq!(five.as_i31(&store)?.map(|number| number.get_u32()), Some(5));
    global.set(&mut store, Val::from(number))?;

    // An object of the guest.
    let pair = instance.get_typed_func::<(i32, i32), Option<Rooted<AnyRef>>>(&mut store, "pair")?;
    let object = pair.call(&mut store, (7, 8))?.expect("it is not null");
    assert!(!object.is_i31(&store)?);
    let object = object.as_struct(&mut store)?.expect("a structure");
    assert_eq!(object.field(&mut store, 1)?.i32(), Some(8));

    // What is not the type that the guest wants is a trap.
    assert!(increment.call(&mut store, Some(object.to_anyref())).is_err());
    Ok(())
}
