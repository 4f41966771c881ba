"""The plain routes that the sources of a process name."""
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "..", "..", "..")
# A row of a route table, or of operations (http/http_operation.h).
ROUTE = re.compile(r'(?:\{|\.method = )"(GET|PUT|POST|DELETE)",\s+(?:\.path = )?"(/[^"]*)"')


def routes_of(process):
    """(method, path) of every route that the process serves; a path may end with a star."""
    files = glob.glob(os.path.join(SOURCES, "services", process, "handler", "*.c"))
    files.append(os.path.join(SOURCES, "lib", "process", "process_routes.c"))
    if process == "movie":
        files.append(os.path.join(SOURCES, "lib", "process", "process_sessions.c"))
    files += glob.glob(os.path.join(SOURCES, "lib", "openapi", "*.c"))
    for file in files:
        with open(file, encoding="utf-8") as source:
            yield from ROUTE.findall(source.read())
