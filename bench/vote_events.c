/* vote_events: COUNT rating events of the vote_workload, one a line. */
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "vote_workload.h"

static void print_event(const struct rating_change *vote)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    printf("{\"userId\":\"%.*s\",\"recordId\":\"%.*s\",\"recordType\":\"movie\",\"value\":%d.%d,"
           "\"providerId\":\"movielens\",\"eventType\":\"put\",\"eventTime\":\"%.*s\"}\n",
           TEXT_ARGUMENTS(vote->key.user), TEXT_ARGUMENTS(vote->key.record.id),
           vote->hundredths / RATING_HUNDREDTHS_PER_POINT,
           vote->hundredths % RATING_HUNDREDTHS_PER_POINT / 10,
           TEXT_ARGUMENTS(clock_format(vote->time_ms, time)));
}

int main(int argc, char **argv)
{
    struct vote_workload workload;
    uint64_t count;
    if (argc != 2 || !text_to_u64(text_of(argv[1]), &count)) {
        (void)fprintf(stderr, "usage: vote_events COUNT\n");
        return 2;
    }
    vote_workload_init(&workload, 1);
    for (uint64_t i = 0; i < count; i++) {
        print_event(vote_workload_draw(&workload, 1));
    }
    vote_workload_deinit(&workload);
    return ferror(stdout) == 0 && fclose(stdout) == 0 ? 0 : 1;
}
