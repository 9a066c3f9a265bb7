//! [`inline`]: Emscripten's `invoke_*` as functions of the module itself. A program in C that uses
//! `longjmp` calls through them, and its host calls back; not every engine lets a host do that. As
//! long as nobody jumps they are only indirect calls, which is what they become here.

use super::host::Error;
use wasm_encoder::{
    CodeSection, Function, FunctionSection, ImportSection, Module, TypeSection,
    reencode::{self, Reencode},
};
use wasmparser::{
    CodeSectionReader, FuncType, FunctionSectionReader, ImportSectionReader, Parser, TypeRef,
    TypeSectionReader,
};

/// The module without imports of that kind.
///
/// # Errors
/// If it is no module, or if it has no type for what would be called.
pub fn inline(wasm: &[u8]) -> Result<Vec<u8>, Error> {
    let (mut inline, mut module) = (Inline::default(), Module::new());
    inline
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| error.to_string())?;
    Ok(module.finish())
}

#[derive(Default)]
struct Inline {
    types: Vec<FuncType>,
    /// What each imported function becomes: an import, or one of `invokes`.
    imports: Vec<Result<u32, u32>>,
    /// The types of those that are inlined.
    invokes: Vec<u32>,
    /// How many functions the module has of its own.
    defined: u32,
}

type Encoding = reencode::Error<std::convert::Infallible>;

impl Inline {
    /// How many imported functions stay.
    fn kept(&self) -> u32 {
        count(self.imports.len() - self.invokes.len())
    }

    /// The function that calls what its first argument says, with the others.
    fn body(&self, ty: u32) -> Option<Function> {
        let ty = self.types.get(ty as usize)?;
        let (_, args) = ty.params().split_first()?;
        let fits = |callee: &FuncType| callee.params() == args && callee.results() == ty.results();
        let callee = count(self.types.iter().position(fits)?);
        let mut body = Function::new([]);
        let mut code = body.instructions();
        for local in 1..=count(args.len()) {
            code.local_get(local);
        }
        code.local_get(0).call_indirect(0, callee).end();
        Some(body)
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).expect("modules have fewer")
}

impl Reencode for Inline {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Encoding> {
        Ok(match self.imports.get(index as usize) {
            Some(Ok(kept)) => *kept,
            Some(Err(invoke)) => self.kept() + self.defined + invoke,
            None => index - count(self.invokes.len()),
        })
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), Encoding> {
        let all = section.clone().into_iter_err_on_gc_types();
        self.types = all.collect::<Result<_, _>>()?;
        reencode::utils::parse_type_section(self, types, section)
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Encoding> {
        for import in section.into_imports() {
            let import = import?;
            if let TypeRef::Func(ty) = import.ty {
                if import.name.starts_with("invoke_") {
                    self.imports.push(Err(count(self.invokes.len())));
                    self.invokes.push(ty);
                    continue;
                }
                self.imports.push(Ok(self.kept()));
            }
            self.parse_import(imports, import)?;
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Encoding> {
        self.defined = section.count();
        reencode::utils::parse_function_section(self, functions, section)?;
        for ty in &self.invokes {
            functions.function(*ty);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Encoding> {
        reencode::utils::parse_code_section(self, code, section)?;
        for ty in &self.invokes {
            code.function(&self.body(*ty).ok_or(Encoding::InvalidConstExpr)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::inline;

    #[test]
    fn a_call_through_the_host_becomes_one_of_the_module() {
        let wasm = wat::parse_str(
            r#"(module
                (import "env" "before" (func $before (result i32)))
                (import "env" "invoke_iii" (func $invoke (param i32 i32 i32) (result i32)))
                (import "env" "after" (func $after (result i32)))
                (table 1 funcref) (elem (i32.const 0) $sub)
                (func $sub (param i32 i32) (result i32)
                    (i32.sub (local.get 0) (local.get 1)))
                (func (export "run") (result i32)
                    (call $invoke (i32.const 0)
                        (i32.mul (call $before) (i32.const 100))
                        (i32.add (call $after) (call $sub (i32.const 3) (i32.const 1))))))"#,
        )
        .unwrap();
        let engine = windlass::Engine::default();
        let module = windlass::Module::new(&engine, inline(&wasm).unwrap()).unwrap();
        let mut linker = windlass::Linker::new(&engine);
        linker.func_wrap("env", "before", || 7).unwrap();
        linker.func_wrap("env", "after", || 30).unwrap();
        let mut store = windlass::Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, ()).unwrap(), 700 - 32);
    }
}
