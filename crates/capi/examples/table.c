/* Tables of functions. */
#include "example.h"

static wasm_trap_t *negate(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  results->data[0].of.i32 = -args->data[0].of.i32;
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(type $f (func (param i32) (result i32)))"
      "(table (export \"table\") 2 10 funcref) (elem (i32.const 1) func $twice)"
      "(func $twice (param i32) (result i32) (i32.mul (i32.const 2) (local.get 0)))"
      "(func (export \"call_0\") (param i32) (result i32)"
      "  (call_indirect (type $f) (local.get 0) (i32.const 0)))",
      NULL);
  wasm_extern_t *item = windlass_instance_export(instance, "table");
  wasm_table_t *table = wasm_extern_as_table(item);
  wasm_func_t *call_0 = func_of(instance, "call_0");
  wasm_trap_t *trap = call(call_0, 5, NULL);
  CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_UNINITIALIZED_ELEMENT);
  wasm_trap_delete(trap);

  CHECK(wasm_table_size(table) == 2 && !wasm_table_get(table, 0) && !wasm_table_get(table, 2));
  wasm_ref_t *twice = wasm_table_get(table, 1);
  CHECK(twice && windlass_ref_kind(twice) == WINDLASS_REF_FUNC);
  CHECK(wasm_table_set(table, 0, twice) && !wasm_table_set(table, 2, twice));
  int32_t result = 0;
  succeeds(call(call_0, 5, &result));
  CHECK(result == 10);

  wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_func_t *func = wasm_func_new(store, type, negate);
  wasm_functype_delete(type);
  CHECK(wasm_table_set(table, 0, wasm_func_as_ref(func)));
  succeeds(call(call_0, 5, &result));
  CHECK(result == -5);
  CHECK(wasm_table_grow(table, 3, wasm_func_as_ref(func)) && wasm_table_size(table) == 5);
  CHECK(!wasm_table_grow(table, 6, NULL));
  wasm_ref_t *last = wasm_table_get(table, 4);
  CHECK(wasm_ref_same(last, wasm_func_as_ref(func)) && !wasm_ref_same(last, twice));

  /* What is no function, and a function of another store. */
  CHECK(!wasm_table_set(table, 0, wasm_instance_as_ref(instance)));
  wasm_store_t *other = wasm_store_new(engine);
  wasm_limits_t limits = {1, 1};
  wasm_tabletype_t *table_type = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
  wasm_table_t *others = wasm_table_new(other, table_type, NULL);
  CHECK(others && !wasm_table_set(others, 0, last));
  CHECK(!wasm_table_new(other, table_type, last));
  wasm_tabletype_delete(table_type);
  wasm_table_delete(others);
  wasm_store_delete(other);

  wasm_ref_delete(last);
  wasm_ref_delete(twice);
  wasm_func_delete(func);
  wasm_func_delete(call_0);
  wasm_extern_delete(item);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("tables\n");
  return 0;
}
