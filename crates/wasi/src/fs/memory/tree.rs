//! The inodes of a file system in memory, and what each operation does to them. Only
//! [`super::MemoryFs`] uses it.

use super::{
    super::{DirEntry, Handle, Metadata, OpenOptions, SetTime},
    contents::{Budget, Contents, MemoryBudget},
};
use crate::{Errno, FileType, lists};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::ops::Bound;

/// As on Linux.
const MAX_NAME: usize = 255;
const MAX_TARGET: usize = 4095;
/// A directory that has others in it can't be moved to where it is deeper than this.
const MAX_DEPTH: usize = 256;
/// How many names are given at once.
const NAMES: usize = 16;

/// The number of an inode, also in handles. None is used twice.
type Number = u64;

pub(super) const ROOT: Number = 0;

pub(super) struct Tree {
    inodes: BTreeMap<Number, Inode>,
    /// The number of the next inode.
    next: Number,
    /// The current time, as told.
    pub(super) now: u64,
    /// Of what inodes, names, files and links take.
    budget: Budget,
    /// Where the next name is in its directory: no two have had the same place.
    next_place: u64,
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
    File(Contents),
    Directory { names: Names, parent: Number },
    Link(Vec<u8>),
}

/// The names in a directory: by name, and in the order of their places, which is that in which they
/// came.
#[derive(Default)]
struct Names {
    by_name: BTreeMap<Arc<[u8]>, Entry>,
    by_place: BTreeMap<u64, Arc<[u8]>>,
}

#[derive(Clone, Copy)]
struct Entry {
    number: Number,
    place: u64,
}

/// What things count for, with their places in maps, half of whose nodes may be empty, and with
/// what the allocator takes: an inode; a file and a directory besides, for the first nodes of their
/// maps; a name, besides its bytes.
const INODE: u64 = 320;
const FILE: u64 = 400;
const DIRECTORY: u64 = 704;
const NAME: u64 = 208;

/// What nodes of all maps take in which a name is.
const NODES: usize = lists::node::<Number, Inode>()
    + lists::node::<Arc<[u8]>, Entry>()
    + lists::node::<u64, Arc<[u8]>>();

fn name_cost(name: &[u8]) -> u64 {
    NAME + name.len() as u64
}

impl Tree {
    pub(super) fn new(limit: u64, common: Option<Arc<dyn MemoryBudget>>) -> Tree {
        let node = Node::Directory { names: Names::default(), parent: ROOT };
        let root = Inode { node, links: 2, open: 0, accessed: 0, modified: 0, changed: 0 };
        let budget = Budget::new(limit, common);
        let inodes = BTreeMap::from([(ROOT, root)]);
        Tree { inodes, next: ROOT + 1, now: 0, budget, next_place: 1 }
    }

    fn inode(&self, number: Number) -> Result<&Inode, Errno> {
        self.inodes.get(&number).ok_or(Errno::BadF)
    }

    fn inode_mut(&mut self, number: Number) -> Result<&mut Inode, Errno> {
        self.inodes.get_mut(&number).ok_or(Errno::BadF)
    }

    fn names(&self, dir: Handle) -> Result<&Names, Errno> {
        match &self.inode(dir.0)?.node {
            Node::Directory { names, .. } => Ok(names),
            _ => Err(Errno::NotDir),
        }
    }

    /// The names of a directory, to be changed: it has a new time.
    fn change(&mut self, dir: Handle) -> Result<&mut Names, Errno> {
        let now = self.now;
        let inode = self.inode_mut(dir.0)?;
        (inode.modified, inode.changed) = (now, now);
        match &mut inode.node {
            Node::Directory { names, .. } => Ok(names),
            _ => Err(Errno::NotDir),
        }
    }

    /// Whether the host has memory for one more name in a directory, and for an inode.
    fn room_for(&self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let entries = self.inodes.len().max(self.names(dir)?.by_name.len());
        lists::room_for_nodes(entries, NODES, 4 * size_of::<usize>() + name.len())
    }

    /// Puts a name that was counted into a directory, for which there is room.
    fn put_name(&mut self, dir: Handle, name: &[u8], number: Number) -> Result<(), Errno> {
        let place = self.next_place;
        self.next_place += 1;
        let names = self.change(dir)?;
        let name: Arc<[u8]> = name.into();
        names.by_name.insert(name.clone(), Entry { number, place });
        names.by_place.insert(place, name);
        Ok(())
    }

    /// Takes a name out of a directory, which was counted and still is.
    fn take_name(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let names = self.change(dir)?;
        if let Some(entry) = names.by_name.remove(name) {
            names.by_place.remove(&entry.place);
        }
        Ok(())
    }

    fn find(&self, dir: Handle, name: &[u8]) -> Result<Number, Errno> {
        let names = self.names(dir)?;
        if name.len() > MAX_NAME {
            return Err(Errno::NameTooLong);
        }
        names.by_name.get(name).map(|entry| entry.number).ok_or(Errno::NoEnt)
    }

    /// Whether a new name can be put into a directory.
    fn vacant(&self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        match self.find(dir, name) {
            Ok(_) => Err(Errno::Exist),
            Err(Errno::NoEnt) if self.inode(dir.0)?.links > 0 => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A new inode under a new name.
    fn add(&mut self, dir: Handle, name: &[u8], node: Node) -> Result<Number, Errno> {
        self.vacant(dir, name)?;
        self.room_for(dir, name)?;
        self.budget.take(name_cost(name) + node.cost())?;
        let links = if matches!(node, Node::Directory { .. }) { 2 } else { 1 };
        let now = self.now;
        let inode = Inode { node, links, open: 0, accessed: now, modified: now, changed: now };
        let number = self.next;
        self.next += 1;
        if links == 2 {
            self.inode_mut(dir.0)?.links += 1;
        }
        self.inodes.insert(number, inode);
        self.put_name(dir, name, number)?;
        Ok(number)
    }

    /// Forgets an inode that has neither a name nor a handle.
    fn forget(&mut self, number: Number) {
        let unused = |inode: &Inode| inode.links == 0 && inode.open == 0;
        if self.inodes.get(&number).is_some_and(unused)
            && let Some(Inode { node, .. }) = self.inodes.remove(&number)
        {
            self.budget.give_back(node.cost());
            if let Node::File(contents) = node {
                contents.discard(&mut self.budget);
            }
        }
    }

    /// Frees some of what was removed and is still held; whether there is more.
    pub(super) fn reclaim(&mut self) -> bool {
        self.budget.reclaim()
    }

    fn opened(&mut self, number: Number) -> Result<Handle, Errno> {
        self.inode_mut(number)?.open += 1;
        Ok(Handle(number))
    }

    pub(super) fn close(&mut self, handle: Handle) {
        if let Ok(inode) = self.inode_mut(handle.0) {
            inode.open = inode.open.saturating_sub(1);
            self.forget(handle.0);
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
        self.opened(dir.0)
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
                let number = self.add(dir, name, Node::File(Contents::default()))?;
                return self.opened(number);
            }
            Err(error) => return Err(error),
        };
        let changes = options.write || options.truncate || options.create;
        match self.inode(number)?.node {
            Node::Link(_) => return Err(Errno::Loop),
            Node::Directory { .. } if changes => return Err(Errno::IsDir),
            Node::File(_) if options.directory => return Err(Errno::NotDir),
            Node::File(_) if options.truncate => self.set_size(Handle(number), 0)?,
            _ => {}
        }
        self.opened(number)
    }

    pub(super) fn metadata(&self, number: Number) -> Result<Metadata, Errno> {
        let inode = self.inode(number)?;
        Ok(Metadata {
            device: 1,
            inode: number + 1,
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
    pub(super) fn contents(&self, file: Handle) -> Result<&Contents, Errno> {
        match &self.inode(file.0)?.node {
            Node::File(contents) => Ok(contents),
            Node::Directory { .. } => Err(Errno::IsDir),
            Node::Link(_) => Err(Errno::Inval),
        }
    }

    /// A file's bytes, to be changed: it has a new time. Also what counts them.
    fn change_file(&mut self, file: Handle) -> Result<(&mut Contents, &mut Budget), Errno> {
        let now = self.now;
        let inode = self.inodes.get_mut(&file.0).ok_or(Errno::BadF)?;
        match &mut inode.node {
            Node::File(contents) => {
                (inode.modified, inode.changed) = (now, now);
                Ok((contents, &mut self.budget))
            }
            _ => Err(Errno::Inval),
        }
    }

    /// No file, however little of it is there, is longer than what the file system may take.
    fn check_size(&self, size: u64) -> Result<(), Errno> {
        if size > self.budget.limit { Err(Errno::NoSpc) } else { Ok(()) }
    }

    pub(super) fn set_size(&mut self, file: Handle, size: u64) -> Result<(), Errno> {
        self.check_size(size)?;
        let (contents, budget) = self.change_file(file)?;
        contents.set_len(budget, size)
    }

    pub(super) fn allocate(&mut self, file: Handle, offset: u64, len: u64) -> Result<(), Errno> {
        let end = offset.checked_add(len).ok_or(Errno::FBig)?;
        self.check_size(end)?;
        let (contents, budget) = self.change_file(file)?;
        contents.reserve(budget, offset, end)
    }

    pub(super) fn read_at(
        &self,
        file: Handle,
        buffers: &mut [&mut [u8]],
        offset: u64,
    ) -> Result<usize, Errno> {
        let contents = self.contents(file)?;
        let mut done = 0;
        for buffer in buffers {
            let count = contents.read(offset.saturating_add(done as u64), buffer);
            done += count;
            if count < buffer.len() {
                break;
            }
        }
        Ok(done)
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
        self.check_size(offset.checked_add(total).ok_or(Errno::FBig)?)?;
        let (contents, budget) = self.change_file(file)?;
        let mut done = 0;
        for buffer in buffers {
            match contents.write(budget, offset + done as u64, buffer) {
                Ok(count) => done += count,
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(done)
    }

    fn entry(&self, name: &[u8], number: Number) -> Result<DirEntry, Errno> {
        let file_type = self.inode(number)?.node.file_type();
        Ok(DirEntry { name: lists::copy(name)?, inode: number + 1, file_type })
    }

    /// The next names behind a place.
    pub(super) fn read_dir(&self, dir: Handle, place: u64) -> Result<Vec<(DirEntry, u64)>, Errno> {
        let names = self.names(dir)?;
        let next = names.by_place.range((Bound::Excluded(place), Bound::Unbounded)).take(NAMES);
        let mut entries = Vec::new();
        entries.try_reserve_exact(NAMES)?;
        for (&place, name) in next {
            let number = names.by_name.get(name).ok_or(Errno::Io)?.number;
            entries.push((self.entry(name, number)?, place));
        }
        Ok(entries)
    }

    /// All names of a directory, sorted.
    pub(super) fn list(&self, dir: Handle) -> Result<Vec<DirEntry>, Errno> {
        let names = &self.names(dir)?.by_name;
        let mut entries = Vec::new();
        entries.try_reserve_exact(names.len())?;
        for (name, entry) in names {
            entries.push(self.entry(name, entry.number)?);
        }
        Ok(entries)
    }

    pub(super) fn read_link(&self, dir: Handle, name: &[u8]) -> Result<Vec<u8>, Errno> {
        match &self.inode(self.find(dir, name)?)?.node {
            Node::Link(target) => lists::copy(target),
            _ => Err(Errno::Inval),
        }
    }

    pub(super) fn create_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let node = Node::Directory { names: Names::default(), parent: dir.0 };
        self.add(dir, name, node).map(drop)
    }

    pub(super) fn symlink(&mut self, target: &[u8], dir: Handle, name: &[u8]) -> Result<(), Errno> {
        if target.len() > MAX_TARGET {
            return Err(Errno::NameTooLong);
        }
        self.add(dir, name, Node::Link(lists::copy(target)?)).map(drop)
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
        self.room_for(new_dir, new_name)?;
        self.budget.take(name_cost(new_name))?;
        let now = self.now;
        let inode = self.inode_mut(number)?;
        inode.links += 1;
        inode.changed = now;
        self.put_name(new_dir, new_name, number)
    }

    pub(super) fn rename(
        &mut self,
        old_dir: Handle,
        old_name: &[u8],
        new_dir: Handle,
        new_name: &[u8],
    ) -> Result<(), Errno> {
        let moved = self.find(old_dir, old_name)?;
        let replaced = match self.find(new_dir, new_name) {
            Ok(same) if same == moved => return Ok(()),
            Ok(replaced) => Some(replaced),
            Err(Errno::NoEnt) => None,
            Err(error) => return Err(error),
        };
        let is_dir = self.is_dir(moved)?;
        self.check_moved(moved, new_dir)?;
        // First all that can fail, last of it the count: nothing is lost then.
        self.room_for(new_dir, new_name)?;
        match replaced {
            Some(replaced) if is_dir => self.check_empty(replaced)?,
            Some(replaced) if self.is_dir(replaced)? => return Err(Errno::IsDir),
            Some(_) => {}
            None => {
                self.vacant(new_dir, new_name)?;
                self.budget.take(name_cost(new_name).saturating_sub(name_cost(old_name)))?;
            }
        }
        self.take_name(old_dir, old_name)?;
        match replaced {
            Some(replaced) => {
                // Its name was counted, and is the other's now.
                self.unlink(new_dir, new_name, replaced)?;
                self.budget.give_back(name_cost(old_name));
            }
            None => {
                let less = name_cost(old_name).saturating_sub(name_cost(new_name));
                self.budget.give_back(less);
            }
        }
        self.put_name(new_dir, new_name, moved)?;
        let now = self.now;
        let inode = self.inode_mut(moved)?;
        inode.changed = now;
        if let Node::Directory { parent, .. } = &mut inode.node {
            *parent = new_dir.0;
            self.inode_mut(old_dir.0)?.links -= 1;
            self.inode_mut(new_dir.0)?.links += 1;
        }
        Ok(())
    }

    /// A directory can't be moved into itself: looks at all directories above the new one, which
    /// are not too many: the price of a rename covers them. Only what has directories in it can be
    /// above another.
    fn check_moved(&self, moved: Number, new_dir: Handle) -> Result<(), Errno> {
        let mut above = new_dir.0;
        let is_leaf = !self.is_dir(moved)? || self.inode(moved)?.links <= 2;
        for _ in 0..MAX_DEPTH {
            if above == moved {
                return Err(Errno::Inval);
            }
            match self.inode(above)?.node {
                Node::Directory { parent, .. } if above != ROOT && !is_leaf => above = parent,
                _ => return Ok(()),
            }
        }
        Err(Errno::NameTooLong)
    }

    fn is_dir(&self, number: Number) -> Result<bool, Errno> {
        Ok(matches!(self.inode(number)?.node, Node::Directory { .. }))
    }

    pub(super) fn remove_file(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let number = self.find(dir, name)?;
        if self.is_dir(number)? {
            return Err(Errno::IsDir);
        }
        self.unlink(dir, name, number)?;
        self.budget.give_back(name_cost(name));
        Ok(())
    }

    pub(super) fn remove_dir(&mut self, dir: Handle, name: &[u8]) -> Result<(), Errno> {
        let number = self.find(dir, name)?;
        self.check_empty(number)?;
        self.unlink(dir, name, number)?;
        self.budget.give_back(name_cost(name));
        Ok(())
    }

    fn check_empty(&self, number: Number) -> Result<(), Errno> {
        match &self.inode(number)?.node {
            Node::Directory { names, .. } if names.by_name.is_empty() => Ok(()),
            Node::Directory { .. } => Err(Errno::NotEmpty),
            _ => Err(Errno::NotDir),
        }
    }

    /// Takes a name, which is still counted, from a file, a link or an empty directory; it goes if
    /// it was the last.
    fn unlink(&mut self, dir: Handle, name: &[u8], number: Number) -> Result<(), Errno> {
        self.take_name(dir, name)?;
        let now = self.now;
        let is_dir = self.is_dir(number)?;
        let inode = self.inode_mut(number)?;
        inode.links = if is_dir { 0 } else { inode.links - 1 };
        inode.changed = now;
        if is_dir {
            self.inode_mut(dir.0)?.links -= 1;
        }
        self.forget(number);
        Ok(())
    }
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
            Node::File(contents) => contents.len(),
            Node::Link(target) => target.len() as u64,
            Node::Directory { .. } => 0,
        }
    }

    /// What it counts for, the blocks of a file apart.
    fn cost(&self) -> u64 {
        INODE
            + match self {
                Node::File(_) => FILE,
                Node::Link(target) => target.len() as u64,
                Node::Directory { .. } => DIRECTORY,
            }
    }
}
