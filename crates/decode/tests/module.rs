//! Modules made from text decode to what the text says.

use windlass_decode::{
    AbsHeapType, CompositeType, ElementItems, ElementMode, ExternKind, Features, HeapType,
    ImportType, Instrs, Module, Op, Reader, RefType, StorageType, ValType,
};

fn decode(text: &str) -> (Vec<u8>, Module) {
    let bytes = wat::parse_str(text).expect("the text is right");
    let module = Module::decode(&bytes, Features::ALL).expect("the module is well-formed");
    (bytes, module)
}

#[test]
fn an_ordinary_module() {
    let (bytes, module) = decode(
        r#"(module
            (import "env" "log" (func (param i32 f64)))
            (import "env" "m" (memory 1 2))
            (func (export "add") (param i32 i32) (result i32) (local i64 i64 f32)
                local.get 0 local.get 1 i32.add)
            (table 1 funcref)
            (global (mut i64) (i64.const 7))
            (elem (i32.const 0) func 1)
            (data (i32.const 8) "hello")
            (data "later")
            (start 2)
            (func))"#,
    );
    assert_eq!(module.imports.len(), 2);
    let import = &module.imports[0];
    assert_eq!((import.module.as_str(), &*import.name), ("env", "log"));
    assert_eq!(module.imports[0].ty, ImportType::Func(0));
    assert_eq!(module.func_type(0).unwrap().params[..], [ValType::I32, ValType::F64]);
    assert_eq!(module.exports[0].kind, ExternKind::Func);
    assert_eq!((&*module.exports[0].name, module.exports[0].index), ("add", 1));
    assert_eq!(module.bodies[0].locals[..], [(2, ValType::I64), (1, ValType::F32)]);
    assert_eq!(module.start.unwrap().func, 2);
    assert_eq!(bytes[module.data[0].bytes.clone()], *b"hello");
    assert_eq!(module.data[0].active.as_ref().unwrap().0, 0);
    assert!(module.data[1].active.is_none());
    assert!(module.globals[0].ty.mutable);
    assert_eq!(bytes[module.globals[0].init.clone()], [0x42, 7, 0x0b]);
    assert_eq!(module.elements[0].items, ElementItems::Funcs([1].into()));
    assert_eq!(
        module.elements[0].mode,
        ElementMode::Active {
            table: 0,
            at: module.elements[0].offset + 1..module.elements[0].offset + 4
        }
    );

    let code = module.bodies[0].code.clone();
    let mut instrs = Instrs::new(Reader::new(&bytes[code.clone()], code.start), Features::ALL);
    let mut ops = Vec::new();
    while !instrs.reader.is_empty() {
        ops.push(instrs.next_instr().unwrap().op);
    }
    assert_eq!(ops, [Op::LocalGet, Op::LocalGet, Op::I32Add, Op::End]);
}

#[test]
fn types_of_the_gc_proposal() {
    let (_, module) = decode(
        r#"(module
            (rec (type $a (sub (struct (field (mut i8)) (field (ref null $b)))))
                 (type $b (array (mut i16))))
            (type $c (sub final $a (struct (field (mut i8)) (field (ref null $b)) (field anyref))))
            (type (func (param (ref $a) nullexternref i31ref) (result exnref v128))))"#,
    );
    assert_eq!(module.types.len(), 3);
    assert_eq!(module.types[0].types.len(), 2);
    let a = module.ty(0).unwrap();
    assert!(!a.is_final && a.supertypes.is_empty());
    let CompositeType::Struct(fields) = &a.composite else { panic!("{a:?}") };
    assert_eq!(fields[0].storage, StorageType::I8);
    assert!(fields[0].mutable && !fields[1].mutable);
    let b = RefType { nullable: true, heap: HeapType::Concrete(1) };
    assert_eq!(fields[1].storage, StorageType::Val(ValType::Ref(b)));
    let c = module.ty(2).unwrap();
    assert!(c.is_final);
    assert_eq!(c.supertypes[..], [0]);
    assert!(matches!(module.ty(1).unwrap().composite, CompositeType::Array(_)));
    let func = module.func_type(3).unwrap();
    assert_eq!(func.params[0].to_string(), "(ref 0)");
    assert_eq!(func.params[1].to_string(), "nullexternref");
    assert_eq!(func.results[0], ValType::Ref(RefType::null(AbsHeapType::Exn)));
    assert_eq!(module.ty(4), None);
}

#[test]
fn an_index_in_an_exact_type_is_unsigned() {
    let types = "(type (struct)) ".repeat(98);
    let (_, module) = decode(&format!("(module {types} (type (struct (field (ref (exact 98))))))"));
    let CompositeType::Struct(fields) = &module.ty(98).unwrap().composite else { panic!() };
    let exact = RefType { nullable: false, heap: HeapType::Exact(98) };
    assert_eq!(fields[0].storage, StorageType::Val(ValType::Ref(exact)));
    // The number of a type that is not there, and a byte too many: it was meant to be a prefix.
    let bytes = b"\0asm\x01\0\0\0\x01\x08\x01\x5f\x01\x64\x62\x62\0\0";
    let error = Module::decode(bytes, Features::ALL).unwrap_err().to_string();
    assert!(error.starts_with("malformed storage type"), "{error}");
}

#[test]
fn groups_of_imports_are_imports() {
    let (_, grouped) = decode(
        r#"(module (type (func (param i32)))
            (import "m" "one" (func (type 0)))
            (import "m" (item "a" (func (type 0))) (item "" (global i32)))
            (import "n" (item "c") (item "d") (func (type 0)))
            (import "" "" (func (type 0))))"#,
    );
    let (_, single) = decode(
        r#"(module (type (func (param i32)))
            (import "m" "one" (func (type 0)))
            (import "m" "a" (func (type 0))) (import "m" "" (global i32))
            (import "n" "c" (func (type 0))) (import "n" "d" (func (type 0)))
            (import "" "" (func (type 0))))"#,
    );
    let plain = |module: &Module| {
        let imports = module.imports.iter();
        imports.map(|i| (i.module.clone(), i.name.clone(), i.ty)).collect::<Vec<_>>()
    };
    assert_eq!(plain(&grouped), plain(&single));
    // Imports of one module in a row share its name.
    for module in [grouped, single] {
        assert!(std::sync::Arc::ptr_eq(&module.imports[0].module, &module.imports[2].module));
    }
}

#[test]
fn what_groups_of_imports_save_is_limited() {
    let section = |imports: &[u8]| {
        let mut bytes = b"\0asm\x01\0\0\0\x02".to_vec();
        bytes.extend(leb(imports.len()));
        bytes.extend(imports);
        Module::decode(&bytes, Features::ALL).map(|module| module.imports.len())
    };
    // A group of memories, of so many empty names, from a module with a name of so many bytes.
    let group = |name: usize, count: usize| {
        let mut bytes = [&[1][..], &leb(name), &vec![b'm'; name], &[0, 0x7e, 2, 0, 1]].concat();
        bytes.extend(leb(count));
        bytes.resize(bytes.len() + count, 0);
        bytes
    };
    assert_eq!(section(&group(100_000, 10_000)), Ok(10_000));
    let error = section(&group(100_000, 11_000)).unwrap_err().to_string();
    assert!(error.starts_with("the number of bytes that groups of imports save"), "{error}");
    let mut two = group(1, 600_000);
    two[0] = 2;
    two.extend(&group(1, 600_000)[1..]);
    let error = section(&two).unwrap_err().to_string();
    assert!(error.starts_with("the number of imports exceeds the limit"), "{error}");
    // Only an empty name makes it a group, and only these bytes.
    for import in
        [&b"\x01\x01m\x01n\x7f\x00"[..], b"\x01\x01m\x00\xff\x00", b"\x01\x01m\x00\x7d\x00"]
    {
        let error = section(import).unwrap_err().to_string();
        assert!(error.starts_with("malformed import kind"), "{error}");
    }
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// What is taken for a module by mistake is called what it is.
#[test]
fn other_formats_are_named() {
    let message = |bytes: &[u8]| {
        Module::decode(bytes, Features::default()).expect_err("it is no module").to_string()
    };
    let magic = "magic header not detected: this is";
    let text = format!(
        "{magic} the text format, and the binary format is wanted: `Module::new` of the crate \
         `windlass` reads text if that has its feature `wat` (at offset 0x0)"
    );
    let end = "(at offset 0x0)";
    let other = format!("{magic} text, but not that of a module, which begins with ( or ;; {end}");
    let mark = format!("text that begins with a byte order mark, which has to be removed {end}");
    let wide = format!("text in UTF-16, and the text format is UTF-8 {end}");
    let script = format!("a script, whose first line says what runs it {end}");
    // What is looked at ends in a character.
    let cut = ["x".repeat(511).as_bytes(), "\u{e9}".as_bytes()].concat();
    for (bytes, expected) in [
        (&b""[..], "unexpected end: there is nothing in it (at offset 0x0)"),
        (b"\0as", "unexpected end of the module's header: is the file truncated? (at offset 0x0)"),
        (
            b"\0asm\x01\0",
            "unexpected end of the module's header: is the file truncated? \
            (at offset 0x4)",
        ),
        (b"\0asm\x02\0\0\0", "unknown binary version: 2, and 1 is wanted (at offset 0x4)"),
        (b"\0asm\x01\0\0\0junk", "malformed section id: 106 (at offset 0x8)"),
        (
            b"\0asm\x0d\0\x01\0",
            "unknown binary version: this is a component, and a module is \
            wanted: build for wasm32-wasip1 (at offset 0x4)",
        ),
        (
            b"\x1f\x8b\x08\0",
            &format!(
                "{magic} compressed by gzip, and has to be unpacked first \
            (at offset 0x0)"
            ),
        ),
        (b"(module)", &text),
        (b" \n;; a comment\n", &text),
        (b"<!DOCTYPE html>", &format!("{magic} a page of HTML (at offset 0x0)")),
        (
            b"\x7fELF\x02\x01",
            &format!(
                "{magic} a native program or library (ELF): build for a \
            WebAssembly target (at offset 0x0)"
            ),
        ),
        (b"else", "magic header not detected (at offset 0x0)"),
        (b"\x01else", "magic header not detected (at offset 0x0)"),
        (b"hello world\n", &other),
        (&cut, &other),
        (b"\xef\xbb\xbf(module)", &format!("{magic} {mark}")),
        (b"\xff\xfe(\0m\0", &format!("{magic} {wide}")),
        (b"#!/bin/sh\necho", &format!("{magic} {script}")),
        (
            b"\0asm\x01\0\0\0\x01\x05\x01\x60",
            "length out of bounds: the section has 5 bytes, of \
            which 2 are there: is the file truncated? (at offset 0xa)",
        ),
        (
            b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0",
            "function and code section have \
            inconsistent lengths: there is no code: is the file truncated? (at offset 0x12)",
        ),
    ] {
        assert_eq!(message(bytes), expected);
    }
}

#[test]
fn texts_of_components_are_known_by_their_first_word() {
    for (text, at) in [
        (&b"(component)"[..], Some(0)),
        (b"(component $c (core module))", Some(0)),
        (b" ;; (module\n(; (; ;) ;)\t( component", Some(24)),
        (b"(components)", None),
        (b"(module (component))", None),
        (b"(; (component) ;)", None),
        (b"(; never closed (component)", None),
        (b"(;;)(component)", Some(4)),
        (b"component", None),
        (b";; (component)", None),
        (b"", None),
    ] {
        assert_eq!(windlass_decode::component_text(text), at, "{}", text.escape_ascii());
    }
}
