"""Memories, and what they are seen as: bytes, and numbers of one size."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, Any, Iterator, List, Sequence, Union

import windlass

from .._load import BoundMemory
from ._types import MemoryType, type_of

if TYPE_CHECKING:
    from ._modules import Store

Buffer = memoryview
"""What `Memory.buffer` is: the bytes, without a copy."""


class _View:
    """A memory as numbers of one size; indices count them, from `offset` numbers on."""

    _number = struct.Struct("<B")

    def __init__(self, memory: BoundMemory, offset: int) -> None:
        self._memory = memory
        self._offset = offset

    @property
    def bytes_per_element(self) -> int:
        """How many bytes a number has."""
        return self._number.size

    def __len__(self) -> int:
        return max(len(self._memory) // self._number.size - self._offset, 0)

    def _range(self, index: slice) -> range:
        wanted = range(*index.indices(len(self)))
        if wanted.step < 1:
            raise IndexError(f"the step of a slice must be positive, not {wanted.step}")
        if wanted.start > wanted.stop:
            raise IndexError(f"a slice from {wanted.start} to {wanted.stop} ends before it begins")
        return wanted

    def _at(self, index: Any) -> int:
        """Where a number lies."""
        if not hasattr(index, "__index__"):
            raise ValueError(f"an index is an integer or a slice, not `{type(index).__name__}`")
        at: int = index.__index__()
        if at < 0:
            raise IndexError("an index cannot be negative")
        if at >= len(self):
            raise IndexError(f"index {at} is out of bounds: the view has {len(self)} elements")
        return (self._offset + at) * self._number.size

    def _read(self, wanted: range) -> List[Any]:
        size = self._number.size
        start, stop = (self._offset + wanted.start) * size, (self._offset + wanted.stop) * size
        numbers = [number for (number,) in self._number.iter_unpack(self._memory[start:stop])]
        return numbers[:: wanted.step]

    def __getitem__(self, index: Union[int, slice]) -> Any:
        if isinstance(index, slice):
            return self._read(self._range(index))
        at = self._at(index)
        return self._number.unpack(self._memory[at : at + self._number.size])[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self[:])

    def __setitem__(self, index: Union[int, slice], value: Any) -> None:
        if not isinstance(index, slice):
            self._memory.write(self._at(index), self._packed([value]))
            return
        # As far as both reach: scripts rely on it.
        wanted = self._range(index)
        values = list(itertools.islice(value, len(wanted)))
        if wanted.step == 1 and values:
            self._memory.write(self._at(wanted.start), self._packed(values))
            return
        for at, each in zip(wanted, values):
            self[at] = each

    def _packed(self, values: Sequence[Any]) -> bytes:
        try:
            return b"".join(map(self._number.pack, values))
        except struct.error as error:
            # What is too large, and what is no number.
            raised = OverflowError if all(map(_is_number, values)) else TypeError
            raise raised(str(error)) from error


def _is_number(value: object) -> bool:
    return hasattr(value, "__index__") or isinstance(value, float)


class Uint8Array(_View):
    """Unsigned bytes."""


class Int8Array(_View):
    """Signed bytes."""

    _number = struct.Struct("<b")


class Uint16Array(_View):
    """Unsigned numbers of 16 bits."""

    _number = struct.Struct("<H")


class Int16Array(_View):
    """Signed numbers of 16 bits."""

    _number = struct.Struct("<h")


class Uint32Array(_View):
    """Unsigned numbers of 32 bits."""

    _number = struct.Struct("<I")


class Int32Array(_View):
    """Signed numbers of 32 bits."""

    _number = struct.Struct("<i")


class Uint64Array(_View):
    """Unsigned numbers of 64 bits."""

    _number = struct.Struct("<Q")


class Int64Array(_View):
    """Signed numbers of 64 bits."""

    _number = struct.Struct("<q")


class Float32Array(_View):
    """Floating point numbers of 32 bits."""

    _number = struct.Struct("<f")


class Float64Array(_View):
    """Floating point numbers of 64 bits."""

    _number = struct.Struct("<d")


class Memory:
    """A memory: a guest's, or one that is made here. Offsets of views count their numbers."""

    def __init__(self, store: Store, memory_type: MemoryType) -> None:
        limits = windlass.Limits(memory_type.minimum, memory_type.maximum)
        ty = windlass.MemoryType(limits, shared=memory_type.shared)
        try:
            made = windlass.Memory(store._store, ty)
        except (windlass.WindlassError, TypeError) as error:
            raise RuntimeError(str(error)) from error
        self._memory = BoundMemory(store._store, made)

    @classmethod
    def _of(cls, memory: BoundMemory) -> Memory:
        made = cls.__new__(cls)
        made._memory = memory
        return made

    @property
    def type(self) -> MemoryType:
        """The type."""
        found: MemoryType = type_of(self._memory.memory.type(self._memory.store))
        return found

    @property
    def size(self) -> int:
        """The size in pages."""
        return self._memory.size

    @property
    def data_size(self) -> int:
        """The size in bytes."""
        return len(self._memory)

    def grow(self, number_of_pages: int) -> int:
        """Adds pages; returns how many there were."""
        try:
            return self._memory.grow(number_of_pages)
        except BufferError:
            raise
        except windlass.WindlassError as error:
            raise RuntimeError(str(error)) from error

    @property
    def buffer(self) -> Buffer:
        """The bytes, without a copy: for `memoryview`, `bytearray`, indices and slices. It keeps
        the size that the memory has now; while it lives, the memory grows only where it is."""
        return self._memory.view()

    def uint8_view(self, offset: int = 0) -> Uint8Array:
        """The memory as numbers."""
        return Uint8Array(self._memory, offset)

    def int8_view(self, offset: int = 0) -> Int8Array:
        """The memory as numbers."""
        return Int8Array(self._memory, offset)

    def uint16_view(self, offset: int = 0) -> Uint16Array:
        """The memory as numbers."""
        return Uint16Array(self._memory, offset)

    def int16_view(self, offset: int = 0) -> Int16Array:
        """The memory as numbers."""
        return Int16Array(self._memory, offset)

    def uint32_view(self, offset: int = 0) -> Uint32Array:
        """The memory as numbers."""
        return Uint32Array(self._memory, offset)

    def int32_view(self, offset: int = 0) -> Int32Array:
        """The memory as numbers."""
        return Int32Array(self._memory, offset)

    def uint64_view(self, offset: int = 0) -> Uint64Array:
        """The memory as numbers."""
        return Uint64Array(self._memory, offset)

    def int64_view(self, offset: int = 0) -> Int64Array:
        """The memory as numbers."""
        return Int64Array(self._memory, offset)

    def float32_view(self, offset: int = 0) -> Float32Array:
        """The memory as numbers."""
        return Float32Array(self._memory, offset)

    def float64_view(self, offset: int = 0) -> Float64Array:
        """The memory as numbers."""
        return Float64Array(self._memory, offset)
