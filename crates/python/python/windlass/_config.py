"""The settings of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional


@dataclass
class Config:
    """Settings, read when an `Engine` is made. Proposals that are None are on or off as the library
    has them: WebAssembly 3.0 is on."""

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
    wasm_bulk_memory: Optional[bool] = None
    wasm_reference_types: Optional[bool] = None
    wasm_simd: Optional[bool] = None
    wasm_relaxed_simd: Optional[bool] = None
    wasm_tail_call: Optional[bool] = None
    wasm_extended_const: Optional[bool] = None
    wasm_multi_memory: Optional[bool] = None
    wasm_memory64: Optional[bool] = None
    wasm_function_references: Optional[bool] = None
    wasm_gc: Optional[bool] = None
    wasm_exceptions: Optional[bool] = None
    wasm_threads: Optional[bool] = None
    wasm_wide_arithmetic: Optional[bool] = None
    wasm_custom_page_sizes: Optional[bool] = None

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.__dataclass_fields__:
            raise AttributeError(f"there is no setting `{name}`")
        super().__setattr__(name, value)
