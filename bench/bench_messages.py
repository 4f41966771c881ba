"""The messages that everyone is sent, and how long the replies are."""
import json

from bench_load import Request

MOVIE = {
    "id": "tt0133093",
    "title": "The Matrix",
    "description": "A programmer who hacks by night learns that the world around him is a simulation run by machines.",
    "director": "Lana Wachowski, Lilly Wachowski",
    "year": 1999,
    "genres": ["Action", "Science Fiction"],
}
MOVIE_JSON = json.dumps(MOVIE, separators=(",", ":"))
PREFIX_BYTES = 5
STREAM_MESSAGES, STREAM_BYTES = 100, 100


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def bytes_field(number, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def number_field(number, value):
    return varint(number << 3) + varint(value)


def frame(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


def metadata_message():
    fields = [bytes_field(1, MOVIE["id"]), bytes_field(2, MOVIE["title"]), bytes_field(3, MOVIE["description"]),
              bytes_field(4, MOVIE["director"]), number_field(5, MOVIE["year"])]
    return b"".join(fields + [bytes_field(6, genre) for genre in MOVIE["genres"]])


METADATA_REPLY_BYTES = len(bytes_field(1, metadata_message()))
GET_METADATA = Request("/MetadataService/GetMetadata", frame(bytes_field(1, MOVIE["id"])),
                       PREFIX_BYTES + METADATA_REPLY_BYTES)
# A double and one vote.
GET_RATING = Request("/RatingService/GetAggregatedRating",
                     frame(bytes_field(1, MOVIE["id"]) + bytes_field(2, "movie")), PREFIX_BYTES + 11)
# The metadata, and the rating beside it.
GET_DETAILS = Request("/MovieService/GetMovieDetails", frame(bytes_field(1, MOVIE["id"])), METADATA_REPLY_BYTES)


def echo(payload_bytes):
    message = frame(bytes_field(1, b"x" * payload_bytes))
    return Request("/marquee.bench.BenchService/Echo", message, len(message))


def stream():
    reply = frame(bytes_field(1, b"\0" * STREAM_BYTES))
    return Request("/marquee.bench.BenchService/Stream",
                   frame(number_field(1, STREAM_MESSAGES) + number_field(2, STREAM_BYTES)),
                   STREAM_MESSAGES * len(reply), STREAM_MESSAGES)
