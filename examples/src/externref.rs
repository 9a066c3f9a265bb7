//! Values of the host in the hands of a guest. The guest can keep them, pass them on and give them
//! back, but not look into them. One that nobody can reach any more is dropped.

use windlass::{ExternRef, Instance, Module, Ref, Result, RootScope, Rooted, Store, Val};

const GUEST: &str = r#"
    (table (export "table") 10 externref)
    (global (export "global") (mut externref) (ref.null extern))
    (func (export "same") (param externref) (result externref) (local.get 0))
    (func (export "keep") (param i32 externref) (table.set (local.get 0) (local.get 1)))"#;

/// What the host gives away.
struct Session {
    user: &'static str,
}

fn user(store: &Store<()>, reference: Rooted<ExternRef>) -> Result<Option<&'static str>> {
    let data = reference.data(store)?;
    Ok(data.and_then(|data| data.downcast_ref::<Session>()).map(|session| session.user))
}

pub(crate) fn main() -> Result<()> {
    let mut store = Store::<()>::default();
    let module = Module::new(store.engine(), GUEST)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let session = ExternRef::new(&mut store, Session { user: "ada" })?;

    // Through a function and back.
    let same = instance.get_typed_func::<Option<Rooted<ExternRef>>, Option<Rooted<ExternRef>>>(
        &mut store, "same",
    )?;
    let back = same.call(&mut store, Some(session))?.expect("it is not null");
    assert!(Rooted::ref_eq(&store, &back, &session)?, "the same value, not a copy");
    assert_eq!(user(&store, back)?, Some("ada"));
    assert!(same.call(&mut store, None)?.is_none());

    // In a table and a global.
    let table = instance.get_table(&mut store, "table").expect("it is exported");
    table.set(&mut store, 3, Ref::from(session))?;
    let global = instance.get_global(&mut store, "global").expect("it is exported");
    global.set(&mut store, Val::from(session))?;
    let kept = global.get(&mut store).unwrap_externref().expect("it is not null");
    println!("the guest keeps the session of {:?}", user(&store, kept)?);

    // What the host holds by `Rooted` lives until its scope ends; by `OwnedRooted` as long as that.
    let keep =
        instance.get_typed_func::<(i32, Option<Rooted<ExternRef>>), ()>(&mut store, "keep")?;
    {
        let mut scope = RootScope::new(&mut store);
        let other = ExternRef::new(&mut scope, Session { user: "grace" })?;
        keep.call(&mut scope, (4, Some(other)))?;
    }
    store.gc();
    let found = table.get(&mut store, 4).expect("it is in the table");
    let found = found.as_extern().flatten().expect("it is not null");
    assert_eq!(user(&store, found)?, Some("grace"), "the guest has it");
    Ok(())
}
