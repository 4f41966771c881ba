/* The file of a snapshot: what is written reads back, and a file that was cut or changed anywhere
 * is refused. */
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "marquee/snapshot_file.h"
#include "support/cmocka_test.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024, PATH_BYTES = 128, FILE_BYTES_MAX = 4096, MANY = 20000 };

struct scene {
    struct arena arena;
    struct call call;
    char directory[SCRATCH_PATH_BYTES];
    char path[PATH_BYTES];
    char other[PATH_BYTES];
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, 0);
    scratch_directory_make(scene->directory);
    (void)snprintf(scene->path, sizeof(scene->path), "%s/snapshot", scene->directory);
    (void)snprintf(scene->other, sizeof(scene->other), "%s/other", scene->directory);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    scratch_directory_remove(scene->directory);
    arena_deinit(&scene->arena);
    free(scene);
    return 0;
}

static const struct rating_stored_vote votes[] = {
    {.vote = {.key = {{RECORD_TYPE_MOVIE, TEXT_INIT("m1")}, TEXT_INIT(""), TEXT_INIT("ann")},
              .hundredths = 850,
              .time_ms = INT64_C(1700000000000)}},
    {.vote = {.key = {{RECORD_TYPE_MOVIE, TEXT_INIT("m1")}, TEXT_INIT("club"), TEXT_INIT("Zoë")},
              .time_ms = -1},
     .deleted = true},
    {.vote = {.key = {{RECORD_TYPE_SOUNDTRACK, TEXT_INIT("s")}, TEXT_INIT(""), TEXT_INIT("b")},
              .hundredths = 1000,
              .time_ms = 1}},
};

static const struct snapshot_file_head head = {.time_ms = 12345, .sequence = 678};

static void write_snapshot(struct scene *scene)
{
    struct snapshot_writer *writer;
    assert_int_equal(snapshot_writer_open(&scene->call, text_of(scene->path), &head, &writer),
                     STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(votes); i++) {
        assert_int_equal(snapshot_writer_add(writer, &scene->call, &votes[i]), STATUS_OK);
    }
    assert_int_equal(access(scene->path, F_OK), -1); /* not before it is whole */
    assert_int_equal(snapshot_writer_finish(writer, &scene->call), STATUS_OK);
    snapshot_writer_close(writer);
    assert_int_equal(access(scene->path, F_OK), 0);
}

static void test_reads_what_was_written(void **state)
{
    struct scene *scene = *state;
    struct snapshot_file_head found_head;
    struct snapshot_reader *reader;
    struct rating_stored_vote vote;
    bool found;
    write_snapshot(scene);
    assert_int_equal(snapshot_reader_open(&scene->call, text_of(scene->path), &found_head, &reader),
                     STATUS_OK);
    assert_int_equal(found_head.time_ms, head.time_ms);
    assert_int_equal(found_head.sequence, head.sequence);
    for (size_t i = 0; i < ARRAY_LENGTH(votes); i++) {
        assert_int_equal(snapshot_reader_next(reader, &scene->call, &found, &vote), STATUS_OK);
        assert_true(found);
        assert_int_equal(vote.deleted, votes[i].deleted);
        assert_int_equal(vote.vote.hundredths, votes[i].vote.hundredths);
        assert_int_equal(vote.vote.time_ms, votes[i].vote.time_ms);
        assert_int_equal(vote.vote.key.record.type, votes[i].vote.key.record.type);
        assert_true(text_equal(vote.vote.key.record.id, votes[i].vote.key.record.id));
        assert_true(text_equal(vote.vote.key.provider, votes[i].vote.key.provider));
        assert_true(text_equal(vote.vote.key.user, votes[i].vote.key.user));
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(snapshot_reader_next(reader, &scene->call, &found, &vote), STATUS_OK);
        assert_false(found);
    }
    snapshot_reader_close(reader);
}

/* Over many blocks. */
static void test_many(void **state)
{
    struct scene *scene = *state;
    struct snapshot_file_head found_head;
    struct snapshot_writer *writer;
    struct snapshot_reader *reader;
    char user[32];
    bool found = true;
    assert_int_equal(snapshot_writer_open(&scene->call, text_of(scene->path), &head, &writer),
                     STATUS_OK);
    for (int32_t i = 0; i < MANY; i++) {
        struct rating_stored_vote vote = votes[0];
        (void)snprintf(user, sizeof(user), "user-%08d", i);
        vote.vote.key.user = text_of(user);
        vote.vote.hundredths = i % 1001;
        assert_int_equal(snapshot_writer_add(writer, &scene->call, &vote), STATUS_OK);
    }
    assert_int_equal(snapshot_writer_finish(writer, &scene->call), STATUS_OK);
    assert_true(snapshot_writer_bytes(writer) > 2 * SNAPSHOT_FILE_BLOCK_BYTES);
    snapshot_writer_close(writer);
    assert_int_equal(snapshot_reader_open(&scene->call, text_of(scene->path), &found_head, &reader),
                     STATUS_OK);
    for (int32_t i = 0; i < MANY; i++) {
        struct rating_stored_vote vote;
        (void)snprintf(user, sizeof(user), "user-%08d", i);
        assert_int_equal(snapshot_reader_next(reader, &scene->call, &found, &vote), STATUS_OK);
        assert_true(found && text_equal(vote.vote.key.user, text_of(user)));
        assert_int_equal(vote.vote.hundredths, i % 1001);
    }
    snapshot_reader_close(reader);
}

static enum status open_bytes(struct scene *scene, const char *bytes, size_t size)
{
    struct snapshot_file_head found;
    struct snapshot_reader *reader;
    FILE *file = fopen(scene->other, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    call_clear_error(&scene->call);
    enum status status = snapshot_reader_open(&scene->call, text_of(scene->other), &found, &reader);
    if (status == STATUS_OK) {
        snapshot_reader_close(reader);
    }
    return status;
}

static void test_refuses_what_was_cut_or_changed(void **state)
{
    struct scene *scene = *state;
    char bytes[FILE_BYTES_MAX + 1];
    write_snapshot(scene);
    FILE *file = fopen(scene->path, "re");
    assert_non_null(file);
    size_t size = fread(bytes, 1, FILE_BYTES_MAX, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(open_bytes(scene, bytes, size), STATUS_OK);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(open_bytes(scene, bytes, cut), STATUS_DATA_LOSS);
    }
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        if (open_bytes(scene, bytes, size) != STATUS_DATA_LOSS) {
            fail_msg("bit %zu was changed and not noticed", bit);
        }
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    }
    bytes[size] = 'x';
    assert_int_equal(open_bytes(scene, bytes, size + 1), STATUS_DATA_LOSS);
}

static void test_touches_nothing_that_is_there(void **state)
{
    struct scene *scene = *state;
    struct snapshot_writer *writer;
    struct snapshot_file_head found;
    struct snapshot_reader *reader;
    assert_int_equal(snapshot_reader_open(&scene->call, text_of(scene->path), &found, &reader),
                     STATUS_NOT_FOUND);
    call_clear_error(&scene->call);
    write_snapshot(scene);
    assert_int_equal(snapshot_writer_open(&scene->call, text_of(scene->path), &head, &writer),
                     STATUS_ALREADY_EXISTS);
    call_clear_error(&scene->call);
    /* One that comes while it is written stays, too. */
    assert_int_equal(snapshot_writer_open(&scene->call, text_of(scene->other), &head, &writer),
                     STATUS_OK);
    assert_int_equal(rename(scene->path, scene->other), 0);
    assert_int_equal(snapshot_writer_finish(writer, &scene->call), STATUS_ALREADY_EXISTS);
    snapshot_writer_close(writer);
    call_clear_error(&scene->call);
    assert_int_equal(snapshot_writer_open(&scene->call, TEXT("/nowhere/snapshot"), &head, &writer),
                     STATUS_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_what_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses_what_was_cut_or_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_touches_nothing_that_is_there, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
