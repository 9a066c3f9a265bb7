//! The inodes of a file system in memory, and what each operation does to them. Only [`super::MemoryFs`] uses it.

use super::super::{DirEntry, Handle, Metadata, OpenOptions, SetTime};
use crate::{Errno, FileType};
use alloc::{
    collections::{BTreeMap, TryReserveError},
    vec,
    vec::Vec,
};

/// As on Linux.
const MAX_NAME: usize = 255;
const MAX_TARGET: usize = 4095;

/// The number of an inode: its place in the tree.
type Number = usize;

pub(super) const ROOT: Number = 0;

pub(super) struct Tree {
    inodes: Vec<Option<Inode>>,
    free: Vec<Number>,
    /// The current time, as told.
    pub(super) now: u64,
    /// How many bytes files, names and links take, and may take.
    used: u64,
    limit: u64,
}

struct Inode {
    node: Node,
    /// How many names it has; two for a directory.
    links: u64,
    /// How many handles are open to it.
    open: usize,
    accessed: u64,
    modified: u64,
    changed: u64,
}

enum Node {
    File(Vec<u8>),
    Directory { entries: BTreeMap<Vec<u8>, Number>, parent: Number },
    Link(Vec<u8>),
}

/// What one inode counts for, so that empty files are not free.
const INODE: u64 = 128;

impl Tree {
    pub(super) fn new(limit: u64) -> Tree {
        let node = Node::Directory { entries: BTreeMap::new(), parent: ROOT };
        let root = Inode { node, links: 2, open: 0, accessed: 0, modified: 0, changed: 0 };
        Tree { inodes: vec![Some(root)], free: Vec::new(), now: 0, used: 0, limit }
    }

    fn inode(&self, number: Number) -> Result<&Inode, Errno> {
        self.inodes.get(number).and_then(Option::as_ref).ok_or(Errno::BadF)
    }

    fn inode_mut(&mut self, number: Number) -> Result<&mut Inode, Errno> {
        self.inodes.get_mut(number).and_then(Option::as_mut).ok_or(Errno::BadF)
    }

    fn entries(&self, dir: Handle) -> Result<&BTreeMap<Vec<u8>, Number>, Errno> {
        match &self.inode(dir.0 as Number)?.node {
            Node::Directory { entries, .. } => Ok(entries),
            _ => Err(Errno::NotDir),
        }
    }

    /// The names of a directory, to be changed: it has a new time.
    fn change(&mut self, dir: Handle) -> Result<&mut BTreeMap<Vec<u8>, Number>, Errno> {
        let now = self.now;
        let inode = self.inode_mut(dir.0 as Number)?;
        (inode.modified, inode.changed) = (now, now);
        match &mut inode.node {
            Node::Directory { entries, .. } => Ok(entries),
            _ => Err(Errno::NotDir),
        }
    }

    fn find(&self, dir: Handle, name: &[u8]) -> Result<Number, Errno> {
        let entries = self.entries(dir)?;
        if name.len() > MAX_NAME {
            return Err(Errno::NameTooLong);
        }
        entries.get(name).copied().ok_or(Errno::NoEnt)
    }

    /// Whether a new name can be put into a directory.
    fn vacant(&self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        match self.find(dir, name) {
            Ok(_) => Err(Errno::Exist),
            Err(Errno::NoEnt) if self.inode(dir.0 as Number)?.links > 0 => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Counts bytes that are about to be used.
    fn take(&mut self, bytes: u64) -> Result<(), Errno> {
        let used = self.used.checked_add(bytes).filter(|&used| used <= self.limit);
        self.used = used.ok_or(Errno::NoSpc)?;
        Ok(())
    }

    fn give_back(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// A new inode under a new name.
    fn add(&mut self, dir: Handle, name: &[u8], node: Node) -> Result<Number, Errno> {
        self.vacant(dir, name)?;
        self.take(INODE + name.len() as u64 + node.len())?;
        let links = if matches!(node, Node::Directory { .. }) { 2 } else { 1 };
        let now = self.now;
        let inode = Inode { node, links, open: 0, accessed: now, modified: now, changed: now };
        let number = self.free.pop().unwrap_or_else(|| {
            self.inodes.push(None);
            self.inodes.len() - 1
        });
        if links == 2 {
            self.inode_mut(dir.0 as Number)?.links += 1;
        }
        self.inodes[number] = Some(inode);
        self.change(dir)?.insert(name.to_vec(), number);
        Ok(number)
    }

    /// Forgets an inode that has neither a name nor a handle.
    fn forget(&mut self, number: Number) {
        if let Ok(inode) = self.inode(number)
            && inode.links == 0
            && inode.open == 0
        {
            let bytes = INODE + inode.node.len();
            self.give_back(bytes);
            self.inodes[number] = None;
            self.free.push(number);
        }
    }

    fn take_name(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        self.change(dir)?.remove(name);
        self.give_back(name.len() as u64);
        Ok(())
    }

    fn opened(&mut self, number: Number) -> Result<Handle, Errno> {
        self.inode_mut(number)?.open += 1;
        Ok(Handle(number as u64))
    }

    pub(super) fn close(&mut self, handle: Handle) {
        if let Ok(inode) = self.inode_mut(handle.0 as Number) {
            inode.open = inode.open.saturating_sub(1);
            self.forget(handle.0 as Number);
        }
    }

    pub(super) fn open_dir(&mut self, dir: Handle, name: &[u8]) -> Result<Handle, Errno> {
        let number = self.find(dir, name)?;
        match self.inode(number)?.node {
            Node::Directory { .. } => self.opened(number),
            _ => Err(Errno::NotDir),
        }
    }

    pub(super) fn reopen(&mut self, dir: Handle) -> Result<Handle, Errno> {
        self.opened(dir.0 as Number)
    }

    pub(super) fn open(
        &mut self,
        dir: Handle,
        name: &[u8],
        options: &OpenOptions,
    ) -> Result<Handle, Errno> {
        let number = match self.find(dir, name) {
            Ok(_) if options.create && options.exclusive => return Err(Errno::Exist),
            Ok(number) => number,
            Err(Errno::NoEnt) if options.create => {
                let number = self.add(dir, name, Node::File(Vec::new()))?;
                return self.opened(number);
            }
            Err(error) => return Err(error),
        };
        let changes = options.write || options.truncate || options.create;
        match self.inode(number)?.node {
            Node::Link(_) => return Err(Errno::Loop),
            Node::Directory { .. } if changes => return Err(Errno::IsDir),
            Node::File(_) if options.directory => return Err(Errno::NotDir),
            Node::File(_) if options.truncate => self.set_size(Handle(number as u64), 0)?,
            _ => {}
        }
        self.opened(number)
    }

    pub(super) fn metadata(&self, number: Number) -> Result<Metadata, Errno> {
        let inode = self.inode(number)?;
        Ok(Metadata {
            device: 1,
            inode: number as u64 + 1,
            file_type: inode.node.file_type(),
            links: inode.links,
            size: inode.node.len(),
            accessed: inode.accessed,
            modified: inode.modified,
            changed: inode.changed,
        })
    }

    pub(super) fn metadata_at(&self, dir: Handle, name: &[u8]) -> Result<Metadata, Errno> {
        self.metadata(self.find(dir, name)?)
    }

    pub(super) fn set_times(
        &mut self,
        number: Number,
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno> {
        let now = self.now;
        let inode = self.inode_mut(number)?;
        let set = |time: &mut u64, to| match to {
            SetTime::Keep => {}
            SetTime::Now => *time = now,
            SetTime::At(at) => *time = at,
        };
        set(&mut inode.accessed, accessed);
        set(&mut inode.modified, modified);
        inode.changed = now;
        Ok(())
    }

    pub(super) fn set_times_at(
        &mut self,
        dir: Handle,
        name: &[u8],
        accessed: SetTime,
        modified: SetTime,
    ) -> Result<(), Errno> {
        self.set_times(self.find(dir, name)?, accessed, modified)
    }

    /// A file's bytes.
    pub(super) fn bytes(&self, file: Handle) -> Result<&Vec<u8>, Errno> {
        match &self.inode(file.0 as Number)?.node {
            Node::File(bytes) => Ok(bytes),
            Node::Directory { .. } => Err(Errno::IsDir),
            Node::Link(_) => Err(Errno::Inval),
        }
    }

    /// A file's bytes, to be changed: it has a new time.
    fn change_file(&mut self, file: Handle) -> Result<&mut Vec<u8>, Errno> {
        let now = self.now;
        let inode = self.inode_mut(file.0 as Number)?;
        match &mut inode.node {
            Node::File(bytes) => {
                (inode.modified, inode.changed) = (now, now);
                Ok(bytes)
            }
            _ => Err(Errno::Inval),
        }
    }

    /// Makes a file at least `size` bytes long.
    fn extend(&mut self, file: Handle, size: u64) -> Result<(), Errno> {
        let old = self.bytes(file)?.len() as u64;
        if size <= old {
            return Ok(());
        }
        let new = usize::try_from(size).map_err(|_| Errno::FBig)?;
        self.take(size - old)?;
        let bytes = self.change_file(file)?;
        if reserve(bytes, new).is_err() {
            self.give_back(size - old);
            return Err(Errno::NoSpc);
        }
        bytes.resize(new, 0);
        Ok(())
    }

    pub(super) fn set_size(&mut self, file: Handle, size: u64) -> Result<(), Errno> {
        let old = self.bytes(file)?.len() as u64;
        if size > old {
            return self.extend(file, size);
        }
        let bytes = self.change_file(file)?;
        bytes.truncate(size as usize);
        bytes.shrink_to_fit();
        self.give_back(old - size);
        Ok(())
    }

    pub(super) fn allocate(&mut self, file: Handle, offset: u64, len: u64) -> Result<(), Errno> {
        self.extend(file, offset.checked_add(len).ok_or(Errno::FBig)?)
    }

    pub(super) fn read_at(
        &self,
        file: Handle,
        buffers: &mut [&mut [u8]],
        offset: u64,
    ) -> Result<usize, Errno> {
        let bytes = self.bytes(file)?;
        let start = usize::try_from(offset).map_or(bytes.len(), |offset| offset.min(bytes.len()));
        let mut rest = &bytes[start..];
        for buffer in buffers {
            let (part, behind) = rest.split_at(buffer.len().min(rest.len()));
            buffer[..part.len()].copy_from_slice(part);
            rest = behind;
        }
        Ok(bytes.len() - start - rest.len())
    }

    pub(super) fn write_at(
        &mut self,
        file: Handle,
        buffers: &[&[u8]],
        offset: u64,
    ) -> Result<usize, Errno> {
        let total: u64 = buffers.iter().map(|buffer| buffer.len() as u64).sum();
        if total == 0 {
            return Ok(0);
        }
        self.extend(file, offset.checked_add(total).ok_or(Errno::FBig)?)?;
        let bytes = self.change_file(file)?;
        let mut at = offset as usize;
        for buffer in buffers {
            bytes[at..at + buffer.len()].copy_from_slice(buffer);
            at += buffer.len();
        }
        Ok(total as usize)
    }

    pub(super) fn read_dir(&self, dir: Handle) -> Result<Vec<DirEntry>, Errno> {
        let entry = |(name, &number): (&Vec<u8>, &Number)| {
            let file_type = self.inode(number)?.node.file_type();
            Ok(DirEntry { name: name.clone(), inode: number as u64 + 1, file_type })
        };
        self.entries(dir)?.iter().map(entry).collect()
    }

    pub(super) fn read_link(&self, dir: Handle, name: &[u8]) -> Result<Vec<u8>, Errno> {
        match &self.inode(self.find(dir, name)?)?.node {
            Node::Link(target) => Ok(target.clone()),
            _ => Err(Errno::Inval),
        }
    }

    pub(super) fn create_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let node = Node::Directory { entries: BTreeMap::new(), parent: dir.0 as Number };
        self.add(dir, name, node).map(drop)
    }

    pub(super) fn symlink(&mut self, target: &[u8], dir: Handle, name: &[u8]) -> Result<(), Errno> {
        if target.len() > MAX_TARGET {
            return Err(Errno::NameTooLong);
        }
        self.add(dir, name, Node::Link(target.to_vec())).map(drop)
    }

    pub(super) fn link(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        let number = self.find(old_dir, old_name)?;
        self.vacant(new_dir, new_name)?;
        if let Node::Directory { .. } = self.inode(number)?.node {
            return Err(Errno::Perm);
        }
        self.take(new_name.len() as u64)?;
        let now = self.now;
        let inode = self.inode_mut(number)?;
        inode.links += 1;
        inode.changed = now;
        self.change(new_dir)?.insert(new_name.to_vec(), number);
        Ok(())
    }

    pub(super) fn rename(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        let moved = self.find(old_dir, old_name)?;
        let is_dir = self.is_dir(moved)?;
        match self.find(new_dir, new_name) {
            Ok(same) if same == moved => return Ok(()),
            Ok(replaced) => {
                self.check_moved(moved, new_dir)?;
                match (is_dir, self.is_dir(replaced)?) {
                    (true, true) => self.remove_dir(new_dir, new_name)?,
                    (true, false) => return Err(Errno::NotDir),
                    (false, true) => return Err(Errno::IsDir),
                    (false, false) => self.remove_file(new_dir, new_name)?,
                }
            }
            Err(Errno::NoEnt) => {
                self.vacant(new_dir, new_name)?;
                self.check_moved(moved, new_dir)?;
            }
            Err(error) => return Err(error),
        }
        self.take_name(old_dir, old_name)?;
        self.used += new_name.len() as u64;
        self.change(new_dir)?.insert(new_name.to_vec(), moved);
        let now = self.now;
        let inode = self.inode_mut(moved)?;
        inode.changed = now;
        if let Node::Directory { parent, .. } = &mut inode.node {
            *parent = new_dir.0 as Number;
            self.inode_mut(old_dir.0 as Number)?.links -= 1;
            self.inode_mut(new_dir.0 as Number)?.links += 1;
        }
        Ok(())
    }

    /// A directory can't be moved into itself.
    fn check_moved(&self, moved: Number, new_dir: Handle) -> Result<(), Errno> {
        let mut above = new_dir.0 as Number;
        loop {
            if above == moved {
                return Err(Errno::Inval);
            }
            match self.inode(above)?.node {
                Node::Directory { parent, .. } if above != ROOT => above = parent,
                _ => return Ok(()),
            }
        }
    }

    fn is_dir(&self, number: Number) -> Result<bool, Errno> {
        Ok(matches!(self.inode(number)?.node, Node::Directory { .. }))
    }

    pub(super) fn remove_file(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let number = self.find(dir, name)?;
        if self.is_dir(number)? {
            return Err(Errno::IsDir);
        }
        self.take_name(dir, name)?;
        let now = self.now;
        let inode = self.inode_mut(number)?;
        inode.links -= 1;
        inode.changed = now;
        self.forget(number);
        Ok(())
    }

    pub(super) fn remove_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let number = self.find(dir, name)?;
        match &self.inode(number)?.node {
            Node::Directory { entries, .. } if entries.is_empty() => {}
            Node::Directory { .. } => return Err(Errno::NotEmpty),
            _ => return Err(Errno::NotDir),
        }
        self.take_name(dir, name)?;
        self.inode_mut(dir.0 as Number)?.links -= 1;
        self.inode_mut(number)?.links = 0;
        self.forget(number);
        Ok(())
    }
}

/// Room for `len` bytes, as much as a growing vector would take; if the host has not that much, just enough.
fn reserve(bytes: &mut Vec<u8>, len: usize) -> Result<(), TryReserveError> {
    let more = len.saturating_sub(bytes.len());
    bytes.try_reserve(more).or_else(|_| bytes.try_reserve_exact(more))
}

impl Node {
    fn file_type(&self) -> FileType {
        match self {
            Node::File(_) => FileType::RegularFile,
            Node::Directory { .. } => FileType::Directory,
            Node::Link(_) => FileType::SymbolicLink,
        }
    }

    fn len(&self) -> u64 {
        match self {
            Node::File(bytes) | Node::Link(bytes) => bytes.len() as u64,
            Node::Directory { .. } => 0,
        }
    }
}
