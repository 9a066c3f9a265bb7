//! `windlass inspect`, `windlass dump` and `windlass explore`.

use crate::{file, program, windlass};
use serde_json::Value;

#[test]
fn for_people() {
    let done = windlass(&["inspect", &program("reactor.wat")]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    for line in [
        "name:      reactor",
        "valid:     yes",
        "functions: 0 imported, 9 defined",
        "features:  multi-value",
        "memory:    1 page",
        "  memory                            3 bytes at 0x32, 1 item",
        "  func \"add\": (i32, i32) -> (i32)",
        "  memory \"memory\": 1 page",
    ] {
        assert!(done.stdout.lines().any(|l| l == line), "{line:?} in\n{}", done.stdout);
    }
    assert!(!done.stdout.contains('\x1b'), "no colours in a pipe");
}

#[test]
fn for_programs() {
    let text = br#"(module
        (import "env" "f\"" (func (param i32)))
        (import "env" "g" (global (mut i64)))
        (memory 1 2)
        (table 3 funcref)
        (func (export "e") (drop (i32.extend8_s (i32.const 0)))))"#;
    let done = windlass(&["inspect", "--json", &file("inspect.wat", text)]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(json["valid"], true);
    assert_eq!(json["error"], Value::Null);
    assert_eq!(json["functions"]["imported"], 1);
    assert_eq!(json["functions"]["defined"], 1);
    assert_eq!(json["imports"][0]["name"], "f\"");
    assert_eq!(json["imports"][0]["type"], "(i32) -> ()");
    assert_eq!(json["imports"][1]["type"], "mut i64");
    assert_eq!(json["exports"][0]["name"], "e");
    assert_eq!(json["memories"][0], "1..2 pages");
    assert_eq!(json["tables"][0], "3 funcref");
    let features: Vec<&str> =
        json["features"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(features, ["mutable-global", "sign-extension"]);
    let sections = json["sections"].as_array().expect("a list");
    assert_eq!(sections[0]["name"], "type");
    let code = sections.iter().find(|s| s["name"] == "code").expect("code");
    assert_eq!(code["items"], 1);
}

#[test]
fn of_an_invalid_module() {
    let invalid =
        file("inspect_invalid.wat", b"(module (func (result i32)) (export \"x\" (func 0)))");
    let done = windlass(&["inspect", &invalid]);
    assert_eq!(done.code, 0, "it can be looked at: {}", done.stderr);
    assert!(done.stdout.contains("valid:     no: type mismatch"), "{}", done.stdout);
}

#[test]
fn dump() {
    let reactor = program("reactor.wat");
    let all = windlass(&["dump", &reactor]);
    assert_eq!((all.code, all.stderr.as_str()), (0, ""));
    let one = windlass(&["dump", &reactor, "div"]);
    assert_eq!(one.code, 0);
    assert!(one.stdout.contains("call"), "{}", one.stdout);
    assert!(all.stdout.contains(&one.stdout) && all.stdout.len() > one.stdout.len());
    assert_eq!(windlass(&["dump", &reactor, "4"]).stdout, one.stdout);
    for wrong in ["nothing", "99"] {
        let done = windlass(&["dump", &reactor, wrong]);
        assert_eq!(done.code, 2, "{}", done.stderr);
    }
    // What the lines are made of is explained.
    for command in ["dump", "explore"] {
        let help = windlass(&[command, "--help"]).stdout;
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let part = ["A cell is", "(acc)", "p0(s-1)", "(#0x5)", "bracket", "executed as one"];
        assert!(part.iter().all(|part| help.contains(part)), "{help}");
    }
    let two = file("dump_two.wat", b"(module (func (export \"add\")) (func))");
    let listed = windlass(&["dump", &two]).stdout;
    let heads: Vec<&str> = listed.lines().filter(|line| line.starts_with("func")).collect();
    assert_eq!(heads, ["func 0 (export \"add\")", "func 1"]);
    let done = windlass(&["dump", &two, "99"]);
    assert!(done.stderr.ends_with("no function 99 (it has 0 to 1)\n"), "{}", done.stderr);
    let text = br#"(module (import "a" "b" (func $f)) (func $inner (export "outer")) (func $g)
        (export "imported" (func $f)) (export "$g" (global 0)) (global i32 (i32.const 0)))"#;
    let module = file("dump_exports.wat", text);
    for command in ["dump", "explore"] {
        let by_name = windlass(&[command, &module, "inner"]).stdout;
        assert!(by_name.starts_with("func 1 inner (export \"outer\")\n"), "{by_name}");
        assert_eq!(windlass(&[command, &module, "outer"]).stdout, by_name);
        let done = windlass(&[command, &module, "innner"]);
        assert_eq!(done.code, 2);
        let expected = "defines no function \"innner\" (it has inner, g, outer)\n";
        assert!(done.stderr.ends_with(expected), "{}", done.stderr);
        let done = windlass(&[command, &module, "imported"]);
        assert_eq!(done.code, 2);
        assert!(done.stderr.contains("imports the function \"imported\""), "{}", done.stderr);
    }
}

#[test]
fn explore() {
    let text = br#"(module (memory 1) (func $sum (param $n i32) (result i32) (local $s i32)
        (loop $l
          (local.set $s (i32.add (local.get $s) (i32.load offset=7 (local.get $n))))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $s))
      (func $other))"#;
    let module = file("explore.wat", text);
    let all = windlass(&["explore", &module]);
    assert_eq!((all.code, all.stderr.as_str()), (0, ""));
    let one = windlass(&["explore", &module, "sum"]).stdout;
    assert!(all.stdout.starts_with(&one) && all.stdout.contains("func 1 other"), "{}", all.stdout);
    let other = windlass(&["explore", &module, "other"]).stdout;
    assert_eq!(other.matches("(func ").count(), 1, "{other}");
    assert!(!other.contains("i32.load") && all.stdout.ends_with(&other), "{other}");
    let line = |left: &str| {
        let found = one.lines().find(|line| line.contains(left));
        found.unwrap_or_else(|| panic!("no {left} in\n{one}"))
    };
    assert!(line("func 0 sum").starts_with("func 0"));
    assert!(one.lines().nth(1).is_some_and(|line| line.contains("(func $sum")), "{one}");
    // Each cell of the listing stands there once, in order, beside the offset that it has there.
    let dump = windlass(&["dump", &module, "sum"]).stdout;
    let cells: Vec<&str> =
        one.lines().filter_map(|l| l.split_once(" \u{2502}")).map(|l| l.1).collect();
    let cells: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
    let listed: Vec<&str> = dump.lines().skip(1).filter_map(|line| line.get(9..)).collect();
    assert_eq!(cells, listed, "{one}\n{dump}");
    let (load, right) = line("i32.load offset=7").split_once('\u{2502}').expect("two sides");
    assert!(right.contains("i32.load"), "{one}");
    let offset = load.split(' ').next().expect("an offset");
    assert!(dump.lines().any(|l| l.starts_with(offset) && l.contains("i32.load")), "{dump}");
    assert_eq!(windlass(&["explore", &module, "nothing"]).code, 2);
}
