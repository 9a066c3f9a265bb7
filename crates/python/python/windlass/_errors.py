"""The exceptions of this package."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, List, NamedTuple, Optional

if TYPE_CHECKING:
    from ._windlass import Backtrace


class WindlassError(Exception):
    """Whatever goes wrong in this package; those below say what it was."""


WasmtimeError = WindlassError
"""The name that the package `wasmtime` has for it."""


class CompileError(WindlassError):
    """The bytes are no valid module."""


class LinkError(WindlassError):
    """An import is missing, or of another type."""


class StoreInUse(WindlassError):
    """Another thread uses the store, or this one is in the middle of something with it."""


class MemoryInUse(WindlassError, BufferError):
    """The memory would have to move, and can't while there are views of it."""


class UncaughtException(WindlassError):
    """The guest threw an exception that nobody caught."""


class ExitTrap(WindlassError):
    """The guest ended itself by WASI's `proc_exit`, with `code`."""

    code: int

    def __init__(self, code: int) -> None:
        super().__init__(f"exited with code {code}")
        self.code = code


class TrapCode(Enum):
    """Why a guest trapped."""

    UNREACHABLE = "Unreachable"
    MEMORY_OUT_OF_BOUNDS = "MemoryOutOfBounds"
    TABLE_OUT_OF_BOUNDS = "TableOutOfBounds"
    UNDEFINED_ELEMENT = "UndefinedElement"
    INDIRECT_CALL_TO_NULL = "UninitializedElement"
    BAD_SIGNATURE = "IndirectCallTypeMismatch"
    INTEGER_OVERFLOW = "IntegerOverflow"
    INTEGER_DIVISION_BY_ZERO = "IntegerDivideByZero"
    BAD_CONVERSION_TO_INTEGER = "InvalidConversionToInteger"
    STACK_OVERFLOW = "StackOverflow"
    NULL_REFERENCE = "NullReference"
    NULL_FUNCTION_REFERENCE = "NullFunctionReference"
    NULL_STRUCTURE_REFERENCE = "NullStructureReference"
    NULL_ARRAY_REFERENCE = "NullArrayReference"
    NULL_I31_REFERENCE = "NullI31Reference"
    NULL_EXCEPTION_REFERENCE = "NullExceptionReference"
    ARRAY_OUT_OF_BOUNDS = "ArrayOutOfBounds"
    CAST_FAILURE = "CastFailure"
    ALLOCATION_TOO_LARGE = "AllocationTooLarge"
    HEAP_MISALIGNED = "UnalignedAtomic"
    ATOMIC_WAIT_NON_SHARED_MEMORY = "ExpectedSharedMemory"
    CANNOT_SUSPEND = "CannotSuspend"
    OUT_OF_FUEL = "OutOfFuel"
    INTERRUPT = "Interrupted"


class Frame(NamedTuple):
    """A call of the guest. Offsets are in bytes: of the instruction, in the module and in the
    function's body."""

    func_index: int
    func_name: Optional[str]
    module_name: Optional[str]
    module_offset: int
    func_offset: int


class Trap(WindlassError):
    """The guest did what it must not, or was stopped. A host function that raises one ends the
    guest with it."""

    message: str
    trap_code: Optional[TrapCode]

    def __init__(
        self, message: str, code: Optional[str] = None, backtrace: Optional[Backtrace] = None
    ) -> None:
        super().__init__(message)
        self.message = message
        known = {each.value for each in TrapCode}
        self.trap_code = TrapCode(code) if code in known else None
        self._backtrace = backtrace

    @property
    def frames(self) -> List[Frame]:
        """The guest's calls, the innermost first; at most 64."""
        if self._backtrace is None:
            return []
        return [Frame(*frame) for frame in self._backtrace.frames()]

    def __str__(self) -> str:
        if self._backtrace is None:
            return self.message
        return f"{self.message}\n{self._backtrace}"
