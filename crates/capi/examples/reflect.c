/* The types of what a module imports and exports. */
#include "example.h"

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_module_t *module = module_of(
      engine,
      "(module $mirror (import \"env\" \"log\" (func (param i32 f64)))"
      "  (type $point (struct (field f64) (field f64)))"
      "  (func (export \"f\") (param i64 externref (ref null $point)) (result v128) unreachable)"
      "  (global (export \"g\") (mut f32) (f32.const 0))"
      "  (table (export \"t\") 1 7 funcref)"
      "  (memory (export \"m\") 3)"
      "  (tag (export \"e\") (param i32)))");
  wasm_name_t name;
  windlass_module_name(module, &name);
  CHECK(name.size == 6 && memcmp(name.data, "mirror", 6) == 0);
  wasm_name_delete(&name);

  wasm_importtype_vec_t imports;
  wasm_module_imports(module, &imports);
  CHECK(imports.size == 1 && wasm_importtype_module(imports.data[0])->size == 3);
  CHECK(memcmp(wasm_importtype_name(imports.data[0])->data, "log", 3) == 0);
  const wasm_functype_t *func =
      wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[0]));
  CHECK(func && wasm_functype_params(func)->size == 2 && wasm_functype_results(func)->size == 0);
  wasm_functype_t *log_type = wasm_functype_copy(func);
  wasm_importtype_vec_delete(&imports);
  CHECK(wasm_valtype_kind(wasm_functype_params(log_type)->data[1]) == WASM_F64);
  wasm_functype_delete(log_type);

  wasm_exporttype_vec_t exports;
  wasm_module_exports(module, &exports);
  CHECK(exports.size == 5);
  for (size_t i = 0; i < exports.size; i++) {
    const wasm_externtype_t *type = wasm_exporttype_type(exports.data[i]);
    CHECK(wasm_externtype_kind(type) == i);
    CHECK(!wasm_externtype_as_globaltype_const(type) == (i != WASM_EXTERN_GLOBAL));
  }
  func = wasm_externtype_as_functype_const(wasm_exporttype_type(exports.data[0]));
  const wasm_valtype_vec_t *params = wasm_functype_params(func);
  CHECK(wasm_valtype_kind(params->data[0]) == WASM_I64);
  CHECK(wasm_valtype_kind(params->data[1]) == WASM_EXTERNREF);
  CHECK(wasm_valtype_kind(params->data[2]) == WINDLASS_ANYREF);
  CHECK(windlass_valtype_is_nullable(params->data[2]));
  CHECK(wasm_valtype_kind(wasm_functype_results(func)->data[0]) == WINDLASS_V128);
  windlass_valtype_name(params->data[1], &name);
  CHECK(name.size == 9 && memcmp(name.data, "externref", 9) == 0);
  wasm_name_delete(&name);
  const wasm_tabletype_t *table =
      wasm_externtype_as_tabletype_const(wasm_exporttype_type(exports.data[2]));
  CHECK(wasm_tabletype_limits(table)->min == 1 && wasm_tabletype_limits(table)->max == 7);
  const wasm_memorytype_t *memory =
      wasm_externtype_as_memorytype_const(wasm_exporttype_type(exports.data[3]));
  CHECK(wasm_memorytype_limits(memory)->max == wasm_limits_max_default);
  const wasm_tagtype_t *tag =
      wasm_externtype_as_tagtype_const(wasm_exporttype_type(exports.data[4]));
  CHECK(wasm_functype_params(wasm_tagtype_functype(tag))->size == 1);
  wasm_exporttype_vec_t copies;
  wasm_exporttype_vec_copy(&copies, &exports);
  wasm_exporttype_vec_delete(&exports);
  CHECK(copies.size == 5 && exports.size == 0);
  wasm_exporttype_vec_delete(&copies);

  /* Types that the host puts together. */
  wasm_name_t from, what;
  wasm_name_new_from_string(&from, "env");
  wasm_name_new_from_string(&what, "x");
  wasm_importtype_t *import =
      wasm_importtype_new(&from, &what, wasm_functype_as_externtype(wasm_functype_new_0_0()));
  CHECK(import && from.size == 0);
  wasm_importtype_delete(import);
  CHECK(!wasm_valtype_new(77));
  wasm_limits_t limits = {1, 1};
  CHECK(!wasm_tabletype_new(wasm_valtype_new_i32(), &limits));

  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("types\n");
  return 0;
}
