#include "marquee/catalogue.h"

#include "metadata/model/metadata_json.h"
#include "json/json.h"

static enum status put_entry(struct bulk *bulk, const struct json *entry, uint64_t place)
{
    struct arena arena;
    struct call call;
    struct metadata metadata;
    session_call_init(bulk->session, &call, &arena);
    enum status status = metadata_from_json(&call, entry, &metadata);
    if (status == STATUS_OK) {
        status = metadata_validate(&call, &metadata);
    }
    if (status == STATUS_OK) {
        status = bulk_put_metadata(bulk, &metadata, place);
    } else if (status == STATUS_INVALID_ARGUMENT) {
        complaints_add(&bulk->complaints, bulk->file, place, call.error.message);
        status = STATUS_OK;
    }
    arena_deinit(&arena);
    return status;
}

enum status catalogue_put(struct bulk *bulk, struct text text)
{
    struct call *call = &bulk->session->call;
    const struct json *list;
    enum status status = json_parse(call, text, &list);
    if (status != STATUS_OK) {
        return status;
    }
    if (json_kind(list) != JSON_ARRAY) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a catalogue is a list of movies, not %s",
                         json_kind_name(json_kind(list)));
    }
    for (size_t i = 0; i < json_length(list) && status == STATUS_OK; i++) {
        status = put_entry(bulk, json_at(list, i), i + 1);
    }
    return status;
}
