"""What an instance exports."""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping, Union

from ._windlass import Func, Global, Memory, SharedMemory, Table, Tag

Item = Union[Func, Global, Memory, SharedMemory, Table, Tag]


class InstanceExports(Mapping[str, Item]):
    """The exports of an instance by name, in the order of its module; each belongs to its store,
    which methods get as their first argument."""

    def __init__(self, items: Dict[str, Item]) -> None:
        self._items = items

    @property
    def by_index(self) -> List[Item]:
        """The exports in the order of the module."""
        return list(self._items.values())

    def __getitem__(self, name: str) -> Item:
        return self._items[name]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)
