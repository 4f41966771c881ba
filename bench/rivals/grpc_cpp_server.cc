// The rival: GetMetadata, GetAggregatedRating, Echo and Stream on gRPC C++, everything in memory. It does what
// Marquee's handlers do for these calls: look up an id in a hash map, copy what is there, answer NOT_FOUND else.
// `async`: one thread, one completion queue. `callback`: the library's own threads.
//
// Usage: grpc_cpp_server async|callback HOST:PORT [CERTIFICATE KEY]
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <unordered_map>

#include <grpcpp/grpcpp.h>

#include "bench.grpc.pb.h"
#include "metadata.grpc.pb.h"
#include "rating.grpc.pb.h"

namespace
{

std::unordered_map<std::string, Metadata> movies;
std::unordered_map<std::string, std::pair<double, unsigned>> ratings;

struct Tag {
    virtual ~Tag() = default;
    virtual void proceed(bool ok) = 0;
};

template <typename Service, typename Request, typename Response> class UnaryCall final : public Tag
{
  public:
    using Ask = void (Service::*)(grpc::ServerContext *, Request *,
                                  grpc::ServerAsyncResponseWriter<Response> *,
                                  grpc::CompletionQueue *, grpc::ServerCompletionQueue *, void *);
    using Answer = grpc::Status (*)(const Request &, Response *);

    UnaryCall(Service *service, grpc::ServerCompletionQueue *queue, Ask ask, Answer answer)
        : service_(service), queue_(queue), ask_(ask), answer_(answer), writer_(&context_)
    {
        (service_->*ask_)(&context_, &request_, &writer_, queue_, queue_, this);
    }

    void proceed(bool ok) override
    {
        if (finished_ || !ok) {
            delete this;
            return;
        }
        new UnaryCall(service_, queue_, ask_, answer_);
        finished_ = true;
        Response response;
        grpc::Status status = answer_(request_, &response);
        writer_.Finish(response, status, this);
    }

  private:
    Service *service_;
    grpc::ServerCompletionQueue *queue_;
    Ask ask_;
    Answer answer_;
    grpc::ServerContext context_;
    Request request_;
    grpc::ServerAsyncResponseWriter<Response> writer_;
    bool finished_ = false;
};

grpc::Status get_metadata(const GetMetadataRequest &request, GetMetadataResponse *response)
{
    auto found = movies.find(request.movie_id());
    if (found == movies.end()) {
        return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no such movie");
    }
    *response->mutable_metadata() = found->second;
    return grpc::Status::OK;
}

grpc::Status get_rating(const GetAggregatedRatingRequest &request,
                        GetAggregatedRatingResponse *response)
{
    auto found = ratings.find(request.record_type() + "/" + request.record_id());
    if (found == ratings.end()) {
        return grpc::Status(grpc::StatusCode::NOT_FOUND, "nobody has rated it yet");
    }
    response->set_rating_value(found->second.first);
    response->set_count(found->second.second);
    return grpc::Status::OK;
}

using marquee::bench::BenchService;
using marquee::bench::EchoRequest;
using marquee::bench::EchoResponse;
using marquee::bench::StreamRequest;
using marquee::bench::StreamResponse;

grpc::Status echo(const EchoRequest &request, EchoResponse *response)
{
    response->set_payload(request.payload());
    return grpc::Status::OK;
}

// The next message goes out when the one before it was taken.
class AsyncStream final : public Tag
{
  public:
    AsyncStream(BenchService::AsyncService *service, grpc::ServerCompletionQueue *queue)
        : service_(service), queue_(queue), writer_(&context_)
    {
        service_->RequestStream(&context_, &request_, &writer_, queue_, queue_, this);
    }

    void proceed(bool ok) override
    {
        if (finished_ || !ok) {
            delete this;
            return;
        }
        if (!started_) {
            started_ = true;
            new AsyncStream(service_, queue_);
            response_.set_payload(std::string(request_.bytes(), '\0'));
        }
        if (sent_ < request_.count()) {
            sent_++;
            writer_.Write(response_, this);
        } else {
            finished_ = true;
            writer_.Finish(grpc::Status::OK, this);
        }
    }

  private:
    BenchService::AsyncService *service_;
    grpc::ServerCompletionQueue *queue_;
    grpc::ServerContext context_;
    StreamRequest request_;
    StreamResponse response_;
    grpc::ServerAsyncWriter<StreamResponse> writer_;
    unsigned sent_ = 0;
    bool started_ = false;
    bool finished_ = false;
};

class CallbackStream final : public grpc::ServerWriteReactor<StreamResponse>
{
  public:
    explicit CallbackStream(const StreamRequest &request) : left_(request.count())
    {
        response_.set_payload(std::string(request.bytes(), '\0'));
        next();
    }

    void OnWriteDone(bool ok) override
    {
        if (ok) {
            next();
        } else {
            Finish(grpc::Status::CANCELLED);
        }
    }

    void OnDone() override { delete this; }

  private:
    void next()
    {
        if (left_ == 0) {
            Finish(grpc::Status::OK);
            return;
        }
        left_--;
        StartWrite(&response_);
    }

    StreamResponse response_;
    unsigned left_;
};

template <typename Request, typename Response>
grpc::ServerUnaryReactor *answer_now(grpc::CallbackServerContext *context, const Request &request,
                                     Response *response,
                                     grpc::Status (*answer)(const Request &, Response *))
{
    auto *reactor = context->DefaultReactor();
    reactor->Finish(answer(request, response));
    return reactor;
}

class CallbackMetadata final : public MetadataService::CallbackService
{
    grpc::ServerUnaryReactor *GetMetadata(grpc::CallbackServerContext *context,
                                          const GetMetadataRequest *request,
                                          GetMetadataResponse *response) override
    {
        return answer_now(context, *request, response, get_metadata);
    }
};

class CallbackRating final : public RatingService::CallbackService
{
    grpc::ServerUnaryReactor *GetAggregatedRating(grpc::CallbackServerContext *context,
                                                  const GetAggregatedRatingRequest *request,
                                                  GetAggregatedRatingResponse *response) override
    {
        return answer_now(context, *request, response, get_rating);
    }
};

class CallbackBench final : public BenchService::CallbackService
{
    grpc::ServerUnaryReactor *Echo(grpc::CallbackServerContext *context, const EchoRequest *request,
                                   EchoResponse *response) override
    {
        return answer_now(context, *request, response, echo);
    }

    grpc::ServerWriteReactor<StreamResponse> *Stream(grpc::CallbackServerContext *,
                                                     const StreamRequest *request) override
    {
        return new CallbackStream(*request);
    }
};

void fill()
{
    Metadata metadata;
    metadata.set_id("tt0133093");
    metadata.set_title("The Matrix");
    metadata.set_description("A programmer who hacks by night learns that the world around him is a "
                             "simulation run by machines.");
    metadata.set_director("Lana Wachowski, Lilly Wachowski");
    metadata.set_year(1999);
    metadata.add_genres("Action");
    metadata.add_genres("Science Fiction");
    movies.emplace("tt0133093", metadata);
    ratings.emplace("movie/tt0133093", std::make_pair(8.5, 1U));
}

std::string contents(const char *path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::shared_ptr<grpc::ServerCredentials> credentials(int argc, char **argv)
{
    if (argc != 5) {
        return grpc::InsecureServerCredentials();
    }
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({contents(argv[4]), contents(argv[3])});
    return grpc::SslServerCredentials(options);
}

int serve_callbacks(grpc::ServerBuilder &builder)
{
    CallbackMetadata metadata;
    CallbackRating rating;
    CallbackBench bench;
    builder.RegisterService(&metadata);
    builder.RegisterService(&rating);
    builder.RegisterService(&bench);
    auto server = builder.BuildAndStart();
    if (!server) {
        return 1;
    }
    server->Wait();
    return 0;
}

int serve_queue(grpc::ServerBuilder &builder)
{
    MetadataService::AsyncService metadata;
    RatingService::AsyncService rating;
    BenchService::AsyncService bench;
    builder.RegisterService(&metadata);
    builder.RegisterService(&rating);
    builder.RegisterService(&bench);
    auto queue = builder.AddCompletionQueue();
    auto server = builder.BuildAndStart();
    if (!server) {
        return 1;
    }
    new UnaryCall<MetadataService::AsyncService, GetMetadataRequest, GetMetadataResponse>(
        &metadata, queue.get(), &MetadataService::AsyncService::RequestGetMetadata, get_metadata);
    new UnaryCall<RatingService::AsyncService, GetAggregatedRatingRequest,
                  GetAggregatedRatingResponse>(
        &rating, queue.get(), &RatingService::AsyncService::RequestGetAggregatedRating, get_rating);
    new UnaryCall<BenchService::AsyncService, EchoRequest, EchoResponse>(
        &bench, queue.get(), &BenchService::AsyncService::RequestEcho, echo);
    new AsyncStream(&bench, queue.get());
    void *tag;
    bool ok;
    while (queue->Next(&tag, &ok)) {
        static_cast<Tag *>(tag)->proceed(ok);
    }
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 5) {
        std::fprintf(stderr, "usage: grpc_cpp_server async|callback HOST:PORT [CERTIFICATE KEY]\n");
        return 2;
    }
    fill();
    grpc::ServerBuilder builder;
    builder.AddListeningPort(argv[2], credentials(argc, argv));
    return std::string(argv[1]) == "callback" ? serve_callbacks(builder) : serve_queue(builder);
}
