// The same headers in C++: handles that delete themselves, a lambda as a host function.
#include <memory>

#include "example.h"

template <typename T, void (*Delete)(T *)>
struct Deleter {
  void operator()(T *handle) const { Delete(handle); }
};

template <typename T, void (*Delete)(T *)>
using Own = std::unique_ptr<T, Deleter<T, Delete>>;

using Engine = Own<wasm_engine_t, wasm_engine_delete>;
using Store = Own<wasm_store_t, wasm_store_delete>;
using Func = Own<wasm_func_t, wasm_func_delete>;
using FuncType = Own<wasm_functype_t, wasm_functype_delete>;
using Instance = Own<wasm_instance_t, wasm_instance_delete>;

int main() {
  Engine engine(wasm_engine_new());
  Store store(wasm_store_new(engine.get()));
  FuncType type(wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32()));
  int calls = 0;
  Func twice(wasm_func_new_with_env(
      store.get(), type.get(),
      [](void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) -> wasm_trap_t * {
        ++*static_cast<int *>(env);
        results->data[0].of.i32 = 2 * args->data[0].of.i32;
        return nullptr;
      },
      &calls, nullptr));
  Instance instance(instance_of(
      engine.get(), store.get(),
      "(import \"\" \"twice\" (func $twice (param i32) (result i32)))"
      "(func (export \"run\") (param i32) (result i32) (call $twice (local.get 0)))",
      wasm_func_as_extern(twice.get())));
  Func run(func_of(instance.get(), "run"));
  int32_t result = 0;
  succeeds(call(run.get(), 21, &result));
  CHECK(result == 42 && calls == 1);
  printf("hello from C++: %d\n", result);
}
