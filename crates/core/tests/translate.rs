//! Translated code, as listings: each file of `tests/translate` is a module in the text format,
//! with the listings of its functions in the comment at its end. `BLESS=1 cargo test` writes them
//! anew: read the difference.
//!
//! The first lines of a file may say `;; metering: fuel` (or `interrupt`).

use std::{env, fs, path::Path};
use windlass::{Config, Engine, Metering, Module};

/// Where the comment with the listings begins.
const MARK: &str = "\n(;\n";

#[test]
fn listings_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/translate");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .collect();
    files.sort();
    assert!(files.len() >= 10, "{} files", files.len());
    let bless = env::var_os("BLESS").is_some();
    let mut changed = Vec::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("it can be read").replace("\r\n", "\n");
        let source = text.split(MARK).next().unwrap_or_default().trim_end();
        let now = format!("{source}\n{MARK}{};)\n", listings(&name, source));
        if now == text {
            continue;
        }
        if bless {
            fs::write(&path, now).expect("it can be written");
        } else {
            changed.push(format!("{name}:\n{}", difference(&text, &now)));
        }
    }
    assert!(changed.is_empty(), "BLESS=1 accepts these changes:\n{}", changed.join("\n"));
}

/// The listings of all functions that the module defines.
fn listings(name: &str, source: &str) -> String {
    let metering = |line: &str| match line.strip_prefix(";; metering: ")?.trim() {
        "fuel" => Some(Metering::Fuel),
        "interrupt" => Some(Metering::Interrupt),
        other => panic!("{name}: unknown metering {other}"),
    };
    let metering = source.lines().find_map(metering).unwrap_or_default();
    let engine = Engine::new(Config::new().wasm_threads(true).metering(metering))
        .expect("the settings are fine");
    let wasm = wat::parse_str(source).unwrap_or_else(|error| panic!("{name}: {error}"));
    let module = Module::from_binary(&engine, &wasm).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut listings = String::new();
    for func in 0.. {
        match module.listing(func) {
            Some(listing) => listings += &format!("function {func}\n{listing}"),
            // Imported functions come first and have no code.
            None if listings.is_empty() && func < 8 => {}
            None => return listings,
        }
    }
    unreachable!("there are fewer functions than numbers")
}

/// What is executed as one depends on the instruction set; of these, each has some.
#[test]
fn listings_show_sequences() {
    let text = r#"(module (memory 1)
        (func $fib (param i32) (result i32)
          (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
          (i32.add
            (call $fib (i32.sub (local.get 0) (i32.const 1)))
            (call $fib (i32.sub (local.get 0) (i32.const 2)))))
        (func $copy (param i32 i32 i32)
          (loop $l
            (i32.store8 (local.get 0) (i32.load8_u (local.get 1)))
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br_if $l (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))))))"#;
    let wasm = wat::parse_str(text).expect("the text is a module");
    let module = Module::new(&Engine::default(), wasm).expect("it is valid");
    let mut count = 0;
    for func in 0..2 {
        let listing = module.listing(func).expect("it has code");
        let (plain, shown) = (format!("{listing}"), format!("{listing:#}"));
        assert!(!plain.contains(['┌', '│', '└']), "{plain}");
        assert_eq!(plain, shown.replace(['┌', '│', '└'], " "));
        let cells: Vec<_> = listing.cells().collect();
        let lines: Vec<&str> = shown.lines().collect();
        for (first, line) in lines.iter().enumerate().filter(|(_, line)| line.contains('┌')) {
            let length = cells[first].sequence;
            assert!(length > 1 && lines[first + length - 1].contains('└'), "{line}\n{shown}");
            count += 1;
        }
        assert_eq!(shown.matches('┌').count(), shown.matches('└').count(), "{shown}");
    }
    assert!(count > 0, "there are sequences");
}

/// The lines that are not the same.
fn difference(before: &str, now: &str) -> String {
    let lines = before.lines().zip(now.lines()).enumerate();
    let differ = lines.filter(|(_, (before, now))| before != now).take(5);
    let shown: String = differ
        .map(|(i, (before, now))| format!("line {}\n  was {before}\n  is  {now}\n", i + 1))
        .collect();
    let counts = [before, now].map(|text| text.lines().count());
    if counts[0] == counts[1] {
        shown
    } else {
        format!("{shown}{} lines, now {}\n", counts[0], counts[1])
    }
}
