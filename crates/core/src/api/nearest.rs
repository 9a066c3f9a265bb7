//! Which name was meant: for errors that say that there is nothing of a name. Names can be a
//! guest's, so long ones are like no other, and nothing is allocated.

/// The longest name that is compared, in bytes.
const LONGEST: usize = 64;

/// The name that is most like `wanted`, if one is: at most one letter in four is another.
pub(crate) fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let most = 1 + wanted.len() / 4;
    let distances = names.into_iter().filter_map(|name| {
        let may_be = name.len().max(wanted.len()) <= LONGEST
            && name.len().abs_diff(wanted.len()) <= most
            && !name.is_empty();
        may_be.then(|| (distance(wanted.as_bytes(), name.as_bytes()), name))
    });
    let near = distances.filter(|&(distance, name)| distance <= most && distance < name.len());
    near.min_by_key(|&(distance, _)| distance).map(|(_, name)| name)
}

/// How many bytes are to be added, removed or made others; case counts as nothing.
fn distance(a: &[u8], b: &[u8]) -> usize {
    // What it takes from the part of `a` that was looked at to each start of `b`.
    let mut row: [usize; LONGEST + 1] = core::array::from_fn(|len| len);
    for (done, x) in a.iter().enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], done + 1);
        for (at, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(!x.eq_ignore_ascii_case(y));
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_textbook() {
        let of = |a: &str, b: &str| distance(a.as_bytes(), b.as_bytes());
        assert_eq!(of("kitten", "sitting"), 3);
        assert_eq!(of("", "abc"), 3);
        assert_eq!(of("abc", ""), 3);
        assert_eq!(of("fd_read", "fd_Read"), 0);
        assert_eq!(of("flaw", "lawn"), 2);
    }

    #[test]
    fn only_names_that_are_like_it_are_near() {
        let names = ["fd_write", "fd_read", "proc_exit", "x"];
        assert_eq!(nearest("fd_wrte", names), Some("fd_write"));
        assert_eq!(nearest("fd_close", names), None);
        assert_eq!(nearest("y", names), None, "nothing of it is left");
        assert_eq!(nearest(&"x".repeat(10_000), names), None);
    }
}
