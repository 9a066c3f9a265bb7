//! Which names there are, for messages that say that one is not: those first that are like it.

use windlass::Escaped;

/// How many names are told.
const TOLD: usize = 10;

/// Names that are longer are like no other: the comparison takes time in proportion to both.
const LONGEST: usize = 64;

/// The names: first those that `wanted` may mean, then the others as they come.
pub(crate) fn first<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_by_cached_key(|name| likeness(wanted, name).unwrap_or(usize::MAX));
    let told: Vec<String> = names.iter().take(TOLD).map(|name| shown(name)).collect();
    let more = if names.len() > TOLD { ", ..." } else { "" };
    told.join(", ") + more
}

/// Whether one may be the other, mistyped.
pub(crate) fn is_like(wanted: &str, name: &str) -> bool {
    likeness(wanted, name).is_some()
}

/// How many changes make one of the other, if they are few.
fn likeness(wanted: &str, name: &str) -> Option<usize> {
    let length = wanted.len().max(name.len());
    if length > LONGEST {
        return None;
    }
    let changes = strsim::osa_distance(&wanted.to_lowercase(), &name.to_lowercase());
    (changes * 2 <= length).then_some(changes)
}

fn shown(name: &str) -> String {
    if name.is_empty() { "\"\"".to_owned() } else { Escaped(name).to_string() }
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn those_that_are_alike_come_first() {
        let names = ["memory", "Fool", "", "other"];
        assert_eq!(first("foo", names.into_iter()), "Fool, memory, \"\", other");
        assert_eq!(first("_start", ["c", "a", "b"].into_iter()), "c, a, b");
        let long = "f".repeat(100);
        assert_eq!(first("f", [&*long, "F"].into_iter()), format!("F, {long}"));
        assert_eq!(first("x", std::iter::repeat_n("y", 11)), ["y, "; 10].concat() + "...");
        assert_eq!(first("x", std::iter::empty()), "");
    }
}
