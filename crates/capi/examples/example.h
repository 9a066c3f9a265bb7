/* What the examples share: they end at the first thing that is not as it should be. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "windlass.h"

#define CHECK(good) \
  do { \
    if (!(good)) { \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #good); \
      exit(1); \
    } \
  } while (0)

/* Ends the program with the message of an error. */
static inline void succeeds(wasm_trap_t *trap) {
  if (trap) {
    wasm_message_t message;
    wasm_trap_message(trap, &message);
    fprintf(stderr, "error: %s\n", message.data);
    exit(1);
  }
}

/* Wants an error whose message has a word; deletes it. */
static inline void fails(wasm_trap_t *trap, const char *word) {
  CHECK(trap);
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  if (!strstr(message.data, word)) {
    fprintf(stderr, "expected an error with `%s`: %s\n", word, message.data);
    exit(1);
  }
  wasm_name_delete(&message);
  wasm_trap_delete(trap);
}

/* A module in the text format. */
static inline wasm_module_t *module_of(wasm_engine_t *engine, const char *text) {
  wasm_byte_vec_t binary;
  succeeds(windlass_wat2wasm((const uint8_t *)text, strlen(text), &binary));
  wasm_module_t *module = NULL;
  succeeds(windlass_module_new(engine, (const uint8_t *)binary.data, binary.size, &module));
  wasm_byte_vec_delete(&binary);
  return module;
}

/* An instance of a module in the text format, which imports one thing or nothing. */
static inline wasm_instance_t *instance_of(
    wasm_engine_t *engine, wasm_store_t *store, const char *text, wasm_extern_t *import) {
  wasm_module_t *module = module_of(engine, text);
  wasm_extern_vec_t imports = {import ? 1u : 0u, &import};
  wasm_trap_t *trap = NULL;
  wasm_instance_t *instance = wasm_instance_new(store, module, &imports, &trap);
  succeeds(trap);
  CHECK(instance);
  wasm_module_delete(module);
  return instance;
}

/* An exported function. */
static inline wasm_func_t *func_of(const wasm_instance_t *instance, const char *name) {
  wasm_extern_t *item = windlass_instance_export(instance, name);
  CHECK(item && wasm_extern_as_func(item));
  return wasm_extern_as_func(item);
}

/* Calls a function of one i32, or none, that has one i32 as its result, or none. */
static inline wasm_trap_t *call(const wasm_func_t *func, int32_t arg, int32_t *result) {
  wasm_val_t args[1], results[1];
  args[0].kind = WASM_I32;
  args[0].of.i32 = arg;
  wasm_val_vec_t args_vec = {wasm_func_param_arity(func), args};
  wasm_val_vec_t results_vec = {wasm_func_result_arity(func), results};
  CHECK(args_vec.size <= 1 && results_vec.size <= 1);
  wasm_trap_t *trap = wasm_func_call(func, &args_vec, &results_vec);
  if (!trap && results_vec.size == 1 && result) *result = results[0].of.i32;
  return trap;
}

#endif
