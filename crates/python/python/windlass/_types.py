"""Types of functions and of what modules import and export. A value's type is `ValType`; where
one is wanted, its name in the text format will do, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Sequence, Union

from ._windlass import ValType, _check_memory_type, _check_table_type

AnyValType = Union[ValType, str]


def _val_types(types: Sequence[AnyValType]) -> List[ValType]:
    types = [ValType(ty) if isinstance(ty, str) else ty for ty in types]
    for ty in types:
        if not isinstance(ty, ValType):
            raise TypeError(f"expected a ValType or its name, not `{type(ty).__name__}`")
    return types  # type: ignore[return-value]


@dataclass(frozen=True, init=False)
class FuncType:
    """The type of a function."""

    params: List[ValType]
    results: List[ValType]

    def __init__(self, params: Sequence[AnyValType], results: Sequence[AnyValType]) -> None:
        object.__setattr__(self, "params", _val_types(params))
        object.__setattr__(self, "results", _val_types(results))


@dataclass(frozen=True)
class Limits:
    """How large something is at least and at most, in pages or elements."""

    min: int
    """What there is in the beginning."""
    max: Optional[int] = None
    """None if only the index type bounds it."""


@dataclass(frozen=True, init=False)
class MemoryType:
    """The type of a memory. `page_size_log2` is 16, or 0 for pages of one byte."""

    limits: Limits
    is_64: bool
    is_shared: bool
    page_size_log2: int

    def __init__(
        self,
        limits: Limits,
        is_64: bool = False,
        shared: bool = False,
        page_size_log2: int = 16,
    ) -> None:
        object.__setattr__(self, "limits", limits)
        object.__setattr__(self, "is_64", is_64)
        object.__setattr__(self, "is_shared", shared)
        object.__setattr__(self, "page_size_log2", page_size_log2)
        _check_memory_type(self)

    @property
    def page_size(self) -> int:
        """How many bytes a page has."""
        return 1 << self.page_size_log2


@dataclass(frozen=True, init=False)
class GlobalType:
    """The type of a global."""

    content: ValType
    mutable: bool

    def __init__(self, valtype: AnyValType, mutable: bool) -> None:
        object.__setattr__(self, "content", _val_types([valtype])[0])
        object.__setattr__(self, "mutable", mutable)


@dataclass(frozen=True, init=False)
class TableType:
    """The type of a table."""

    element: ValType
    limits: Limits
    is_64: bool

    def __init__(self, valtype: AnyValType, limits: Limits, is_64: bool = False) -> None:
        object.__setattr__(self, "element", _val_types([valtype])[0])
        object.__setattr__(self, "limits", limits)
        object.__setattr__(self, "is_64", is_64)
        _check_table_type(self)


@dataclass(frozen=True)
class TagType:
    """The type of a tag of exceptions: its parameters are the fields of one."""

    functype: FuncType


ExternType = Union[FuncType, MemoryType, GlobalType, TableType, TagType]


@dataclass(frozen=True)
class ImportType:
    """What a module imports."""

    module: str
    name: str
    type: ExternType


@dataclass(frozen=True)
class ExportType:
    """What a module exports."""

    name: str
    type: ExternType
