//! [`Wasm`]: a module in the binary format, section by section. It checks nothing.

/// A module in the making.
#[derive(Default)]
pub(crate) struct Wasm {
    types: Vec<Vec<u8>>,
    imports: Vec<Vec<u8>>,
    funcs: Vec<Vec<u8>>,
    tables: Vec<Vec<u8>>,
    memories: Vec<Vec<u8>>,
    tags: Vec<Vec<u8>>,
    globals: Vec<Vec<u8>>,
    exports: Vec<Vec<u8>>,
    elements: Vec<Vec<u8>>,
    codes: Vec<Vec<u8>>,
    data: Vec<Vec<u8>>,
}

pub(crate) const I32: u8 = 0x7f;
pub(crate) const I64: u8 = 0x7e;
pub(crate) const EXTERNREF: u8 = 0x6f;
pub(crate) const FUNCREF: u8 = 0x70;
pub(crate) const EMPTY: u8 = 0x40;
pub(crate) const END: u8 = 0x0b;

/// A number as LEB128.
pub(crate) fn leb(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// The instruction with this opcode and these indices.
pub(crate) fn op(code: u8, indices: &[usize]) -> Vec<u8> {
    let indices = indices.iter().flat_map(|&index| leb(index));
    std::iter::once(code).chain(indices).collect()
}

/// `i32.const`.
pub(crate) fn i32_const(n: usize) -> Vec<u8> {
    let mut bytes = vec![0x41];
    let mut rest = n;
    loop {
        let byte = rest as u8 & 0x7f;
        rest >>= 7;
        if rest == 0 && byte & 0x40 == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

fn vec(items: &[u8], count: usize) -> Vec<u8> {
    let mut bytes = leb(count);
    bytes.extend_from_slice(items);
    bytes
}

impl Wasm {
    /// Adds any entry of the section of types; returns its index, if each has one type.
    pub(crate) fn ty(&mut self, bytes: Vec<u8>) -> usize {
        self.types.push(bytes);
        self.types.len() - 1
    }

    /// A function type.
    pub(crate) fn func_type(&mut self, params: &[u8], results: &[u8]) -> usize {
        let params = vec(params, params.len());
        self.ty([vec![0x60], params, vec(results, results.len())].concat())
    }

    /// Imports a function. All imports come before all other functions.
    pub(crate) fn import(&mut self, name: &str, ty: usize) -> usize {
        let name = vec(name.as_bytes(), name.len());
        self.imports.push([vec![1, b'h'], name, vec![0], leb(ty)].concat());
        self.imports.len() - 1
    }

    /// A function: runs of locals, and its instructions without the last `end`.
    pub(crate) fn func(&mut self, ty: usize, locals: &[(usize, u8)], code: &[u8]) -> usize {
        self.funcs.push(leb(ty));
        let runs: Vec<u8> =
            locals.iter().flat_map(|&(n, ty)| [leb(n), vec![ty]].concat()).collect();
        let body = [vec(&runs, locals.len()), code.to_vec(), vec![END]].concat();
        self.codes.push(vec(&body, body.len()));
        self.imports.len() + self.funcs.len() - 1
    }

    /// Exports a function as `run`.
    pub(crate) fn run(&mut self, func: usize) {
        self.exports.push([vec![3], b"run".to_vec(), vec![0], leb(func)].concat());
    }

    /// Exports a function by this name.
    pub(crate) fn export(&mut self, name: &str, func: usize) {
        let name = vec(name.as_bytes(), name.len());
        self.exports.push([name, vec![0], leb(func)].concat());
    }

    pub(crate) fn table(&mut self, ty: u8, min: usize) {
        self.tables.push([vec![ty, 0], leb(min)].concat());
    }

    pub(crate) fn memory(&mut self, min: usize) {
        self.memories.push([vec![0], leb(min)].concat());
    }

    pub(crate) fn tag(&mut self, ty: usize) {
        self.tags.push([vec![0], leb(ty)].concat());
    }

    /// A mutable global of type `i32`.
    pub(crate) fn global(&mut self) {
        self.globals.push(vec![I32, 1, 0x41, 0, END]);
    }

    /// A segment of table 0, from its start on.
    pub(crate) fn element(&mut self, funcs: &[usize]) {
        let indices: Vec<u8> = funcs.iter().flat_map(|&func| leb(func)).collect();
        self.elements.push([vec![0, 0x41, 0, END], vec(&indices, funcs.len())].concat());
    }

    /// A segment that nothing copies.
    pub(crate) fn passive(&mut self) {
        self.data.push(vec![1, 1, 7]);
    }

    /// The module.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        for (id, items) in [
            (1, &self.types),
            (2, &self.imports),
            (3, &self.funcs),
            (4, &self.tables),
            (5, &self.memories),
            (13, &self.tags),
            (6, &self.globals),
            (7, &self.exports),
            (9, &self.elements),
            (10, &self.codes),
            (11, &self.data),
        ] {
            if !items.is_empty() {
                let section = vec(&items.concat(), items.len());
                bytes.push(id);
                bytes.extend(vec(&section, section.len()));
            }
        }
        bytes
    }
}
