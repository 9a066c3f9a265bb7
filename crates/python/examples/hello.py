"""A guest that calls Python, and is called: `python examples/hello.py`."""

import windlass

GUEST = """
(module
  (import "env" "print" (func $print (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "hello from a guest")
  (func (export "hello") (call $print (i32.const 0) (i32.const 18)))
  (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))
"""


def show(at: int, size: int) -> None:
    """What the guest imports."""
    print(guest.memory.read_string(at, size))


guest = windlass.load(GUEST, imports={"env": {"print": show}})
guest.hello()
print(guest.add(40, 2))
