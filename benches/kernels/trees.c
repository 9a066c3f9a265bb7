// Builds and walks binary trees, n times; nodes come from a free list and go back to it.
#include "kernel.h"

#define NODES 70000

typedef struct Node { struct Node *left, *right; u32 value; } Node;

static Node pool[NODES];
static Node *free_list;
static u32 used;

static Node *allocate(void) {
    if (free_list) {
        Node *node = free_list;
        free_list = node->left;
        return node;
    }
    return &pool[used++];
}

static NOINLINE Node *build(u32 depth, u32 value) {
    Node *node = allocate();
    node->value = value;
    node->left = depth ? build(depth - 1, value * 2) : 0;
    node->right = depth ? build(depth - 1, value * 2 + 1) : 0;
    return node;
}

static NOINLINE u32 check(const Node *node) {
    return node ? node->value + check(node->left) - check(node->right) : 0;
}

static NOINLINE void release(Node *node) {
    if (!node) return;
    release(node->left);
    release(node->right);
    node->left = free_list;
    free_list = node;
}

u64 run(i32 n) {
    u64 sum = 0;
    free_list = 0, used = 0;
    Node *lasting = build(13, 1);
    for (i32 round = 0; round < n; round++) {
        for (u32 depth = 4; depth <= 12; depth += 2) {
            Node *tree = build(depth, (u32)round);
            sum = mix(sum, check(tree));
            release(tree);
        }
    }
    sum = mix(sum, check(lasting));
    return mix(sum, used);
}
