/* review_json.h: the plain JSON form of reviews and likes, as the HTTP contract gives it
 * (api/http.md). */
#pragma once

#include "review/model/review.h"

struct json;
struct json_writer;

/* {"userId","recordId","recordType","text","spoiler","createdTime","likeCount"}, "editedTime" where
 * it was edited, and "liked" where the user that asks likes it. The text is escaped as JSON has it,
 * and no further. */
void review_write_json(struct json_writer *writer, const struct review *review);
/* {"likeCount","liked","reviewCount","reviewed"}. */
void review_reactions_write_json(struct json_writer *writer,
                                 const struct review_reactions *reactions);

/* {"reviews":[…],"nextPageToken"}, the last where there is a next page: open, the reviews one by
 * one, close. The object stays open for what else there is to say. */
void review_list_open_json(struct json_writer *writer);
void review_list_close_json(struct json_writer *writer, struct text next_page_token);
/* {"likeCount"}. */
void like_count_write_json(struct json_writer *writer, uint64_t count);

/* Of what a client writes: the longest review, each of its characters as two escapes of six bytes.
 */
enum { REVIEW_JSON_BYTES_MAX = REVIEW_TEXT_CHARACTERS_MAX * 12 + 4096 };

/* What review_words_from_json() and review_validate() accept, as JSON Schema. */
#define REVIEW_JSON_SCHEMA                                                                         \
    "{\"type\":\"object\",\"required\":[\"text\"],\"properties\":{\"text\":{\"type\":\"string\","  \
    "\"minLength\":1,\"maxLength\":10000,\"not\":{\"pattern\":\"^[ \\n]*$\"},"                     \
    "\"pattern\":\"^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*$\","                         \
    "\"description\":\"Plain text, no control character but line feed\"},"                         \
    "\"spoiler\":{\"type\":[\"boolean\",\"null\"]},"                                               \
    "\"time\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\","                           \
    "\"description\":\"When it was written, so that a later one stands; now, if it is left "       \
    "out\"}}}"

/* {"text", "spoiler", "time"}, the second where it is true, the third where it was written before
 * now: what a client writes. Sets text, spoiler and created_ms alone; texts are valid in the call's
 * arena; unknown members are passed over. STATUS_INVALID_ARGUMENT: not an object, or a member of
 * the wrong kind; the call's error names it. */
MUST_USE enum status review_words_from_json(struct call *call, const struct json *json,
                                            struct review *review);

/* Reads what review_write_json() writes. STATUS_INVALID_ARGUMENT: as above, or not a time, a count,
 * a record type. */
MUST_USE enum status review_from_json(struct call *call, const struct json *json,
                                      struct review *ret_review);
