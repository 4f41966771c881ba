"""grpcurl, for every_method_test.py: a process a call, which knows only what reflection tells."""
import json
import subprocess
import sys

CODES = ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
         "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
         "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED")
PROGRAM = sys.argv[1]


def ask(address, *words):
    result = subprocess.run([PROGRAM, "-plaintext", address, *words], check=True, capture_output=True)
    return result.stdout.decode()


def methods_of(address, service):
    names = [name.removeprefix(service + ".") for name in ask(address, "list", service).split()]
    description = ask(address, "describe", service)
    undescribed = [name for name in names if f"rpc {name} (" not in description]
    if undescribed:
        sys.exit(f"{service}: {undescribed} are listed, but not described: {description}")
    return [f"{service}/{name}" for name in names]


def methods(address):
    return [method for service in ask(address, "list").split() for method in methods_of(address, service)]


def read_messages(text):
    """What is whole of the messages that follow each other in a text."""
    decoder = json.JSONDecoder()
    messages = []
    text = text.lstrip()
    while text:
        try:
            message, end = decoder.raw_decode(text)
        except json.JSONDecodeError:
            break
        messages.append(message)
        text = text[end:].lstrip()
    return messages


def read_until(stream, count):
    text = ""
    while len(read_messages(text)) < count:
        line = stream.readline()
        if not line:
            break
        text += line
    return text


def call(request):
    command = [PROGRAM, "-plaintext", "-format-error", "-max-time", str(request["deadlineMs"] / 1000), "-d",
               " ".join(json.dumps(each) for each in request["requests"])]
    for name, value in request["metadata"].items():
        command += ["-H", f"{name}: {value}"]
    process = subprocess.Popen(command + [request["address"], request["method"]], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    if request["cancelAfter"]:
        # It has no way to cancel but its end.
        replies = read_messages(read_until(process.stdout, request["cancelAfter"]))
        process.kill()
        process.communicate()
        return {"code": "CANCELLED", "message": "", "replies": replies, "headers": None}
    output, errors = process.communicate()
    failure = {"code": 0}
    if process.returncode != 0:
        failure = json.loads(errors)
    return {"code": CODES[failure["code"]], "message": failure.get("message", ""), "replies": read_messages(output),
            "headers": None}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"methods": methods(request["address"])} if request["do"] == "methods" else call(request)
        print(json.dumps(answer), flush=True)


main()
