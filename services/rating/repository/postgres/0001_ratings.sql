-- Votes, their aggregates, and what ingestion needs. docs/operations.md, "PostgreSQL", says how these tables are
-- shared out on a sharded PostgreSQL. Text is compared byte by byte, so that pages come in the same order
-- from every store.

-- A vote, or the tombstone of one (deleted_ms is set: when it was deleted, by the server's clock). Its
-- row is written only by who holds its record's row in `aggregates` locked.
create table votes (
    record_type smallint not null,
    record_id text collate "C" not null,
    provider text collate "C" not null,
    user_id text collate "C" not null,
    hundredths smallint not null check (hundredths between 0 and 1000),
    time_ms bigint not null,
    deleted_ms bigint,
    primary key (record_type, record_id, provider, user_id)
) partition by hash (record_id);

create index votes_of_user on votes (user_id, record_type, record_id, provider) where deleted_ms is null;
create index votes_deleted on votes (deleted_ms) where deleted_ms is not null;

-- Rows stay when the last vote is gone: who writes votes of a record locks its row first.
create table aggregates (
    record_type smallint not null,
    record_id text collate "C" not null,
    vote_count bigint not null default 0,
    sum_hundredths bigint not null default 0,
    histogram integer[] not null default array_fill(0, array[21]),
    primary key (record_type, record_id)
) partition by hash (record_id);

-- Room in each page for the next version of its rows: an update then touches no index.
do $$
begin
    for i in 0..7 loop
        execute format('create table votes_%s partition of votes for values with (modulus 8, remainder %s) '
                       'with (fillfactor = 90)', i, i);
        execute format('create table aggregates_%s partition of aggregates for values with (modulus 8, remainder %s) '
                       'with (fillfactor = 50)', i, i);
    end loop;
end $$;

-- Ids of events, for as long as another event of the same id is to be known as a duplicate.
create table event_ids (
    provider text collate "C" not null,
    event_id text collate "C" not null,
    taken_ms bigint not null,
    primary key (provider, event_id)
);
create index event_ids_taken on event_ids (taken_ms);

create table dead_letters (
    topic text collate "C" not null,
    partition integer not null,
    event_offset bigint not null,
    time_ms bigint not null,
    reason bytea not null,
    payload bytea not null,
    primary key (topic, partition, event_offset)
);

-- Where ingestion stands. The epoch is raised by each claim.
create table positions (
    topic text collate "C" not null,
    partition integer not null,
    next_offset bigint not null,
    epoch bigint not null,
    primary key (topic, partition)
) with (fillfactor = 50);

-- The change log: records of one transaction in chunks (rating_change_chunk.h), under the sequence of the first. As
-- rows of their own they would cost a fifth of each write.
create table changes (
    first_sequence bigint primary key,
    record_count integer not null,
    chunk bytea not null
);
-- A chunk is always smaller than a page.
alter table changes alter chunk set storage plain;

-- Its one row of counters: locked from the moment when a transaction takes its sequences to its commit, so that they
-- are without holes and in the order of commits.
create table change_log (
    only_row boolean primary key default true check (only_row),
    trimmed bigint not null default 0, -- the last that was dropped
    last_sequence bigint not null default 0
) with (fillfactor = 10);
insert into change_log default values;

create table leases (
    name text collate "C" primary key,
    owner text collate "C" not null,
    until_ms bigint not null
) with (fillfactor = 50);

-- The last transaction that each process has committed: a process that lost its connection within a
-- commit learns here whether it was done.
create table commit_marks (
    writer text collate "C" primary key,
    last_group bigint not null,
    seen_ms bigint not null
) with (fillfactor = 10);
