#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "proof/proof_dump.h"

enum { PAGE = RATING_PAGE_SIZE_MAX, NAME_BYTES = 256 };

static void print_text(const char *name, struct text text)
{
    printf(",\"%s\":\"", name);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < ' ' || byte == '"' || byte == '\\') {
            printf("\\u%04x", byte);
        } else {
            (void)putchar(byte);
        }
    }
    (void)putchar('"');
}

static void print_vote(const struct vote *vote)
{
    printf(",\"t\":\"%s\"", record_type_name(vote->key.record.type));
    print_text("r", vote->key.record.id);
    print_text("p", vote->key.provider);
    print_text("u", vote->key.user);
    printf(",\"h\":%d,\"time\":%" PRId64, vote->hundredths, vote->time_ms);
}

enum status proof_dump_positions(const struct proof_dump *dump, struct call *call)
{
    for (int32_t i = 0; i < dump->partitions; i++) {
        int64_t next_offset;
        enum status status = dump->repository.ops->get_position(dump->repository.state, call,
                                                                dump->topic, i, &next_offset);
        if (status == STATUS_OK) {
            printf("{\"k\":\"p\",\"part\":%d,\"next\":%" PRId64 "}\n", i, next_offset);
        } else if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status proof_dump_epochs(const struct proof_dump *dump, struct call *call)
{
    for (int32_t i = 0; i < dump->partitions; i++) {
        struct rating_position position;
        enum status status = dump->repository.ops->claim_position(dump->repository.state, call,
                                                                  dump->topic, i, &position);
        if (status != STATUS_OK) {
            return status;
        }
        printf("{\"k\":\"e\",\"part\":%d,\"next\":%" PRId64 ",\"epoch\":%" PRId64 "}\n", i,
               position.next_offset, position.epoch);
    }
    return STATUS_OK;
}

/* Where the walk through a table stands: behind the last entry of a page. Its texts live longer
 * than the page they come from. */
struct cursor {
    bool has_begun; /* else it is before the first */
    union {
        struct vote_key vote;
        struct record_key record;
        struct rating_dead_letter_key letter;
    } after;
    char names[4][NAME_BYTES];
    size_t used;
};

static struct text keep(struct cursor *cursor, struct text text)
{
    CHECK(text.length < NAME_BYTES && cursor->used < ARRAY_LENGTH(cursor->names));
    char *to = cursor->names[cursor->used++];
    if (text.length > 0) {
        memcpy(to, text.data, text.length);
    }
    return text_of_bytes(to, text.length);
}

/* Prints the page behind the cursor and moves it behind that. *ret_count: how many entries it had.
 */
typedef enum status (*dump_page_fn)(const struct proof_dump *dump, struct call *call,
                                    struct cursor *cursor, size_t *ret_count);

static enum status dump_pages(const struct proof_dump *dump, struct call *call,
                              dump_page_fn dump_page)
{
    struct cursor cursor = {.has_begun = false};
    size_t count = PAGE;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && count == PAGE) {
        arena_reset(call->arena);
        cursor.used = 0;
        status = dump_page(dump, call, &cursor, &count);
        cursor.has_begun = true;
    }
    return status;
}

static enum status dump_votes(const struct proof_dump *dump, struct call *call,
                              struct cursor *cursor, size_t *ret_count)
{
    const struct vote_key *after = cursor->has_begun ? &cursor->after.vote : NULL;
    struct rating_stored_vote *votes;
    enum status status = dump->repository.ops->list_votes(dump->repository.state, call, after, PAGE,
                                                          &votes, ret_count);
    if (status != STATUS_OK || *ret_count == 0) {
        return status;
    }
    for (size_t i = 0; i < *ret_count; i++) {
        printf("{\"k\":\"v\",\"d\":%d", votes[i].deleted);
        print_vote(&votes[i].vote);
        printf("}\n");
    }
    const struct vote_key *last = &votes[*ret_count - 1].vote.key;
    cursor->after.vote = (struct vote_key){
        .record = {last->record.type, keep(cursor, last->record.id)},
        .provider = keep(cursor, last->provider),
        .user = keep(cursor, last->user),
    };
    return STATUS_OK;
}

static void print_aggregate(const struct rating_stored_aggregate *stored)
{
    printf("{\"k\":\"a\",\"t\":\"%s\"", record_type_name(stored->record.type));
    print_text("r", stored->record.id);
    printf(",\"n\":%" PRIu64 ",\"s\":%" PRIu64 ",\"b\":[", stored->aggregate.count,
           stored->aggregate.sum_hundredths);
    for (size_t i = 0; i < RATING_BIN_COUNT; i++) {
        printf("%s%u", i > 0 ? "," : "", stored->aggregate.histogram[i]);
    }
    printf("]}\n");
}

static enum status dump_aggregates(const struct proof_dump *dump, struct call *call,
                                   struct cursor *cursor, size_t *ret_count)
{
    const struct record_key *after = cursor->has_begun ? &cursor->after.record : NULL;
    struct rating_stored_aggregate *aggregates;
    enum status status = dump->repository.ops->list_aggregates(dump->repository.state, call, after,
                                                               PAGE, &aggregates, ret_count);
    if (status != STATUS_OK || *ret_count == 0) {
        return status;
    }
    for (size_t i = 0; i < *ret_count; i++) {
        print_aggregate(&aggregates[i]);
    }
    const struct record_key last = aggregates[*ret_count - 1].record;
    cursor->after.record = (struct record_key){last.type, keep(cursor, last.id)};
    return STATUS_OK;
}

static enum status dump_letters(const struct proof_dump *dump, struct call *call,
                                struct cursor *cursor, size_t *ret_count)
{
    const struct rating_dead_letter_key *after = cursor->has_begun ? &cursor->after.letter : NULL;
    struct rating_dead_letter *letters;
    enum status status = dump->repository.ops->list_dead_letters(dump->repository.state, call,
                                                                 after, PAGE, &letters, ret_count);
    if (status != STATUS_OK || *ret_count == 0) {
        return status;
    }
    for (size_t i = 0; i < *ret_count; i++) {
        printf("{\"k\":\"l\",\"part\":%d,\"off\":%" PRId64, letters[i].partition,
               letters[i].offset);
        print_text("reason", letters[i].reason);
        printf("}\n");
    }
    const struct rating_dead_letter *last = &letters[*ret_count - 1];
    cursor->after.letter =
        (struct rating_dead_letter_key){keep(cursor, last->topic), last->partition, last->offset};
    return STATUS_OK;
}

/* Runs of offsets, one behind the other, of one partition. */
struct run {
    int64_t first;
    int64_t last; /* first - 1: empty */
};

struct runs {
    struct run partitions[PAGE];
    int64_t direct; /* records that came from no log */
};

static void print_run(int32_t partition, const struct run *run)
{
    if (run->last >= run->first) {
        printf("{\"k\":\"r\",\"part\":%d,\"first\":%" PRId64 ",\"last\":%" PRId64 "}\n", partition,
               run->first, run->last);
    }
}

static void extend_run(struct runs *runs, const struct rating_change_record *record)
{
    if (record->source.topic.length == 0) {
        runs->direct++;
        return;
    }
    CHECK(record->source.partition >= 0 && record->source.partition < PAGE);
    struct run *run = &runs->partitions[record->source.partition];
    if (record->offset != run->last + 1 || run->last < run->first) {
        print_run(record->source.partition, run);
        run->first = record->offset;
    }
    run->last = record->offset;
}

static void print_change(const struct rating_change_record *record)
{
    printf("{\"k\":\"c\",\"q\":%" PRId64 ",\"kind\":%d", record->sequence, record->kind);
    print_text("src", record->source.topic);
    printf(",\"part\":%d,\"off\":%" PRId64, record->source.partition, record->offset);
    if (record->kind != RATING_RECORD_DEAD_LETTER) {
        print_vote(&record->vote);
    }
    printf("}\n");
}

static enum status dump_changes(const struct proof_dump *dump, struct call *call, struct runs *runs)
{
    struct rating_change_range range;
    enum status status =
        dump->repository.ops->get_change_range(dump->repository.state, call, &range);
    if (status != STATUS_OK) {
        return status;
    }
    printf("{\"k\":\"range\",\"first\":%" PRId64 ",\"last\":%" PRId64 "}\n", range.first,
           range.last);
    for (int64_t at = range.first - 1; at < range.last;) {
        struct rating_change_record *records;
        size_t count;
        arena_reset(call->arena);
        status = dump->repository.ops->list_changes(dump->repository.state, call, at, PAGE,
                                                    &records, &count);
        if (status != STATUS_OK || count == 0) {
            return status == STATUS_OK ? STATUS_DATA_LOSS : status;
        }
        for (size_t i = 0; i < count; i++) {
            if (dump->ranges) {
                extend_run(runs, &records[i]);
            } else {
                print_change(&records[i]);
            }
        }
        at = records[count - 1].sequence;
    }
    for (int32_t i = 0; i < dump->partitions; i++) {
        print_run(i, &runs->partitions[i]);
    }
    return STATUS_OK;
}

enum status proof_dump_all(const struct proof_dump *dump, struct call *call)
{
    static const dump_page_fn tables[] = {dump_votes, dump_aggregates, dump_letters};
    struct runs *runs = calloc(1, sizeof(*runs));
    CHECK(runs != NULL);
    for (size_t i = 0; i < PAGE; i++) {
        runs->partitions[i].last = -1;
    }
    enum status status = proof_dump_positions(dump, call);
    for (size_t i = 0; i < ARRAY_LENGTH(tables) && status == STATUS_OK; i++) {
        status = dump_pages(dump, call, tables[i]);
    }
    if (status == STATUS_OK) {
        status = dump_changes(dump, call, runs);
    }
    free(runs);
    return status;
}
