//! Regular expressions.

use super::{
    Error, LIBRARY, Package, Program, Registry, Run, Split, args, check, host, inputs, length, no,
};

pub(super) const REGEX: Program = Program {
    name: "regex",
    kind: "search",
    language: "Rust",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "rregex",
        version: "1.13.1",
        sha256: "406bac6f7d4c98999cb103ab8452256e998b7610c1122a3aeec6a4a66a168790",
        path: "package/lib/rregex.wasm",
        file_sha256: "ee360fc3cd0162de0ddf27b1cb510027dc581f0ae3dc03ded3dcb9e04e82227d",
    },
    checksum: 0x6ac3_8dae_f20f_1d73,
    input: || inputs::documents::prose(15, 60_000),
    drive: regex,
    ..LIBRARY
};

fn regex(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    let alloc = |run: &mut Run, bytes: &[u8]| -> Result<u32, Error> {
        let at = run.get("__wbindgen_malloc", args![length(bytes), 1])?;
        run.write(at, bytes)?;
        Ok(at)
    };
    for (pattern, with) in [
        (r"(?i)\b([a-z])(\w*)ing\b", "$2$1"),
        (r"[A-Z]\w+(?:, \w+)* (?P<last>\w+)[.?]", "<${last}>"),
        (r"(s|t|st)[aeiou]+(nd|r|l)?", "*"),
        (r"(?m)^.*?(\w+)\W+(\w+)\s*$", "$2 $1"),
    ] {
        let at = alloc(run, pattern.as_bytes())?;
        let regex = run.get("rregex_new", args![at, length(pattern.as_bytes())])?;
        // Both strings are the guest's from now on.
        let (text, other) = (alloc(run, input)?, alloc(run, with.as_bytes())?);
        let args = args![regex, text, length(input), other, length(with.as_bytes())];
        let results = run.values("rregex_replaceAll", args)?;
        let [text, len] = results[..] else { return Err("no text".into()) };
        let (text, len) = (text.u32()?, len.u32()?);
        check(len > 0, "no text")?;
        run.result_at(text, len)?;
        run.call("__wbindgen_free", args![text, len, 1])?;
    }
    Ok(())
}

pub(super) const ONIGURUMA: Program = Program {
    name: "oniguruma",
    kind: "search",
    language: "C",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "vscode-oniguruma",
        version: "2.0.1",
        sha256: "3b42911fd9609f2cc3b9c6dd52236b3da73780e633aa7dc381267006b7e7da21",
        path: "package/release/onig.wasm",
        file_sha256: "76ebc1f0d87b2e7449a45ff3cd1a1546a9f05f54bdac44ee03e8a2b8348897be",
    },
    checksum: 0x19ab_d4e8_47ee_3a06,
    host: |_, name| match name {
        "emscripten_resize_heap" => no(),
        "emscripten_memcpy_big" => Some(host::copy),
        "_embind_register_constant" => Some(host::constant),
        // It tells the types of its parameters.
        _ => name.starts_with("_embind_register").then_some(host::nothing),
    },
    input: || inputs::sources::go(16, 40_000),
    drive: oniguruma,
    ..LIBRARY
};

/// As an editor colours: of several patterns the first match, again and again along each line.
const PATTERNS: &[&str] = &[
    r"//.*$",
    r#""(?:[^"\\]|\\.)*""#,
    r"\b(?:func|return|if|for|switch|case|default|break|type|struct|import|package)\b",
    r"\b(?:int|string|error|float64|map)\b",
    r"\b(0x[0-9a-fA-F]+|\d+(?:\.\d+)?)\b",
    r"(?<!\w)(\w+)(?=\s*\()",
    r":=|==|!=|&&|\|\||<<|\+\+|[-+*/%<>=]",
    r"\b[a-z]+_[a-z]+\b",
];

fn oniguruma(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    run.call("__wasm_call_ctors", &[])?;
    let groups = run.constant("ONIG_OPTION_CAPTURE_GROUP")?;
    let syntax = run.constant("ONIG_SYNTAX_DEFAULT")?;
    let (mut texts, mut lengths) = (Vec::new(), Vec::new());
    for pattern in PATTERNS {
        texts.push(run.put("omalloc", pattern.as_bytes())?);
        lengths.push(length(pattern.as_bytes()));
    }
    let count = u32::try_from(PATTERNS.len())?;
    let (texts_at, lengths_at) =
        (run.get("omalloc", args![4 * count])?, run.get("omalloc", args![4 * count])?);
    run.write_words(texts_at, &texts)?;
    run.write_words(lengths_at, &lengths)?;
    let scanner =
        run.get("createOnigScanner", args![texts_at, lengths_at, count, groups, syntax])?;
    check(scanner != 0, "no scanner")?;
    for (id, line) in (1..).zip(input.split(|byte| *byte == b'\n')) {
        color(run, scanner, id, line)?;
    }
    Ok(())
}

fn color(run: &mut Run, scanner: u32, id: u32, line: &[u8]) -> Result<(), Error> {
    let text = run.put("omalloc", line)?;
    let none = run.constant("ONIG_OPTION_NONE")?;
    let mut start = 0;
    while start < length(line) {
        let args = args![scanner, id, text, length(line), start, none];
        let found = run.get("findNextOnigScannerMatch", args)?;
        if found == 0 {
            break;
        }
        // The pattern, the number of groups, the ends of each.
        run.result_at(found, 16)?;
        let end = run.word(found + 12)?;
        start = end.max(start + 1);
    }
    run.call("ofree", args![text])
}
