use windlass::*;
fn main() -> Result<(), Error> {
    let file = std::env::args().nth(1).unwrap();
    let name = std::env::args().nth(2).unwrap();
    let args: Vec<Val> = std::env::args().skip(3).map(|a| Val::I32(a.parse().unwrap())).collect();
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_file(file).unwrap())?;
    if std::env::var("DUMP").is_ok() { for i in 0..100 { if let Some(l) = module.listing(i) { println!("func {i}\n{l}"); } } }
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let f = instance.get_func(&mut store, &name).unwrap();
    let mut results = vec![Val::I32(0); f.ty(&store).results().len()];
    f.call(&mut store, &args, &mut results)?;
    println!("{results:?}");
    Ok(())
}
