/* Exceptions: thrown by the host and caught by the guest, and the other way. */
#include "example.h"

static wasm_trap_t *throw_it(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)results;
  wasm_ref_t *exception = NULL;
  succeeds(windlass_exception_new((const wasm_extern_t *)env, args, &exception));
  wasm_trap_t *trap = windlass_trap_new_exception(exception);
  wasm_ref_delete(exception);
  return trap;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_tagtype_t *tag_type = wasm_tagtype_new(wasm_functype_new_1_0(wasm_valtype_new_i32()));
  wasm_extern_t *tag = windlass_tag_new(store, tag_type);
  CHECK(tag && wasm_extern_kind(tag) == WASM_EXTERN_TAG);
  wasm_tagtype_delete(tag_type);
  wasm_functype_t *type = wasm_functype_new_1_0(wasm_valtype_new_i32());
  wasm_func_t *throws = wasm_func_new_with_env(store, type, throw_it, tag, NULL);
  wasm_functype_delete(type);

  wasm_module_t *module = module_of(
      engine,
      "(import \"\" \"tag\" (tag $tag (param i32)))"
      "(import \"\" \"throw\" (func $throw (param i32)))"
      "(func (export \"catch\") (param i32) (result i32)"
      "  (block $caught (result i32)"
      "    (try_table (catch $tag $caught) (call $throw (local.get 0)))"
      "    (i32.const -1)))"
      "(func (export \"throw\") (param i32) (throw $tag (local.get 0)))");
  wasm_extern_t *items[] = {tag, wasm_func_as_extern(throws)};
  wasm_extern_vec_t imports = WASM_ARRAY_VEC(items);
  wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
  CHECK(instance);
  wasm_func_t *catches = func_of(instance, "catch");
  int32_t caught = 0;
  succeeds(call(catches, 42, &caught));
  CHECK(caught == 42);

  wasm_func_t *throw_7 = func_of(instance, "throw");
  wasm_trap_t *trap = call(throw_7, 7, NULL);
  CHECK(windlass_trap_code(trap) == WINDLASS_TRAP_NONE);
  wasm_ref_t *exception = windlass_trap_exception(trap);
  CHECK(exception && windlass_ref_kind(exception) == WINDLASS_REF_EXCEPTION);
  fails(trap, "uncaught exception");
  wasm_extern_t *its_tag = windlass_exception_tag(exception);
  CHECK(wasm_extern_same(its_tag, tag));
  wasm_val_vec_t vals;
  windlass_exception_vals(exception, &vals);
  CHECK(vals.size == 1 && vals.data[0].of.i32 == 7);
  wasm_val_vec_delete(&vals);
  wasm_val_vec_t none = WASM_EMPTY_VEC;
  wasm_ref_t *no = NULL;
  fails(windlass_exception_new(tag, &none, &no), "expected 1 values");

  wasm_extern_delete(its_tag);
  wasm_ref_delete(exception);
  wasm_func_delete(throw_7);
  wasm_func_delete(catches);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_func_delete(throws);
  wasm_extern_delete(tag);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("exceptions\n");
  return 0;
}
