#include "recommendation/model/recommendation_json.h"

#include "json/json.h"

static void write_item(struct json_writer *writer, const struct recommendation *item)
{
    json_open_object(writer);
    json_member_string(writer, "id", item->record_id);
    json_member_number(writer, "score", item->score);
    if (item->has_foretold) {
        json_member_number(writer, "foretold",
                           (double)item->foretold_hundredths / RATING_HUNDREDTHS_PER_POINT);
    }
    if (item->because_of.length > 0) {
        json_member_string(writer, "becauseOf", item->because_of);
    }
    json_close_object(writer);
}

void recommendation_list_write_json(struct json_writer *writer,
                                    const struct recommendation_list *list)
{
    json_open_object(writer);
    json_write_name(writer, TEXT("results"));
    json_open_array(writer);
    for (size_t i = 0; i < list->count; i++) {
        write_item(writer, &list->items[i]);
    }
    json_close_array(writer);
    json_member_integer(writer, "votes", list->votes);
    json_close_object(writer);
}
