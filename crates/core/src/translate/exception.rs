//! Exceptions: `throw`, `throw_ref`, `try_table`, and the legacy `try` with its clauses. A try
//! block is no code: only tables ([`Catches`]) say what it catches. Fields of an exception go
//! straight to the slots that the label's operands have by height. At whatever may throw, locals
//! and operands below are in their slots, as at any call.
//!
//! Nothing is moved over the bounds of a try block: it begins and ends with a fence.

use super::{
    TranslateError, Translator,
    branch::Site,
    control::{Frame, FrameKind},
    encode, work,
};
use crate::{
    exec::{
        Catches, Clause, TryBlock,
        code::maps::Stopped,
        machine::place::{Kind, Way},
        pack_const, pack_fields,
        tables::{self, plain},
    },
    room::push,
};
use alloc::{collections::TryReserveError, vec::Vec};
use core::cmp::Reverse;
use windlass_decode::{BlockType, Catches as CatchList};
use windlass_validate::Index;

/// The try blocks of the function so far.
#[derive(Default)]
pub(super) struct Tries {
    pub(super) catches: Catches,
    /// The innermost block that code goes into now.
    pub(super) open: Option<u32>,
    catchers: Catchers,
    /// How many legacy `try`s there were.
    next: usize,
    /// The slot after the function's locals where the outermost of these keeps its exception.
    first_kept: usize,
    kept: usize,
}

/// An open try block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Try {
    block: u32,
    outer: Option<u32>,
    /// The slot that keeps the exception that a clause has caught.
    kept: Option<i16>,
}

impl Tries {
    /// Forgets the last function, for one whose slots behind the locals begin at `first_kept`.
    pub(super) fn clear(&mut self, first_kept: usize) {
        *self = Tries { first_kept, ..Tries::default() };
    }
}

/// A clause for a tag.
struct Tagged {
    catcher: Catcher,
    tag: u32,
    /// The one before for this tag.
    below: Option<usize>,
}

/// The clauses of the open `try_table`s, by what they catch, the innermost last.
#[derive(Default)]
struct Catchers {
    tagged: Vec<Tagged>,
    /// For each tag that was caught, the last of those that catch it, if one does.
    by_tag: Index<Option<usize>>,
    /// Those that catch all; and legacy blocks, whose clauses are not known yet.
    all: Vec<Catcher>,
    /// Those for tags that are imported: they may be the same one under two indices.
    imported: Vec<(Catcher, u32)>,
}

/// Who comes first is the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Catcher {
    block: u32,
    clause: Reverse<usize>,
    /// The frame whose label gets what is caught; none if that is not certain or a reference is
    /// wanted.
    frame: Option<usize>,
}

impl Catchers {
    /// Takes room for so many clauses more.
    fn reserve(&mut self, clauses: usize) -> Result<(), TryReserveError> {
        self.tagged.try_reserve(clauses)?;
        self.by_tag.reserve(clauses)?;
        self.all.try_reserve(clauses)?;
        self.imported.try_reserve(clauses)
    }

    /// A `try_table` begins; its clauses go to the labels of these frames. There is room for them.
    fn open(&mut self, block: u32, clauses: &[Clause], frames: &[usize], imported: u32) {
        work::count(clauses.len());
        for (index, (clause, &frame)) in clauses.iter().zip(frames).enumerate().rev() {
            let frame = clause.reference.is_none().then_some(frame);
            let catcher = Catcher { block, clause: Reverse(index), frame };
            match clause.tag {
                Some(tag) => {
                    let place = self.tagged.len();
                    let below = match self.by_tag.get_mut(tag as usize) {
                        Some(last) => last.replace(place),
                        None => {
                            self.by_tag.insert(tag as usize, Some(place));
                            None
                        }
                    };
                    self.tagged.push(Tagged { catcher, tag, below });
                    if tag < imported {
                        self.imported.push((catcher, tag));
                    }
                }
                None => self.all.push(catcher),
            }
        }
    }

    /// A legacy `try` begins.
    fn open_legacy(&mut self, block: u32) {
        self.all.push(Catcher { block, clause: Reverse(0), frame: None });
    }

    /// The innermost block ends.
    fn close(&mut self, block: u32) {
        while self.all.pop_if(|catcher| catcher.block == block).is_some() {}
        while self.imported.pop_if(|(catcher, _)| catcher.block == block).is_some() {}
        while let Some(last) = self.tagged.pop_if(|tagged| tagged.catcher.block == block) {
            work::count(1);
            if let Some(of_tag) = self.by_tag.get_mut(last.tag as usize) {
                *of_tag = last.below;
            }
        }
    }

    /// The frame whose label gets what is thrown with the tag here, if that is certain and nobody
    /// wants a reference. Below `imported` are the tags that are imported.
    fn find(&self, tag: u32, imported: u32) -> Option<usize> {
        let own = self.by_tag.get(tag as usize).copied().flatten();
        let own = own.map(|place| self.tagged[place].catcher);
        let alias = match self.imported.last() {
            Some(&(catcher, other)) if tag < imported && other != tag => {
                Some(Catcher { frame: None, ..catcher })
            }
            _ => None,
        };
        own.max(alias).max(self.all.last().copied())?.frame
    }
}

impl<'m> Translator<'m> {
    fn tag_kinds(&self, tag: u32) -> impl DoubleEndedIterator<Item = Kind> + Clone + use<'m> {
        let ty = self.source.context.tag_type(tag);
        ty.into_iter().flat_map(|ty| ty.params.iter().copied().map(Kind::from))
    }

    #[inline(never)]
    pub(super) fn throw(&mut self, tag: u32) {
        let kinds = self.tag_kinds(tag);
        self.count_slots(Self::width_of(kinds.clone()));
        // If it is certain who catches it, a throw is a branch.
        let imported = self.source.context.imported.tags;
        if let Some(frame) = self.tries.catchers.find(tag, imported) {
            self.emit_br(frame);
            return self.stop();
        }
        let first = self.stack.len() - kinds.clone().count();
        self.settle(first, true);
        let base = self.top_slot(Self::width_of(kinds));
        self.can_stop(Stopped::Before);
        self.builder.cell(plain::THROW, format_args!("throw {tag} from s{base}"));
        self.builder.push(pack_const(0, base, tag));
        self.stop();
    }

    pub(super) fn throw_ref(&mut self) {
        let Some(&reference) = self.stack.last() else { return };
        let slot = self.slot_of(reference);
        self.emit_throw_ref("throw_ref", slot);
    }

    fn emit_throw_ref(&mut self, name: &str, slot: i16) {
        self.can_stop(Stopped::Before);
        self.builder.cell(plain::THROW_REF, format_args!("{name} s{slot}"));
        self.builder.push(pack_fields([0, slot, 0, 0]));
        self.stop();
    }

    /// `try_table`: the labels of its clauses are those outside.
    #[inline(never)]
    pub(super) fn try_table(
        &mut self,
        ty: BlockType,
        catches: CatchList<'_>,
    ) -> Result<(), TranslateError> {
        let outer_frames = self.frames.len();
        let clauses = catches.iter().count();
        self.take_room(clauses)?;
        let block = self.open_try(None, clauses)?;
        let mut labels = Vec::new();
        labels.try_reserve_exact(clauses)?;
        for (index, catch) in catches.iter().enumerate() {
            let frame = outer_frames - 1 - catch.label as usize;
            let fields = self.label_slot(frame, 0);
            let width = catch.tag.map_or(0, |tag| Self::width_of(self.tag_kinds(tag)));
            let reference = catch.exn.then(|| self.label_slot(frame, width));
            let clause = Clause { tag: catch.tag, target: 0, fields, reference };
            self.tries.catches.blocks[block.block as usize].clauses.push(clause);
            self.aim(frame, Site::Clause { block: block.block, index });
            labels.push(frame);
        }
        let Tries { catches, catchers, .. } = &mut self.state.tries;
        let clauses = &catches.blocks[block.block as usize].clauses;
        catchers.open(block.block, clauses, &labels, self.source.context.imported.tags);
        self.push_frame(FrameKind::TryTable(block), ty);
        Ok(())
    }

    /// Begins a try block here, with room for so many clauses.
    fn open_try(&mut self, kept: Option<i16>, clauses: usize) -> Result<Try, TranslateError> {
        self.settle_locals();
        self.builder.fence();
        let word = self.code_index(self.builder.code.len());
        let block = self.fit_index("try blocks", self.tries.catches.blocks.len());
        let Tries { catches, open, catchers, .. } = &mut self.tries;
        let outer = open.replace(block);
        catches.add(TryBlock { outer, clauses: Default::default() }, clauses)?;
        catchers.reserve(clauses.max(1))?;
        catches.begin(word, *open);
        Ok(Try { block, outer, kept })
    }

    /// The block ends here.
    pub(super) fn close_try(&mut self, block: Try) {
        self.builder.fence();
        let word = self.code_index(self.builder.code.len());
        let Tries { catches, open, catchers, .. } = &mut self.tries;
        catchers.close(block.block);
        *open = block.outer;
        catches.begin(word, block.outer);
    }

    /// The legacy `try`.
    pub(super) fn legacy_try(&mut self, ty: BlockType) -> Result<(), TranslateError> {
        let keeps = self.scanned.rethrown[self.tries.next];
        self.tries.next += 1;
        let kept = self.tries.first_kept + self.tries.kept;
        let kept = keeps.then(|| self.builder.fit(encode::slot(kept)));
        self.tries.kept += usize::from(keeps);
        let block = self.open_try(kept, 0)?;
        self.tries.catchers.open_legacy(block.block);
        self.push_frame(FrameKind::Try(block), ty);
        Ok(())
    }

    /// A legacy `try` in code that is not reachable.
    pub(super) fn skip_legacy_try(&mut self) {
        self.tries.next += 1;
    }

    /// A legacy clause: ends the block, or the clause before.
    pub(super) fn catch(&mut self, tag: Option<u32>) -> Result<(), TranslateError> {
        let Some(mut frame) = self.frames.pop() else { return Ok(()) };
        if self.unreachable.take().is_none() {
            self.settle(frame.base, true);
            let origin = self.builder.cell(tables::br(Way::Jump), "br end");
            self.builder.push(0);
            self.add_patch(&mut frame.patches, Site::Cell { word: origin, origin });
        }
        let block = match frame.kind {
            FrameKind::Try(block) => {
                self.close_try(block);
                block
            }
            FrameKind::Catch(block) => block,
            _ => unreachable!("validation has a clause belong to a try"),
        };
        self.builder.forget();
        self.truncate(frame.base);
        let (target, fields) = (self.code_index(self.builder.code.len()), self.next_slot());
        let clause = Clause { tag, target, fields, reference: block.kept };
        push(&mut self.tries.catches.blocks[block.block as usize].clauses, clause)?;
        if let Some(tag) = tag {
            self.push_temps(self.tag_kinds(tag));
        }
        self.settled = self.stack.len();
        self.regions.set(frame.region);
        frame.kind = FrameKind::Catch(block);
        frame.try_block = block.outer;
        self.frames.push(frame);
        self.open_arm();
        Ok(())
    }

    /// A legacy `try` ends, or its last clause.
    pub(super) fn end_legacy_try(&mut self, block: Try) {
        self.tries.kept -= usize::from(block.kept.is_some());
    }

    /// Legacy `delegate`: the end of a `try` that leaves what it would catch to the block that
    /// `label`, counted from outside, is in.
    pub(super) fn delegate(&mut self, label: u32) {
        let to = self.frames.len() - 2 - label as usize;
        let outer = self.frames[to].try_block;
        if let Some(FrameKind::Try(block)) = self.frames.last().map(|frame| frame.kind) {
            self.tries.catches.blocks[block.block as usize].outer = outer;
        }
        self.end();
    }

    /// Legacy `rethrow`: what the clause has caught.
    pub(super) fn rethrow(&mut self, label: u32) {
        let FrameKind::Catch(Try { kept: Some(slot), .. }) = self.frames[self.frame_of(label)].kind
        else {
            unreachable!("validation has the label be a clause, whose exception the prescan kept")
        };
        self.emit_throw_ref("rethrow", slot);
    }

    /// What was thrown to the function's own label is returned from here.
    pub(super) fn land_results(&mut self, frame: &Frame) {
        if frame.patches.is_none() {
            return;
        }
        self.land_all(frame.patches);
        self.builder.forget();
        self.truncate(0);
        self.push_temps(self.results(frame.ty));
        self.emit_return();
    }
}
