#include "marquee/byte_source.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/buffer.h"

enum { READ_BYTES = 64 * 1024 };

enum status byte_source_read_all(struct byte_source source, struct call *call,
                                 struct buffer *buffer)
{
    enum status status = STATUS_OK;
    size_t length = 1;
    while (status == STATUS_OK && length > 0) {
        char *room = buffer_reserve(buffer, READ_BYTES);
        if (room == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the file is too large");
        }
        status = source.read(source.state, call, room, READ_BYTES, &length);
        if (status == STATUS_OK) {
            buffer_extend(buffer, length);
        }
    }
    return status;
}

static enum status read_text(void *state, struct call *call, char *buffer, size_t size,
                             size_t *ret_length)
{
    struct text_source *source = state;
    size_t length = source->rest.length < size ? source->rest.length : size;
    (void)call;
    if (length > 0) {
        memcpy(buffer, source->rest.data, length);
    }
    source->rest = text_slice(source->rest, length, source->rest.length);
    *ret_length = length;
    return STATUS_OK;
}

struct byte_source text_source_init(struct text_source *source, struct text text)
{
    source->rest = text;
    return (struct byte_source){read_text, source};
}

static enum status read_file(void *state, struct call *call, char *buffer, size_t size,
                             size_t *ret_length)
{
    struct file_source *source = state;
    uint64_t left = source->end - source->done;
    size_t length = fread(buffer, 1, size < left ? size : (size_t)left, source->file);
    if (length == 0 && ferror(source->file) != 0) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s: %s", source->name, strerrordesc_np(errno));
    }
    source->done += length;
    *ret_length = length;
    return STATUS_OK;
}

enum status file_source_open(struct call *call, const char *path, struct file_source *ret_source)
{
    bool is_input = strcmp(path, "-") == 0;
    struct file_source source = {.file = is_input ? stdin : fopen(path, "re"),
                                 .name = is_input ? "standard input" : path,
                                 .end = UINT64_MAX};
    struct stat entry;
    if (source.file == NULL) {
        return call_fail(call, STATUS_NOT_FOUND, "%s: %s", path, strerrordesc_np(errno));
    }
    if (fstat(fileno(source.file), &entry) == 0 && S_ISREG(entry.st_mode)) {
        source.size = (uint64_t)entry.st_size;
    }
    *ret_source = source;
    return STATUS_OK;
}

void file_source_close(struct file_source *source)
{
    if (source->file != stdin) {
        (void)fclose(source->file); /* read only: nothing is lost */
    }
}

enum status file_source_limit(struct file_source *source, struct call *call, uint64_t from,
                              uint64_t end)
{
    CHECK(from <= end);
    if (from > INT64_MAX || fseeko(source->file, (off_t)from, SEEK_SET) != 0) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s: %s", source->name, strerrordesc_np(errno));
    }
    source->done = from;
    source->end = end;
    return STATUS_OK;
}

struct byte_source file_source_bytes(struct file_source *source)
{
    return (struct byte_source){read_file, source};
}

enum status file_source_read_all(struct call *call, const char *path, struct buffer *buffer)
{
    struct file_source file;
    enum status status = file_source_open(call, path, &file);
    if (status == STATUS_OK) {
        status = byte_source_read_all(file_source_bytes(&file), call, buffer);
        file_source_close(&file);
    }
    return status;
}
