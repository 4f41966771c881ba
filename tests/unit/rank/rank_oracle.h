/* rank_oracle.h: what an index should answer, found by sorting everything each time; and an index
 * beside it that is told the same. */
#pragma once

#include "base/arena.h"
#include "rank/rank.h"

enum {
    ORACLE_ENTRIES = 700,
    ORACLE_GENRES = 5,
    ORACLE_ID_BYTES = 40,
};

struct oracle_entry {
    char id[ORACLE_ID_BYTES];
    bool has_votes;
    bool has_facts;
    uint64_t count;
    uint64_t sum;
    int32_t year;
    unsigned genres; /* bits */
};

struct oracle {
    struct oracle_entry entries[ORACLE_ENTRIES];
    unsigned listed_parts;
    struct rank_index *index;
    struct arena arena;
    struct call call;
    uint64_t random;
};

/* With all orders. Ids have one to 39 bytes. The same seed makes the same choices. */
void oracle_open(struct oracle *oracle, unsigned listed_parts,
                 const struct rank_parameters *parameters, uint64_t seed);
void oracle_close(struct oracle *oracle);

uint64_t oracle_random(struct oracle *oracle, uint64_t bound);
struct text oracle_genre(unsigned number);

/* Gives or takes votes or facts of one entry, here and there. */
void oracle_change(struct oracle *oracle, size_t entry);

/* Before everything is begun anew: forgets what the part says of all entries, here alone. */
void oracle_forget(struct oracle *oracle, enum rank_part part);

/* Which entries the whole list has, in order. Returns how many. */
size_t oracle_list(struct oracle *oracle, const struct rank_query *query,
                   const struct rank_parameters *parameters, size_t list[static ORACLE_ENTRIES]);

/* Asks on the loop, and on a worker when that is not enough. The token is borrowed from the arena,
 * which is not reset. */
struct rank_page oracle_ask(struct oracle *oracle, const struct rank_query *query);

/* Turns all pages of the query and compares them with the list, row by row. */
void oracle_compare(struct oracle *oracle, const struct rank_query *query);
