//! Lists a directory of the host, some names at a time, from any place on that the guest has seen.
//! Only [`super::HostFs`] uses it. It must never keep more than a part of a directory, nor read
//! from the start what a guest reads on.

use super::{DirEntry, file_type};
use crate::Errno;
use alloc::vec::Vec;
use rustix::fs;
use std::os::fd::BorrowedFd;

/// How many names are given at once.
const NAMES: usize = 16;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use counted::Listing;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use sought::Listing;

/// What was read last of a directory.
#[derive(Default)]
struct Part {
    /// The place before the first name.
    start: u64,
    entries: Vec<(DirEntry, u64)>,
}

impl Part {
    /// Where the names behind a place begin, if the first of them is here.
    fn find(&self, place: u64) -> Option<usize> {
        if place == self.start && !self.entries.is_empty() {
            return Some(0);
        }
        let before = self.entries.iter().position(|&(_, next)| next == place)?;
        (before + 1 < self.entries.len()).then_some(before + 1)
    }

    fn from(&self, at: usize) -> Vec<(DirEntry, u64)> {
        let entries = self.entries.get(at..).unwrap_or_default();
        entries.iter().take(NAMES).cloned().collect()
    }
}

fn is_special(name: &[u8]) -> bool {
    name == b"." || name == b".."
}

/// Where the host's places can be relied on.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod sought {
    use super::*;
    use rustix::io;

    /// How much of a directory is read at once.
    const PART: usize = 4096;

    /// At most [`PART`] bytes of names and numbers.
    #[derive(Default)]
    pub(in super::super) struct Listing(Part);

    impl Listing {
        pub(in super::super) fn new(_: BorrowedFd<'_>) -> Result<Listing, Errno> {
            Ok(Listing::default())
        }

        /// The next names behind a place.
        pub(in super::super) fn names(
            &mut self,
            dir: BorrowedFd<'_>,
            place: u64,
        ) -> Result<Vec<(DirEntry, u64)>, Errno> {
            // From the start it is as it is now.
            if place != 0
                && let Some(at) = self.0.find(place)
            {
                return Ok(self.0.from(at));
            }
            // Where the host is anyway it need not search: that is safe even if its places are not.
            if self.0.entries.last().map(|&(_, next)| next) != Some(place) {
                match fs::seek(dir, fs::SeekFrom::Start(place)) {
                    // There is no such place.
                    Err(io::Errno::INVAL) => return Ok(Vec::new()),
                    result => result?,
                };
            }
            self.0 = Part::default();
            self.0 = Part { start: place, entries: part(dir)? };
            Ok(self.0.from(0))
        }
    }

    /// The next part of a directory: empty at its end.
    fn part(dir: BorrowedFd<'_>) -> Result<Vec<(DirEntry, u64)>, Errno> {
        let mut entries = Vec::new();
        let mut buffer = [core::mem::MaybeUninit::uninit(); PART];
        let mut dir = fs::RawDir::new(dir, &mut buffer);
        while let Some(entry) = dir.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !is_special(name) {
                let file_type = file_type(entry.file_type());
                let next = entry.next_entry_cookie();
                let name = name.to_vec();
                entries.push((DirEntry { name, inode: entry.ino(), file_type }, next));
            }
            if dir.is_buffer_empty() && !entries.is_empty() {
                break;
            }
        }
        Ok(entries)
    }
}

/// Where they can't: a place is a count of names. The directory is open once more for as long as it
/// is listed, and goes on where it is.
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod counted {
    use super::*;

    pub(in super::super) struct Listing {
        dir: fs::Dir,
        /// How many names were read since the start.
        at: u64,
        part: Part,
        #[cfg(test)]
        pub(super) reads: u64,
    }

    impl Listing {
        pub(in super::super) fn new(dir: BorrowedFd<'_>) -> Result<Listing, Errno> {
            Ok(Listing {
                dir: fs::Dir::read_from(dir)?,
                at: 0,
                part: Part::default(),
                #[cfg(test)]
                reads: 0,
            })
        }

        /// The next names behind a place.
        pub(in super::super) fn names(
            &mut self,
            _: BorrowedFd<'_>,
            place: u64,
        ) -> Result<Vec<(DirEntry, u64)>, Errno> {
            if place != 0
                && let Some(at) = self.part.find(place)
            {
                return Ok(self.part.from(at));
            }
            self.part = Part { start: place, entries: Vec::new() };
            if self.at != place || place == 0 {
                self.dir.rewind();
                self.at = 0;
            }
            while self.part.entries.len() < NAMES
                && let Some(entry) = self.next()?
            {
                if self.at > place {
                    self.part.entries.push((entry, self.at));
                }
            }
            Ok(self.part.from(0))
        }

        fn next(&mut self) -> Result<Option<DirEntry>, Errno> {
            while let Some(entry) = self.dir.read() {
                let entry = entry?;
                let name = entry.file_name().to_bytes();
                if is_special(name) {
                    continue;
                }
                self.at += 1;
                #[cfg(test)]
                {
                    self.reads += 1;
                }
                let (name, file_type) = (name.to_vec(), file_type(entry.file_type()));
                return Ok(Some(DirEntry { name, inode: entry.ino(), file_type }));
            }
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs::File, os::fd::AsFd};

    /// Places that are counts: whoever reads on does not begin anew, also one name before the end
    /// of what he was given.
    #[test]
    fn by_counts() {
        let dir = std::env::temp_dir().join(std::format!("windlass-list-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        let names: BTreeSet<Vec<u8>> =
            (0..300).map(|n| std::format!("name{n}").into_bytes()).collect();
        for name in &names {
            let name = core::str::from_utf8(name).unwrap();
            File::create(dir.join(name)).unwrap();
        }
        let open = File::open(&dir).unwrap();
        let mut listing = counted::Listing::new(open.as_fd()).unwrap();
        for back in [0, 1] {
            let (mut found, mut place) = (BTreeSet::new(), 0);
            loop {
                let part = listing.names(open.as_fd(), place).unwrap();
                let given = part.len() - if part.len() > 1 { back } else { 0 };
                let Some(&(_, next)) = part[..given].last() else { break };
                place = next;
                found.extend(part.into_iter().take(given).map(|(entry, _)| entry.name));
            }
            assert_eq!(found, names);
        }
        assert_eq!(listing.reads, 600, "each name once, from the start and from the start");
        let all = listing.names(open.as_fd(), 290).unwrap();
        assert_eq!(all.len(), 10, "any place can be gone to");
        assert_eq!(listing.names(open.as_fd(), 1000).unwrap(), []);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
