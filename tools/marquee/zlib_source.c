#include "marquee/zlib_source.h"

#include <stdlib.h>
#include <zlib.h>

enum {
    GZIP_WINDOW = 15 + 16, /* zlib's largest window, and gzip's header and trailer */
    DEFLATE_WINDOW = -15,  /* no header */
};

struct zlib_source {
    struct zlib_source_options options;
    z_stream stream;
    bool is_inflating; /* stream is to be ended */
    bool is_between;   /* gzip: at the end of a member; another may follow */
    bool is_over;      /* all has come out */
    bool has_ended;    /* the source has no more bytes */
    uint64_t length;   /* that has come out */
    uLong crc;         /* of it; of an archive's entry */
    unsigned char input[ZLIB_SOURCE_CHUNK_BYTES];
};

static enum status fail(struct call *call, const char *words)
{
    return call_fail(call, STATUS_DATA_LOSS, "%s", words);
}

enum status zlib_source_create(struct call *call, const struct zlib_source_options *options,
                               struct zlib_source **ret_source)
{
    struct zlib_source *source = calloc(1, sizeof(*source));
    if (source == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to decompress");
    }
    source->options = *options;
    source->crc = crc32(0, NULL, 0);
    source->is_between = true;
    if (options->kind != ZLIB_STORED) {
        source->is_inflating =
            inflateInit2(&source->stream,
                         options->kind == ZLIB_GZIP ? GZIP_WINDOW : DEFLATE_WINDOW) == Z_OK;
        if (!source->is_inflating) {
            free(source);
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to decompress");
        }
    }
    *ret_source = source;
    return STATUS_OK;
}

void zlib_source_destroy(struct zlib_source *source)
{
    if (source == NULL) {
        return;
    }
    if (source->is_inflating) {
        (void)inflateEnd(&source->stream); /* says only whether the state was whole */
    }
    free(source);
}

/* More input, where there is none. */
static enum status fill(struct zlib_source *source, struct call *call)
{
    size_t length = 0;
    if (source->stream.avail_in > 0 || source->has_ended) {
        return STATUS_OK;
    }
    enum status status = source->options.source.read(
        source->options.source.state, call, (char *)source->input, sizeof(source->input), &length);
    source->has_ended = status == STATUS_OK && length == 0;
    source->stream.next_in = source->input;
    source->stream.avail_in = (uInt)length;
    return status;
}

/* Of an archive's entry: it must be what the archive said. */
static enum status check_end(struct zlib_source *source, struct call *call)
{
    if (source->options.kind == ZLIB_GZIP) {
        return STATUS_OK;
    }
    if (source->length != source->options.size) {
        return fail(call, "it is not as long as the archive says");
    }
    return source->crc == source->options.crc ? STATUS_OK
                                              : fail(call, "its checksum is not the archive's");
}

static enum status count(struct zlib_source *source, struct call *call, const char *bytes,
                         size_t length)
{
    bool is_gzip = source->options.kind == ZLIB_GZIP;
    uint64_t length_max = is_gzip ? ZLIB_SOURCE_BYTES_MAX : source->options.size;
    source->length += length;
    if (source->length > length_max) {
        return fail(call, is_gzip ? "it expands to more than 256 GiB"
                                  : "it is longer than the archive says");
    }
    if (!is_gzip) { /* gzip has its own, which zlib checks */
        source->crc = crc32(source->crc, (const Bytef *)bytes, (uInt)length);
    }
    return STATUS_OK;
}

static enum status read_stored(struct zlib_source *source, struct call *call, char *buffer,
                               size_t size, size_t *ret_length)
{
    enum status status = fill(source, call);
    size_t length = source->stream.avail_in < size ? source->stream.avail_in : size;
    if (status != STATUS_OK) {
        return status;
    }
    source->is_over = length == 0;
    if (source->is_over) {
        *ret_length = 0;
        return check_end(source, call);
    }
    memcpy(buffer, source->stream.next_in, length);
    source->stream.next_in += length;
    source->stream.avail_in -= (uInt)length;
    *ret_length = length;
    return count(source, call, buffer, length);
}

/* Behind a member: another one, or the end. */
static enum status begin_member(struct zlib_source *source, struct call *call)
{
    enum status status = fill(source, call);
    if (status != STATUS_OK) {
        return status;
    }
    if (source->stream.avail_in == 0) {
        source->is_over = true;
        return source->length > 0 || source->stream.total_in > 0 ? STATUS_OK
                                                                 : fail(call, "it is cut off");
    }
    source->is_between = false;
    return inflateReset(&source->stream) == Z_OK ? STATUS_OK : fail(call, "it is damaged");
}

/* One step; sets is_between or is_over where a stream ends. */
static enum status step(struct zlib_source *source, struct call *call)
{
    enum status status = fill(source, call);
    if (status != STATUS_OK) {
        return status;
    }
    uInt before = source->stream.avail_out;
    int code = inflate(&source->stream, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
        source->is_between = source->options.kind == ZLIB_GZIP;
        source->is_over = !source->is_between;
        return STATUS_OK;
    }
    if (code == Z_MEM_ERROR) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to decompress");
    }
    if (code == Z_BUF_ERROR && source->has_ended && source->stream.avail_out == before) {
        return fail(call, "it is cut off");
    }
    return code == Z_OK || code == Z_BUF_ERROR ? STATUS_OK : fail(call, "it is damaged");
}

static enum status read_inflated(struct zlib_source *source, struct call *call, char *buffer,
                                 size_t size, size_t *ret_length)
{
    enum status status = STATUS_OK;
    source->stream.next_out = (Bytef *)buffer;
    source->stream.avail_out = size < UINT32_MAX ? (uInt)size : UINT32_MAX;
    uInt room = source->stream.avail_out;
    while (status == STATUS_OK && source->stream.avail_out == room && !source->is_over) {
        bool begins = source->options.kind == ZLIB_GZIP && source->is_between;
        status = begins ? begin_member(source, call) : step(source, call);
    }
    size_t length = room - source->stream.avail_out;
    if (status == STATUS_OK && length > 0) {
        status = count(source, call, buffer, length);
    }
    if (status == STATUS_OK && source->is_over) {
        status = check_end(source, call);
    }
    *ret_length = length;
    return status;
}

static enum status read_bytes(void *state, struct call *call, char *buffer, size_t size,
                              size_t *ret_length)
{
    struct zlib_source *source = state;
    if (source->is_over) {
        *ret_length = 0;
        return STATUS_OK;
    }
    return source->options.kind == ZLIB_STORED
               ? read_stored(source, call, buffer, size, ret_length)
               : read_inflated(source, call, buffer, size, ret_length);
}

struct byte_source zlib_source_bytes(struct zlib_source *source)
{
    return (struct byte_source){read_bytes, source};
}
