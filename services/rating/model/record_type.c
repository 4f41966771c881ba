#include "rating/model/rating.h"

struct name {
    enum record_type type;
    struct text name;
};

static const struct name names[] = {
#define X(number, symbol, name) {RECORD_TYPE_##symbol, TEXT_INIT(name)},
    RECORD_TYPES(X)
#undef X
};

#define X(number, symbol, name) " " name
static const char known[] = RECORD_TYPES(X);
#undef X

enum status record_type_parse(struct call *call, struct text name, enum record_type *ret_type)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (text_equal(names[i].name, name)) {
            *ret_type = names[i].type;
            return STATUS_OK;
        }
    }
    return call_fail(call, STATUS_INVALID_ARGUMENT, "record type is %s; known are:%s",
                     name.length == 0 ? "empty" : "unknown", known);
}

const char *record_type_name(enum record_type type)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (names[i].type == type) {
            return names[i].name.data;
        }
    }
    return "";
}
