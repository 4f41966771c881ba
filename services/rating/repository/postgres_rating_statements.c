/* What is asked of the database, all of it. Parameters are cast, so that the server knows their
 * types when it prepares them. */
#include "rating/repository/postgres_rating_private.h"

#define NOW POSTGRES_RATING_NOW

/* A process that was silent for a week has no commit in doubt any more. */
#define MARK_RETENTION_MS "604800000"

const struct postgres_statement postgres_rating_pool_statements[POSTGRES_POOL_STATEMENT_COUNT] = {
    [POSTGRES_READ_AGGREGATE] =
        {"select vote_count, sum_hundredths, histogram from aggregates"
         " where record_type = $1::int2 and record_id = $2::text and vote_count > 0"},
    [POSTGRES_READ_AGGREGATES_OF] =
        {"select k.n, a.vote_count, a.sum_hundredths, a.histogram"
         " from unnest($1::int2[], $2::text[]) with ordinality as k(t, r, n) join aggregates a"
         " on a.record_type = k.t and a.record_id = k.r and a.vote_count > 0"},
    [POSTGRES_READ_VOTE] =
        {"select hundredths, time_ms from votes where record_type = $1::int2"
         " and record_id = $2::text and provider = $3::text and user_id = $4::text"
         " and deleted_ms is null"},
    [POSTGRES_READ_POSITION] =
        {"select next_offset from positions where topic = $1::text and partition = $2::int4"},
    [POSTGRES_READ_USER_VOTES] =
        {"select record_type, record_id, provider, hundredths, time_ms from votes"
         " where user_id = $1::text and deleted_ms is null"
         " and (record_type, record_id, provider) > ($2::int2, $3::text, $4::text)"
         " order by record_type, record_id, provider limit $5::int8"},
    [POSTGRES_READ_VOTES] =
        {"select record_type, record_id, provider, user_id, hundredths, time_ms,"
         " deleted_ms is not null from votes where (record_type, record_id, provider, user_id) >"
         " ($1::int2, $2::text, $3::text, $4::text)"
         " order by record_type, record_id, provider, user_id limit $5::int8"},
    [POSTGRES_READ_AGGREGATES] =
        {"select record_type, record_id, vote_count, sum_hundredths, histogram from aggregates"
         " where (record_type, record_id) > ($1::int2, $2::text) and vote_count > 0"
         " order by record_type, record_id limit $3::int8"},
    [POSTGRES_READ_DEAD_LETTERS] =
        {"select topic, partition, event_offset, time_ms, reason, payload from dead_letters"
         " where (topic, partition, event_offset) > ($1::text, $2::int4, $3::int8)"
         " order by topic, partition, event_offset limit $4::int8"},
    [POSTGRES_READ_DEAD_LETTER] =
        {"select topic, partition, event_offset, time_ms, reason, payload from dead_letters"
         " where topic = $1::text and partition = $2::int4 and event_offset = $3::int8"},
    /* One statement, one moment: a row that says the range even where no chunk follows. The first
     * chunk is the one that holds the first record. */
    [POSTGRES_READ_CHANGES] =
        {"select l.trimmed, l.last_sequence, c.first_sequence, c.chunk from change_log l"
         " left join lateral (select first_sequence, chunk from changes where first_sequence >="
         " coalesce((select first_sequence from changes where first_sequence <= $1::int8 + 1"
         " order by first_sequence desc limit 1), 0) and first_sequence <= $1::int8 + $2::int8) c"
         " on true order by c.first_sequence"},
    [POSTGRES_READ_CHANGE_RANGE] = {"select trimmed, last_sequence from change_log"},
    [POSTGRES_CLAIM] = {"insert into positions (topic, partition, next_offset, epoch)"
                        " values ($1::text, $2::int4, 0, 1) on conflict (topic, partition)"
                        " do update set epoch = positions.epoch + 1 returning next_offset, epoch"},
    [POSTGRES_TRIM] = {"with log as (update change_log set trimmed = least($1::int8, last_sequence)"
                       " where trimmed < least($1::int8, last_sequence) returning trimmed)"
                       " delete from changes using log where first_sequence <= log.trimmed"
                       " and first_sequence + record_count - 1 <= log.trimmed"},
    [POSTGRES_TAKE_LEASE] =
        {"insert into leases (name, owner, until_ms) values ($1::text, $2::text, " NOW
         " + $3::int8)"
         " on conflict (name) do update set owner = excluded.owner, until_ms = excluded.until_ms"
         " where leases.owner = excluded.owner or leases.until_ms <= " NOW " returning until_ms"},
    [POSTGRES_GIVE_LEASE] = {"delete from leases where name = $1::text and owner = $2::text"},
    [POSTGRES_EXPIRE] =
        {"with due_ids as materialized (select provider, event_id from event_ids"
         " where taken_ms <= " NOW " - $1::int8 order by taken_ms limit $3::int8"
         " for update skip locked),"
         " gone_ids as (delete from event_ids e using due_ids d"
         " where e.provider = d.provider and e.event_id = d.event_id returning 1),"
         " due_votes as materialized (select record_type, record_id, provider, user_id from votes"
         " where deleted_ms <= " NOW " - $2::int8 order by deleted_ms"
         " limit $3::int8 - (select count(*) from due_ids) for update skip locked),"
         " gone_votes as (delete from votes v using due_votes d"
         " where v.record_type = d.record_type and v.record_id = d.record_id"
         " and v.provider = d.provider and v.user_id = d.user_id and v.deleted_ms is not null"
         " returning 1),"
         " gone_marks as (delete from commit_marks where seen_ms < " NOW " - " MARK_RETENTION_MS ")"
         " select (select count(*) from gone_ids) + (select count(*) from gone_votes)"},
    /* Only who has locked or written records, in the transaction that it is in. */
    [POSTGRES_END_STOPPED] =
        {"select count(*) filter (where pg_terminate_backend(a.pid)) from pg_stat_activity a"
         " where a.usename = current_user and a.datname = current_database()"
         " and a.state = 'active' and a.wait_event_type = 'Client'"
         " and a.query_start < clock_timestamp() - $1::int8 * interval '1 ms'"
         " and exists (select from pg_locks l where l.pid = a.pid"
         " and l.relation = 'aggregates'::regclass"
         " and l.mode in ('RowShareLock', 'RowExclusiveLock'))"},
};

/* Fails (division by zero) unless the statement has changed as many rows as it should: the commit,
 * which was sent with it, is then not done. */
#define ALL_OF(count) " select 1 / (count(*) = " count ")::int4 from done"

#define PUT_MARK(writer, group)                                                                    \
    "insert into commit_marks (writer, last_group, seen_ms) values (" writer ", " group ", " NOW   \
    ") on conflict (writer) do update"                                                             \
    " set last_group = excluded.last_group, seen_ms = excluded.seen_ms"

#define VOTE_ARRAYS "unnest($1::int2[], $2::text[], $3::text[], $4::text[]"
#define VOTE_JOIN                                                                                  \
    " v.record_type = k.t and v.record_id = k.r and v.provider = k.p and v.user_id = k.u"
#define AGGREGATE_ARRAYS                                                                           \
    "unnest($1::int2[], $2::text[], $3::int8[], $4::int8[]) with ordinality as k(t, r, c, s, n)"
#define HISTOGRAM "($5::int4[])[21 * (k.n - 1) + 1 : 21 * k.n]"

const struct postgres_statement postgres_rating_write_statements[POSTGRES_WRITE_STATEMENT_COUNT] = {
    [POSTGRES_BEGIN] = {"begin"},
    [POSTGRES_COMMIT] = {"commit"},
    [POSTGRES_ROLLBACK] = {"rollback"},
    [POSTGRES_NEW_MARK] = {"insert into commit_marks (writer, last_group, seen_ms)"
                           " values ($1::text, 0, " NOW ") on conflict do nothing"},
    /* Waits for the transaction in doubt, should it still be under way. */
    [POSTGRES_READ_MARK] =
        {"select last_group from commit_marks where writer = $1::text for update"},
    [POSTGRES_PUT_MARK] = {PUT_MARK("$1::text", "$2::int8")},
    [POSTGRES_LOCK_POSITION] = {"select next_offset, epoch from positions"
                                " where topic = $1::text and partition = $2::int4 for update"},
    [POSTGRES_PUT_POSITION] =
        {"with done as (insert into positions (topic, partition, next_offset, epoch)"
         " values ($1::text, $2::int4, $3::int8, $4::int8) on conflict (topic, partition)"
         " do update set next_offset = excluded.next_offset where positions.next_offset = $5::int8"
         " and positions.epoch = excluded.epoch returning 1)" ALL_OF("1")},
    /* For records that another writer has just made: in a transaction of its own, which holds no
     * lock of a record that there was before. */
    [POSTGRES_NEW_AGGREGATES] =
        {"insert into aggregates (record_type, record_id)"
         " select k.t, k.r from unnest($1::int2[], $2::text[]) as k(t, r) on conflict do nothing"},
    /* Who writes a record's votes locks its row, in the order of the keys: of those who write the
     * same records, one goes first, and none waits for another that waits for it. The subquery is
     * run for one key after the other, which is what keeps the order without sorting. */
    [POSTGRES_LOCK_AGGREGATES] =
        {"select k.n, a.vote_count, a.sum_hundredths, a.histogram"
         " from unnest($1::int2[], $2::text[]) with ordinality as k(t, r, n) cross join lateral"
         " (select vote_count, sum_hundredths, histogram from aggregates"
         " where record_type = k.t and record_id = k.r for update) as a"},
    /* Gives those that are new, or whose window is over, in the order of the arrays. */
    [POSTGRES_TAKE_EVENTS] =
        {"insert into event_ids (provider, event_id, taken_ms)"
         " select k.p, k.e, " NOW " from unnest($1::text[], $2::text[]) as k(p, e)"
         " on conflict (provider, event_id) do update set taken_ms = excluded.taken_ms"
         " where event_ids.taken_ms <= excluded.taken_ms - $3::int8 returning provider, event_id"},
    [POSTGRES_LOCK_VOTES] = {"select k.n, v.hundredths, v.time_ms, v.deleted_ms is not null"
                             " from " VOTE_ARRAYS
                             ") with ordinality as k(t, r, p, u, n) join votes v on" VOTE_JOIN},
    [POSTGRES_INSERT_VOTES] =
        {"insert into votes (record_type, record_id, provider, user_id, hundredths, time_ms,"
         " deleted_ms) select t, r, p, u, h, m, case d when 1 then " NOW " end"
         " from " VOTE_ARRAYS ", $5::int2[], $6::int8[], $7::int2[]) as k(t, r, p, u, h, m, d)"},
    /* A tombstone that was read may have been forgotten since. */
    [POSTGRES_UPDATE_VOTES] = {"with done as (update votes v set hundredths = k.h, time_ms = k.m,"
                               " deleted_ms = case k.d when 1 then " NOW " end"
                               " from " VOTE_ARRAYS
                               ", $5::int2[], $6::int8[], $7::int2[]) as k(t, r, p, u, h, m, d)"
                               " where" VOTE_JOIN " returning 1)" ALL_OF("$8::int8")},
    /* Fails when another writer has made one of them since they were looked for. */
    [POSTGRES_INSERT_AGGREGATES] =
        {"insert into aggregates (record_type, record_id, vote_count, sum_hundredths, histogram)"
         " select k.t, k.r, k.c, k.s, " HISTOGRAM " from " AGGREGATE_ARRAYS},
    [POSTGRES_UPDATE_AGGREGATES] =
        {"update aggregates a set vote_count = k.c, sum_hundredths = k.s,"
         " histogram = " HISTOGRAM " from " AGGREGATE_ARRAYS
         " where a.record_type = k.t and a.record_id = k.r"},
    [POSTGRES_SETTLE] =
        {"delete from dead_letters d using unnest($1::text[], $2::int4[], $3::int8[]) as k(t, p, o)"
         " where d.topic = k.t and d.partition = k.p and d.event_offset = k.o"},
    [POSTGRES_PUT_LETTERS] =
        {"insert into dead_letters (topic, partition, event_offset, time_ms, reason, payload)"
         " select * from unnest($1::text[], $2::int4[], $3::int8[], $4::int8[], $5::bytea[],"
         " $6::bytea[]) on conflict (topic, partition, event_offset) do update set"
         " time_ms = excluded.time_ms, reason = excluded.reason, payload = excluded.payload"},
    /* With the mark, and the notice of those who listen: one statement in place of three, as the
     * log's row is locked from here to the commit. */
    [POSTGRES_LOG] = {"with mark as (" PUT_MARK(
        "$5::text",
        "$6::int8") "),"
                    " log as (update change_log set last_sequence = last_sequence + $1::int8"
                    " returning last_sequence),"
                    " chunks as (insert into changes (first_sequence, record_count, chunk)"
                    " select log.last_sequence - $1::int8 + k.f, k.c, k.b"
                    " from log, unnest($2::int8[], $3::int4[], $4::bytea[]) as k(f, c, b))"
                    " select last_sequence, pg_notify($7::text, last_sequence::text) from log"},
};

_Static_assert(RATING_BIN_COUNT == 21, "as the statements and the tables have it");
