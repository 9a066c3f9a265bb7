# What programs do: records, data structures, text, caches, iterators, numbers.
import heapq, math
from functools import lru_cache, reduce
from itertools import chain, combinations, groupby


def numbers(seed, count, below):
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (seed >> 33) % below


class Task:
    def __init__(self, priority, name):
        self.priority, self.name, self.needs = priority, name, []

    def __lt__(self, other):
        return (self.priority, self.name) < (other.priority, other.name)


def schedule():
    tasks = [Task(p, "t%d" % i) for i, p in enumerate(numbers(1, 30, 50))]
    for i, n in enumerate(numbers(2, 30, 30)):
        if n < i:
            tasks[i].needs.append(tasks[n])
    done, order, heap = set(), [], list(tasks)
    heapq.heapify(heap)
    while heap:
        task = heapq.heappop(heap)
        if all(need.name in done for need in task.needs):
            done.add(task.name)
            order.append(task.name)
        else:
            task.priority += 1
            heapq.heappush(heap, task)
    return " ".join(order[:12])


def text():
    counts = {}
    for k in range(60):
        word = "".join(chr(97 + n % 5) for n in numbers(k, 2 + k % 5, 26))
        counts[word[:2]] = counts.get(word[:2], 0) + len(word.replace("a", "-").title().strip("-"))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]


@lru_cache(maxsize=None)
def ways(amount, coins):
    if amount == 0:
        return 1
    return sum(ways(amount - coins[i], coins[i:]) for i in range(len(coins)) if coins[i] <= amount)


def life(steps):
    cells = {(n % 20, m % 20) for n, m in zip(numbers(5, 60, 400), numbers(6, 60, 400))}
    for _ in range(steps):
        near = {}
        for x, y in cells:
            for cell in ((x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j):
                near[cell] = near.get(cell, 0) + 1
        cells = {cell for cell, n in near.items() if n == 3 or n == 2 and cell in cells}
    return len(cells), sum(x * y for x, y in cells)


def records():
    rows = enumerate(numbers(8, 30, 1000))
    data = [{"id": i, "tag": "x" * (n % 4), "at": n / 8} for i, n in rows]
    again = eval(repr(data))
    groups = groupby(sorted(again, key=lambda r: len(r["tag"])), key=lambda r: len(r["tag"]))
    return [(key, round(sum(r["at"] for r in group), 3)) for key, group in groups]


print(schedule())
print(text())
print(ways(25, (20, 10, 5, 2, 1)))
print(life(1))
print(records())
print(sum(1 for c in combinations(range(9), 4) if sum(c) % 5 == 0))
print(reduce(lambda a, b: (a * b + 1) % 1000003, range(1, 200)))
print(math.factorial(100) % 1000003, "%.10f" % sum(n**0.5 for n in range(100)))
print("".join(chain.from_iterable(sorted(str(n)) for n in numbers(9, 30, 100000)))[:60])
print("done")
