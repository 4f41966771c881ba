"""Waiting for an event, with a deadline: for the scenes of the tests here."""
import time

LOOK_S = 0.02


def wait_for(condition, what, within_s):
    """What the condition gives when it is true."""
    end = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {within_s} s: {what}")
        time.sleep(LOOK_S)
