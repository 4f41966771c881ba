"""Ports on loopback for programs that must be told theirs before they start."""
import random
import socket

# The kernel gives these to nobody who does not name them (from 32768 on it does).
FIRST, END = 10240, 32000
TRIES = 1000


def free_ports(parts):
    """{part: a port that nobody listens on now}."""
    held = {}
    for _ in range(TRIES):
        if len(held) == len(parts):
            break
        try:
            held[parts[len(held)]] = socket.create_server(("127.0.0.1", random.randrange(FIRST, END)))
        except OSError:
            continue
    ports = {part: holder.getsockname()[1] for part, holder in held.items()}
    for holder in held.values():
        holder.close()
    if len(ports) < len(parts):
        raise AssertionError("there are no free ports")
    return ports
