"""Plugins that are not trusted: limits on memory and fuel, and what comes of those who exceed them.

`python examples/plugin_host.py`
"""

from typing import Dict

import windlass
from windlass import Config, Engine, Linker, Module, Store

PLUGINS: Dict[str, str] = {
    "honest": """(func (export "price") (param f64) (result f64)
        (f64.mul (local.get 0) (f64.const 1.19)))""",
    "greedy": """(memory 1) (func (export "price") (param f64) (result f64)
        (if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then unreachable))
        (local.get 0))""",
    "endless": """(func $wait (export "price") (param f64) (result f64)
        (loop (br 0)) (local.get 0))""",
    "curious": """(import "host" "files" (func)) (func (export "price") (param f64) (result f64)
        (local.get 0))""",
}

engine = Engine(Config(consume_fuel=True))
linker = Linker(engine)


def price(text: str, net: float) -> float:
    """What a plugin says, in a store of its own."""
    store = Store(engine)
    store.set_fuel(100_000)
    store.set_limits(memory_size=1 << 20)
    instance = linker.instantiate(store, Module(engine, text))
    func = instance.exports(store)["price"]
    assert isinstance(func, windlass.Func)
    result = func(store, net)
    assert isinstance(result, float)
    return result


for name, text in PLUGINS.items():
    try:
        print(f"{name}: {price(text, 100.0):.2f}")
    except windlass.WindlassError as error:
        print(f"{name}: {str(error).splitlines()[0]}")
