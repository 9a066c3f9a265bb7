//! Memory instructions: loads and stores of all kinds, whose operands the table gives but for the
//! address, and bulk operations. Also lanes.

use crate::signature::size_log2;
use crate::{Error, FuncValidator, InvalidKind, Operand};
use windlass_decode::{Imm, Instr, MemArg, MemoryType, Shape};

impl FuncValidator<'_> {
    fn memory(&self, memory: u32) -> Result<MemoryType, Error> {
        self.at(&self.ctx.memories, memory, "memory")
    }

    /// The type of a memory's addresses.
    fn memory_addr(&self, memory: u32) -> Result<Operand, Error> {
        Ok(self.memory(memory)?.limits.addr_type().into())
    }

    /// A load, store or atomic access.
    pub(crate) fn access(&mut self, instr: &Instr<'_>) -> Result<(), Error> {
        let info = instr.op.info();
        let arg = match instr.imm {
            Imm::Mem(arg) => arg,
            Imm::MemLane(arg, lane) => {
                self.check_lane(lane, 16 >> size_log2(instr.op))?;
                arg
            }
            _ => return Ok(()),
        };
        let addr = self.check_memarg(instr, arg)?;
        // The address lies below the other operands, of which there are two at most.
        match *info.params {
            [] => self.pop(addr)?,
            [a] => self.pop_all(&[addr, a.into()])?,
            [a, b] => self.pop_all(&[addr, a.into(), b.into()])?,
            _ => {
                self.pop_all(info.params)?;
                self.pop(addr)?;
            }
        }
        self.push_all(info.results)
    }

    /// The type of the address.
    fn check_memarg(&self, instr: &Instr<'_>, arg: MemArg) -> Result<Operand, Error> {
        let memory = self.memory(arg.memory)?;
        let (found, natural) = (arg.align, size_log2(instr.op));
        if found > natural {
            return Err(self.error(InvalidKind::Alignment { found, natural }));
        }
        if found < natural && is_atomic(instr.op.info().shape) {
            return Err(self.error(InvalidKind::AtomicAlignment { found, natural }));
        }
        if !memory.limits.is64 && arg.offset > u32::MAX.into() {
            return Err(self.error(InvalidKind::OffsetOutOfRange(arg.offset)));
        }
        Ok(memory.limits.addr_type().into())
    }

    /// The lanes of `i8x16.shuffle`, `extract_lane` and `replace_lane`.
    pub(crate) fn check_lanes(&self, instr: &Instr<'_>) -> Result<(), Error> {
        match instr.imm {
            Imm::Lane(lane) => self.check_lane(lane, 16 >> size_log2(instr.op)),
            Imm::Lanes(lanes) => lanes.iter().try_for_each(|&lane| self.check_lane(lane, 32)),
            _ => Ok(()),
        }
    }

    fn check_lane(&self, index: u8, lanes: u8) -> Result<(), Error> {
        if index < lanes {
            return Ok(());
        }
        Err(self.error(InvalidKind::InvalidLaneIndex { index, lanes }))
    }

    pub(crate) fn memory_size(&mut self, memory: u32) -> Result<(), Error> {
        let addr = self.memory_addr(memory)?;
        self.push(addr);
        Ok(())
    }

    pub(crate) fn memory_grow(&mut self, memory: u32) -> Result<(), Error> {
        let addr = self.memory_addr(memory)?;
        self.pop(addr)?;
        self.push(addr);
        Ok(())
    }

    pub(crate) fn memory_fill(&mut self, memory: u32) -> Result<(), Error> {
        let addr = self.memory_addr(memory)?;
        self.pop_all(&[addr, Operand::I32, addr])
    }

    pub(crate) fn memory_copy(&mut self, to: u32, from: u32) -> Result<(), Error> {
        let (to, from) = (self.memory_addr(to)?, self.memory_addr(from)?);
        self.pop_all(&[to, from, narrower(to, from)])
    }

    pub(crate) fn memory_init(&mut self, data: u32, memory: u32) -> Result<(), Error> {
        let addr = self.memory_addr(memory)?;
        self.check_data(data)?;
        self.pop_all(&[addr, Operand::I32, Operand::I32])
    }

    /// There must be such a data segment, and a data count section, as code comes before data.
    pub(crate) fn check_data(&self, index: u32) -> Result<(), Error> {
        match self.ctx.data_count {
            None => Err(self.malformed("data count section required")),
            Some(count) if index < count => Ok(()),
            Some(_) => Err(self.error(InvalidKind::Unknown { space: "data segment", index })),
        }
    }
}

/// The type of a length that fits both address types.
pub(crate) fn narrower(a: Operand, b: Operand) -> Operand {
    if a == b { a } else { Operand::I32 }
}

fn is_atomic(shape: Shape) -> bool {
    matches!(
        shape,
        Shape::atomic_load
            | Shape::atomic_store
            | Shape::atomic_rmw
            | Shape::atomic_cmpxchg
            | Shape::atomic_wait
            | Shape::atomic_notify
    )
}
