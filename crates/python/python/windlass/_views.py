"""Bytes of memories without copies. The stable interface of Python 3.9 has no way for a class to
give its bytes away; a `ctypes` array at their address does, and keeps what keeps them alive."""

from __future__ import annotations

import ctypes
from typing import Any

from ._windlass import Pin


def array(pin: Pin, address: int, size: int) -> "ctypes.Array[ctypes.c_ubyte]":
    """The bytes at the address, which the pin keeps there."""
    bytes_ = (ctypes.c_ubyte * size).from_address(address)
    bytes_._pin = pin  # type: ignore[attr-defined]
    return bytes_


def view(array: "ctypes.Array[ctypes.c_ubyte]") -> memoryview:
    """The same as a view of unsigned bytes; it keeps the array."""
    return memoryview(array).cast("B")


def pointer(array: "ctypes.Array[ctypes.c_ubyte]") -> Any:
    """The address for `ctypes`; it keeps the array. Not by `ctypes.cast`, which makes a cycle: the
    pin would last until Python's collector comes."""
    first = ctypes.c_ubyte.from_address(ctypes.addressof(array))
    first._array = array  # type: ignore[attr-defined]
    return ctypes.pointer(first)
