#include "recommendation/model/recommendation_message.h"

#include "base/arena.h"
#include "proto/proto.h"

static Recommendation *to_message(struct arena *arena, const struct recommendation *item)
{
    Recommendation *message = arena_alloc(arena, sizeof(*message));
    ExactValue *foretold = item->has_foretold ? arena_alloc(arena, sizeof(*foretold)) : NULL;
    if (message == NULL || (item->has_foretold && foretold == NULL)) {
        return NULL;
    }
    recommendation__init(message);
    message->record_id = proto_bytes(item->record_id);
    message->score = item->score;
    message->because_of = proto_bytes(item->because_of);
    if (foretold != NULL) {
        exact_value__init(foretold);
        foretold->hundredths = item->foretold_hundredths;
        message->foretold = foretold;
    }
    return message;
}

Recommendation **recommendations_to_messages(struct arena *arena,
                                             const struct recommendation_list *list)
{
    Recommendation **messages = arena_calloc(arena, list->count + 1, sizeof(Recommendation *));
    for (size_t i = 0; messages != NULL && i < list->count; i++) {
        messages[i] = to_message(arena, &list->items[i]);
        if (messages[i] == NULL) {
            return NULL;
        }
    }
    return messages;
}

ModelBasis *recommendation_basis_to_message(struct arena *arena,
                                            const struct recommendation_basis *basis)
{
    ModelBasis *message = arena_alloc(arena, sizeof(*message));
    if (message == NULL) {
        return NULL;
    }
    model_basis__init(message);
    message->model_age_ms = basis->age_ms;
    message->votes = basis->votes;
    message->users = basis->users;
    message->records = basis->records;
    message->waiting = basis->waiting;
    return message;
}

enum status recommendations_from_messages(struct call *call, Recommendation *const *messages,
                                          size_t count, const ModelBasis *basis,
                                          struct recommendation_list *ret_list)
{
    if (count > RECOMMENDATION_COUNT_MAX) {
        return call_fail_detail(call, STATUS_INTERNAL, "%zu recommendations in one reply", count);
    }
    ret_list->count = count;
    for (size_t i = 0; i < count; i++) {
        const Recommendation *message = messages[i];
        ret_list->items[i] = (struct recommendation){
            .record_id = proto_text(message->record_id),
            .score = message->score,
            .has_foretold = message->foretold != NULL,
            .foretold_hundredths = message->foretold != NULL ? message->foretold->hundredths : 0,
            .because_of = proto_text(message->because_of),
        };
    }
    ret_list->basis = (struct recommendation_basis){.age_ms = 0};
    if (basis != NULL) {
        ret_list->basis = (struct recommendation_basis){.age_ms = basis->model_age_ms,
                                                        .votes = basis->votes,
                                                        .users = basis->users,
                                                        .records = basis->records,
                                                        .waiting = basis->waiting};
    }
    return STATUS_OK;
}
