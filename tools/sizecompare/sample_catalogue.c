#include "sizecompare/sample_catalogue.h"

#include <errno.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "sizecompare/embedded.h"
#include "sizecompare/wire_format.h"

enum { READ_BYTES = 64 << 10 };

static enum status status_of_errno(int error)
{
    if (error == ENOENT) {
        return STATUS_NOT_FOUND;
    }
    return error == EACCES ? STATUS_PERMISSION_DENIED : STATUS_UNAVAILABLE;
}

static enum status read_to_end(FILE *file, struct buffer *bytes)
{
    while (!feof(file)) {
        char *room = buffer_reserve(bytes, READ_BYTES);
        if (room == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        buffer_extend(bytes, fread(room, 1, READ_BYTES, file));
        if (ferror(file)) {
            return status_of_errno(errno);
        }
    }
    return STATUS_OK;
}

static enum status read_file(const char *path, struct buffer *bytes)
{
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return status_of_errno(errno);
    }
    enum status status = read_to_end(file, bytes);
    (void)fclose(file);
    return status;
}

static enum status parse(struct text json, size_t entries_max, struct arena *arena,
                         struct sample_document *ret_document)
{
    struct sample_document document;
    enum status status = jansson_format.decode(NULL, json, SAMPLE_LIST, arena, &document);

    if (status != STATUS_OK) {
        return status;
    }
    if (document.count == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (document.count > entries_max) {
        document.count = entries_max;
    }
    *ret_document = document;
    return STATUS_OK;
}

enum status sample_catalogue_load(const char *path, size_t entries_max, struct arena *arena,
                                  struct sample_document *ret_document)
{
    if (path == NULL) {
        return parse(text_of_bytes(sizecompare_catalogue, sizecompare_catalogue_size), entries_max,
                     arena, ret_document);
    }
    CLEANUP(buffer_deinit) struct buffer bytes;
    buffer_init(&bytes, SAMPLE_CATALOGUE_BYTES_MAX);
    enum status status = read_file(path, &bytes);
    return status == STATUS_OK ? parse(buffer_text(&bytes), entries_max, arena, ret_document)
                               : status;
}
