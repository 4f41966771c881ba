#include "access/audit_log.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/scratch_directory.h"

enum { PATH_BYTES = SCRATCH_PATH_BYTES + 16, OUTPUT_BYTES_MAX = 8 * 1024 * 1024, WAIT_MS = 20000 };

struct fixture {
    struct arena arena;
    struct call call;
    char directory[SCRATCH_PATH_BYTES];
    char file[PATH_BYTES];
    char renamed[PATH_BYTES];
    int ends[2]; /* of a pipe */
    struct log log;
    struct audit_log *audit;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    arena_init(&fixture->arena, 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 0);
    scratch_directory_make(fixture->directory);
    (void)snprintf(fixture->file, sizeof(fixture->file), "%s/audit", fixture->directory);
    (void)snprintf(fixture->renamed, sizeof(fixture->renamed), "%s/audit.1", fixture->directory);
    assert_int_equal(pipe(fixture->ends), 0);
    fixture->log = (struct log){.fd = fixture->ends[1], .level = LOG_INFO, .service = "registry"};
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    (void)close(fixture->ends[0]);
    (void)close(fixture->ends[1]);
    scratch_directory_remove(fixture->directory);
    arena_deinit(&fixture->arena);
    free(fixture);
    return 0;
}

static void open_log(struct fixture *fixture, const char *file)
{
    assert_int_equal(audit_log_open(&fixture->call, &fixture->log, file, &fixture->audit),
                     STATUS_OK);
}

static void write_one(struct fixture *fixture, const char *id)
{
    audit_log_write(fixture->audit, AUDIT_ACCEPTED, "audit", LOG_FIELDS(log_string("id", id)));
}

static struct text content_of(struct fixture *fixture, const char *path)
{
    char bytes[4096];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t length = fread(bytes, 1, sizeof(bytes), file);
    assert_int_equal(fclose(file), 0);
    return arena_copy(&fixture->arena, text_of_bytes(bytes, length));
}

static unsigned lines_of(struct text text)
{
    unsigned count = 0;
    for (size_t i = 0; i < text.length; i++) {
        count += text.data[i] == '\n';
    }
    return count;
}

static bool holds(struct text text, const char *words)
{
    return text.length > 0 && memmem(text.data, text.length, words, strlen(words)) != NULL;
}

static void test_file(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    fixture->log.level = LOG_ERROR; /* a file of its own takes all the same */
    open_log(fixture, fixture->file);
    write_one(fixture, "a\nlevel=info service=\"registry\" message=\"forged\"");
    write_one(fixture, "b\"\x1b[2J");
    audit_log_close(fixture->audit);
    struct text content = content_of(fixture, fixture->file);
    assert_int_equal(lines_of(content), 2);
    assert_true(holds(content, "level=info service=registry message=\"audit\" "
                               "id=\"a\\u000alevel=info service=\\\"registry\\\""));
    assert_true(holds(content, "id=\"b\\\"\\u001b[2J\"\n"));
    assert_int_equal(stat(fixture->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);

    open_log(fixture, fixture->file); /* what is there stays */
    write_one(fixture, "c");
    audit_log_close(fixture->audit);
    assert_int_equal(lines_of(content_of(fixture, fixture->file)), 3);
}

static void test_renamed_file(void **state)
{
    struct fixture *fixture = *state;
    open_log(fixture, fixture->file);
    assert_int_equal(rename(fixture->file, fixture->renamed), 0);
    assert_int_equal(audit_log_reopen(&fixture->call, fixture->audit), STATUS_OK);
    assert_int_equal(audit_log_reopen(&fixture->call, fixture->audit), STATUS_OK);
    write_one(fixture, "new");
    audit_log_close(fixture->audit);
    assert_int_equal(lines_of(content_of(fixture, fixture->renamed)), 0);
    assert_int_equal(lines_of(content_of(fixture, fixture->file)), 1);
}

static void test_bad_file(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(
        audit_log_open(&fixture->call, &fixture->log, fixture->directory, &fixture->audit),
        STATUS_FAILED_PRECONDITION);
    assert_true(text_ends_with(fixture->call.error.message, TEXT("Is a directory")));
    open_log(fixture, fixture->file);
    assert_int_equal(rename(fixture->file, fixture->renamed), 0);
    assert_int_equal(mkdir(fixture->file, 0700), 0);
    assert_int_equal(audit_log_reopen(&fixture->call, fixture->audit), STATUS_FAILED_PRECONDITION);
    write_one(fixture, "still there");
    audit_log_close(fixture->audit);
    assert_int_equal(lines_of(content_of(fixture, fixture->renamed)), 1);
}

static void test_log(void **state)
{
    struct fixture *fixture = *state;
    char bytes[4096];
    open_log(fixture, NULL);
    write_one(fixture, "a");
    assert_int_equal(audit_log_reopen(&fixture->call, fixture->audit), STATUS_OK);
    audit_log_close(fixture->audit);
    ssize_t length = read(fixture->ends[0], bytes, sizeof(bytes));
    assert_true(length > 0);
    assert_int_equal(lines_of(text_of_bytes(bytes, (size_t)length)), 1);

    fixture->log.level = LOG_WARNING;
    open_log(fixture, "");
    write_one(fixture, "a");
    audit_log_close(fixture->audit);
    assert_int_equal(fcntl(fixture->ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(read(fixture->ends[0], bytes, sizeof(bytes)), -1);

    audit_log_write(NULL, AUDIT_ACCEPTED, "audit", LOG_FIELDS(log_string("id", "a")));
    audit_log_close(NULL);
}

/* Fills the queue until lines are lost; returns how many were taken. */
static unsigned fill(struct fixture *fixture, enum audit_outcome outcome)
{
    static char long_text[3000];
    unsigned count = 0;
    uint64_t before = audit_log_lost(fixture->audit);
    memset(long_text, 'x', sizeof(long_text));
    while (audit_log_lost(fixture->audit) == before) {
        audit_log_write(fixture->audit, outcome, "audit",
                        LOG_FIELDS(log_text("id", text_of_bytes(long_text, sizeof(long_text)))));
        count++;
    }
    return count - 1;
}

/* Reads what the thread writes until it holds the words. */
static struct text read_until(struct fixture *fixture, struct buffer *output, const char *words)
{
    char bytes[65536];
    struct pollfd ready = {.fd = fixture->ends[0], .events = POLLIN};
    while (!holds(buffer_text(output), words)) {
        assert_true(poll(&ready, 1, WAIT_MS) > 0);
        ssize_t length = read(fixture->ends[0], bytes, sizeof(bytes));
        assert_true(length > 0);
        assert_true(buffer_append(output, text_of_bytes(bytes, (size_t)length)));
    }
    return buffer_text(output);
}

/* From now on the thread can write nothing: it takes what waits once, and waits itself. */
static void fill_pipe(struct fixture *fixture)
{
    static const char bytes[4096];
    int flags = fcntl(fixture->ends[1], F_GETFL);
    assert_int_equal(fcntl(fixture->ends[1], F_SETFL, flags | O_NONBLOCK), 0);
    while (write(fixture->ends[1], bytes, sizeof(bytes)) > 0) {
    }
    assert_int_equal(fcntl(fixture->ends[1], F_SETFL, flags), 0);
}

/* Nobody reads the pipe: what is refused leaves half of the room to what is accepted, nothing
 * waits, and the lines that were lost are counted in the log itself. */
static void test_nobody_reads(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(buffer_deinit) struct buffer output;
    buffer_init(&output, OUTPUT_BYTES_MAX);
    open_log(fixture, NULL);
    fill_pipe(fixture);
    unsigned refused = fill(fixture, AUDIT_REFUSED) + fill(fixture, AUDIT_REFUSED);
    unsigned accepted = fill(fixture, AUDIT_ACCEPTED);
    /* 169 are half of the room; the thread may have taken as many once, at any time. */
    assert_in_range(refused, 160, 350);
    assert_in_range(accepted, 160, 520);
    struct text text = read_until(fixture, &output, "audit lines lost");
    assert_true(holds(text, "message=\"audit lines lost\" count="));
    write_one(fixture, "the last one");
    (void)read_until(fixture, &output, "the last one");
    audit_log_close(fixture->audit);
}

static void test_close_does_not_hang(void **state)
{
    struct fixture *fixture = *state;
    open_log(fixture, NULL);
    fill_pipe(fixture);
    (void)fill(fixture, AUDIT_ACCEPTED);
    int64_t before_ns = clock_monotonic_ns();
    audit_log_close(fixture->audit);
    assert_in_range((clock_monotonic_ns() - before_ns) / CLOCK_NS_PER_MS, AUDIT_LOG_CLOSE_MS,
                    WAIT_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_renamed_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_does_not_hang, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
