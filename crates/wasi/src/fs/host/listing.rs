//! Lists a directory of the host, some names at a time, from any place on that the guest has seen.
//! Only [`super::HostFs`] uses it. It must never keep more than a part of a directory, nor read
//! from the start what a guest reads on.

use super::{DirEntry, file_type};
use crate::{Errno, fs::listing::is_special};
use alloc::vec::Vec;
use rustix::fs;
use std::os::fd::BorrowedFd;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use counted::Listing;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use sought::Listing;

/// Where the host's places can be relied on.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod sought {
    use super::*;
    use crate::fs::listing::Part;
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

/// Where they can't.
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod counted {
    use super::*;
    use crate::fs::listing::{Counted, Names};

    pub(in super::super) struct Listing(Counted<fs::Dir>);

    impl Listing {
        pub(in super::super) fn new(dir: BorrowedFd<'_>) -> Result<Listing, Errno> {
            Ok(Listing(Counted::new(fs::Dir::read_from(dir)?)))
        }

        /// The next names behind a place.
        pub(in super::super) fn names(
            &mut self,
            _: BorrowedFd<'_>,
            place: u64,
        ) -> Result<Vec<(DirEntry, u64)>, Errno> {
            self.0.names(place)
        }
    }

    impl Names for fs::Dir {
        fn rewind(&mut self) -> Result<(), Errno> {
            fs::Dir::rewind(self);
            Ok(())
        }

        fn next(&mut self) -> Result<Option<DirEntry>, Errno> {
            let Some(entry) = self.read() else { return Ok(None) };
            let entry = entry?;
            let (name, inode) = (entry.file_name().to_bytes().to_vec(), entry.ino());
            Ok(Some(DirEntry { name, inode, file_type: file_type(entry.file_type()) }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs::File, os::fd::AsFd};

    /// Both ways to list a directory of the host see the same.
    #[test]
    fn both_ways() {
        let dir = std::env::temp_dir().join(std::format!("windlass-list-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        for name in 0..100 {
            File::create(dir.join(std::format!("name{name}"))).unwrap();
        }
        let open = File::open(&dir).unwrap();
        let mut counted = counted::Listing::new(open.as_fd()).unwrap();
        let mut other = Listing::new(open.as_fd()).unwrap();
        let all = |names: &mut dyn FnMut(u64) -> Vec<(DirEntry, u64)>| {
            let (mut found, mut place) = (BTreeSet::new(), 0);
            loop {
                let part = names(place);
                let Some(&(_, next)) = part.last() else { return found };
                place = next;
                found.extend(part.into_iter().map(|(entry, _)| (entry.name, entry.inode)));
            }
        };
        let found = all(&mut |place| counted.names(open.as_fd(), place).unwrap());
        assert_eq!(found.len(), 100);
        assert_eq!(found, all(&mut |place| other.names(open.as_fd(), place).unwrap()));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
