#include "registry/repository/memory_registry_repository.h"

#include <stdlib.h>

struct memory_registry_record {
    enum registry_record_kind kind;
    char *bytes; /* key and value */
    size_t key_length;
    size_t value_length;
};

static struct text key_of(const struct memory_registry_record *record)
{
    return text_of_bytes(record->bytes, record->key_length);
}

static int compare(const struct memory_registry_record *record, const struct registry_record *other)
{
    if (record->kind != other->kind) {
        return record->kind < other->kind ? -1 : 1;
    }
    return text_compare(key_of(record), other->key);
}

/* Of the first that is not before it. */
static size_t place_of(const struct memory_registry_records *records,
                       const struct registry_record *record)
{
    size_t place = 0;
    while (place < records->count && compare(&records->records[place], record) < 0) {
        place++;
    }
    return place;
}

static void take_out(struct memory_registry_records *records, size_t place)
{
    free(records->records[place].bytes);
    memmove(&records->records[place], &records->records[place + 1],
            (records->count - place - 1) * sizeof(*records->records));
    records->count--;
}

static enum status put_in(struct memory_registry_records *records, size_t place,
                          const struct registry_record *record)
{
    size_t bytes = record->key.length + record->value.length;
    char *copy = malloc(bytes > 0 ? bytes : 1);
    struct memory_registry_record *grown =
        reallocarray(records->records, records->count + 1, sizeof(*grown));
    records->records = grown != NULL ? grown : records->records;
    if (copy == NULL || grown == NULL) {
        free(copy);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (record->key.length > 0) {
        memcpy(copy, record->key.data, record->key.length);
    }
    if (record->value.length > 0) {
        memcpy(copy + record->key.length, record->value.data, record->value.length);
    }
    memmove(&grown[place + 1], &grown[place], (records->count - place) * sizeof(*grown));
    grown[place] = (struct memory_registry_record){
        .kind = record->kind,
        .bytes = copy,
        .key_length = record->key.length,
        .value_length = record->value.length,
    };
    records->count++;
    return STATUS_OK;
}

static enum status save(void *state, struct call *call, const struct registry_batch *batch)
{
    struct memory_registry_records *records = state;
    if (records->is_full) {
        return call_fail(call, STATUS_UNAVAILABLE, "there is no room");
    }
    while (batch->is_whole && records->count > 0) {
        take_out(records, records->count - 1);
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct registry_record *record = &batch->records[i];
        size_t place = place_of(records, record);
        if (place < records->count && compare(&records->records[place], record) == 0) {
            take_out(records, place);
        }
        enum status status = record->is_removed ? STATUS_OK : put_in(records, place, record);
        if (status != STATUS_OK) {
            return status;
        }
    }
    records->save_count++;
    return STATUS_OK;
}

static enum status load(void *state, struct call *call, registry_record_fn visit, void *argument)
{
    const struct memory_registry_records *records = state;
    enum status status = STATUS_OK;
    (void)call;
    for (size_t i = 0; i < records->count && status == STATUS_OK; i++) {
        const struct memory_registry_record *kept = &records->records[i];
        const struct registry_record record = {
            .kind = kept->kind,
            .key = key_of(kept),
            .value = text_of_bytes(kept->bytes + kept->key_length, kept->value_length),
        };
        status = visit(argument, &record);
    }
    return status;
}

static void close_repository(void *state)
{
    (void)state; /* the records are the caller's */
}

static const struct registry_repository_ops memory_registry_repository_ops = {
    .load = load,
    .save = save,
    .close = close_repository,
};

struct registry_repository memory_registry_repository(struct memory_registry_records *records)
{
    return (struct registry_repository){.ops = &memory_registry_repository_ops, .state = records};
}

bool memory_registry_records_damage(struct memory_registry_records *records, size_t place,
                                    size_t byte)
{
    if (place >= records->count) {
        return false;
    }
    struct memory_registry_record *record = &records->records[place];
    record->bytes[byte % (record->key_length + record->value_length)] ^= 1;
    return true;
}

bool memory_registry_records_lose(struct memory_registry_records *records, size_t place)
{
    if (place >= records->count) {
        return false;
    }
    take_out(records, place);
    return true;
}

void memory_registry_records_deinit(struct memory_registry_records *records)
{
    while (records->count > 0) {
        take_out(records, records->count - 1);
    }
    free(records->records);
    *records = (struct memory_registry_records){.records = NULL};
}
