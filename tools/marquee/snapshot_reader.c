/* Reading a snapshot's file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "marquee/snapshot_file_private.h"
#include "rating/model/rating.h"
#include "store/zlib_checksum.h"

struct snapshot_reader {
    FILE *file;
    char path[SNAPSHOT_FILE_PATH_BYTES_MAX];
    /* Two blocks: the entry before stays when the next block is read. */
    char blocks[2][SNAPSHOT_BLOCK_BYTES_MAX];
    unsigned turn;
    size_t length;
    size_t at;
    uint32_t left; /* entries of the block */
    uint64_t votes;
    uint64_t tombstones;
    bool ended;
};

static enum status refuse(const struct snapshot_reader *reader, struct call *call, const char *why)
{
    return call_fail(call, STATUS_DATA_LOSS, "%s: %s", reader->path, why);
}

static enum status read_bytes(struct snapshot_reader *reader, struct call *call, char *bytes,
                              size_t size)
{
    if (size == 0 || fread(bytes, size, 1, reader->file) == 1) {
        return STATUS_OK;
    }
    return ferror(reader->file) != 0
               ? call_fail(call, STATUS_UNAVAILABLE, "%s: it cannot be read", reader->path)
               : refuse(reader, call, "the snapshot is cut: its end is missing");
}

static enum status read_head(struct snapshot_reader *reader, struct call *call,
                             struct snapshot_file_head *ret_head)
{
    char bytes[SNAPSHOT_HEAD_BYTES];
    enum status status = read_bytes(reader, call, bytes, sizeof(bytes));
    if (status != STATUS_OK) {
        return status;
    }
    struct text checked = text_of_bytes(bytes, SNAPSHOT_HEAD_BYTES - 4);
    if (memcmp(bytes, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_BYTES) != 0) {
        return refuse(reader, call, "this is no snapshot");
    }
    if (snapshot_get_number(bytes + checked.length, 4) != zlib_checksum(0, checked)) {
        return refuse(reader, call, "the snapshot is damaged: a checksum is wrong");
    }
    if (snapshot_get_number(bytes + SNAPSHOT_MAGIC_BYTES, 4) != SNAPSHOT_FILE_VERSION) {
        return refuse(reader, call, "the snapshot is of a version that this program does not know");
    }
    ret_head->time_ms = (int64_t)snapshot_get_number(bytes + SNAPSHOT_MAGIC_BYTES + 4, 8);
    ret_head->sequence = (int64_t)snapshot_get_number(bytes + SNAPSHOT_MAGIC_BYTES + 12, 8);
    return STATUS_OK;
}

static enum status check_trailer(struct snapshot_reader *reader, struct call *call)
{
    const char *bytes = reader->blocks[reader->turn];
    char behind;
    if (reader->length != SNAPSHOT_TRAILER_BYTES ||
        snapshot_get_number(bytes, 8) != reader->votes ||
        snapshot_get_number(bytes + 8, 8) != reader->tombstones) {
        return refuse(reader, call, "the snapshot is damaged: its numbers are wrong");
    }
    if (fread(&behind, 1, 1, reader->file) == 1) {
        return refuse(reader, call, "something stands behind the snapshot's end");
    }
    reader->ended = true;
    return STATUS_OK;
}

static enum status read_block(struct snapshot_reader *reader, struct call *call)
{
    char head[SNAPSHOT_BLOCK_HEAD_BYTES];
    enum status status = read_bytes(reader, call, head, sizeof(head));
    if (status != STATUS_OK) {
        return status;
    }
    reader->turn = 1 - reader->turn;
    reader->at = 0;
    reader->left = (uint32_t)snapshot_get_number(head, 4);
    reader->length = snapshot_get_number(head + 4, 4);
    if (reader->length > SNAPSHOT_BLOCK_BYTES_MAX) {
        return refuse(reader, call, "the snapshot is damaged: a block is overlong");
    }
    char *bytes = reader->blocks[reader->turn];
    status = read_bytes(reader, call, bytes, reader->length);
    if (status != STATUS_OK) {
        return status;
    }
    if (snapshot_get_number(head + 8, 4) !=
        zlib_checksum(0, text_of_bytes(bytes, reader->length))) {
        return refuse(reader, call, "the snapshot is damaged: a checksum is wrong");
    }
    return reader->left == 0 ? check_trailer(reader, call) : STATUS_OK;
}

/* false: it is past the block's end. */
static bool take_text(struct snapshot_reader *reader, size_t length, struct text *ret_text)
{
    if (length > reader->length - reader->at) {
        return false;
    }
    *ret_text = text_of_bytes(reader->blocks[reader->turn] + reader->at, length);
    reader->at += length;
    return true;
}

static bool take_entry(struct snapshot_reader *reader, struct rating_stored_vote *ret_vote)
{
    struct text head;
    struct rating_stored_vote stored = {.deleted = false};
    if (!take_text(reader, SNAPSHOT_ENTRY_HEAD_BYTES, &head)) {
        return false;
    }
    stored.deleted = head.data[0] != 0;
    stored.vote.key.record.type = (enum record_type)(unsigned char)head.data[1];
    stored.vote.hundredths = (int32_t)snapshot_get_number(head.data + 2, 2);
    stored.vote.time_ms = (int64_t)snapshot_get_number(head.data + 4, 8);
    if (!take_text(reader, snapshot_get_number(head.data + 12, 2), &stored.vote.key.record.id) ||
        !take_text(reader, snapshot_get_number(head.data + 14, 2), &stored.vote.key.provider) ||
        !take_text(reader, snapshot_get_number(head.data + 16, 2), &stored.vote.key.user) ||
        stored.vote.hundredths > RATING_HUNDREDTHS_MAX ||
        record_type_name(stored.vote.key.record.type)[0] == '\0') {
        return false;
    }
    *ret_vote = stored;
    return true;
}

enum status snapshot_reader_next(struct snapshot_reader *reader, struct call *call, bool *ret_found,
                                 struct rating_stored_vote *ret_vote)
{
    enum status status = STATUS_OK;
    if (reader->left == 0 && !reader->ended) {
        if (reader->at != reader->length) {
            return refuse(reader, call, "the snapshot is damaged: a block's numbers are wrong");
        }
        status = read_block(reader, call);
    }
    *ret_found = status == STATUS_OK && !reader->ended;
    if (!*ret_found) {
        return status;
    }
    if (!take_entry(reader, ret_vote)) {
        return refuse(reader, call, "the snapshot is damaged: an entry is malformed");
    }
    reader->left--;
    reader->votes += ret_vote->deleted ? 0 : 1;
    reader->tombstones += ret_vote->deleted ? 1 : 0;
    return STATUS_OK;
}

/* From the start, and again from there for the caller. */
static enum status read_all(struct snapshot_reader *reader, struct call *call,
                            struct snapshot_file_head *ret_head)
{
    struct rating_stored_vote vote;
    bool found = true;
    enum status status = read_head(reader, call, ret_head);
    while (status == STATUS_OK && found) {
        status = snapshot_reader_next(reader, call, &found, &vote);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reader->votes = 0;
    reader->tombstones = 0;
    reader->left = 0;
    reader->at = 0;
    reader->length = 0;
    reader->ended = false;
    return fseek(reader->file, SNAPSHOT_HEAD_BYTES, SEEK_SET) == 0
               ? STATUS_OK
               : call_fail(call, STATUS_UNAVAILABLE, "%s: %s", reader->path,
                           strerrordesc_np(errno));
}

enum status snapshot_reader_open(struct call *call, struct text path,
                                 struct snapshot_file_head *ret_head,
                                 struct snapshot_reader **ret_reader)
{
    struct snapshot_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a snapshot");
    }
    enum status status = STATUS_OK;
    struct snapshot_file_head head;
    if (!text_to_c_string(path, reader->path, sizeof(reader->path))) {
        status = call_fail(call, STATUS_NOT_FOUND, "the path is too long");
    } else if ((reader->file = fopen(reader->path, "re")) == NULL) {
        status = call_fail(call, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE, "%s: %s",
                           reader->path, strerrordesc_np(errno));
    } else {
        status = read_all(reader, call, &head);
    }
    if (status != STATUS_OK) {
        snapshot_reader_close(reader);
        return status;
    }
    *ret_head = head;
    *ret_reader = reader;
    return STATUS_OK;
}

void snapshot_reader_close(struct snapshot_reader *reader)
{
    if (reader != NULL && reader->file != NULL) {
        (void)fclose(reader->file); /* read only */
    }
    free(reader);
}
