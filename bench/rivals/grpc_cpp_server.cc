// The rival: GetMetadata and GetAggregatedRating on gRPC C++'s asynchronous interface, one thread, one
// completion queue, everything in memory. It does what Marquee's handlers do for these calls: look up an id in
// a hash map, copy what is there, answer NOT_FOUND else.
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>

#include <grpcpp/grpcpp.h>

#include "movie.grpc.pb.h"

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

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: grpc_cpp_server HOST:PORT\n");
        return 2;
    }
    fill();
    MetadataService::AsyncService metadata;
    RatingService::AsyncService rating;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials());
    builder.RegisterService(&metadata);
    builder.RegisterService(&rating);
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
    void *tag;
    bool ok;
    while (queue->Next(&tag, &ok)) {
        static_cast<Tag *>(tag)->proceed(ok);
    }
    return 0;
}
