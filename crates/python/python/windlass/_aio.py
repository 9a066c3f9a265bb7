"""Calls whose host functions are awaited."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._windlass import Caller, Execution, Store


async def finish(execution: Execution, store: "Store | Caller") -> Any:
    """Runs to the end. Other tasks run while a host function is awaited, and every few
    milliseconds. Whoever cancels the task ends the call; the store can be used again."""
    while True:
        event = execution.run(store, slices=True)
        if event == "finished":
            return execution.result
        if event == "pending":
            execution.resume(store, await execution.awaitable)
        elif event == "yielded":
            await asyncio.sleep(0)
        else:
            execution.fail(store)
