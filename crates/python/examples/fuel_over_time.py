"""# How a guest uses fuel and memory

A notebook in cells (`# %%`): a guest sorts more and more numbers, and stops every 20,000 units of
fuel to be looked at. With matplotlib, `fuel_over_time.png` is what came of it; `--no-plot` prints
the last of it instead.
"""

# %%
import sys
from typing import List, Tuple

import windlass
from windlass import Config, Engine, Store

SORT = """
(module
  (memory (export "memory") 1)
  (global $size (export "size") (mut i32) (i32.const 0))
  (func $push (param $n i32) (local $at i32)
    (if (i32.ge_u (i32.mul (i32.add (global.get $size) (i32.const 1)) (i32.const 64))
                  (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.const 1)))))
    (local.set $at (global.get $size))
    (block $found
      (loop $next
        (br_if $found (i32.eqz (local.get $at)))
        (br_if $found (i32.le_u
          (i32.load (i32.mul (i32.sub (local.get $at) (i32.const 1)) (i32.const 64)))
          (local.get $n)))
        (i32.store (i32.mul (local.get $at) (i32.const 64))
          (i32.load (i32.mul (i32.sub (local.get $at) (i32.const 1)) (i32.const 64))))
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.store (i32.mul (local.get $at) (i32.const 64)) (local.get $n))
    (global.set $size (i32.add (global.get $size) (i32.const 1))))
  (func (export "sort") (param $count i32) (local $seed i32)
    (loop $next
      (local.set $seed
        (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
      (call $push (i32.shr_u (local.get $seed) (i32.const 8)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
"""

# %% The guest runs in pieces.
store = Store(Engine(Config(consume_fuel=True)))
guest = windlass.load(SORT, store=store)
store.set_fuel(20_000)
execution = guest.sort.start(3000)
seen: List[Tuple[int, int, int]] = []
used = 0
event = ""
while event != "finished":
    store.set_fuel(20_000)
    event = execution.run(store)
    used += 20_000 - store.get_fuel()
    seen.append((used, guest.size.value, guest.memory.size))

# %% Without a copy: the numbers are where the guest has them.
view = guest.memory.view().cast("I")
numbers = [view[16 * index] for index in range(guest.size.value)]
assert numbers == sorted(numbers)

# %% The plot.
print(f"{seen[-1][1]} numbers in {seen[-1][2]} pages, sorted for {seen[-1][0]} units of fuel")
if "--no-plot" not in sys.argv:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (above, below) = pyplot.subplots(2, sharex=True, figsize=(7, 5))
    fuel = [each[0] / 1e6 for each in seen]
    above.plot(fuel, [each[1] for each in seen])
    above.set_ylabel("numbers sorted")
    below.step(fuel, [each[2] for each in seen], where="post", color="tab:red")
    below.set_ylabel("memory, pages")
    below.set_xlabel("fuel, millions of units")
    figure.suptitle("Insertion sort in a guest")
    figure.tight_layout()
    figure.savefig("fuel_over_time.png", dpi=100)
