//! What `run` says of imports that are missing: what was preloaded and has others, which tools make
//! modules that import such things and what to ask of them, and how the rest can be given.

use crate::{
    nearest,
    terminal::{Failure, shown},
};
use std::{collections::BTreeMap, path::Path};
use windlass::{Escaped, LinkError, LinkErrorKind};

/// Each import on a line that names the file, and what to do, by what the imports' modules are.
/// Those in `preloaded` were given, and have what `names` says.
pub(crate) fn missing(
    file: &Path,
    error: &LinkError,
    preloaded: &[String],
    names: impl Fn(&str) -> Vec<String>,
) -> Failure {
    let file = shown(file);
    let message = error.to_string();
    let mut lines: Vec<String> = message.lines().map(|line| format!("{file}: {line}")).collect();
    let all = [error].into_iter().chain(error.others());
    let unknown: BTreeMap<&str, &str> = all
        .filter(|import| import.kind() == LinkErrorKind::UnknownImport)
        .map(|import| (import.module(), import.name()))
        .filter(|(module, _)| !OURS.contains(module))
        .collect();
    let (given, absent): (Vec<_>, Vec<_>) = unknown
        .into_iter()
        .partition(|(module, _)| preloaded.iter().any(|preloaded| preloaded == module));
    for (module, name) in given {
        let names = names(module);
        let has = match nearest::first(name, names.iter().map(String::as_str)) {
            has if has.is_empty() => "exports nothing".to_owned(),
            has => format!("has {has}"),
        };
        lines.push(format!("{} was preloaded, and {has}", Escaped(module)));
    }
    let mut others = Vec::new();
    for (module, name) in absent {
        match Origin::of(module, name) {
            // What a tool makes has many such modules, and one reason.
            Some(origin) => {
                let advice = format!("{} {}", Escaped(module), origin.advice());
                if !lines.iter().any(|line| line.ends_with(origin.advice())) {
                    lines.push(advice);
                }
            }
            None => others.push(module),
        }
    }
    if !others.is_empty() {
        lines.push(preloading(&others));
    }
    Failure::new(lines.join("\n"))
}

/// Modules that every program is given. What is missing of them, nobody else has.
const OURS: [&str; 3] = ["wasi_snapshot_preview1", "wasi_unstable", "wasi"];

/// As many options are proposed at most.
const MOST_OPTIONS: usize = 8;

fn preloading(modules: &[&str]) -> String {
    let options = modules.iter().take(MOST_OPTIONS);
    let options: String =
        options.map(|module| format!(" --preload {}=FILE", Escaped(module))).collect();
    let what = if modules.len() == 1 { "a module that has" } else { "modules that have" };
    let more = if modules.len() > MOST_OPTIONS { " ..." } else { "" };
    format!("{what} them can be given with{options}{more}")
}

/// Where a module comes from that imports what no file has: the other side is a host of its own.
#[derive(Clone, Copy)]
enum Origin {
    Component,
    Go,
    Emscripten,
    Bindgen,
    Wasix,
    Library,
}

impl Origin {
    fn of(module: &str, name: &str) -> Option<Origin> {
        let is_interface = module.split_once(':').is_some_and(|(_, rest)| rest.contains('/'));
        let is_bindgen = module.starts_with("__wbindgen")
            || name.starts_with("__wbindgen")
            || module == "wbg"
            || module.ends_with("_bg.js");
        // The module `env` is anybody's.
        let of_emscripten = ["emscripten_", "_emscripten_", "_embind_", "__syscall_"];
        let is_emscripten = module == "emscripten"
            || module == "env" && of_emscripten.iter().any(|start| name.starts_with(start));
        Some(match module {
            _ if is_interface => Origin::Component,
            "gojs" | "go" => Origin::Go,
            "GOT.mem" | "GOT.func" => Origin::Library,
            _ if module.starts_with("wasix") => Origin::Wasix,
            _ if is_bindgen => Origin::Bindgen,
            _ if is_emscripten => Origin::Emscripten,
            _ => return None,
        })
    }

    /// What follows the module's name.
    fn advice(self) -> &'static str {
        match self {
            Origin::Component => {
                "is an interface of components, and a module is wanted: build for wasm32-wasip1"
            }
            Origin::Go => "is what Go has in browsers: build with GOOS=wasip1 GOARCH=wasm",
            Origin::Emscripten => {
                "is the JavaScript of Emscripten: link with -sSTANDALONE_WASM, or build with the \
                 WASI SDK"
            }
            Origin::Bindgen => {
                "is the JavaScript of wasm-bindgen, and the module made for a browser: build for \
                 wasm32-wasip1, without wasm-bindgen"
            }
            Origin::Wasix => "is WASIX, which is not there: build for wasm32-wasip1",
            Origin::Library => "is what loads shared libraries: link it statically",
        }
    }
}
