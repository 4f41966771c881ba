/* A call runs on a fiber's stack: the deepest message must leave most of it to the handler. Each
 * operation runs on a painted stack, and the paint that is left tells what it took. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loop/fiber.h"
#include "unit/proto/shapes_fixture.h"
#include "json/json.h"
#include "json/proto_json.h"

enum {
    STACK_BYTES = 1024 * 1024,
    PAINT = 0xa5,
};

_Static_assert(2 * (int)PROTO_STACK_BYTES_MAX <= (int)FIBER_STACK_BYTES, "half is a handler's");

/* A sanitizer's frames are several times as large; then only the running is a test. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BOUNDED false
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BOUNDED false
#endif
#ifndef BOUNDED
#define BOUNDED true
#endif

struct job {
    struct shapes *shapes;
    void (*run)(struct shapes *shapes);
};

static void *run_job(void *argument)
{
    const struct job *job = argument;
    job->run(job->shapes);
    return NULL;
}

/* What the job took, with the few hundred bytes of a thread's own start. */
static size_t measure(struct shapes *shapes, void (*run)(struct shapes *shapes))
{
    struct job job = {shapes, run};
    pthread_attr_t attributes;
    pthread_t thread;
    unsigned char *stack = aligned_alloc(4096, STACK_BYTES);
    assert_non_null(stack);
    memset(stack, PAINT, STACK_BYTES);
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_job, &job), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    size_t untouched = 0;
    while (untouched < STACK_BYTES && stack[untouched] == PAINT) {
        untouched++;
    }
    free(stack);
    return STACK_BYTES - untouched;
}

static void do_nothing(struct shapes *shapes)
{
    (void)shapes;
}

/* A tree as deep as is allowed. */
static const ProtobufCMessage *deep_tree(struct shapes *shapes)
{
    Shapes__Tree *inner = NULL;
    for (int i = 0; i < PROTO_DEPTH_MAX; i++) {
        Shapes__Tree *tree =
            (Shapes__Tree *)(void *)proto_message_create(&shapes->arena, &shapes__tree__descriptor);
        CHECK(tree != NULL);
        tree->left = inner;
        inner = tree;
    }
    return &inner->base;
}

static void encode_tree(struct shapes *shapes)
{
    CHECK(proto_encode(deep_tree(shapes), &shapes->buffer));
}

static void decode_tree(struct shapes *shapes)
{
    ProtobufCMessage *message;
    encode_tree(shapes);
    CHECK(proto_decode(&shapes->call, shapes_type(shapes, "shapes.Tree"),
                       buffer_text(&shapes->buffer), &message) == STATUS_OK);
}

static void validate_tree(struct shapes *shapes)
{
    CHECK(proto_validate(&shapes->call, shapes_type(shapes, "shapes.Tree"), deep_tree(shapes)) ==
          STATUS_OK);
}

static void encode_tree_json(struct shapes *shapes)
{
    CHECK(proto_json_encode(&shapes->call, shapes_type(shapes, "shapes.Tree"), deep_tree(shapes), 0,
                            &shapes->buffer) == STATUS_OK);
}

static void decode_tree_json(struct shapes *shapes)
{
    ProtobufCMessage *message;
    encode_tree_json(shapes);
    CHECK(proto_json_decode(&shapes->call, shapes_type(shapes, "shapes.Tree"),
                            buffer_text(&shapes->buffer), 0, &message) == STATUS_OK);
}

/* {"a":{"a":...}} as google.protobuf.Value: the longest way from one level to the next. */
static void pass_value_json(struct shapes *shapes)
{
    const struct proto_type *type = shapes_type(shapes, "google.protobuf.Value");
    struct buffer json;
    ProtobufCMessage *message;
    buffer_init(&json, SHAPES_ARENA_BYTES);
    for (int i = 0; i < PROTO_DEPTH_MAX / 3; i++) {
        CHECK(buffer_append(&json, TEXT("{\"a\":")));
    }
    CHECK(buffer_append(&json, TEXT("1")));
    for (int i = 0; i < PROTO_DEPTH_MAX / 3; i++) {
        CHECK(buffer_append_byte(&json, '}'));
    }
    CHECK(proto_json_decode(&shapes->call, type, buffer_text(&json), 0, &message) == STATUS_OK);
    CHECK(proto_json_encode(&shapes->call, type, message, 0, &shapes->buffer) == STATUS_OK);
    CHECK(text_equal(buffer_text(&shapes->buffer), buffer_text(&json)));
    buffer_deinit(&json);
}

static void test_stack(void **state)
{
    static const struct {
        const char *name;
        void (*run)(struct shapes *shapes);
    } cases[] = {
        {"encode", encode_tree},           {"decode", decode_tree},
        {"validate", validate_tree},       {"encode JSON", encode_tree_json},
        {"decode JSON", decode_tree_json}, {"pass a Value", pass_value_json},
    };
    size_t ground = measure(*state, do_nothing);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t taken = measure(*state, cases[i].run) - ground;
        print_message("%s: %zu bytes of stack\n", cases[i].name, taken);
        if (BOUNDED) {
            assert_true(taken <= PROTO_STACK_BYTES_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stack)};
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
