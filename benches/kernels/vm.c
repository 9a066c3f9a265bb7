// A small stack machine, interpreted by a switch in a loop: an interpreter in the interpreter.
// The program counts steps of Collatz sequences and keeps the longest.
#include "kernel.h"

enum { PUSH, LOAD, STORE, ADD, MUL, SHR, AND, LESS, JUMP, JUMP_IF_ZERO, HALT };

// Variables of the program.
enum { START, VALUE, STEPS, BEST, LIMIT };

static const u8 program[] = {
    /*  0 */ PUSH, 1, STORE, START,
    /*  4 */ LOAD, START, STORE, VALUE, PUSH, 0, STORE, STEPS,
    /* 12 */ PUSH, 1, LOAD, VALUE, LESS, JUMP_IF_ZERO, 54,
    /* 19 */ LOAD, STEPS, PUSH, 1, ADD, STORE, STEPS,
    /* 26 */ LOAD, VALUE, PUSH, 1, AND, JUMP_IF_ZERO, 45,
    /* 33 */ LOAD, VALUE, PUSH, 3, MUL, PUSH, 1, ADD, STORE, VALUE, JUMP, 12,
    /* 45 */ LOAD, VALUE, PUSH, 1, SHR, STORE, VALUE, JUMP, 12,
    /* 54 */ LOAD, BEST, LOAD, STEPS, LESS, JUMP_IF_ZERO, 65,
    /* 61 */ LOAD, STEPS, STORE, BEST,
    /* 65 */ LOAD, START, PUSH, 1, ADD, STORE, START,
    /* 72 */ LOAD, START, LOAD, LIMIT, LESS, JUMP_IF_ZERO, 81, JUMP, 4,
    /* 81 */ HALT,
};

static u64 variables[8], stack[16];

static NOINLINE u64 interpret(const u8 *code) {
    const u8 *pc = code;
    u64 *sp = stack;
    u64 executed = 0;
    for (;;) {
        executed++;
        switch (*pc++) {
        case PUSH: *sp++ = *pc++; break;
        case LOAD: *sp++ = variables[*pc++]; break;
        case STORE: variables[*pc++] = *--sp; break;
        case ADD: sp--, sp[-1] += sp[0]; break;
        case MUL: sp--, sp[-1] *= sp[0]; break;
        case SHR: sp--, sp[-1] >>= sp[0] & 63; break;
        case AND: sp--, sp[-1] &= sp[0]; break;
        case LESS: sp--, sp[-1] = sp[-1] < sp[0]; break;
        case JUMP: pc = code + *pc; break;
        case JUMP_IF_ZERO: pc = *--sp ? pc + 1 : code + *pc; break;
        case HALT: return executed;
        }
    }
}

u64 run(i32 n) {
    for (i32 i = 0; i < 8; i++) variables[i] = 0;
    variables[LIMIT] = (u64)n;
    return mix(interpret(program), variables[BEST]);
}
