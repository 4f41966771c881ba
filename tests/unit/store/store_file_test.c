/* A file that is there whole, or not at all. */
#include "store/store_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_test.h"
#include "support/scratch_directory.h"

enum { PATH_BYTES = 128, LARGE = 3 * STORE_FILE_BUFFER_BYTES + 17 };

struct scene {
    char directory[SCRATCH_PATH_BYTES];
    char path[PATH_BYTES];
    struct store_error error;
};

static void open_scene(struct scene *scene)
{
    scratch_directory_make(scene->directory);
    (void)snprintf(scene->path, sizeof(scene->path), "%s/kept", scene->directory);
}

static void close_scene(struct scene *scene)
{
    scratch_directory_remove(scene->directory);
}

static struct store_file_writer *begin(struct scene *scene)
{
    struct store_file_writer *writer;
    assert_int_equal(store_file_create(text_of(scene->path), &scene->error, &writer), STATUS_OK);
    return writer;
}

static void write_whole(struct scene *scene, const char *words)
{
    struct store_file_writer *writer = begin(scene);
    assert_true(store_file_write(writer, words, strlen(words)));
    assert_int_equal(store_file_commit(writer, &scene->error), STATUS_OK);
}

static struct store_file_reader *open_it(struct scene *scene)
{
    struct store_file_reader *reader;
    assert_int_equal(store_file_open(text_of(scene->path), &scene->error, &reader), STATUS_OK);
    return reader;
}

static void assert_holds(struct scene *scene, const char *words)
{
    char read[64];
    struct store_file_reader *reader = open_it(scene);
    assert_true(store_file_read(reader, read, strlen(words)));
    assert_memory_equal(read, words, strlen(words));
    assert_true(store_file_is_whole(reader));
    store_file_close(reader);
}

static void what_was_written_is_read(void **state)
{
    struct scene scene;
    char *bytes = malloc(LARGE);
    char *read = malloc(LARGE);
    struct stat entry;
    (void)state;
    open_scene(&scene);
    assert_non_null(bytes);
    assert_non_null(read);
    for (size_t i = 0; i < LARGE; i++) {
        bytes[i] = (char)(i * 31 >> 3);
    }
    struct store_file_writer *writer = begin(&scene);
    assert_true(store_file_write(writer, bytes, 5));
    assert_true(store_file_write(writer, bytes + 5, 0));
    assert_true(store_file_write(writer, bytes + 5, LARGE - 5));
    assert_int_equal(store_file_commit(writer, &scene.error), STATUS_OK);
    assert_int_equal(stat(scene.path, &entry), 0);
    assert_int_equal(entry.st_mode & 0777, 0600);
    struct store_file_reader *reader = open_it(&scene);
    assert_true(store_file_read(reader, read, LARGE - 7));
    assert_false(store_file_is_whole(reader));
    assert_true(store_file_read(reader, read + LARGE - 7, 7));
    assert_memory_equal(read, bytes, LARGE);
    assert_false(store_file_read(reader, read, 1)); /* the checksum is not part of it */
    assert_true(store_file_is_whole(reader));
    store_file_close(reader);
    free(bytes);
    free(read);
    close_scene(&scene);
}

static void the_file_before_stands_until_then(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene);
    write_whole(&scene, "before");
    struct store_file_writer *writer = begin(&scene);
    assert_true(store_file_write(writer, "after", 5));
    assert_holds(&scene, "before");
    store_file_discard(writer);
    assert_holds(&scene, "before");
    write_whole(&scene, "then");
    assert_holds(&scene, "then");
    close_scene(&scene);
}

static void what_a_killed_process_left_is_written_over(void **state)
{
    struct scene scene;
    char beside[PATH_BYTES + 8];
    (void)state;
    open_scene(&scene);
    (void)snprintf(beside, sizeof(beside), "%s.new", scene.path);
    FILE *left = fopen(beside, "w");
    assert_non_null(left);
    assert_true(fputs("much more than is written after it", left) >= 0);
    assert_int_equal(fclose(left), 0);
    write_whole(&scene, "after");
    assert_holds(&scene, "after");
    assert_int_equal(access(beside, F_OK), -1);
    close_scene(&scene);
}

static void one_writes_at_a_time(void **state)
{
    struct scene scene;
    struct store_file_writer *second;
    (void)state;
    open_scene(&scene);
    struct store_file_writer *first = begin(&scene);
    assert_true(store_file_write(first, "first", 5));
    assert_int_equal(store_file_create(text_of(scene.path), &scene.error, &second), STATUS_ABORTED);
    assert_int_equal(store_file_commit(first, &scene.error), STATUS_OK);
    assert_holds(&scene, "first");
    write_whole(&scene, "second");
    assert_holds(&scene, "second");
    close_scene(&scene);
}

static void change_byte(const struct scene *scene, off_t at)
{
    char byte;
    int fd = open(scene->path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x20;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    assert_int_equal(close(fd), 0);
}

static bool is_whole(struct scene *scene, size_t length)
{
    char read[64];
    struct store_file_reader *reader = open_it(scene);
    bool whole = store_file_read(reader, read, length) && store_file_is_whole(reader);
    store_file_close(reader);
    return whole;
}

static void damage_is_found_out(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene);
    write_whole(&scene, "twelve bytes");
    for (off_t at = 0; at < 16; at++) {
        change_byte(&scene, at);
        assert_false(is_whole(&scene, 12));
        change_byte(&scene, at);
        assert_true(is_whole(&scene, 12));
    }
    for (off_t length = 15; length >= 0; length--) {
        assert_int_equal(truncate(scene.path, length), 0);
        assert_false(is_whole(&scene, 12));
        assert_false(is_whole(&scene, 0));
    }
    close_scene(&scene);
}

static void what_cannot_be_used_is_told(void **state)
{
    struct scene scene;
    struct store_file_reader *reader;
    struct store_file_writer *writer;
    char long_path[8192];
    (void)state;
    open_scene(&scene);
    assert_int_equal(store_file_open(text_of(scene.path), &scene.error, &reader), STATUS_NOT_FOUND);
    memset(long_path, 'x', sizeof(long_path));
    struct text too_long = text_of_bytes(long_path, sizeof(long_path));
    assert_int_equal(store_file_open(too_long, &scene.error, &reader), STATUS_UNAVAILABLE);
    assert_int_equal(store_file_create(too_long, &scene.error, &writer), STATUS_UNAVAILABLE);
    assert_int_equal(mkdir(scene.path, 0700), 0);
    struct store_file_writer *onto_directory = begin(&scene);
    assert_int_equal(store_file_commit(onto_directory, &scene.error), STATUS_UNAVAILABLE);
    assert_non_null(strstr(scene.error.detail, "directory"));
    (void)snprintf(scene.path, sizeof(scene.path), "%s/nowhere/kept", scene.directory);
    assert_int_equal(store_file_create(text_of(scene.path), &scene.error, &writer),
                     STATUS_UNAVAILABLE);
    store_file_discard(NULL);
    store_file_close(NULL);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(the_file_before_stands_until_then),
        cmocka_unit_test(what_a_killed_process_left_is_written_over),
        cmocka_unit_test(one_writes_at_a_time),
        cmocka_unit_test(damage_is_found_out),
        cmocka_unit_test(what_cannot_be_used_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
