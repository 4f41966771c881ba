#include "recommend_bytes.h"

static bool put(void *buffer, const void *bytes, size_t count)
{
    return buffer_append(buffer, text_of_bytes(bytes, count));
}

static bool get(void *rest, void *bytes, size_t count)
{
    struct text *left = rest;
    if (left->length < count) {
        return false;
    }
    memcpy(bytes, left->data, count);
    *left = text_slice(*left, count, left->length);
    return true;
}

struct recommend_sink recommend_bytes_to(struct buffer *buffer)
{
    return (struct recommend_sink){put, buffer};
}

struct recommend_source recommend_bytes_from(struct text *rest)
{
    return (struct recommend_source){get, rest};
}
