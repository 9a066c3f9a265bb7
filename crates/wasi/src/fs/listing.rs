//! What listings of the host's directories share: the [`Part`] that was read last, and [`Counted`]
//! listings, for hosts whose places can't be relied on. They must never keep more than a part of a
//! directory, nor read from the start what a guest reads on.

use super::DirEntry;
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
use crate::Errno;
use alloc::vec::Vec;

/// How many names are given at once.
const NAMES: usize = 16;

/// What was read last of a directory.
#[derive(Default)]
pub(super) struct Part {
    /// The place before the first name.
    pub(super) start: u64,
    pub(super) entries: Vec<(DirEntry, u64)>,
}

impl Part {
    /// Where the names behind a place begin, if the first of them is here.
    pub(super) fn find(&self, place: u64) -> Option<usize> {
        if place == self.start && !self.entries.is_empty() {
            return Some(0);
        }
        let before = self.entries.iter().position(|&(_, next)| next == place)?;
        (before + 1 < self.entries.len()).then_some(before + 1)
    }

    pub(super) fn from(&self, at: usize) -> Vec<(DirEntry, u64)> {
        let entries = self.entries.get(at..).unwrap_or_default();
        entries.iter().take(NAMES).cloned().collect()
    }
}

/// Whether a name is `.` or `..`, which the guest is told of elsewhere.
pub(super) fn is_special(name: &[u8]) -> bool {
    name == b"." || name == b".."
}

/// A directory that is read from its start to its end.
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
pub(super) trait Names {
    /// Begins anew.
    fn rewind(&mut self) -> Result<(), Errno>;

    /// The next name; none at the end.
    fn next(&mut self) -> Result<Option<DirEntry>, Errno>;
}

/// A listing whose places are counts of names. The directory is open once more for as long as it is
/// listed, and goes on where it is.
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
pub(super) struct Counted<N> {
    pub(super) dir: N,
    /// How many names were read since the start.
    at: u64,
    part: Part,
}

#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
impl<N: Names> Counted<N> {
    /// `dir` is at its start.
    pub(super) fn new(dir: N) -> Counted<N> {
        Counted { dir, at: 0, part: Part::default() }
    }

    /// The next names behind a place.
    pub(super) fn names(&mut self, place: u64) -> Result<Vec<(DirEntry, u64)>, Errno> {
        if place != 0
            && let Some(at) = self.part.find(place)
        {
            return Ok(self.part.from(at));
        }
        self.part = Part { start: place, entries: Vec::new() };
        if self.at != place || place == 0 {
            self.dir.rewind()?;
            self.at = 0;
        }
        while self.part.entries.len() < NAMES
            && let Some(entry) = self.dir.next()?
        {
            if is_special(&entry.name) {
                continue;
            }
            self.at += 1;
            if self.at > place {
                self.part.entries.push((entry, self.at));
            }
        }
        Ok(self.part.from(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileType;
    use std::{collections::BTreeSet, format};

    /// A directory of so many names, `.` and `..` first.
    struct Many {
        count: u64,
        at: u64,
        reads: u64,
    }

    fn entry(name: &str) -> DirEntry {
        DirEntry { name: name.into(), inode: 1, file_type: FileType::RegularFile }
    }

    impl Names for Many {
        fn rewind(&mut self) -> Result<(), Errno> {
            self.at = 0;
            Ok(())
        }

        fn next(&mut self) -> Result<Option<DirEntry>, Errno> {
            self.at += 1;
            Ok(match self.at {
                1 => Some(entry(".")),
                2 => Some(entry("..")),
                at if at - 2 <= self.count => {
                    self.reads += 1;
                    Some(entry(&format!("name{at}")))
                }
                _ => None,
            })
        }
    }

    /// Whoever reads on does not begin anew, also one name before the end of what he was given.
    #[test]
    fn by_counts() {
        let mut listing = Counted::new(Many { count: 300, at: 0, reads: 0 });
        for back in [0, 1] {
            let (mut found, mut place) = (BTreeSet::new(), 0);
            loop {
                let part = listing.names(place).unwrap();
                let given = part.len() - if part.len() > 1 { back } else { 0 };
                let Some(&(_, next)) = part[..given].last() else { break };
                place = next;
                found.extend(part.into_iter().take(given).map(|(entry, _)| entry.name));
            }
            assert_eq!(found.len(), 300);
            assert!(found.iter().all(|name| !is_special(name)));
        }
        assert_eq!(listing.dir.reads, 600, "each name once, from the start and from the start");
        let all = listing.names(290).unwrap();
        assert_eq!(all.len(), 10, "any place can be gone to");
        assert_eq!(listing.names(1000).unwrap(), []);
    }
}
