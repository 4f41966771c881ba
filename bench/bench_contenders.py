"""Who is compared: Marquee's services, its rivals, and nginx. What cannot be had here is left out by name."""
import json
import os
import ssl
import subprocess
import urllib.request

from bench_messages import MOVIE, MOVIE_JSON
from bench_servers import SERVER_CORE, free_port

HERE = os.path.dirname(os.path.abspath(__file__))
NGINX = "/usr/sbin/nginx"
TLS_OPTIONS = ("--tls-certificate", "--tls-key")  # of the services


class Absent(Exception):
    """Something is not compared, and why."""


def put(server, path, body=None):
    headers = {"content-type": "application/json"} if body is not None else {}
    data = json.dumps(body).encode() if body is not None else b""
    scheme, context = "http", None
    if server.is_secure:
        scheme, context = "https", ssl._create_unverified_context()  # pylint: disable=protected-access
    request = urllib.request.Request(f"{scheme}://127.0.0.1:{server.port}{path}", data=data, headers=headers,
                                     method="PUT")
    urllib.request.urlopen(request, context=context).close()


def service(workplace, name, program, options, cores=SERVER_CORE, threads=1, secure=None):
    port = free_port()
    tls = [word for pair in zip(TLS_OPTIONS, secure) for word in pair] if secure else []
    server = workplace.start(name, port, [[
        workplace.program(program), "--listen", f"127.0.0.1:{port}", "--registry", "", "--threads", str(threads),
        *options, *tls]], cores=cores)
    server.is_secure = secure is not None
    return server


def start_metadata(workplace, name, store, **placing):
    server = service(workplace, name, "marquee-metadata",
                     ["--store", store, "--data", workplace.path(f"metadata-{free_port()}")], **placing)
    put(server, "/metadata", MOVIE)
    return server


def start_rating(workplace, name, store, **placing):
    server = service(workplace, name, "marquee-rating",
                     ["--store", store, "--data", workplace.path(f"rating-{free_port()}"), "--event-log", "none"],
                     **placing)
    put(server, f"/rating?id={MOVIE['id']}&type=movie&userId=ann&value=8.5")
    return server


def start_movie(workplace, name, metadata, rating, **placing):
    """The CPU time is that of all three processes."""
    server = service(workplace, name, "marquee-movie",
                     ["--services", f"metadata=127.0.0.1:{metadata.port};rating=127.0.0.1:{rating.port}"], **placing)
    server.cpu_seconds = lambda: sum(
        type(part).cpu_seconds(part) for part in (server, metadata, rating))
    return server


def start_echo(workplace, name):
    port = free_port()
    return workplace.start(name, port, [[workplace.program("rpc_server"), f"127.0.0.1:{port}"]])


def start_bare(workplace, name, message_bytes):
    port = free_port()
    return workplace.start(name, port, [[workplace.program("nghttp2_bare_server"), str(port), str(message_bytes)]])


def start_rival(workplace, name, command, secure=None):
    port = free_port()
    server = workplace.start(name, port, [[*command, f"127.0.0.1:{port}", *(secure or ())]],
                             environment={"GOMAXPROCS": "1"})
    server.is_secure = secure is not None
    return server


def built(cache, name):
    """A rival's program in the cache, built there when its compiler is here."""
    program = os.path.join(cache, "bin", f"bench-{name.replace('_', '-')}")
    sources = [os.path.join(folder, file) for folder, _, files in os.walk(os.path.join(HERE, "rivals", name))
               for file in files]
    sources.append(os.path.join(HERE, "bench.proto"))
    if os.path.exists(program) and os.path.getmtime(program) > max(map(os.path.getmtime, sources)):
        return program
    done = subprocess.run(["sh", os.path.join(HERE, "rivals", name, "build.sh")], stdout=subprocess.PIPE, text=True,
                          check=False, env={**os.environ, "MARQUEE_CACHE": cache})
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines()
        raise Absent(lines[-1] if lines else f"{name}: it could not be built")
    return program


def rival_commands(workplace, cache, report):
    """{name: command} of the rivals that can be had."""
    cpp = workplace.program("grpc_cpp_server")
    commands = {"gRPC C++ async": [cpp, "async"], "gRPC C++ callback": [cpp, "callback"]}
    for name, folder in (("grpc-go", "grpc_go"), ("tonic", "tonic")):
        try:
            commands[name] = [built(cache, folder)]
        except Absent as reason:
            report.note(f"Not compared: {reason}.")
    return commands


def make_certificate(workplace):
    """A certificate for 127.0.0.1 and its key."""
    certificate, key = workplace.path("certificate.pem"), workplace.path("key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def has_tls(workplace):
    text = subprocess.run([workplace.program("marquee-metadata"), "--help"], capture_output=True, text=True,
                          check=False).stdout
    return all(option in text for option in TLS_OPTIONS)


def start_nginx(workplace):
    """A fixed reply of the size of ours."""
    if not os.path.exists(NGINX):
        raise Absent("there is no nginx here")
    port, configuration = free_port(), workplace.path("nginx.conf")
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(f"""daemon off; worker_processes 1; pid {workplace.path('nginx.pid')};
error_log {workplace.path('nginx.log')}; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {workplace.path('nginx-body')};
proxy_temp_path {workplace.path('nginx-proxy')}; fastcgi_temp_path {workplace.path('nginx-fastcgi')};
uwsgi_temp_path {workplace.path('nginx-uwsgi')}; scgi_temp_path {workplace.path('nginx-scgi')};
server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{MOVIE_JSON}'; }} }} }}
""")
    return workplace.start("nginx (fixed reply)", port, [[NGINX, "-c", configuration]])
