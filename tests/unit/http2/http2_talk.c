#include "unit/http2/http2_talk.h"

#include "support/cmocka_test.h"

enum { HEARD_BYTES_MAX = 1024 * 1024, BODY_BYTES_MAX = 150 * 1024 };

static uint64_t step(uint64_t *state, uint64_t bound)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (*state >> 11) % bound;
}

uint64_t talk_draw(struct talk *talk, uint64_t bound)
{
    return step(&talk->state, bound);
}

static size_t draw_length(struct talk *talk)
{
    switch (talk_draw(talk, 4)) {
    case 0:
        return 0;
    case 1:
        return talk_draw(talk, BODY_BYTES_MAX);
    default:
        return talk_draw(talk, 400);
    }
}

static struct talk_message draw_message(struct talk *talk, bool is_request)
{
    bool has_trailers = talk_draw(talk, 3) == 0;
    return (struct talk_message){
        .seed = talk_draw(talk, UINT64_MAX >> 12) + 1,
        .is_request = is_request,
        .field_count = talk_draw(talk, TALK_FIELDS_MAX),
        .body_length = draw_length(talk),
        .trailer_count = has_trailers ? 1 + talk_draw(talk, 3) : 0,
    };
}

void talk_init(struct talk *talk, uint64_t seed)
{
    *talk = (struct talk){.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    for (size_t i = 0; i < TALK_EXCHANGES; i++) {
        struct talk_exchange *exchange = &talk->exchanges[i];
        exchange->client.message = draw_message(talk, true);
        exchange->server.message = draw_message(talk, false);
        exchange->is_early = talk_draw(talk, 6) == 0;
        buffer_init(&exchange->client.heard, HEARD_BYTES_MAX);
        buffer_init(&exchange->server.heard, HEARD_BYTES_MAX);
    }
}

void talk_deinit(struct talk *talk)
{
    for (size_t i = 0; i < TALK_EXCHANGES; i++) {
        buffer_deinit(&talk->exchanges[i].client.heard);
        buffer_deinit(&talk->exchanges[i].server.heard);
    }
}

static void set_field(struct talk_field *field, const char *name, const char *value)
{
    field->name_length = strlen(name);
    field->value_length = strlen(value);
    memcpy(field->name, name, field->name_length);
    memcpy(field->value, value, field->value_length);
}

/* Names and values of few kinds, so that tables are used. */
void talk_field(const struct talk_message *message, bool is_trailer, size_t i,
                struct talk_field *ret_field)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char *const pseudo[][2] = {
        {":method", "POST"}, {":scheme", "http"}, {":path", "/talk"}, {":authority", "a:80"}};
    if (!is_trailer && message->is_request && i < ARRAY_LENGTH(pseudo)) {
        set_field(ret_field, pseudo[i][0], pseudo[i][1]);
        return;
    }
    if (!is_trailer && !message->is_request && i == 0) {
        set_field(ret_field, ":status", message->seed % 3 == 0 ? "404" : "200");
        return;
    }
    uint64_t state = message->seed % 7 + 31 * i + (is_trailer ? 1000 : 0) + 1;
    set_field(ret_field, "x-", "");
    ret_field->name_length += 1 + step(&state, 20);
    for (size_t j = 2; j < ret_field->name_length; j++) {
        ret_field->name[j] = letters[step(&state, sizeof(letters) - 1)];
    }
    state = i % 2 == 0 ? state : message->seed + i;
    ret_field->value_length = step(&state, TALK_WORD_BYTES_MAX);
    for (size_t j = 0; j < ret_field->value_length; j++) {
        ret_field->value[j] = (char)('!' + step(&state, '~' - '!'));
    }
}

char talk_byte(const struct talk_message *message, size_t offset)
{
    return (char)(message->seed + offset * 7);
}

static void hear(struct buffer *to, struct text text)
{
    assert_true(buffer_append(to, text));
}

static void hear_field(struct buffer *to, struct text name, struct text value)
{
    hear(to, name);
    hear(to, TEXT("="));
    hear(to, value);
    hear(to, TEXT("\n"));
}

void talk_hear_field(struct talk_side *side, struct text name, struct text value)
{
    hear_field(&side->heard, name, value);
}

static void write_fields(const struct talk_message *message, bool is_trailer, size_t count,
                         struct buffer *to)
{
    struct talk_field field;
    for (size_t i = 0; i < count; i++) {
        talk_field(message, is_trailer, i, &field);
        hear_field(to, (struct text){field.name, field.name_length},
                   (struct text){field.value, field.value_length});
    }
}

void talk_write(const struct talk_message *message, struct buffer *to)
{
    size_t pseudo = message->is_request ? 4 : 1;
    write_fields(message, false, pseudo + message->field_count, to);
    char *body = buffer_reserve(to, message->body_length);
    assert_non_null(body);
    for (size_t i = 0; i < message->body_length; i++) {
        body[i] = talk_byte(message, i);
    }
    buffer_extend(to, message->body_length);
    write_fields(message, true, message->trailer_count, to);
}

static void check_heard(const struct talk_side *hearer, const struct talk_message *said,
                        bool must_be_whole, size_t i)
{
    struct buffer want;
    buffer_init(&want, HEARD_BYTES_MAX);
    talk_write(said, &want);
    bool is_right =
        must_be_whole ? hearer->ended && text_equal(buffer_text(&hearer->heard), buffer_text(&want))
                      : text_starts_with(buffer_text(&want), buffer_text(&hearer->heard));
    if (!is_right) {
        fail_msg("exchange %zu: heard %zu bytes of %zu%s", i, hearer->heard.length, want.length,
                 hearer->ended ? ", to the end" : "");
    }
    buffer_deinit(&want);
}

void talk_check(struct talk *talk)
{
    for (size_t i = 0; i < talk->begun; i++) {
        const struct talk_exchange *exchange = &talk->exchanges[i];
        bool is_whole = !exchange->was_reset;
        check_heard(&exchange->server, &exchange->client.message, is_whole && !exchange->is_early,
                    i);
        check_heard(&exchange->client, &exchange->server.message, is_whole, i);
        if (!exchange->client.closed || (exchange->server.has_begun && !exchange->server.closed)) {
            fail_msg("exchange %zu: not closed", i);
        }
        if (is_whole && (exchange->client.error_code != 0 || exchange->server.error_code != 0)) {
            fail_msg("exchange %zu: closed with %u and %u", i, exchange->client.error_code,
                     exchange->server.error_code);
        }
    }
}
