// AssemblyScript: strings, floats, the clock, an exit code.
let s = "";
for (let i = 1; i <= 10; i++) s += (i * i).toString() + " ";
console.log("squares: " + s);
console.log("pi " + Math.PI.toString());
console.log((Date.now() > 0).toString());
process.exit(5);
