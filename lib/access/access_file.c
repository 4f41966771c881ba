#include "access/access_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 4096 };

static enum status failed(struct call *call, const char *file, int failure)
{
    return call_fail(call, failure == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                     "%s: %s", file, strerrordesc_np(failure));
}

static enum status read_all(struct call *call, const char *file, int fd, struct buffer *content)
{
    for (;;) {
        char *room = buffer_reserve(content, READ_BYTES);
        char one;
        /* At its maximum the buffer has no room, which matters only if there is more. */
        ssize_t got = room != NULL ? read(fd, room, READ_BYTES) : read(fd, &one, 1);
        if (got == 0) {
            return STATUS_OK;
        }
        if (got < 0 && errno != EINTR) {
            return failed(call, file, errno);
        }
        if (got > 0 && room == NULL) {
            return call_fail(call, STATUS_FAILED_PRECONDITION, "%s is too long", file);
        }
        buffer_extend(content, got > 0 ? (size_t)got : 0);
    }
}

enum status access_file_read(struct call *call, const char *file, struct buffer *content)
{
    struct stat about;
    /* Not blocking: a pipe without a writer is no such file. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return failed(call, file, errno);
    }
    enum status status = STATUS_OK;
    if (fstat(fd, &about) != 0) {
        status = failed(call, file, errno);
    } else if ((about.st_mode & S_IWOTH) != 0) {
        status = call_fail(call, STATUS_FAILED_PRECONDITION, "%s: everybody may change it", file);
    } else {
        status = read_all(call, file, fd, content);
    }
    (void)close(fd); /* it was only read */
    return status;
}

static bool write_all(int fd, struct text content)
{
    while (content.length > 0) {
        ssize_t done = write(fd, content.data, content.length);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        content = text_slice(content, done > 0 ? (size_t)done : 0, content.length);
    }
    return fsync(fd) == 0;
}

/* Has the entries of the file's folder survive a loss of power. */
static bool sync_folder(const char *file)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(file, '/');
    struct text name = slash == NULL   ? TEXT(".")
                       : slash == file ? TEXT("/")
                                       : text_of_bytes(file, (size_t)(slash - file));
    if (!text_to_c_string(name, folder, sizeof(folder))) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    int failure = errno;
    if (fd >= 0) {
        (void)close(fd); /* it was only synced */
    }
    errno = failure;
    return done;
}

/* Writes a file beside, to be moved to its place by `place`, which returns 0, or -1 and errno. */
static enum status write_beside(struct call *call, const char *file, struct text content,
                                int (*place)(const char *from, const char *to))
{
    char beside[PATH_MAX];
    int length = snprintf(beside, sizeof(beside), "%s.XXXXXX", file);
    if (length < 0 || (size_t)length >= sizeof(beside)) {
        return failed(call, file, ENAMETOOLONG);
    }
    int fd = mkostemp(beside, O_CLOEXEC); /* 0600 */
    if (fd < 0) {
        return failed(call, file, errno);
    }
    bool done = write_all(fd, content);
    int failure = errno;
    if (close(fd) != 0 && done) {
        done = false;
        failure = errno;
    }
    if (done && (place(beside, file) != 0 || !sync_folder(file))) {
        done = false;
        failure = errno;
    }
    if (!done) {
        (void)unlink(beside); /* what is left of a failure */
        return failure == EEXIST
                   ? call_fail(call, STATUS_ALREADY_EXISTS, "%s is there already", file)
                   : failed(call, file, failure);
    }
    return STATUS_OK;
}

enum status access_file_write(struct call *call, const char *file, struct text content)
{
    enum status status = write_beside(call, file, content, rename);
    return status == STATUS_NOT_FOUND ? STATUS_FAILED_PRECONDITION : status;
}

static int place_new(const char *from, const char *to)
{
    return link(from, to) == 0 ? unlink(from) : -1;
}

enum status access_file_create(struct call *call, const char *file, struct text content)
{
    enum status status = write_beside(call, file, content, place_new);
    return status == STATUS_NOT_FOUND ? STATUS_FAILED_PRECONDITION : status;
}

enum status access_file_lock(struct call *call, const char *file, int *ret_lock)
{
    char beside[PATH_MAX];
    int length = snprintf(beside, sizeof(beside), "%s.lock", file);
    if (length < 0 || (size_t)length >= sizeof(beside)) {
        return failed(call, file, ENAMETOOLONG);
    }
    int lock = open(beside, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    int done = lock < 0 ? -1 : flock(lock, LOCK_EX);
    while (lock >= 0 && done != 0 && errno == EINTR) {
        done = flock(lock, LOCK_EX);
    }
    if (done != 0) {
        int failure = errno;
        access_file_unlock(lock);
        return call_fail(call, STATUS_FAILED_PRECONDITION, "%s: %s", beside,
                         strerrordesc_np(failure));
    }
    *ret_lock = lock;
    return STATUS_OK;
}

void access_file_unlock(int lock)
{
    if (lock >= 0) {
        (void)close(lock); /* nothing was written to it */
    }
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

struct text access_next_word(struct text *line)
{
    size_t from = 0;
    while (from < line->length && is_blank(line->data[from])) {
        from++;
    }
    size_t to = from;
    while (to < line->length && !is_blank(line->data[to])) {
        to++;
    }
    struct text word = text_slice(*line, from, to);
    *line = text_slice(*line, to, line->length);
    return word;
}

bool access_is_printable(struct text word)
{
    for (size_t i = 0; i < word.length; i++) {
        if (word.data[i] < '!' || word.data[i] > '~') {
            return false;
        }
    }
    return true;
}
