//! What ARCHITECTURE.md says of the rooms inside `windlass`: they lie in layers, and whatever a
//! file names lies in its own room or below, without exception. Paths are followed to where things
//! are defined: through `super`, groups, and re-exports, those at the root too.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The rooms, lowest first: folders, and files at the root. Those in one row do not name each
/// other.
const ROOMS: &[&[&str]] = &[
    &["lock", "room", "unique", "trap", "demangle"],
    &["interrupt", "error", "memory_source"],
    &["object_type", "config", "costs"],
    &["exec/meaning"],
    &["exec/machine"],
    &["exec/code"],
    &["exec/handlers"],
    &["exec/tables"],
    &["exec/cells", "exec"],
    &["engine", "limits"],
    &["types"],
    &["verify"],
    &["translate"],
    &["module"],
    &["backtrace"],
    &["runtime"],
    &["driver"],
    &["api"],
];

/// A module: its file, and its imports and re-exports by name.
struct Module {
    file: String,
    code: String,
    imports: BTreeMap<String, Vec<String>>,
}

/// A path as it is written, by its segments.
type Segments = Vec<String>;

struct Source {
    modules: BTreeMap<Segments, Module>,
}

#[test]
fn rooms_use_what_is_below() {
    let source = Source::read();
    let mut up = BTreeSet::new();
    let mut arrows = BTreeSet::new();
    for (from, (to, item)) in source.uses() {
        let (Some(a), Some(b)) = (rank(&from), rank(&to)) else {
            panic!("{from} or {to} is in no room: add it to the list");
        };
        if room(&from) == room(&to) {
            continue;
        }
        arrows.insert((room(&from).to_string(), room(&to).to_string()));
        if b >= a {
            up.insert((from, item));
        }
    }
    println!("{} arrows between rooms", arrows.len());
    for (from, to) in &arrows {
        println!("    {from} -> {to}");
    }
    assert!(arrows.len() > 20, "only {} arrows were found", arrows.len());
    assert!(up.is_empty(), "these run back up: {up:#?}");
}

/// The room that a file lies in.
fn room(file: &str) -> &str {
    let folder = file.rsplit_once('/').map_or(file, |(folder, _)| folder);
    let rooms = ROOMS.iter().copied().flatten();
    let holds = |room: &&&str| {
        folder == **room || folder.strip_prefix(**room).is_some_and(|rest| rest.starts_with('/'))
    };
    // `types.rs` is of the room `types`; the deepest folder decides.
    rooms.filter(holds).max_by_key(|room| room.len()).copied().unwrap_or(file)
}

/// How high that room is.
fn rank(file: &str) -> Option<usize> {
    ROOMS.iter().position(|row| row.contains(&room(file)))
}

impl Source {
    fn read() -> Source {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut modules = BTreeMap::new();
        for path in files(&root) {
            let relative = path.strip_prefix(&root).expect("it lies there").with_extension("");
            let file = relative.to_str().expect("a name").replace('\\', "/");
            let mut segments: Segments = file.split('/').map(str::to_string).collect();
            let is_folder = matches!(segments.last().map(String::as_str), Some("mod" | "lib"));
            if is_folder {
                segments.pop();
            }
            let name = if is_folder && file != "lib" {
                file.trim_end_matches("/mod").to_string() + "/mod"
            } else {
                file.clone()
            };
            let code = code(&path);
            modules.insert(segments, Module { file: name, code, imports: BTreeMap::new() });
        }
        let mut source = Source { modules };
        let paths: Vec<Segments> = source.modules.keys().cloned().collect();
        for path in &paths {
            let mut imports = BTreeMap::new();
            for written in source.modules[path].code.split(';').filter_map(use_tree) {
                for segments in expand(written) {
                    let name = segments.last().expect("it names something").clone();
                    imports.insert(name, segments);
                }
            }
            source.modules.get_mut(path).expect("it is there").imports = imports;
        }
        source
    }

    /// Who uses what: a file, and another with the item there.
    fn uses(&self) -> BTreeSet<(String, (String, String))> {
        let mut uses = BTreeSet::new();
        for (path, module) in &self.modules {
            // The root gives out; files of tests look at whatever tells them something.
            if module.file == "lib" || module.file.ends_with("tests") {
                continue;
            }
            for segments in paths(&module.code) {
                let Some((at, rest)) = self.resolve(path, &segments, 0) else { continue };
                let target = &self.modules[&at].file;
                if *target != module.file && *target != "lib" {
                    let item = rest.first().map_or(String::new(), |item| format!("::{item}"));
                    uses.insert((module.file.clone(), (target.clone(), at.join("::") + &item)));
                }
            }
        }
        uses
    }

    /// The module that a path written in `from` leads to, and what follows; none if it leads out of
    /// the crate.
    fn resolve(
        &self,
        from: &Segments,
        path: &[String],
        depth: usize,
    ) -> Option<(Segments, Segments)> {
        let mut at = from.clone();
        let mut rest = path.iter().peekable();
        match path.first()?.as_str() {
            "crate" => {
                at.clear();
                rest.next();
            }
            "self" => {
                rest.next();
            }
            "super" => {
                while rest.next_if(|segment| *segment == "super").is_some() {
                    at.pop();
                }
            }
            first => {
                let mut child = at.clone();
                child.push(first.to_string());
                if !self.modules.contains_key(&child)
                    && !self.modules[&at].imports.contains_key(first)
                {
                    return None;
                }
            }
        }
        while let Some(segment) = rest.peek() {
            at.push(segment.to_string());
            if !self.modules.contains_key(&at) {
                at.pop();
                break;
            }
            rest.next();
        }
        let rest: Segments = rest.cloned().collect();
        let module = self.modules.get(&at)?;
        match rest.first().and_then(|name| module.imports.get(name)) {
            Some(given) if depth < 8 && (at != *from || given != path) => {
                let mut further = given.clone();
                further.extend_from_slice(&rest[1..]);
                self.resolve(&at, &further, depth + 1).or(Some((at, rest)))
            }
            _ => Some((at, rest)),
        }
    }
}

/// The tree of an import, if this is one.
fn use_tree(statement: &str) -> Option<&str> {
    let at = statement.rfind("use ")?;
    let before = statement[..at].lines().next_back().unwrap_or_default();
    let is_import = before.trim().is_empty() || before.trim_start().starts_with("pub");
    is_import.then(|| statement[at + 4..].trim())
}

/// The paths of this crate in code: imports, and those that stand in expressions.
fn paths(code: &str) -> BTreeSet<Segments> {
    let mut found: BTreeSet<Segments> =
        code.split(';').filter_map(use_tree).flat_map(expand).collect();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '$') {
                found.extend(expand(&code[at..]));
            }
        }
    }
    found
}

/// The paths that a tree of imports stands for.
fn expand(tree: &str) -> Vec<Segments> {
    let in_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let tree = tree.trim();
    let end = tree.find(|c| !in_path(c)).unwrap_or(tree.len());
    let (path, rest) = tree.split_at(end);
    let head: Segments =
        path.split("::").filter(|segment| !segment.is_empty()).map(str::to_string).collect();
    match rest.strip_prefix('{') {
        Some(group) => {
            let members = members(group).into_iter().filter(|member| !member.trim().is_empty());
            let paths = members.flat_map(|member| expand(&member));
            paths
                .map(|path| head.iter().cloned().chain(path).collect::<Segments>())
                .map(of_self)
                .collect()
        }
        None if head.is_empty() => Vec::new(),
        None => vec![of_self(head)],
    }
}

/// `a::self` is `a`.
fn of_self(mut path: Segments) -> Segments {
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    path
}

/// The members of a group in braces, of which `text` is what follows the first.
fn members(text: &str) -> Vec<String> {
    let (mut depth, mut members) = (0, vec![String::new()]);
    for c in text.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => members.push(String::new()),
            _ => members.last_mut().expect("there is a first").push(c),
        }
        depth += i32::from(c == '{') - i32::from(c == '}');
    }
    members
}

/// The file without comments and without its tests.
fn code(file: &Path) -> String {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let text = text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.split(" //").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The source files in a folder, at any depth.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn paths_are_followed() {
    let code =
        "use crate::{Trap, exec::{Cell, Ip as I, self},\n    a::b}; f(super::super::x::g(1))";
    let found: Vec<String> = paths(code).iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::Trap",
        "crate::a::b",
        "crate::exec",
        "crate::exec::Cell",
        "crate::exec::Ip",
        "super::super::x::g",
    ];
    assert_eq!(found, expected);
    let source = Source::read();
    let resolve = |from: &str, path: &str| {
        let segments = |path: &str| -> Segments { path.split("::").map(str::to_string).collect() };
        let (at, rest) = source.resolve(&segments(from), &segments(path), 0)?;
        Some((at.join("::"), rest.join("::")))
    };
    // Through a re-export at the root, one in a folder, and up by two.
    let to = |at: &str, rest: &str| Some((at.to_string(), rest.to_string()));
    assert_eq!(resolve("exec::code", "crate::Store"), to("api::store", "Store"));
    assert_eq!(resolve("translate::job", "crate::exec::Cell"), to("exec::machine::cell", "Cell"));
    assert_eq!(
        resolve("runtime::heap::mark", "super::super::collection::part"),
        to("runtime::collection", "part")
    );
    assert_eq!(resolve("exec", "alloc::vec::Vec"), None);
}
