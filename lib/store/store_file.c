#include "store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/little_endian.h"
#include "store/store_directory.h"
#include "store/zlib_checksum.h"

enum { FILE_MODE = 0600, CHECKSUM_BYTES = 4 };

struct store_file_writer {
    int fd;
    int failure; /* errno; 0: none */
    uint32_t checksum;
    size_t used;
    char path[PATH_MAX];
    char beside[PATH_MAX];
    char buffer[STORE_FILE_BUFFER_BYTES];
};

struct store_file_reader {
    int fd;
    uint32_t checksum;
    uint64_t left; /* of what the checksum is over, beyond the buffer */
    size_t at;
    size_t length;
    char buffer[STORE_FILE_BUFFER_BYTES];
};

static enum status fail(struct store_error *error, enum status status, const char *path, int number)
{
    return store_fail(error, status, "a file of the store cannot be used", "%s: %s", path,
                      strerrordesc_np(number));
}

/* Locked as long as it is open. Who waited for the lock while the other gave the file its name
 * holds the wrong one. STATUS_ABORTED: another process has it. */
static enum status lock(struct store_file_writer *writer, struct store_error *error)
{
    struct stat opened;
    struct stat named;
    if (flock(writer->fd, LOCK_EX | LOCK_NB) != 0) {
        return fail(error, errno == EWOULDBLOCK ? STATUS_ABORTED : STATUS_UNAVAILABLE,
                    writer->beside, errno);
    }
    if (fstat(writer->fd, &opened) != 0 || stat(writer->beside, &named) != 0 ||
        opened.st_ino != named.st_ino) {
        return store_fail(error, STATUS_ABORTED, "a file of the store cannot be used",
                          "%s: another process has written it", writer->beside);
    }
    return ftruncate(writer->fd, 0) == 0 ? STATUS_OK
                                         : fail(error, STATUS_UNAVAILABLE, writer->beside, errno);
}

enum status store_file_create(struct text path, struct store_error *error,
                              struct store_file_writer **ret_writer)
{
    struct store_file_writer *writer = malloc(sizeof(*writer));
    if (writer == NULL) {
        return store_fail(error, STATUS_RESOURCE_EXHAUSTED, "no memory for a file", "%s", "");
    }
    writer->fd = -1;
    writer->failure = 0;
    writer->checksum = 0;
    writer->used = 0;
    enum status status = STATUS_OK;
    int length = snprintf(writer->beside, sizeof(writer->beside), "%.*s.new", TEXT_ARGUMENTS(path));
    if (length < 0 || (size_t)length >= sizeof(writer->beside) ||
        !text_to_c_string(path, writer->path, sizeof(writer->path))) {
        status = store_fail(error, STATUS_UNAVAILABLE, "a file of the store cannot be used",
                            "its path is too long");
    }
    if (status == STATUS_OK) {
        writer->fd = open(writer->beside, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
        status = writer->fd >= 0 ? lock(writer, error)
                                 : fail(error, STATUS_UNAVAILABLE, writer->beside, errno);
    }
    if (status != STATUS_OK) {
        if (writer->fd >= 0) {
            (void)close(writer->fd); /* it is another's */
        }
        free(writer);
        return status;
    }
    *ret_writer = writer;
    return STATUS_OK;
}

static void flush(struct store_file_writer *writer)
{
    size_t at = 0;
    while (at < writer->used && writer->failure == 0) {
        ssize_t count = write(writer->fd, writer->buffer + at, writer->used - at);
        if (count > 0) {
            at += (size_t)count;
        } else if (count == 0 || errno != EINTR) {
            writer->failure = count == 0 ? ENOSPC : errno;
        }
    }
    writer->used = 0;
}

/* Without the checksum. */
static void append(struct store_file_writer *writer, const char *bytes, size_t count)
{
    while (count > 0 && writer->failure == 0) {
        size_t room = sizeof(writer->buffer) - writer->used;
        size_t part = count < room ? count : room;
        memcpy(writer->buffer + writer->used, bytes, part);
        writer->used += part;
        bytes += part;
        count -= part;
        if (writer->used == sizeof(writer->buffer)) {
            flush(writer);
        }
    }
}

bool store_file_write(struct store_file_writer *writer, const void *bytes, size_t count)
{
    if (count > 0) {
        writer->checksum = zlib_checksum(writer->checksum, text_of_bytes(bytes, count));
        append(writer, bytes, count);
    }
    return writer->failure == 0;
}

enum status store_file_commit(struct store_file_writer *writer, struct store_error *error)
{
    char checksum[CHECKSUM_BYTES];
    le32_write(checksum, writer->checksum);
    append(writer, checksum, sizeof(checksum));
    flush(writer);
    if (writer->failure == 0 &&
        (fsync(writer->fd) != 0 || rename(writer->beside, writer->path) != 0)) {
        writer->failure = errno;
    }
    if (writer->failure != 0) {
        enum status status = fail(error, STATUS_UNAVAILABLE, writer->beside, writer->failure);
        store_file_discard(writer);
        return status;
    }
    enum status status = store_directory_sync(store_directory_of(text_of(writer->path)), error);
    (void)close(writer->fd); /* it was synced */
    free(writer);
    return status;
}

void store_file_discard(struct store_file_writer *writer)
{
    if (writer != NULL) {
        (void)unlink(writer->beside); /* what stays is overwritten next time */
        (void)close(writer->fd);
        free(writer);
    }
}

enum status store_file_open(struct text path, struct store_error *error,
                            struct store_file_reader **ret_reader)
{
    char name[PATH_MAX];
    struct stat entry;
    if (!text_to_c_string(path, name, sizeof(name))) {
        return store_fail(error, STATUS_UNAVAILABLE, "a file of the store cannot be used",
                          "its path is too long");
    }
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE, name, errno);
    }
    struct store_file_reader *reader = malloc(sizeof(*reader));
    if (reader == NULL || fstat(fd, &entry) != 0) {
        (void)close(fd); /* read only: nothing is lost */
        free(reader);
        return store_fail(error, STATUS_RESOURCE_EXHAUSTED, "no memory for a file", "%s", "");
    }
    reader->fd = fd;
    reader->checksum = 0;
    reader->left = entry.st_size > CHECKSUM_BYTES ? (uint64_t)entry.st_size - CHECKSUM_BYTES : 0;
    reader->at = 0;
    reader->length = 0;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint */
    *ret_reader = reader;
    return STATUS_OK;
}

/* At most `count`; 0: no more. */
static size_t read_some(int fd, char *bytes, size_t count)
{
    ssize_t got;
    do {
        got = read(fd, bytes, count);
    } while (got < 0 && errno == EINTR);
    return got > 0 ? (size_t)got : 0;
}

static bool fill(struct store_file_reader *reader)
{
    size_t room = sizeof(reader->buffer);
    size_t wanted = reader->left < room ? (size_t)reader->left : room;
    size_t got = wanted > 0 ? read_some(reader->fd, reader->buffer, wanted) : 0;
    reader->checksum = zlib_checksum(reader->checksum, text_of_bytes(reader->buffer, got));
    reader->left -= got;
    reader->at = 0;
    reader->length = got;
    return got > 0;
}

bool store_file_read(struct store_file_reader *reader, void *bytes, size_t count)
{
    char *to = bytes;
    while (count > 0) {
        if (reader->at == reader->length && !fill(reader)) {
            return false;
        }
        size_t there = reader->length - reader->at;
        size_t part = count < there ? count : there;
        memcpy(to, reader->buffer + reader->at, part);
        reader->at += part;
        to += part;
        count -= part;
    }
    return true;
}

bool store_file_is_whole(struct store_file_reader *reader)
{
    char checksum[CHECKSUM_BYTES];
    size_t length = 0;
    size_t got = 1;
    if (reader->left > 0 || reader->at < reader->length) {
        return false;
    }
    while (length < sizeof(checksum) && got > 0) {
        got = read_some(reader->fd, checksum + length, sizeof(checksum) - length);
        length += got;
    }
    return length == sizeof(checksum) && le32_read(checksum) == reader->checksum;
}

void store_file_close(struct store_file_reader *reader)
{
    if (reader != NULL) {
        (void)close(reader->fd); /* read only: nothing is lost */
        free(reader);
    }
}
