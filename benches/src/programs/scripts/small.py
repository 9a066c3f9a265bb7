# What small programs do: dictionaries, strings, closures, classes, generators, exceptions, numbers.
class Node:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None

    def insert(self, key):
        side = "left" if key < self.key else "right"
        child = getattr(self, side)
        if child is None:
            setattr(self, side, Node(key))
        else:
            child.insert(key)

    def walk(self):
        if self.left:
            yield from self.left.walk()
        yield self.key
        if self.right:
            yield from self.right.walk()


def numbers(seed, count):
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) % 2147483648
        yield seed // 65536 % 1000


def words(count):
    counts = {}
    for n in numbers(7, count):
        word = "w" + str(n % 50) + "abc"[n % 3]
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:8]


def sieve(n):
    flags = bytearray(n + 1)
    for i in range(2, n + 1):
        if not flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = 1
    return sum(1 for i in range(2, n + 1) if not flags[i])


def parse(text):
    def expression(at, least):
        if text[at] == "(":
            value, at = expression(at + 1, 0)
            at += 1
        else:
            end = at
            while end < len(text) and text[end].isdigit():
                end += 1
            value, at = int(text[at:end]), end
        while at < len(text) and text[at] in "+-*" and (strength := 1 + (text[at] == "*")) > least:
            operator = text[at]
            other, at = expression(at + 1, strength)
            if operator == "*":
                value *= other
            else:
                value += other if operator == "+" else -other
        return value, at

    return expression(0, 0)[0]


def careful(values):
    failures = 0
    for value in values:
        try:
            if value % 5 == 0:
                raise ValueError(value)
            if value % 7 == 0:
                [][value]
        except ValueError as error:
            failures += error.args[0]
        except IndexError:
            failures += 1
    return failures


tree = Node(500)
for n in numbers(1, 700):
    tree.insert(n)
print(sum(i * key for i, key in enumerate(tree.walk())))
print(words(3000))
print(sieve(6000))
texts = ("(%d+%d)*%d-%d*(2+%d)" % (n, n % 7, n % 11, n % 13, n % 3) for n in numbers(3, 150))
print(sum(parse(text) for text in texts))
print(careful(numbers(9, 1500)))
print("%.9f" % sum((n / 7.0) ** 0.5 - 1.0 / (n + 1) for n in numbers(5, 3000)))
print(2 ** 400 % 1000000007, len(str(3 ** 500)))
print("".join(reversed("-".join(str(n) for n in numbers(2, 60)).upper())))
print("done")
