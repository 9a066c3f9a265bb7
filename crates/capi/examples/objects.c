/* Structures, arrays and small numbers in the guest's heap, made and used by the host. */
#include "example.h"

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_instance_t *instance = instance_of(
      engine, store,
      "(type $point (struct (field i32) (field (mut i8))))"
      "(func (export \"sum\") (param (ref $point)) (result i32)"
      "  (i32.add (struct.get $point 0 (local.get 0)) (struct.get_u $point 1 (local.get 0))))",
      NULL);
  wasm_func_t *sum = func_of(instance, "sum");
  wasm_valtype_t *i32 = wasm_valtype_new_i32();
  windlass_field_t fields[2] = {{i32, 0, WASM_CONST}, {NULL, 8, WASM_VAR}};
  wasm_valtype_t *point_type = windlass_structtype_new(engine, fields, 2);
  CHECK(point_type && !windlass_valtype_is_nullable(point_type));
  fields[1].bits = 9;
  CHECK(!windlass_structtype_new(engine, fields, 2));

  wasm_val_t vals[2] = {WASM_I32_VAL(30), WASM_I32_VAL(256 + 12)};
  wasm_val_vec_t vals_vec = WASM_ARRAY_VEC(vals);
  wasm_ref_t *point = NULL;
  succeeds(windlass_struct_new(store, point_type, &vals_vec, &point));
  CHECK(windlass_ref_kind(point) == WINDLASS_REF_STRUCT);
  succeeds(windlass_store_gc(store));
  wasm_val_t args[1], results[1];
  args[0].kind = WINDLASS_ANYREF;
  args[0].of.ref = point;
  wasm_val_vec_t in = WASM_ARRAY_VEC(args), out = WASM_ARRAY_VEC(results);
  succeeds(wasm_func_call(sum, &in, &out));
  CHECK(results[0].of.i32 == 42);
  wasm_val_t field = WASM_I32_VAL(1);
  succeeds(windlass_struct_set(point, 1, &field));
  fails(windlass_struct_set(point, 0, &field), "");
  fails(windlass_struct_set(point, 2, &field), "no such field");
  succeeds(windlass_struct_get(point, 1, &field));
  CHECK(field.kind == WASM_I32 && field.of.i32 == 1);
  wasm_valtype_t *exact = windlass_ref_type(point);
  CHECK(exact && wasm_valtype_kind(exact) == WINDLASS_ANYREF);
  wasm_valtype_delete(exact);

  fields[0].mutability = WASM_VAR;
  wasm_valtype_t *array_type = windlass_arraytype_new(engine, fields);
  wasm_ref_t *array = NULL;
  fails(windlass_struct_new(store, array_type, &vals_vec, &array), "structures");
  succeeds(windlass_array_new(store, array_type, &vals_vec, &array));
  CHECK(windlass_ref_kind(array) == WINDLASS_REF_ARRAY && windlass_array_size(array) == 2);
  succeeds(windlass_array_set(array, 1, &field));
  succeeds(windlass_array_get(array, 1, &field));
  CHECK(field.of.i32 == 1);
  fails(windlass_array_get(array, 2, &field), "");
  fails(windlass_array_get(point, 0, &field), "no array");
  CHECK(windlass_array_size(point) == 0);

  wasm_ref_t *number = windlass_i31_new(store, UINT32_MAX);
  uint32_t value = 0;
  CHECK(windlass_ref_kind(number) == WINDLASS_REF_I31 && windlass_i31_get(number, &value));
  CHECK(value == UINT32_MAX >> 1 && !windlass_i31_get(array, &value));
  wasm_ref_t *same = windlass_i31_new(store, UINT32_MAX);
  CHECK(wasm_ref_same(same, number) && !wasm_ref_same(same, point));
  args[0].of.ref = number;
  fails(wasm_func_call(sum, &in, &out), "type mismatch");

  wasm_ref_delete(same);
  wasm_ref_delete(number);
  wasm_ref_delete(array);
  wasm_ref_delete(point);
  wasm_valtype_delete(array_type);
  wasm_valtype_delete(point_type);
  wasm_valtype_delete(i32);
  wasm_func_delete(sum);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("objects\n");
  return 0;
}
