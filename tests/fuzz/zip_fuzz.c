/* Any bytes as an archive: what is read of an entry is as long as the archive says, and the same
 * when it is read again. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "marquee/zip_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ARENA_BYTES = 64 * 1024,
    ENTRIES_READ_MAX = 8,
    CHUNK_BYTES = 4096,
    LENGTH_MAX = 1024 * 1024, /* of an entry: the rest is not waited for */
};

/* The sum of what is read; *ret_length: how much. */
static enum status read_entry(struct call *call, const struct zip_reader *reader,
                              const struct zip_entry *entry, uint64_t *ret_length,
                              uint64_t *ret_sum)
{
    struct zip_entry_source source;
    char chunk[CHUNK_BYTES];
    size_t length = 1;
    enum status status = zip_entry_open(call, reader, entry, &source);
    *ret_length = *ret_sum = 0;
    if (status != STATUS_OK) {
        return status;
    }
    while (status == STATUS_OK && length > 0 && *ret_length < LENGTH_MAX) {
        status = source.bytes.read(source.bytes.state, call, chunk, sizeof(chunk), &length);
        if (status == STATUS_OK) {
            *ret_length += length;
            *ret_sum = *ret_sum * 31 + text_hash(text_of_bytes(chunk, length));
        }
    }
    CHECK(source.done <= entry->compressed_size);
    zip_entry_close(&source);
    return status;
}

static void read_entries(struct call *call, const struct zip_reader *reader)
{
    for (size_t i = 0; i < reader->count && i < ENTRIES_READ_MAX; i++) {
        const struct zip_entry *entry = &reader->entries[i];
        uint64_t length;
        uint64_t sum;
        uint64_t again_length;
        uint64_t again;
        enum status status = read_entry(call, reader, entry, &length, &sum);
        if (status == STATUS_OK && length < LENGTH_MAX) {
            CHECK(length == entry->size);
        }
        CHECK(read_entry(call, reader, entry, &again_length, &again) == status);
        CHECK(again_length == length && again == sum);
        (void)zip_reader_find(reader, entry->name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zip_reader reader;
    struct arena arena;
    struct call call;
    int descriptor = memfd_create("archive", MFD_CLOEXEC);
    CHECK(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w+");
    CHECK(file != NULL && fwrite(data, 1, size, file) == size && fflush(file) == 0);
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    if (zip_reader_open(&call, file, &reader) == STATUS_OK) {
        CHECK(reader.count <= ZIP_ENTRIES_MAX);
        read_entries(&call, &reader);
        zip_reader_close(&reader);
    } else {
        CHECK(call.error.message.length > 0);
    }
    arena_deinit(&arena);
    CHECK(fclose(file) == 0);
    return 0;
}
