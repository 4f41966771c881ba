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

/* A cursor's texts live longer than the page they come from. */
struct cursor {
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

static enum status dump_votes(const struct proof_dump *dump, struct call *call)
{
    struct cursor cursor;
    struct vote_key after;
    const struct vote_key *from = NULL;
    size_t count = PAGE;
    while (count == PAGE) {
        struct rating_stored_vote *votes;
        arena_reset(call->arena);
        enum status status = dump->repository.ops->list_votes(dump->repository.state, call, from,
                                                              PAGE, &votes, &count);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < count; i++) {
            printf("{\"k\":\"v\",\"d\":%d", votes[i].deleted);
            print_vote(&votes[i].vote);
            printf("}\n");
        }
        if (count > 0) {
            const struct vote_key *last = &votes[count - 1].vote.key;
            cursor.used = 0;
            after.record.type = last->record.type;
            after.record.id = keep(&cursor, last->record.id);
            after.provider = keep(&cursor, last->provider);
            after.user = keep(&cursor, last->user);
            from = &after;
        }
    }
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

static enum status dump_aggregates(const struct proof_dump *dump, struct call *call)
{
    struct cursor cursor;
    struct record_key after;
    const struct record_key *from = NULL;
    size_t count = PAGE;
    while (count == PAGE) {
        struct rating_stored_aggregate *aggregates;
        arena_reset(call->arena);
        enum status status = dump->repository.ops->list_aggregates(dump->repository.state, call,
                                                                   from, PAGE, &aggregates, &count);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < count; i++) {
            print_aggregate(&aggregates[i]);
        }
        if (count > 0) {
            cursor.used = 0;
            after.type = aggregates[count - 1].record.type;
            after.id = keep(&cursor, aggregates[count - 1].record.id);
            from = &after;
        }
    }
    return STATUS_OK;
}

static enum status dump_letters(const struct proof_dump *dump, struct call *call)
{
    struct cursor cursor;
    struct rating_dead_letter_key after;
    const struct rating_dead_letter_key *from = NULL;
    size_t count = PAGE;
    while (count == PAGE) {
        struct rating_dead_letter *letters;
        arena_reset(call->arena);
        enum status status = dump->repository.ops->list_dead_letters(dump->repository.state, call,
                                                                     from, PAGE, &letters, &count);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < count; i++) {
            printf("{\"k\":\"l\",\"part\":%d,\"off\":%" PRId64, letters[i].partition,
                   letters[i].offset);
            print_text("reason", letters[i].reason);
            printf("}\n");
        }
        if (count > 0) {
            cursor.used = 0;
            after.topic = keep(&cursor, letters[count - 1].topic);
            after.partition = letters[count - 1].partition;
            after.offset = letters[count - 1].offset;
            from = &after;
        }
    }
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
    struct runs *runs = calloc(1, sizeof(*runs));
    CHECK(runs != NULL);
    for (size_t i = 0; i < PAGE; i++) {
        runs->partitions[i].last = -1;
    }
    enum status status = proof_dump_positions(dump, call);
    if (status == STATUS_OK) {
        status = dump_votes(dump, call);
    }
    if (status == STATUS_OK) {
        status = dump_aggregates(dump, call);
    }
    if (status == STATUS_OK) {
        status = dump_letters(dump, call);
    }
    if (status == STATUS_OK) {
        status = dump_changes(dump, call, runs);
    }
    free(runs);
    return status;
}
