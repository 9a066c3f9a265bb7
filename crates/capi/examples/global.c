/* Globals: the host's and the guest's, constant and variable, of numbers and vectors. */
#include "example.h"

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new_f64(), WASM_VAR);
  wasm_val_t val = WASM_F64_VAL(1.5);
  wasm_global_t *global = wasm_global_new(store, type, &val);
  CHECK(global);
  wasm_val_t wrong = WASM_I32_VAL(1);
  CHECK(!wasm_global_new(store, type, &wrong));
  wasm_globaltype_delete(type);

  wasm_instance_t *instance = instance_of(
      engine, store,
      "(import \"\" \"g\" (global $g (mut f64)))"
      "(global (export \"constant\") i32 (i32.const 7))"
      "(global (export \"vector\") (mut v128) (v128.const i64x2 1 2))"
      "(func (export \"twice\") (global.set $g (f64.mul (f64.const 2) (global.get $g))))",
      wasm_global_as_extern(global));
  wasm_func_t *twice = func_of(instance, "twice");
  succeeds(call(twice, 0, NULL));
  wasm_global_get(global, &val);
  CHECK(val.kind == WASM_F64 && val.of.f64 == 3.0);
  val.of.f64 = -1;
  wasm_global_set(global, &val);
  succeeds(call(twice, 0, NULL));
  wasm_global_get(global, &val);
  CHECK(val.of.f64 == -2.0);
  fails(windlass_global_set(global, &wrong), "type mismatch");

  wasm_extern_t *constant = windlass_instance_export(instance, "constant");
  fails(windlass_global_set(wasm_extern_as_global(constant), &wrong), "immutable");
  wasm_globaltype_t *own_type = wasm_global_type(wasm_extern_as_global(constant));
  CHECK(wasm_globaltype_mutability(own_type) == WASM_CONST);
  CHECK(wasm_valtype_kind(wasm_globaltype_content(own_type)) == WASM_I32);
  wasm_globaltype_delete(own_type);
  CHECK(!wasm_extern_as_func(constant) && !wasm_extern_as_memory(constant));
  wasm_extern_delete(constant);

  /* A vector does not fit into a value, which owns a handle of it. */
  wasm_extern_t *vector = windlass_instance_export(instance, "vector");
  wasm_global_get(wasm_extern_as_global(vector), &val);
  uint8_t bytes[16];
  CHECK(val.kind == WINDLASS_V128 && windlass_v128_get(val.of.ref, bytes));
  CHECK(bytes[0] == 1 && bytes[8] == 2);
  wasm_val_delete(&val);
  bytes[0] = 9;
  val.kind = WINDLASS_V128;
  val.of.ref = windlass_v128_new(bytes);
  succeeds(windlass_global_set(wasm_extern_as_global(vector), &val));
  wasm_val_t copy;
  wasm_val_copy(&copy, &val);
  CHECK(wasm_ref_same(copy.of.ref, val.of.ref));
  wasm_val_delete(&copy);
  wasm_val_delete(&val);
  wasm_extern_delete(vector);

  wasm_func_delete(twice);
  wasm_instance_delete(instance);
  wasm_global_delete(global);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("globals\n");
  return 0;
}
