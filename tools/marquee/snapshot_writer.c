/* Writing a snapshot's file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "marquee/snapshot_file_private.h"
#include "store/store_directory.h"
#include "store/zlib_checksum.h"

struct snapshot_writer {
    FILE *file;
    char path[SNAPSHOT_FILE_PATH_BYTES_MAX];
    char partial[SNAPSHOT_FILE_PATH_BYTES_MAX];
    struct buffer block;
    uint32_t block_count;
    uint64_t votes;
    uint64_t tombstones;
    uint64_t bytes;
    bool named;
};

static enum status fail(const struct snapshot_writer *writer, struct call *call, int number)
{
    return number == EEXIST
               ? call_fail(call, STATUS_ALREADY_EXISTS, "%s: there is a file already", writer->path)
               : call_fail(call, STATUS_UNAVAILABLE, "%s: %s", writer->path,
                           strerrordesc_np(number));
}

static enum status write_bytes(struct snapshot_writer *writer, struct call *call, struct text bytes)
{
    if (bytes.length > 0 && fwrite(bytes.data, bytes.length, 1, writer->file) != 1) {
        return fail(writer, call, errno);
    }
    writer->bytes += bytes.length;
    return STATUS_OK;
}

static enum status write_head(struct snapshot_writer *writer, struct call *call,
                              const struct snapshot_file_head *head)
{
    char bytes[SNAPSHOT_HEAD_BYTES];
    memcpy(bytes, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_BYTES);
    snapshot_put_number(bytes + SNAPSHOT_MAGIC_BYTES, 4, SNAPSHOT_FILE_VERSION);
    snapshot_put_number(bytes + SNAPSHOT_MAGIC_BYTES + 4, 8, (uint64_t)head->time_ms);
    snapshot_put_number(bytes + SNAPSHOT_MAGIC_BYTES + 12, 8, (uint64_t)head->sequence);
    struct text checked = text_of_bytes(bytes, SNAPSHOT_HEAD_BYTES - 4);
    snapshot_put_number(bytes + checked.length, 4, zlib_checksum(0, checked));
    return write_bytes(writer, call, text_of_bytes(bytes, sizeof(bytes)));
}

static enum status write_block(struct snapshot_writer *writer, struct call *call)
{
    char head[SNAPSHOT_BLOCK_HEAD_BYTES];
    struct text content = buffer_text(&writer->block);
    snapshot_put_number(head, 4, writer->block_count);
    snapshot_put_number(head + 4, 4, content.length);
    snapshot_put_number(head + 8, 4, zlib_checksum(0, content));
    enum status status = write_bytes(writer, call, text_of_bytes(head, sizeof(head)));
    if (status == STATUS_OK) {
        status = write_bytes(writer, call, content);
    }
    buffer_clear(&writer->block);
    writer->block_count = 0;
    return status;
}

static enum status open_file(struct snapshot_writer *writer, struct call *call)
{
    if (access(writer->path, F_OK) == 0) {
        return fail(writer, call, EEXIST);
    }
    int fd = mkostemp(writer->partial, O_CLOEXEC);
    if (fd < 0) {
        writer->partial[0] = '\0';
        return fail(writer, call, errno);
    }
    writer->file = fdopen(fd, "w");
    if (writer->file == NULL) {
        int number = errno;
        (void)close(fd); /* nothing was written */
        return fail(writer, call, number);
    }
    return STATUS_OK;
}

enum status snapshot_writer_open(struct call *call, struct text path,
                                 const struct snapshot_file_head *head,
                                 struct snapshot_writer **ret_writer)
{
    struct snapshot_writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a snapshot");
    }
    buffer_init(&writer->block, SNAPSHOT_BLOCK_BYTES_MAX);
    int length = snprintf(writer->partial, sizeof(writer->partial), "%.*s.partial-XXXXXX",
                          TEXT_ARGUMENTS(path));
    bool fits = length > 0 && (size_t)length < sizeof(writer->partial) &&
                text_to_c_string(path, writer->path, sizeof(writer->path));
    enum status status = fits ? open_file(writer, call)
                              : call_fail(call, STATUS_UNAVAILABLE, "the path is too long");
    if (status == STATUS_OK) {
        status = write_head(writer, call, head);
    }
    if (status != STATUS_OK) {
        snapshot_writer_close(writer);
        return status;
    }
    *ret_writer = writer;
    return STATUS_OK;
}

enum status snapshot_writer_add(struct snapshot_writer *writer, struct call *call,
                                const struct rating_stored_vote *stored)
{
    const struct vote_key *key = &stored->vote.key;
    char head[SNAPSHOT_ENTRY_HEAD_BYTES];
    head[0] = stored->deleted ? 1 : 0;
    head[1] = (char)key->record.type;
    snapshot_put_number(head + 2, 2, (uint64_t)(stored->deleted ? 0 : stored->vote.hundredths));
    snapshot_put_number(head + 4, 8, (uint64_t)stored->vote.time_ms);
    snapshot_put_number(head + 12, 2, key->record.id.length);
    snapshot_put_number(head + 14, 2, key->provider.length);
    snapshot_put_number(head + 16, 2, key->user.length);
    if (!buffer_append(&writer->block, text_of_bytes(head, sizeof(head))) ||
        !buffer_append(&writer->block, key->record.id) ||
        !buffer_append(&writer->block, key->provider) ||
        !buffer_append(&writer->block, key->user)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a snapshot");
    }
    writer->block_count++;
    writer->votes += stored->deleted ? 0 : 1;
    writer->tombstones += stored->deleted ? 1 : 0;
    return buffer_text(&writer->block).length >= SNAPSHOT_FILE_BLOCK_BYTES
               ? write_block(writer, call)
               : STATUS_OK;
}

static enum status write_trailer(struct snapshot_writer *writer, struct call *call)
{
    char bytes[SNAPSHOT_TRAILER_BYTES];
    enum status status = writer->block_count > 0 ? write_block(writer, call) : STATUS_OK;
    snapshot_put_number(bytes, 8, writer->votes);
    snapshot_put_number(bytes + 8, 8, writer->tombstones);
    if (status == STATUS_OK &&
        !buffer_append(&writer->block, text_of_bytes(bytes, sizeof(bytes)))) {
        status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a snapshot");
    }
    return status == STATUS_OK ? write_block(writer, call) : status;
}

enum status snapshot_writer_finish(struct snapshot_writer *writer, struct call *call)
{
    struct store_error error;
    enum status status = write_trailer(writer, call);
    if (status != STATUS_OK) {
        return status;
    }
    if (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0 ||
        renameat2(AT_FDCWD, writer->partial, AT_FDCWD, writer->path, RENAME_NOREPLACE) != 0) {
        return fail(writer, call, errno);
    }
    writer->named = true;
    status = store_directory_sync(store_directory_of(text_of(writer->path)), &error);
    return status == STATUS_OK ? STATUS_OK : store_error_report(&error, call, status);
}

uint64_t snapshot_writer_bytes(const struct snapshot_writer *writer)
{
    return writer->bytes;
}

void snapshot_writer_close(struct snapshot_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    if (writer->file != NULL) {
        (void)fclose(writer->file); /* it was synced, or is of no use */
    }
    if (!writer->named && writer->partial[0] != '\0') {
        (void)unlink(writer->partial); /* what stays is called partial */
    }
    buffer_deinit(&writer->block);
    free(writer);
}
