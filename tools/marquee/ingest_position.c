#include "marquee/ingest_position.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/random.h"
#include "store/store_directory.h"

enum { FILE_BYTES_MAX = 1024, FILE_MODE = 0644 };

static const struct text first_line = TEXT_INIT("marquee ingest position 1");

static enum status fail_file(struct call *call, const char *path)
{
    return call_fail(call, STATUS_UNAVAILABLE, "%s: %s", path, strerrordesc_np(errno));
}

/* The rest of the line that begins with the word. false: there is none. */
static bool find_line(struct text file, struct text word, struct text *ret_value)
{
    while (file.data != NULL) {
        struct text value = text_next(&file, '\n');
        struct text name = text_next(&value, ' ');
        if (text_equal(name, word) && value.data != NULL) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool find_number(struct text file, struct text word, uint64_t *ret_number)
{
    struct text value;
    return find_line(file, word, &value) && text_to_u64(value, ret_number);
}

static enum status parse(struct call *call, const char *path, struct text topic, struct text file,
                         struct ingest_position *ret_position)
{
    struct ingest_position position;
    struct text of_topic;
    if (!text_starts_with(file, first_line) || !find_line(file, TEXT("topic"), &of_topic) ||
        !find_number(file, TEXT("producer"), &position.producer_id) ||
        !find_number(file, TEXT("read"), &position.read) ||
        !find_number(file, TEXT("appended"), &position.appended) ||
        !find_number(file, TEXT("hash"), &position.last_hash) || position.producer_id == 0) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "%s is no position of marquee ingest",
                         path);
    }
    if (!text_equal(of_topic, topic)) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "%s is of the topic %.*s", path,
                         TEXT_ARGUMENTS(of_topic));
    }
    *ret_position = position;
    return STATUS_OK;
}

enum status ingest_position_load(struct call *call, const char *path, struct text topic,
                                 struct ingest_position *ret_position)
{
    char bytes[FILE_BYTES_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        struct ingest_position position = {.read = 0};
        do {
            random_secret(&position.producer_id, sizeof(position.producer_id));
        } while (position.producer_id == 0);
        *ret_position = position;
        return STATUS_OK;
    }
    ssize_t length = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    enum status status = length < 0 ? fail_file(call, path) : STATUS_OK;
    if (fd >= 0) {
        (void)close(fd);
    }
    return status == STATUS_OK
               ? parse(call, path, topic, text_of_bytes(bytes, (size_t)length), ret_position)
               : status;
}

/* Writes and syncs a file. */
static enum status write_file(struct call *call, const char *path, struct text bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return fail_file(call, path);
    }
    bool written = write(fd, bytes.data, bytes.length) == (ssize_t)bytes.length && fsync(fd) == 0;
    enum status status = written ? STATUS_OK : fail_file(call, path);
    (void)close(fd);
    return status;
}

enum status ingest_position_store(struct call *call, const char *path, struct text topic,
                                  const struct ingest_position *position)
{
    char bytes[FILE_BYTES_MAX];
    char beside[PATH_MAX];
    int length =
        snprintf(bytes, sizeof(bytes),
                 "%.*s\ntopic %.*s\nproducer %llu\nread %llu\nappended %llu\nhash %llu\n",
                 TEXT_ARGUMENTS(first_line), TEXT_ARGUMENTS(topic),
                 (unsigned long long)position->producer_id, (unsigned long long)position->read,
                 (unsigned long long)position->appended, (unsigned long long)position->last_hash);
    int path_length = snprintf(beside, sizeof(beside), "%s.new", path);
    if ((size_t)length >= sizeof(bytes) || (size_t)path_length >= sizeof(beside)) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s: the name is too long", path);
    }
    enum status status = write_file(call, beside, text_of_bytes(bytes, (size_t)length));
    if (status == STATUS_OK && rename(beside, path) != 0) {
        status = fail_file(call, path);
    }
    if (status == STATUS_OK) {
        struct store_error error;
        status = store_directory_sync(store_directory_of(text_of(path)), &error);
        status = status == STATUS_OK ? status : fail_file(call, path);
    }
    return status;
}
