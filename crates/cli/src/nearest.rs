//! Which names there are, for messages that say that one is not: those first that are most like it.

use windlass::Escaped;

/// How many names are told.
const TOLD: usize = 10;

/// Names that are longer are like no other: the comparison takes time in proportion to both.
const LONGEST: usize = 64;

/// The names, in the order in which `wanted` may mean them.
pub(crate) fn first<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_by_cached_key(|name| match wanted.len().max(name.len()) {
        0..=LONGEST => strsim::osa_distance(&wanted.to_lowercase(), &name.to_lowercase()),
        _ => usize::MAX,
    });
    let told: Vec<String> = names.iter().take(TOLD).map(|name| shown(name)).collect();
    let more = if names.len() > TOLD { ", ..." } else { "" };
    told.join(", ") + more
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
        assert_eq!(first("foo", names.into_iter()), "Fool, \"\", memory, other");
        let long = "f".repeat(100);
        assert_eq!(first("f", [&*long, "g"].into_iter()), format!("g, {long}"));
        assert_eq!(first("x", std::iter::repeat_n("y", 11)), ["y, "; 10].concat() + "...");
        assert_eq!(first("x", std::iter::empty()), "");
    }
}
