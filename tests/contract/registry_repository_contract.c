#include "contract/registry_repository_contract.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { TIMEOUT_MS = 20000, LOADED_MAX = 64, TEXT_BYTES_MAX = 1024 };

struct contract_scene {
    const struct registry_implementation *implementation;
    struct text directory;
    struct registry_repository repository;
    struct arena arena;
    struct call call;
    char loaded[LOADED_MAX][TEXT_BYTES_MAX]; /* "kind key=value" */
    size_t loaded_count;
    void (*run)(struct contract_scene *scene);
};

static struct registry_record record(enum registry_record_kind kind, const char *key,
                                     const char *value)
{
    return (struct registry_record){
        .kind = kind,
        .key = text_of(key),
        .value = text_of(value),
        .is_removed = value == NULL,
    };
}

static void save(struct contract_scene *scene, bool is_whole, const struct registry_record *records,
                 size_t count)
{
    const struct registry_batch batch = {
        .is_whole = is_whole, .records = records, .count = count, .bytes = TEXT_BYTES_MAX};
    assert_int_equal(scene->repository.ops->save(scene->repository.state, &scene->call, &batch),
                     STATUS_OK);
}

static enum status note(void *argument, const struct registry_record *record)
{
    struct contract_scene *scene = argument;
    assert_true(scene->loaded_count < LOADED_MAX);
    assert_false(record->is_removed);
    (void)snprintf(scene->loaded[scene->loaded_count++], TEXT_BYTES_MAX, "%d %.*s=%.*s",
                   (int)record->kind, TEXT_ARGUMENTS(record->key), TEXT_ARGUMENTS(record->value));
    return STATUS_OK;
}

/* Closes, opens again, and reads everything. */
static void expect(struct contract_scene *scene, const char *const *expected, size_t count)
{
    scene->repository.ops->close(scene->repository.state);
    assert_int_equal(
        scene->implementation->open(&scene->call, scene->directory, &scene->repository), STATUS_OK);
    scene->loaded_count = 0;
    assert_int_equal(
        scene->repository.ops->load(scene->repository.state, &scene->call, note, scene), STATUS_OK);
    assert_int_equal(scene->loaded_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(scene->loaded[i], expected[i]);
    }
}

#define EXPECT(scene, ...)                                                                         \
    expect(scene, (const char *const[]){__VA_ARGS__},                                              \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
#define SAVE(scene, is_whole, ...)                                                                 \
    save(scene, is_whole, (const struct registry_record[]){__VA_ARGS__},                           \
         sizeof((const struct registry_record[]){__VA_ARGS__}) / sizeof(struct registry_record))

static void a_new_one_is_empty(struct contract_scene *scene)
{
    expect(scene, NULL, 0);
}

static void records_come_by_kind_and_key(struct contract_scene *scene)
{
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "b", "2"),
         record(REGISTRY_RECORD_INSTANCE, "a", "1"), record(REGISTRY_RECORD_NODE, "z", "n"),
         record(REGISTRY_RECORD_HEAD, "", "h"));
    EXPECT(scene, "0 =h", "1 z=n", "2 a=1", "2 b=2");
}

static void a_record_is_replaced(struct contract_scene *scene)
{
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", "1"));
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", "longer than before"));
    EXPECT(scene, "2 a=longer than before");
}

static void the_same_key_of_two_kinds(struct contract_scene *scene)
{
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", "1"),
         record(REGISTRY_RECORD_NODE, "a", "2"));
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", NULL));
    EXPECT(scene, "1 a=2");
}

static void what_is_removed_is_gone(struct contract_scene *scene)
{
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", "1"),
         record(REGISTRY_RECORD_INSTANCE, "b", "2"));
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", NULL),
         record(REGISTRY_RECORD_INSTANCE, "never", NULL));
    EXPECT(scene, "2 b=2");
}

static void removed_and_put_again_in_one_batch(struct contract_scene *scene)
{
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", "1"));
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", NULL),
         record(REGISTRY_RECORD_INSTANCE, "a", "2"));
    EXPECT(scene, "2 a=2");
}

static void a_whole_batch_removes_the_rest(struct contract_scene *scene)
{
    SAVE(scene, false, record(REGISTRY_RECORD_HEAD, "", "h"),
         record(REGISTRY_RECORD_NODE, "n", "1"), record(REGISTRY_RECORD_INSTANCE, "a", "1"),
         record(REGISTRY_RECORD_INSTANCE, "b", "2"));
    SAVE(scene, true, record(REGISTRY_RECORD_INSTANCE, "b", "3"),
         record(REGISTRY_RECORD_HEAD, "", "i"));
    EXPECT(scene, "0 =i", "2 b=3");
}

static void the_longest_key_and_a_large_value(struct contract_scene *scene)
{
    static const size_t value_bytes = 1024 * 1024;
    char key[REGISTRY_RECORD_KEY_BYTES_MAX + 1] = {0};
    char *value = calloc(1, value_bytes);
    assert_non_null(value);
    memset(key, 'k', REGISTRY_RECORD_KEY_BYTES_MAX);
    struct registry_record large = record(REGISTRY_RECORD_INSTANCE, key, "");
    large.value = text_of_bytes(value, value_bytes);
    save(scene, false, &large, 1);
    save(scene, false,
         &(struct registry_record){
             .kind = REGISTRY_RECORD_INSTANCE, .key = text_of(key), .value = TEXT("v")},
         1);
    free(value);
    scene->loaded_count = 0;
    assert_int_equal(
        scene->repository.ops->load(scene->repository.state, &scene->call, note, scene), STATUS_OK);
    assert_int_equal(scene->loaded_count, 1);
}

static enum status stop(void *argument, const struct registry_record *record)
{
    unsigned *told = argument;
    (void)record;
    ++*told;
    return STATUS_DATA_LOSS;
}

static void reading_ends_where_it_is_told_to(struct contract_scene *scene)
{
    unsigned told = 0;
    SAVE(scene, false, record(REGISTRY_RECORD_INSTANCE, "a", "1"),
         record(REGISTRY_RECORD_INSTANCE, "b", "2"));
    assert_int_equal(
        scene->repository.ops->load(scene->repository.state, &scene->call, stop, &told),
        STATUS_DATA_LOSS);
    assert_int_equal(told, 1);
}

/* The batch must not be let go before it is written, even if its call is over. */
static void a_call_that_is_over_is_no_reason(struct contract_scene *scene)
{
    struct call over = scene->call;
    over.deadline_ns = 1;
    const struct registry_record kept = record(REGISTRY_RECORD_INSTANCE, "a", "1");
    const struct registry_batch batch = {.records = &kept, .count = 1};
    assert_int_equal(scene->repository.ops->save(scene->repository.state, &over, &batch),
                     STATUS_OK);
    EXPECT(scene, "2 a=1");
}

static const struct contract_case {
    const char *name;
    void (*run)(struct contract_scene *scene);
} cases[] = {
    {"a_new_one_is_empty", a_new_one_is_empty},
    {"records_come_by_kind_and_key", records_come_by_kind_and_key},
    {"a_record_is_replaced", a_record_is_replaced},
    {"the_same_key_of_two_kinds", the_same_key_of_two_kinds},
    {"what_is_removed_is_gone", what_is_removed_is_gone},
    {"removed_and_put_again_in_one_batch", removed_and_put_again_in_one_batch},
    {"a_whole_batch_removes_the_rest", a_whole_batch_removes_the_rest},
    {"the_longest_key_and_a_large_value", the_longest_key_and_a_large_value},
    {"reading_ends_where_it_is_told_to", reading_ends_where_it_is_told_to},
    {"a_call_that_is_over_is_no_reason", a_call_that_is_over_is_no_reason},
};

struct case_state {
    const struct registry_implementation *implementation;
    const struct contract_case *contract_case;
};

static void run_case(void *argument)
{
    struct contract_scene *scene = argument;
    arena_init(&scene->arena, 4 * 1024 * 1024);
    call_init(&scene->call, &scene->arena, TIMEOUT_MS);
    assert_int_equal(
        scene->implementation->open(&scene->call, scene->directory, &scene->repository), STATUS_OK);
    scene->run(scene);
    scene->repository.ops->close(scene->repository.state);
    arena_deinit(&scene->arena);
}

static void run_contract_case(void **state)
{
    const struct case_state *case_state = *state;
    char directory[SCRATCH_PATH_BYTES];
    struct contract_scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    scratch_directory_make(directory);
    scene->implementation = case_state->implementation;
    scene->directory = text_of(directory);
    scene->run = case_state->contract_case->run;
    in_fiber(run_case, scene);
    scratch_directory_remove(directory);
    free(scene);
    if (case_state->implementation->forget != NULL) {
        case_state->implementation->forget();
    }
}

int registry_repository_contract_run(const struct registry_implementation *implementation)
{
    struct case_state states[ARRAY_LENGTH(cases)];
    struct CMUnitTest tests[ARRAY_LENGTH(cases)];
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        states[i] = (struct case_state){implementation, &cases[i]};
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_contract_case, .initial_state = &states[i]};
    }
    return cmocka_run_group_tests_name(implementation->name, tests, NULL, NULL);
}
