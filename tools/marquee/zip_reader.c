#include "marquee/zip_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/little_endian.h"

/* APPNOTE 4.3: the records, whose numbers are little endian. */
enum {
    END_BYTES = 22,
    END_COMMENT_BYTES_MAX = 65535,
    END_SIGNATURE = 0x06054b50,
    ENTRY_BYTES = 46,
    ENTRY_SIGNATURE = 0x02014b50,
    LOCAL_BYTES = 30,
    LOCAL_SIGNATURE = 0x04034b50,
    FLAG_ENCRYPTED = 1,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    ALL_ONES_16 = 0xffff,     /* the number is in a ZIP64 record */
    DEFLATE_RATIO_MAX = 1040, /* one byte makes at most 1032 */
};

static enum status damaged(struct call *call, const char *words)
{
    return call_fail(call, STATUS_DATA_LOSS, "the archive is damaged: %s", words);
}

static enum status read_at(struct call *call, FILE *file, uint64_t offset, char *bytes,
                           size_t length)
{
    if (offset > INT64_MAX || fseeko(file, (off_t)offset, SEEK_SET) != 0) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s", strerrordesc_np(errno));
    }
    if (fread(bytes, 1, length, file) != length) {
        return ferror(file) != 0 ? call_fail(call, STATUS_UNAVAILABLE, "%s", strerrordesc_np(errno))
                                 : damaged(call, "it ends early");
    }
    return STATUS_OK;
}

/* What the record at the end says. */
struct end {
    uint64_t place; /* its own */
    uint64_t offset;
    uint64_t bytes;
    size_t count;
};

static enum status check_end(struct call *call, const char *record, struct end *end)
{
    end->count = le16_read(record + 10);
    end->bytes = le32_read(record + 12);
    end->offset = le32_read(record + 16);
    if (end->count == ALL_ONES_16 || end->bytes == UINT32_MAX || end->offset == UINT32_MAX) {
        return call_fail(call, STATUS_UNIMPLEMENTED, "archives past 4 GiB (ZIP64) are not taken");
    }
    if (le16_read(record + 4) != 0 || le16_read(record + 6) != 0 ||
        le16_read(record + 8) != end->count) {
        return call_fail(call, STATUS_UNIMPLEMENTED, "archives in several parts are not taken");
    }
    if (end->count > ZIP_ENTRIES_MAX || end->bytes > ZIP_DIRECTORY_BYTES_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "the archive has more than %d entries, or %d bytes of names",
                         ZIP_ENTRIES_MAX, ZIP_DIRECTORY_BYTES_MAX);
    }
    if (end->offset > end->place || end->bytes > end->place - end->offset) {
        return damaged(call, "its directory is not within it");
    }
    return STATUS_OK;
}

/* The last record of the file: a comment of any length may stand behind it. */
static enum status find_end(struct call *call, const struct zip_reader *reader, struct end *ret_end)
{
    enum { TAIL_BYTES_MAX = END_BYTES + END_COMMENT_BYTES_MAX };
    uint64_t length = reader->file_size < TAIL_BYTES_MAX ? reader->file_size : TAIL_BYTES_MAX;
    uint64_t from = reader->file_size - length;
    char *tail = malloc(length + 1);
    if (tail == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for an archive");
    }
    enum status status = read_at(call, reader->file, from, tail, length);
    bool is_found = false;
    for (uint64_t at = length; status == STATUS_OK && at >= END_BYTES && !is_found; at--) {
        const char *record = tail + (at - END_BYTES);
        is_found = le32_read(record) == END_SIGNATURE && le16_read(record + 20) == length - at;
        if (is_found) {
            ret_end->place = from + (at - END_BYTES);
            status = check_end(call, record, ret_end);
        }
    }
    free(tail);
    if (status == STATUS_OK && !is_found) {
        return call_fail(call, STATUS_DATA_LOSS, "it is no ZIP archive, or its end is missing");
    }
    return status;
}

/* *at: moved behind the record. */
static enum status read_entry(struct call *call, const struct zip_reader *reader, uint64_t bytes,
                              uint64_t *at, struct zip_entry *entry)
{
    const char *record = reader->directory + *at;
    if (bytes - *at < ENTRY_BYTES || le32_read(record) != ENTRY_SIGNATURE) {
        return damaged(call, "its directory has fewer entries than it says");
    }
    size_t name_length = le16_read(record + 28);
    size_t length = ENTRY_BYTES + name_length + le16_read(record + 30) + le16_read(record + 32);
    if (bytes - *at < length) {
        return damaged(call, "an entry reaches past its directory");
    }
    *entry = (struct zip_entry){
        .name = text_of_bytes(record + ENTRY_BYTES, name_length),
        .size = le32_read(record + 24),
        .compressed_size = le32_read(record + 20),
        .offset = le32_read(record + 42),
        .crc = le32_read(record + 16),
        .method = le16_read(record + 10),
        .is_encrypted = (le16_read(record + 8) & FLAG_ENCRYPTED) != 0,
    };
    *at += length;
    return STATUS_OK;
}

static enum status read_directory(struct call *call, struct zip_reader *reader,
                                  const struct end *end)
{
    uint64_t at = 0;
    reader->directory = malloc(end->bytes + 1);
    reader->entries = calloc(end->count + 1, sizeof(*reader->entries));
    if (reader->directory == NULL || reader->entries == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for an archive");
    }
    enum status status = read_at(call, reader->file, end->offset, reader->directory, end->bytes);
    for (size_t i = 0; i < end->count && status == STATUS_OK; i++) {
        status = read_entry(call, reader, end->bytes, &at, &reader->entries[i]);
        reader->count = i + 1;
    }
    return status;
}

enum status zip_reader_open(struct call *call, FILE *file, struct zip_reader *ret_reader)
{
    struct zip_reader reader = {.file = file};
    struct end end = {.count = 0};
    struct stat entry;
    if (fstat(fileno(file), &entry) != 0 || !S_ISREG(entry.st_mode)) {
        return call_fail(call, STATUS_UNAVAILABLE, "an archive must be a file, not a pipe");
    }
    reader.file_size = (uint64_t)entry.st_size;
    enum status status = find_end(call, &reader, &end);
    if (status == STATUS_OK) {
        status = read_directory(call, &reader, &end);
    }
    if (status != STATUS_OK) {
        zip_reader_close(&reader);
        return status;
    }
    *ret_reader = reader;
    return STATUS_OK;
}

void zip_reader_close(struct zip_reader *reader)
{
    free(reader->entries);
    free(reader->directory);
}

/* Without its folders, whose number is *ret_depth. */
static struct text base_name(struct text name, size_t *ret_depth)
{
    struct text rest = name;
    struct text base = name;
    *ret_depth = 0;
    while (rest.data != NULL) {
        base = text_next(&rest, '/');
        *ret_depth += rest.data != NULL;
    }
    return base;
}

const struct zip_entry *zip_reader_find(const struct zip_reader *reader, struct text name)
{
    const struct zip_entry *found = NULL;
    size_t found_depth = 0;
    for (size_t i = 0; i < reader->count; i++) {
        size_t depth;
        if (text_equal(base_name(reader->entries[i].name, &depth), name) &&
            (found == NULL || depth < found_depth)) {
            found = &reader->entries[i];
            found_depth = depth;
        }
    }
    return found;
}

/* The entry's compressed bytes and no more. */
static enum status read_compressed(void *state, struct call *call, char *buffer, size_t size,
                                   size_t *ret_length)
{
    struct zip_entry_source *source = state;
    size_t wanted = source->left < size ? (size_t)source->left : size;
    size_t length = fread(buffer, 1, wanted, source->reader->file);
    if (length < wanted && ferror(source->reader->file) != 0) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s", strerrordesc_np(errno));
    }
    source->left -= length;
    source->done += length;
    *ret_length = length;
    return STATUS_OK;
}

static enum status check_entry(struct call *call, const struct zip_entry *entry)
{
    if (entry->is_encrypted) {
        return call_fail(call, STATUS_UNIMPLEMENTED, "it is encrypted");
    }
    if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED) {
        return call_fail(call, STATUS_UNIMPLEMENTED, "it is compressed by method %d, not deflate",
                         entry->method);
    }
    if (entry->size == UINT32_MAX || entry->compressed_size == UINT32_MAX) {
        return call_fail(call, STATUS_UNIMPLEMENTED, "entries past 4 GiB (ZIP64) are not taken");
    }
    if (entry->method == METHOD_STORED && entry->size != entry->compressed_size) {
        return damaged(call, "an entry that is stored has two sizes");
    }
    if (entry->size / DEFLATE_RATIO_MAX > entry->compressed_size) {
        return damaged(call, "an entry is larger than its data can become");
    }
    return STATUS_OK;
}

/* Behind the header, whose name and extra field have lengths of their own. */
static enum status find_data(struct call *call, const struct zip_reader *reader,
                             const struct zip_entry *entry)
{
    char header[LOCAL_BYTES];
    if (reader->file_size < LOCAL_BYTES || entry->offset > reader->file_size - LOCAL_BYTES) {
        return damaged(call, "an entry is not within it");
    }
    enum status status = read_at(call, reader->file, entry->offset, header, sizeof(header));
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t data = entry->offset + LOCAL_BYTES + le16_read(header + 26) + le16_read(header + 28);
    if (le32_read(header) != LOCAL_SIGNATURE) {
        return damaged(call, "where an entry should be is something else");
    }
    if (data > reader->file_size || entry->compressed_size > reader->file_size - data) {
        return damaged(call, "an entry is not within it");
    }
    return fseeko(reader->file, (off_t)data, SEEK_SET) == 0
               ? STATUS_OK
               : call_fail(call, STATUS_UNAVAILABLE, "%s", strerrordesc_np(errno));
}

enum status zip_entry_open(struct call *call, const struct zip_reader *reader,
                           const struct zip_entry *entry, struct zip_entry_source *ret_source)
{
    enum status status = check_entry(call, entry);
    if (status == STATUS_OK) {
        status = find_data(call, reader, entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *ret_source = (struct zip_entry_source){.reader = reader, .left = entry->compressed_size};
    const struct zlib_source_options options = {
        .kind = entry->method == METHOD_STORED ? ZLIB_STORED : ZLIB_DEFLATED,
        .source = {read_compressed, ret_source},
        .size = entry->size,
        .crc = entry->crc,
    };
    status = zlib_source_create(call, &options, &ret_source->zlib);
    if (status == STATUS_OK) {
        ret_source->bytes = zlib_source_bytes(ret_source->zlib);
    }
    return status;
}

void zip_entry_close(struct zip_entry_source *source)
{
    zlib_source_destroy(source->zlib);
}
