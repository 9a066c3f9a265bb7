//! Sources of programs in several languages, badly formatted: what formatters, parsers and
//! bundlers work on.

use super::{Random, Words};

/// Go.
pub(in crate::programs) fn go(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 300);
    let mut text = String::from("package main\n\nimport (\n\"os\"\n  \"fmt\"\n)\n\n");
    while text.len() < len {
        let (f, a, b) = (words.name(random), words.name(random), words.name(random));
        text += &format!("type T{f} struct {{ {a} int; {b}   map[string]float64\n}}\n\n");
        text += &format!("// {}\n", words.sentence(random));
        text += &format!("func {f}_{}(x int,y string)(int,error){{\n", random.below(1000));
        for _ in 0..2 + random.below(6) {
            let (n, k) = (words.name(random), random.below(100));
            text += &match random.below(5) {
                0 => format!("for i:=0;i<{k};i++{{ x+=i*{k} ; if x>{k}{{break}} }}\n"),
                1 => format!("    {n} := []int{{ 1,2,   {k},\n{k} }}\n_ = {n}\n"),
                2 => format!("if y==\"{n}\"&&x!={k}{{return x,fmt.Errorf(\"%d\",{k})}}\n"),
                3 => format!("switch x{{case {k}:x=x<<1\ndefault:os.Exit({k})}}\n"),
                _ => format!("{n}, err := strconv.Atoi( y ) ; _,_ = {n},err // {k}\n"),
            };
        }
        text += "return x,nil}\n\n\n\n";
    }
    text.into_bytes()
}

/// Zig.
pub(in crate::programs) fn zig(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 300);
    let mut text = String::from("const std=@import(\"std\");\n");
    while text.len() < len {
        let (f, a, b) = (words.name(random), words.name(random), words.name(random));
        text += &format!("const T{f}=struct{{ {a}:u32 , {b}:?*const f64=null,\n}};\n");
        text += &format!("/// {}\n", words.sentence(random));
        text += &format!("pub fn {f}_{}( x:u32,y:[]const u8)!u32{{\n", random.below(1000));
        for _ in 0..2 + random.below(6) {
            let (n, k) = (words.name(random), random.below(100));
            text += &match random.below(5) {
                0 => format!("for(y,0..)|c,i|{{ if(c=={k} and i>{k}) break ; }}\n"),
                1 => format!("const {n}=[_]u8{{ 1,2 ,{k},\n{k} }};_= {n} ;\n"),
                2 => format!("if(x=={k})return error.{n} else {{ _=x+%{k}*2; }}\n"),
                3 => format!("switch(x){{ {k}=>return x<<1,else=>|v|return v ,}}\n"),
                _ => format!("var {n}:u32=try std.fmt.parseInt(u32,y, 10 ); {n}+=x;//{k}\n"),
            };
        }
        text += "return x;}\n\n\n\n";
    }
    text.into_bytes()
}

/// TypeScript.
pub(in crate::programs) fn typescript(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 300);
    let mut text = String::new();
    while text.len() < len {
        let (a, b, id) = (words.name(random), words.name(random), text.len());
        text += &format!("/* {} */\n", words.sentence(random));
        text += &format!("export interface I{id} {{ {a}: number; {b}?: string[] }}\n");
        text += &format!("export async function f{id}(x: number, y?: I{id}) {{\n");
        for _ in 0..2 + random.below(6) {
            let (w, n, k) = (words.name(random), text.len(), random.below(100));
            text += &match random.below(6) {
                0 => format!("    for (let i = 0; i < {k}; i++) {{ x += i; if (x > 9) break }}\n"),
                1 => format!("    const c{n} = [1, {k}].map((v) => v ** 2 + (y?.{a} ?? 0));\n"),
                2 => format!("    if (y && y.{a} !== {k}) return await `{w}${{x}}`.length;\n"),
                3 => {
                    format!("    switch (x) {{ case {k}: x <<= 1; break; default: g(\"{w}\") }}\n")
                }
                4 => format!(
                    "    class C{n} {{ #p = {k}; get {w}(): number {{ return this.#p }} }}\n"
                ),
                _ => format!("    let {{ {a}: q{n} = {k}, ...r{n} }} = y as any; x += q{n};\n"),
            };
        }
        text += "    return x;\n}\n\n";
    }
    text.into_bytes()
}

/// Ruby.
pub(in crate::programs) fn ruby(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 300);
    let mut text = String::new();
    while text.len() < len {
        let (f, a) = (words.name(random), words.name(random));
        text += &format!("# {}\nclass C{f} < Base\n", words.sentence(random));
        text += &format!("  attr_reader :{a}\n  def {f}(x, *rest, key: 1, **opts, &block)\n");
        for _ in 0..2 + random.below(6) {
            let (n, k) = (words.name(random), random.below(100));
            text += &match random.below(6) {
                0 => format!("    rest.each {{ |v, i| x += v * {k} unless i > {k} }}\n"),
                1 => format!("    {n} = %w[a b {n}].map(&:to_s) + [1, 2.5, {k}r]\n"),
                2 => format!(
                    "    return \"{n} #{{x + {k}}}\" if x =~ /^{n}+\\d*$/i && !opts[:{n}]\n"
                ),
                3 => format!("    case x\n    when {k}..200 then yield x\n    else x\n    end\n"),
                4 => format!("    @{n} ||= {{ \"{n}\" => {k}, {a}: [nil, true], **opts }}\n"),
                _ => format!("    begin\n      {n}(x << {k})\n    rescue E => e\n    end\n"),
            };
        }
        text += "    x\n  end\nend\n\n";
    }
    text.into_bytes()
}

/// Python.
pub(in crate::programs) fn python(seed: u64, len: usize) -> Vec<u8> {
    let random = &mut Random::new(seed);
    let words = Words::new(random, 300);
    let mut text = String::from("import os,sys\n");
    while text.len() < len {
        let (f, a) = (words.name(random), words.name(random));
        text += &format!("class C{f}( Base ):\n  '{}'\n", words.sentence(random));
        text += &format!("  def {f}(self,x,*,{a} = 1,**options)->int :\n");
        for _ in 0..2 + random.below(6) {
            let (n, k) = (words.name(random), random.below(100));
            text += &match random.below(6) {
                0 => format!("    for i in range( {k} ) : x+=i*{k} if x>{k} else  0 # {n}\n"),
                1 => format!("    {n}=[v**2 for v in [1,2,{k}] if not v%2]+list({{'a':1}})\n"),
                2 => format!("    if x=={k} and (self.{n}!='{n}'): return f'{{x!r:>{k}}}'\n"),
                3 => format!("    with open('{n}','r') as f,open( \"{a}\" ) as g: x=f.read()\n"),
                4 => format!("    {n}=self.{a}({n}, x,{k},key=lambda v:(v[0],-v[1]),other={{}})\n"),
                _ => format!(
                    "    try:\n       x=x<<{k}\n    except E as e:\n       raise X('{n}') from e\n"
                ),
            };
        }
        text += "    return x\n\n\n\n";
    }
    text.into_bytes()
}
