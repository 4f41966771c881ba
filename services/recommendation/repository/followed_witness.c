#include "recommendation/repository/followed_witness.h"

#include "base/little_endian.h"
#include "store/zlib_checksum.h"

enum { END_BYTES = 5 };

void followed_witness_begin(struct followed_witness *witness, int64_t sequence)
{
    witness->told = (struct followed_testimony){.from = sequence};
    witness->newer = witness->told;
}

/* An id has no NUL in it. */
static uint32_t add_vote(uint32_t checksum, const struct vote_feed_vote *vote)
{
    char end[1 + END_BYTES] = {'\0', (char)vote->deleted};
    checksum = zlib_checksum(checksum, vote->user_id);
    checksum = zlib_checksum(checksum, text_of_bytes(end, 1));
    checksum = zlib_checksum(checksum, vote->record_id);
    le32_write(end + 2, vote->deleted ? 0 : (uint32_t)vote->hundredths);
    return zlib_checksum(checksum, text_of_bytes(end, sizeof(end)));
}

void followed_testimony_take(struct followed_testimony *testimony,
                             const struct vote_feed_page *page, uint32_t count)
{
    for (size_t i = 0; i < page->count && i < count; i++) {
        testimony->checksum = add_vote(testimony->checksum, &page->votes[i]);
        testimony->count++;
    }
}

void followed_witness_take(struct followed_witness *witness, const struct vote_feed_page *page)
{
    followed_testimony_take(&witness->told, page, UINT32_MAX);
    followed_testimony_take(&witness->newer, page, UINT32_MAX);
    if (witness->newer.count >= FOLLOWED_WITNESS_VOTES) {
        witness->told = witness->newer;
        witness->newer = (struct followed_testimony){.from = page->sequence};
    }
}
