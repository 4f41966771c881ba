/* A record as it may lie on a disk, its checksum put right so that what is behind it is reached:
 * taken or refused as damaged, and what was taken can be written again. */
#include <stdlib.h>

#include "base/arena.h"
#include "registry/repository/registry_unsaved.h"
#include "store/zlib_checksum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHECKSUM_BYTES = 4, BYTES_MAX = 64 * 1024, NOW_NS = 1000, WALL_MS = 1000000 };

static void ignore(void *argument)
{
    (void)argument;
}

/* kind, length of the key, key, value without its checksum. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct registry_restoring restoring = {.now_ns = NOW_NS, .wall_ms = WALL_MS};
    if (size < 2 || size > BYTES_MAX || (size_t)data[1] + 2 > size) {
        return 0;
    }
    struct text key = text_of_bytes(data + 2, data[1]);
    size_t length = size - 2 - key.length;
    char *value = malloc(length + CHECKSUM_BYTES);
    CHECK(value != NULL);
    memcpy(value, data + 2 + key.length, length);
    uint32_t checksum = zlib_checksum(zlib_checksum(0, key), text_of_bytes(value, length));
    for (size_t i = 0; i < CHECKSUM_BYTES; i++) {
        value[length + i] = (char)(checksum >> (8 * i));
    }
    const struct registry_record record = {
        .kind = (enum registry_record_kind)(data[0] % REGISTRY_RECORD_KINDS),
        .key = key,
        .value = text_of_bytes(value, length + CHECKSUM_BYTES),
    };
    CHECK(registry_state_create(1, &restoring.state) == STATUS_OK);
    registry_state_keep_unsaved(restoring.state, ignore, NULL);
    enum status status = registry_state_restore(&restoring, &record);
    CHECK(status == STATUS_OK || status == STATUS_DATA_LOSS || status == STATUS_RESOURCE_EXHAUSTED);
    if (status == STATUS_OK) {
        struct registry_unsaved unsaved;
        CHECK(registry_state_take_unsaved(restoring.state, NOW_NS, WALL_MS, &unsaved) == STATUS_OK);
        registry_unsaved_release(&unsaved);
        registry_state_sweep(restoring.state, INT64_MAX / 2, NULL, NULL);
    }
    registry_state_destroy(restoring.state);
    free(value);
    return 0;
}
