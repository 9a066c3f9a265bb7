// Runs the modules of a folder on V8 and compares with the transcripts beside them, which
// `soak export` has written. `cargo xtask soak oracles` calls it: node v8.mjs FOLDER

import { readdirSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";

const buffer = new DataView(new ArrayBuffer(8));

// A value by its word.
function value(word) {
  const [type, digits] = word.split(":");
  if (digits === "nan") return NaN;
  const bits = BigInt("0x" + digits);
  switch (type) {
    case "i32": return Number(BigInt.asIntN(32, bits));
    case "i64": return BigInt.asIntN(64, bits);
    case "f32": buffer.setUint32(0, Number(bits)); return buffer.getFloat32(0);
    default: buffer.setBigUint64(0, bits); return buffer.getFloat64(0);
  }
}

// The word of a value, of the type that another word has.
function word(value, like) {
  const type = like.split(":")[0];
  if (typeof value === "number" && Number.isNaN(value)) return type + ":nan";
  switch (type) {
    case "i32": return "i32:" + (value >>> 0).toString(16);
    case "i64": return "i64:" + BigInt.asUintN(64, value).toString(16);
    case "f32": buffer.setFloat32(0, value); return "f32:" + buffer.getUint32(0).toString(16);
    default: buffer.setFloat64(0, value); return "f64:" + buffer.getBigUint64(0).toString(16);
  }
}

const CLASSES = [
  [/unreachable/, "unreachable"],
  [/null function|signature mismatch/, "call"],
  [/too large|stack size|out of memory|allocation failed/i, "limit"],
  [/out of bounds|out of range/, "bounds"],
  [/zero|unrepresentable/, "number"],
  [/illegal cast/, "cast"],
  [/null/, "null"],
];

// What kind of thing was wrong.
function kind(error) {
  if (error instanceof WebAssembly.Exception) return "exception";
  const found = CLASSES.find(([pattern]) => pattern.test(error.message));
  return found ? found[1] : "unknown: " + error.message;
}

const name = (hex) => Buffer.from(hex.slice(1), "hex").toString("utf8");

// What a line's right side is here.
function answer(instance, line, expected) {
  const [what, hex, ...args] = line.split(" ").filter((part) => part !== "");
  const item = instance.exports[name(hex)];
  if (what === "global") return word(item.value, expected[0]);
  if (what === "memory") {
    const bytes = new Uint8Array(item.buffer);
    return bytes.length + " " + crc32(bytes).toString(16).padStart(8, "0");
  }
  let results;
  try {
    results = item(...args.map(value));
  } catch (error) {
    return kind(error);
  }
  if (results === undefined) return "";
  if (!Array.isArray(results)) results = [results];
  return results.map((result, at) => word(result, expected[at] ?? "none")).join(" ");
}

const folder = process.argv[2];
let modules = 0, lines = 0, differ = 0, cut = 0;
for (const file of readdirSync(folder).filter((file) => file.endsWith(".wasm"))) {
  const path = folder + "/" + file;
  const transcript = readFileSync(path.replace(".wasm", ".txt"), "utf8").split("\n");
  modules++;
  let instance;
  try {
    instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)));
  } catch (error) {
    const found = error instanceof WebAssembly.CompileError ? error.message : kind(error);
    // A start function may need more room than the transcript's store had.
    if (transcript[0] === "instantiate = limit" || found === "limit") {
      cut++;
    } else if (transcript[0] !== "instantiate = " + found) {
      console.log(`${file}: ${transcript[0]}; V8: ${found}`);
      differ++;
    }
    continue;
  }
  for (const line of transcript.filter((line) => line !== "")) {
    const [left, right] = line.split(" =").map((side) => side.trim());
    const found = left === "instantiate" ? "it is an instance" : answer(instance, left, right.split(" "));
    lines++;
    if (right === "limit" || found === "limit") {
      cut++;
      break;
    }
    if (found !== right) {
      console.log(`${file}: ${line}; V8: ${found}`);
      differ++;
      break;
    }
  }
}
console.log(`V8 ${process.versions.v8}: ${modules} modules, ${lines} answers, ${differ} modules differ, ${cut} reach a limit`);
process.exit(differ === 0 ? 0 : 1);
