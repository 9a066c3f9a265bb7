// What programs do: objects, closures, strings, regular expressions, JSON, typed arrays, classes.
"use strict";
const out = [];
let seed = 42;
const random = (n) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;

class Shape {
  constructor(x, y) { this.x = x; this.y = y; }
  area() { return 0; }
}
class Box extends Shape {
  constructor(x, y, w, h) { super(x, y); this.w = w; this.h = h; }
  area() { return this.w * this.h; }
}
class Disc extends Shape {
  constructor(x, y, r) { super(x, y); this.r = r; }
  area() { return 3.14159 * this.r ** 2; }
}

function shapes() {
  const all = [];
  for (let i = 0; i < 2500; i++)
    all.push(i % 3 ? new Box(random(9), i, random(20), 3) : new Disc(i, random(9), random(7)));
  return all.map((s) => s.area()).filter((a) => a > 5).reduce((a, b) => a + b, 0).toFixed(3);
}

function counts() {
  const map = new Map(), object = {};
  for (let i = 0; i < 4000; i++) {
    const key = "k" + random(97);
    map.set(key, (map.get(key) ?? 0) + 1);
    object[key] = (object[key] || 0) + i;
  }
  const order = (a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
  return [...map].sort(order).slice(0, 5) + object.k7;
}

function text() {
  let s = "";
  for (let i = 0; i < 600; i++) s += `item ${i}: ${random(1000)}${i % 9 ? "; " : ".\n"}`;
  const found = s.replace(/(\w+) (\d+): (\d+)/g, (_, a, b, c) => `${c}-${b}-${a[0]}`);
  const lengths = found.split(/[;\n]\s*/).map((part) => part.trim().length);
  return lengths.join("").length + s.indexOf("item 599");
}

function json() {
  const make = (depth) =>
    depth
      ? { a: [make(depth - 1), depth, "x".repeat(depth)], b: { c: make(depth - 1), d: null } }
      : depth;
  const value = make(7);
  const again = JSON.parse(JSON.stringify(value));
  return JSON.stringify(again, (k, v) => (k === "d" ? undefined : v)).length;
}

function numeric() {
  const n = 28, a = new Float64Array(n * n), b = new Float64Array(n * n);
  for (let i = 0; i < n * n; i++) { a[i] = i % 7; b[i] = (i * 3) % 11; }
  let sum = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let x = 0;
      for (let k = 0; k < n; k++) x += a[i * n + k] * b[k * n + j];
      sum = (sum * 3 + x) % 1000003;
    }
  return sum;
}

function* walk(tree) {
  if (tree) { yield* walk(tree.l); yield tree.k; yield* walk(tree.r); }
}

function trees() {
  let root = null;
  const insert = (t, k) => {
    if (!t) return { k, l: null, r: null };
    return k < t.k ? { ...t, l: insert(t.l, k) } : { ...t, r: insert(t.r, k) };
  };
  for (let i = 0; i < 250; i++) root = insert(root, random(10000));
  let sum = 0, i = 0;
  for (const k of walk(root)) sum += k * ++i;
  return sum;
}

function thrown() {
  let caught = 0;
  for (let i = 0; i < 600; i++)
    try {
      if (i % 3 === 0) throw new RangeError("r" + i);
      null.x;
    } catch (e) {
      caught += e instanceof RangeError ? 1 : 7;
    }
  return caught;
}

const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
for (const f of [shapes, counts, text, json, numeric, trees, thrown]) out.push(f.name + "=" + f());
out.push(fib(18), (123456789n ** 20n % 1000000007n).toString());
out.join("\n") + "\ndone";
