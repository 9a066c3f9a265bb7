"""Machines to compile for: accepted by engines, and without effect."""

from __future__ import annotations

import platform
import struct
import sys
from typing import List, Optional


class Triple:
    """The name of a machine, such as "x86_64-linux-musl"."""

    def __init__(self, triple: str) -> None:
        parts = triple.split("-")
        if len(parts) < 2:
            raise ValueError(f"`{triple}` does not name a machine")
        self._triple = triple
        self.architecture = parts[0]
        has_vendor = len(parts) > 3 or parts[1] in ("apple", "pc", "unknown")
        self.vendor = parts[1] if has_vendor else "unknown"
        rest = parts[2:] if has_vendor else parts[1:]
        self.operating_system = rest[0] if rest else "unknown"
        self.environment = rest[1] if len(rest) > 1 else "unknown"

    @staticmethod
    def host() -> Triple:
        """This machine."""
        return Triple(f"{platform.machine()}-unknown-{sys.platform}")

    @property
    def pointer_width(self) -> int:
        """How many bytes an address has, as far as the name tells."""
        if self._triple == str(Triple.host()):
            return struct.calcsize("P")
        return 8 if "64" in self.architecture or self.architecture == "s390x" else 4

    def __str__(self) -> str:
        return self._triple


class CpuFeatures:
    """Features of a CPU, by name."""

    def __init__(self) -> None:
        self._names: List[str] = []

    def add(self, feature: str) -> None:
        """Adds one."""
        self._names.append(feature)


class Target:
    """A machine with features."""

    def __init__(self, triple: Triple, cpu_features: Optional[CpuFeatures] = None) -> None:
        self.triple = triple
        self.cpu_features = CpuFeatures() if cpu_features is None else cpu_features
