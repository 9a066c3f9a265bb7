//! Structures and arrays of the guest's types, made and read by the host: guests of languages with
//! garbage collection (Kotlin, Dart, Java) take and give such objects. The types are the module's;
//! two that look the same are the same.

use windlass::{
    ArrayRef, ArrayRefPre, ArrayType, Engine, FieldType, HeapType, Instance, Module, Mutability,
    RefType, Result, RootScope, Rooted, Store, StructRef, StructRefPre, StructType, Val, ValType,
};

/// Moves each point of an array by as much as it is told, and returns the one that is farthest out.
const GUEST: &str = r#"
    (type $point (struct (field $x (mut f64)) (field $name (ref null extern))))
    (type $points (array (ref null $point)))
    (func (export "move") (param $points (ref $points)) (param $by f64) (result (ref null $point))
      (local $at i32) (local $point (ref null $point))
      (local $last (ref null $point)) (local $far f64)
      (block $done
        (loop $next
          (br_if $done (i32.ge_u (local.get $at) (array.len (local.get $points))))
          (local.set $point (array.get $points (local.get $points) (local.get $at)))
          (struct.set $point $x (local.get $point)
            (f64.add (struct.get $point $x (local.get $point)) (local.get $by)))
          (if (f64.gt (struct.get $point $x (local.get $point)) (local.get $far))
            (then
              (local.set $last (local.get $point))
              (local.set $far (struct.get $point $x (local.get $point)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (local.get $last))"#;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, GUEST)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let function = instance.get_func(&store, "move").expect("it is exported");

    // The same types as the module's.
    let x = FieldType::new(Mutability::Var, ValType::F64.into());
    let name = FieldType::new(Mutability::Const, ValType::EXTERNREF.into());
    let point = StructType::new(&engine, [x, name])?;
    let element = ValType::Ref(RefType::new(true, point.clone().into()));
    let points = ArrayType::new(&engine, FieldType::new(Mutability::Const, element.into()))?;

    // What is made in a scope is held until its end, and no longer: a host that makes many objects
    // does not keep them all.
    let farthest = {
        let mut scope = RootScope::new(&mut store);
        let make_point = StructRefPre::new(&mut scope, point)?;
        let make_points = ArrayRefPre::new(&mut scope, points)?;
        let mut elements = Vec::new();
        for x in [1.5, 4.0, 2.5] {
            let fields = [Val::from(x), Val::null_ref(HeapType::Extern)];
            elements.push(StructRef::new(&mut scope, &make_point, &fields)?.into());
        }
        let array: Rooted<ArrayRef> = ArrayRef::new_fixed(&mut scope, &make_points, &elements)?;
        let mut result = [Val::null_ref(HeapType::Any)];
        function.call(&mut scope, &[array.into(), Val::from(10.0)], &mut result)?;
        let farthest = result[0].unwrap_anyref().expect("there are points");
        farthest.to_owned_rooted(&mut scope)?
    };
    store.gc();
    let farthest = farthest.to_rooted(&mut store);
    let point = farthest.as_struct(&mut store)?.expect("a structure");
    let x = point.field(&mut store, 0)?.unwrap_f64();
    println!("the farthest is at {x}");
    assert_eq!(x, 14.0);
    point.set_field(&mut store, 0, Val::from(0.0))?;
    Ok(())
}
