"""grpcio, for every_method_test.py: knows only what reflection tells."""
import base64
import json
import sys

import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


class Peer:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)

    def methods(self):
        return [f"{service}/{method.name}" for service in self.database.get_services()
                for method in self.pool.FindServiceByName(service).methods]

    def stub(self, name):
        method = self.pool.FindMethodByName(name.replace("/", "."))
        kinds = {(False, False): self.channel.unary_unary, (False, True): self.channel.unary_stream,
                 (True, False): self.channel.stream_unary, (True, True): self.channel.stream_stream}
        request_type = message_factory.GetMessageClass(method.input_type)
        stub = kinds[method.client_streaming, method.server_streaming](
            "/" + name, request_serializer=request_type.SerializeToString,
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        return method, request_type, stub

    def call(self, request):
        method, request_type, stub = self.stub(request["method"])
        messages = [json_format.ParseDict(each, request_type()) for each in request["requests"]]
        metadata = [(name, base64.b64decode(value) if name.endswith("-bin") else value)
                    for name, value in request["metadata"].items()]
        options = {"timeout": request["deadlineMs"] / 1000, "metadata": metadata}
        argument = iter(messages) if method.client_streaming else messages[0]
        if method.server_streaming:
            return collect(stub(argument, **options), request["cancelAfter"])
        invoke = stub.with_call if method.client_streaming else stub.future
        return collect_one(invoke(argument, **options))


def outcome(call, replies):
    return {"code": call.code().name, "message": call.details() or "",
            "replies": [json_format.MessageToDict(each) for each in replies],
            "headers": dict(call.initial_metadata()) or dict(call.trailing_metadata())}


def collect_one(call):
    try:
        return outcome(call, [call.result()])
    except grpc.RpcError:
        return outcome(call, [])


def collect(call, cancel_after):
    replies = []
    try:
        for reply in call:
            replies.append(reply)
            if len(replies) == cancel_after:
                call.cancel()
    except grpc.RpcError:
        pass  # its status is the call's
    return outcome(call, replies)


def main():
    peers = {}
    for line in sys.stdin:
        request = json.loads(line)
        address = request["address"]
        if address not in peers:
            peers[address] = Peer(address)
        peer = peers[address]
        answer = {"methods": peer.methods()} if request["do"] == "methods" else peer.call(request)
        print(json.dumps(answer, default=str), flush=True)


main()
