//! The meaning of paths, for every file system: [`Walk`] goes along a path, one component and one
//! open directory after the other. It never asks a file system for `..`: it goes back to the
//! directory that it came from, and never beyond the one it started in.

use super::{FileSystem, Handle, Metadata};
use crate::{
    Errno, FileType,
    fuel::{self, Meter},
    lists,
    memory::MAX_PATH,
};
use alloc::vec::Vec;
use core::ops::Range;

/// As on Linux.
const MAX_LINKS: u32 = 40;
/// How many components a walk goes along, those of links included.
const MAX_STEPS: u32 = 4096;
/// How many directories below the first one are open at once: as many descriptors of the host.
const MAX_DEPTH: usize = 256;

/// A walk along a path that has come to the last component.
pub(crate) struct Walk<'a> {
    pub(crate) fs: &'a mut dyn FileSystem,
    base: Handle,
    /// The directories below `base`, down to the one that has the last component. Closed at the
    /// end.
    opened: Vec<Handle>,
    /// What is still to be gone, from `at` on.
    rest: Vec<u8>,
    at: usize,
    /// The last component; none if the path ends at a directory that is open: `.`, `..`.
    name: Option<Vec<u8>>,
    /// The path ended in a slash: the last component must be a directory.
    slash: bool,
    links: u32,
    steps: u32,
    meter: Meter<'a>,
}

/// How often it looks whether something is a directory or a link before it is neither.
const LOOKS: usize = 3;

impl<'a> Walk<'a> {
    /// Goes along `path` from the open directory `base`, and counts its components.
    pub(crate) fn new(
        fs: &'a mut dyn FileSystem,
        base: Handle,
        path: &[u8],
        meter: Meter<'a>,
    ) -> Result<Walk<'a>, Errno> {
        check(path)?;
        let mut walk = Walk {
            fs,
            base,
            opened: Vec::new(),
            rest: lists::copy(path)?,
            at: 0,
            name: None,
            slash: false,
            links: 0,
            steps: 0,
            meter,
        };
        walk.descend()?;
        Ok(walk)
    }

    /// The directory that has the last component.
    pub(crate) fn dir(&self) -> Handle {
        self.opened.last().copied().unwrap_or(self.base)
    }

    /// The last component; none if the path ends at [`Walk::dir`] itself.
    pub(crate) fn name(&self) -> Option<&[u8]> {
        self.name.as_deref()
    }

    /// Whether the path ended in a slash.
    pub(crate) fn slash(&self) -> bool {
        self.slash
    }

    /// Calls a function of the file system with directory and last component.
    pub(crate) fn at<R>(
        &mut self,
        function: impl FnOnce(&mut dyn FileSystem, Handle, &[u8]) -> Result<R, Errno>,
        without_name: Errno,
    ) -> Result<R, Errno> {
        let dir = self.dir();
        match &self.name {
            Some(name) => function(self.fs, dir, name),
            None => Err(without_name),
        }
    }

    /// What is known of the end of the path. Goes on if that is a link and `follow`, or the path
    /// ended in a slash.
    pub(crate) fn metadata(&mut self, follow: bool) -> Result<Metadata, Errno> {
        loop {
            let dir = self.dir();
            let metadata = match &self.name {
                Some(name) => self.fs.metadata_at(dir, name)?,
                None => self.fs.metadata(dir)?,
            };
            match metadata.file_type {
                FileType::SymbolicLink if follow || self.slash => {
                    self.follow()?;
                }
                FileType::Directory => return Ok(metadata),
                _ if self.slash => return Err(Errno::NotDir),
                _ => return Ok(metadata),
            }
        }
    }

    /// If the last component is a link: goes on to where it leads, and is true.
    pub(crate) fn follow(&mut self) -> Result<bool, Errno> {
        let dir = self.dir();
        let Some(name) = self.name.as_deref() else { return Ok(false) };
        let target = match self.fs.read_link(dir, name) {
            Ok(target) => target,
            Err(Errno::Inval) => return Ok(false),
            Err(error) => return Err(error),
        };
        let slash = self.slash;
        self.enter(target)?;
        self.descend()?;
        self.slash |= slash;
        Ok(true)
    }

    /// Ends the walk, but leaves its directories open, for the caller to close.
    pub(crate) fn into_opened(mut self) -> Vec<Handle> {
        core::mem::take(&mut self.opened)
    }

    /// Puts a link's target before the rest of the path.
    fn enter(&mut self, mut target: Vec<u8>) -> Result<(), Errno> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::Loop);
        }
        check(&target)?;
        if let Some(rest) = self.rest.get(self.at..)
            && !rest.is_empty()
        {
            target.try_reserve_exact(1 + rest.len())?;
            target.push(b'/');
            target.extend_from_slice(rest);
        }
        (self.rest, self.at) = (target, 0);
        Ok(())
    }

    /// Goes along `rest` to its last component.
    fn descend(&mut self) -> Result<(), Errno> {
        self.name = None;
        self.slash = false;
        loop {
            let Some((name, behind, slash)) = split(&self.rest, self.at) else { return Ok(()) };
            self.steps += 1;
            self.meter.add(fuel::COMPONENT);
            if self.steps > MAX_STEPS {
                return Err(Errno::Loop);
            }
            let last = behind == self.rest.len();
            let name = lists::copy(&self.rest[name])?;
            self.at = behind;
            match name.as_slice() {
                b"." => {}
                b".." => match self.opened.pop() {
                    Some(dir) => self.fs.close(dir),
                    None => return Err(Errno::Perm),
                },
                _ if last => {
                    self.name = Some(name);
                    self.slash = slash;
                    return Ok(());
                }
                _ => self.step(&name)?,
            }
        }
    }

    /// Goes into a directory, or on along a link. What was a link may be a directory a moment
    /// later: then it looks again.
    fn step(&mut self, name: &[u8]) -> Result<(), Errno> {
        let dir = self.dir();
        if self.opened.len() >= MAX_DEPTH {
            return Err(Errno::NameTooLong);
        }
        self.opened.try_reserve(1)?;
        for _ in 0..LOOKS {
            match self.fs.open_dir(dir, name) {
                Ok(opened) => {
                    self.opened.push(opened);
                    return Ok(());
                }
                Err(Errno::NotDir) => {}
                Err(error) => return Err(error),
            }
            match self.fs.read_link(dir, name) {
                Ok(target) => return self.enter(target),
                Err(Errno::Inval) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Errno::NotDir)
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        for dir in self.opened.drain(..) {
            self.fs.close(dir);
        }
    }
}

/// Whether a path can be gone along at all.
fn check(path: &[u8]) -> Result<(), Errno> {
    match path {
        [] => Err(Errno::NoEnt),
        // Never what the guest may mean: its root is the directory that it names by a descriptor.
        [b'/', ..] => Err(Errno::Perm),
        path if path.len() > MAX_PATH => Err(Errno::NameTooLong),
        path if path.contains(&0) => Err(Errno::Inval),
        path if core::str::from_utf8(path).is_err() => Err(Errno::IlSeq),
        _ => Ok(()),
    }
}

/// Where the first component from `at` on is, where the next one begins, and whether there is a
/// slash after it.
fn split(path: &[u8], at: usize) -> Option<(Range<usize>, usize, bool)> {
    let start = at + path.get(at..)?.iter().position(|&b| b != b'/')?;
    let after = |from, wanted: fn(u8) -> bool| {
        path[from..].iter().position(|&b| wanted(b)).map_or(path.len(), |n| from + n)
    };
    let end = after(start, |b| b == b'/');
    Some((start..end, after(end, |b| b != b'/'), end < path.len()))
}
