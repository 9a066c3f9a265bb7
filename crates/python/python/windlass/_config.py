"""The settings of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional

_NOTHING = frozenset(
    """cache cranelift_debug_verifier cranelift_opt_level debug_info macos_use_mach_ports
    memory_guard_size memory_init_cow memory_may_move memory_reservation
    memory_reservation_for_growth native_unwind_info parallel_compilation profiler shared_memory
    signals_based_traps strategy""".split()
)
_OTHER_NAMES = {"cranelift_nan_canonicalization": "canonicalize_nans"}


@dataclass
class Config:
    """Settings, read when an `Engine` is made. Proposals that are None are on or off as the library
    has them: WebAssembly 3.0 is on.

    What the package `wasmtime` has for making machine code and for its memories may be assigned,
    and does nothing: `debug_info`, `strategy`, `profiler`, `cache`, `parallel_compilation`, the
    `cranelift_` settings and the like. So does `shared_memory`: a `SharedMemory` can always be
    made. `cranelift_nan_canonicalization` is `canonicalize_nans`."""

    consume_fuel: bool = False
    """Guests use fuel: `Store.set_fuel`."""
    interrupts: bool = True
    """Guests look for interrupts, so that KeyboardInterrupt and deadlines stop them. Without it
    they are faster, by 3 to 21 per cent where it was measured, and nothing stops them."""
    epoch_interruption: bool = False
    """Implies `interrupts`."""
    max_wasm_stack: int = 8 << 20
    """The bytes that the value stack of a guest may take."""
    compilation_mode: Literal["eager", "lazy", "lazy translation"] = "lazy translation"
    """When functions are validated and translated: both at once, both when first called, or
    validated at once and translated when first called."""
    canonicalize_nans: Optional[bool] = None
    """Every NaN that is made has the same bits."""
    wasm_multi_value: Optional[bool] = None
    """Functions and blocks with several results."""
    wasm_bulk_memory: Optional[bool] = None
    """Copying and filling memories and tables by one instruction."""
    wasm_reference_types: Optional[bool] = None
    """References as values; several tables."""
    wasm_simd: Optional[bool] = None
    """Vectors of 128 bits."""
    wasm_relaxed_simd: Optional[bool] = None
    """Vector instructions whose results may differ between hosts."""
    wasm_tail_call: Optional[bool] = None
    """Calls in place of the caller."""
    wasm_extended_const: Optional[bool] = None
    """Sums and products in constant expressions."""
    wasm_multi_memory: Optional[bool] = None
    """Several memories."""
    wasm_memory64: Optional[bool] = None
    """Memories and tables with 64-bit indices."""
    wasm_function_references: Optional[bool] = None
    """Typed references to functions."""
    wasm_gc: Optional[bool] = None
    """Structures and arrays that are collected."""
    wasm_exceptions: Optional[bool] = None
    """Exceptions."""
    wasm_threads: Optional[bool] = None
    """Shared memories and atomic instructions."""
    wasm_wide_arithmetic: Optional[bool] = None
    """Sums and products of 128 bits."""
    wasm_custom_page_sizes: Optional[bool] = None
    """Memories with pages of one byte."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _NOTHING:
            return
        name = _OTHER_NAMES.get(name, name)
        if name not in self.__dataclass_fields__:
            raise AttributeError(f"there is no setting `{name}`")
        super().__setattr__(name, value)
