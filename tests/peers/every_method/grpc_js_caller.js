// grpc-js, for every_method_test.py: knows the files of api/. Its argument is the folder of its modules.
'use strict';
const path = require('node:path');
const readline = require('node:readline');

const modules = process.argv[2];
const grpc = require(path.join(modules, '@grpc/grpc-js'));
const loader = require(path.join(modules, '@grpc/proto-loader'));

const api = path.join(__dirname, '../../../api');
const options = {includeDirs: [api], longs: String, enums: String, bytes: String};
const services = loader.loadSync(
    ['movie.proto', 'health.proto', 'reflection.proto', 'reflection_v1alpha.proto'], options);
const clients = new Map();

function clientOf(address) {
    if (!clients.has(address)) {
        clients.set(address, new grpc.Client(address, grpc.credentials.createInsecure()));
    }
    return clients.get(address);
}

function methodOf(name) {
    const [service, method] = name.split('/');
    return services[service][method];
}

function metadataOf(values) {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(values)) {
        metadata.set(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
    }
    return metadata;
}

// Starts the call in the form that its kind has; `done` is told of the one reply that a unary reply is.
function start(client, method, message, metadata, callOptions, done) {
    const common = [method.path, method.requestSerialize, method.responseDeserialize];
    if (method.requestStream && method.responseStream) {
        return client.makeBidiStreamRequest(...common, metadata, callOptions);
    }
    if (method.responseStream) {
        return client.makeServerStreamRequest(...common, message, metadata, callOptions);
    }
    if (method.requestStream) {
        return client.makeClientStreamRequest(...common, metadata, callOptions, done);
    }
    return client.makeUnaryRequest(...common, message, metadata, callOptions, done);
}

function call(request) {
    return new Promise((resolve) => {
        const method = methodOf(request.method);
        const replies = [];
        let headers = {};
        const stream = start(
            clientOf(request.address), method, request.requests[0], metadataOf(request.metadata),
            {deadline: Date.now() + request.deadlineMs}, (error, reply) => {
                if (!error) {
                    replies.push(reply);
                }
            });
        stream.on('metadata', (metadata) => { headers = metadata.getMap(); });
        stream.on('error', () => {});  // the status tells it
        stream.on('status', (status) => {
            // A reply comes before its status, a unary one's callback just after it.
            setImmediate(() => resolve({
                code: grpc.status[status.code],
                message: status.code === grpc.status.OK ? '' : status.details,
                replies,
                headers: Object.keys(headers).length > 0 ? headers : status.metadata.getMap(),
            }));
        });
        if (method.responseStream) {
            stream.on('data', (reply) => {
                replies.push(reply);
                if (replies.length === request.cancelAfter) {
                    stream.cancel();
                }
            });
        }
        if (method.requestStream) {
            request.requests.forEach((message) => stream.write(message));
            stream.end();
        }
    });
}

async function reflect(address, message) {
    const answer = await call({
        address, method: 'grpc.reflection.v1.ServerReflection/ServerReflectionInfo', requests: [message],
        metadata: {}, deadlineMs: 10000, cancelAfter: 0,
    });
    return answer.replies[0];
}

// FileDescriptorSet{file}: protobuf's field 1 for each, with its length.
function descriptorSet(files) {
    return Buffer.concat(files.flatMap((file) => {
        const bytes = Buffer.from(file, 'base64');
        const head = [0x0a];
        let length = bytes.length;
        for (; length > 127; length >>>= 7) {
            head.push(length & 127 | 128);
        }
        return [Buffer.from([...head, length]), bytes];
    }));
}

async function methods(address) {
    const found = [];
    const listed = await reflect(address, {listServices: ''});
    for (const {name} of listed.listServicesResponse.service) {
        const reply = await reflect(address, {fileContainingSymbol: name});
        const files = reply.fileDescriptorResponse.fileDescriptorProto;
        const definition = loader.loadFileDescriptorSetFromBuffer(descriptorSet(files), options);
        found.push(...Object.keys(definition[name]).map((method) => `${name}/${method}`));
    }
    return {methods: found};
}

async function main() {
    for await (const line of readline.createInterface({input: process.stdin})) {
        const request = JSON.parse(line);
        const answer = request.do === 'methods' ? await methods(request.address) : await call(request);
        process.stdout.write(`${JSON.stringify(answer)}\n`);
    }
    clients.forEach((client) => client.close());
}

main();
