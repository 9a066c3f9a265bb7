//! The headers against the Rust definitions: the functions that are declared are those that the
//! libraries show, and their types are the same. The first is told by `nm`; the second by the C
//! compiler, which gets a second declaration of each, made from the Rust one.

use super::{PREFIXES, Steps, TARGET, output};
use crate::{commands::is_there, root};
use std::{collections::BTreeSet, fs, path::Path, process::Command};

pub(super) fn check(stage: &Path, steps: &mut Steps) {
    let cc = ["gcc", "clang"].into_iter().find(|cc| is_there(cc, &["--version"]));
    let Some(cc) = cc else {
        return steps.skip("headers", "there is no C compiler");
    };
    let include = stage.join("include");
    let header = include.join("windlass.h").to_string_lossy().into_owned();
    let Some(text) = output(stage, cc, &["-E", "-P", &header]) else {
        return steps.note("headers are read", false);
    };
    let declared = declared(&text);
    let libraries: [(&str, &[&str]); 2] =
        [("lib/libwindlass.so", &["-D"]), ("lib/libwindlass.a", &["-g"])];
    for (library, args) in libraries {
        if !cfg!(target_os = "linux") || !is_there("nm", &["--version"]) {
            steps.skip(&format!("symbols of {library}"), "needs `nm` on Linux");
            continue;
        }
        let mut all = args.to_vec();
        all.extend(["--defined-only", "-P", library]);
        // As for `gcc-ar` in `install`.
        let nm = if is_there("gcc-nm", &["--version"]) { "gcc-nm" } else { "nm" };
        let listed = output(stage, nm, &all).unwrap_or_default();
        // Those of archives have lines that name their members.
        let names = listed.lines().filter_map(|line| line.split_once(' '));
        let shown: BTreeSet<_> = names.map(|(name, _)| name.to_string()).collect();
        for name in declared.symmetric_difference(&shown) {
            println!("{library}: {name} is declared or shown, but not both");
        }
        let good = declared == shown && !declared.is_empty();
        steps.note(&format!("{library} shows the {} declared functions", declared.len()), good);
    }
    signatures(cc, &include, &declared, steps);
}

/// The functions that headers declare which went through the preprocessor.
fn declared(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let names = words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)));
    // Not types, nor functions that are defined in the header.
    let declares = |name: &&str| {
        text.match_indices(*name).any(|(at, _)| {
            let rest = &text[at + name.len()..];
            let before = text[..at].rfind([';', '}', '{']).map_or(0, |end| end + 1);
            let start = &text[before..at];
            let end = rest.find([';', '{']).map_or("", |end| &rest[end..=end]);
            let is_word = text[..at].ends_with([' ', '*']);
            rest.starts_with('(') && is_word && end == ";" && is_type(start)
        })
    };
    names.filter(declares).map(str::to_string).collect()
}

/// Whether what stands before a name is the type of a function, not a statement.
fn is_type(text: &str) -> bool {
    let text = text.trim();
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '*' || c.is_whitespace();
    !text.is_empty()
        && text.chars().all(is_plain)
        && !["static", "return", "typedef"].iter().any(|word| text.starts_with(word))
}

/// Lets the compiler compare the declarations with those of Rust.
fn signatures(cc: &str, include: &Path, declared: &BTreeSet<String>, steps: &mut Steps) {
    let step = "the types of all functions are those of Rust";
    let args = ["rustc", "--manifest-path", "crates/capi/Cargo.toml", "--profile", "check"];
    // The compiler shows a crate without macros only if it is told that this is unstable. That is
    // why it gets a folder of its own: what was built without this would be built again.
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root()).args(args).arg("--target-dir").arg(root().join(TARGET).join("shown"));
    cargo.args(["--lib", "--crate-type", "cdylib", "--"]);
    let expanded = cargo.arg("-Zunpretty=expanded").env("RUSTC_BOOTSTRAP", "windlass_capi");
    let expanded = match expanded.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        _ => return steps.skip(step, "this compiler does not show a crate without macros"),
    };
    let mut source = "#include \"windlass.h\"\ntypedef void (*Finalizer)(void *);\n".to_string();
    let mut names = BTreeSet::new();
    for (name, declaration) in declarations(&expanded) {
        source += &declaration;
        names.insert(name);
    }
    let all = names == *declared;
    if !all {
        println!("Rust defines {} functions, {} are declared", names.len(), declared.len());
    }
    let file = root().join(TARGET).join("signatures.c");
    let good = fs::write(&file, source).is_ok();
    let mut compiler = Command::new(cc);
    compiler.args(["-std=c11", "-fsyntax-only", "-Werror", "-I"]).arg(include).arg(file);
    steps.note(step, all && good && crate::commands::succeeds(&mut compiler));
}

/// The names of the functions and their declarations in C; also those of callbacks.
fn declarations(expanded: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for piece in expanded.split("#[unsafe(").skip(1) {
        let Some((attribute, rest)) = piece.split_once(")]") else { continue };
        let Some((_, rest)) = rest.split_once("extern \"C\" fn ") else { continue };
        let Some((own, rest)) = rest.split_once('(') else { continue };
        let name = match attribute.split_once('"') {
            Some((_, name)) => name.trim_end_matches('"'),
            None => own,
        };
        let Some((signature, _)) = rest.split_once('{') else { continue };
        let (args, result) = signature.rsplit_once(')').unwrap_or((signature, ""));
        let args: Vec<_> =
            split(args).iter().filter_map(|arg| Some(c_type(arg.split_once(':')?.1))).collect();
        let result = result.trim().strip_prefix("->").map_or("void".to_string(), c_type);
        let args = if args.is_empty() { "void".to_string() } else { args.join(", ") };
        found.push((name.to_string(), format!("{result} {name}({args});\n")));
    }
    found
}

/// What commas separate, outside of angle brackets.
fn split(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// A type of Rust's in C.
fn c_type(ty: &str) -> String {
    let ty = ty.trim();
    if let Some(target) = ty.strip_prefix("*const ") {
        return format!("{} const *", c_type(target));
    }
    if let Some(target) = ty.strip_prefix("*mut ") {
        return format!("{} *", c_type(target));
    }
    let (name, argument) = match ty.split_once('<') {
        Some((name, rest)) => (name, rest.trim_end().strip_suffix('>').unwrap_or(rest)),
        None => (ty, ""),
    };
    let argument = split(argument).last().copied().unwrap_or_default();
    match name.rsplit("::").next().unwrap_or_default().trim() {
        "Const" => format!("{} const *", c_type(argument)),
        "Mut" | "Own" | "Out" | "InOut" => format!("{} *", c_type(argument)),
        "Vector" => {
            let element = argument.trim_start_matches("Own<").trim_end_matches('>');
            element.trim_end_matches("_t").to_string() + "_vec_t"
        }
        "Name" => "char const *".to_string(),
        "c_char" => "char".to_string(),
        "c_void" => "void".to_string(),
        "usize" => "size_t".to_string(),
        "isize" => "ptrdiff_t".to_string(),
        "u8" => "uint8_t".to_string(),
        "u32" => "uint32_t".to_string(),
        "u64" => "uint64_t".to_string(),
        "i32" => "int32_t".to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[test]
fn declarations_of_rust_become_those_of_c() {
    let text = "#[unsafe(export_name = \"wasm_x_vec_new\")]\npub unsafe extern \"C\" fn new(out: \
        Out<'_, Vector<Own<wasm_x_t>>>, size: usize, data: *const Own<wasm_x_t>) {\n} \
        #[unsafe(no_mangle)]\npub unsafe extern \"C\" fn wasm_f()\n    -> Const<'_, wasm_x_t> {";
    let made: Vec<_> = declarations(text).into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        made,
        [
            "void wasm_x_vec_new(wasm_x_vec_t *, size_t, wasm_x_t * const *);\n",
            "wasm_x_t const * wasm_f(void);\n"
        ]
    );
    let header = "typedef struct wasm_x_t wasm_x_t; void wasm_f(wasm_x_t *); wasm_x_t *wasm_g(int \
        wasm_x); static inline void wasm_h(void) { wasm_f(0); return wasm_i(1); } typedef int \
        (*wasm_k)(int);";
    assert_eq!(declared(header).into_iter().collect::<Vec<_>>(), ["wasm_f", "wasm_g"]);
}
