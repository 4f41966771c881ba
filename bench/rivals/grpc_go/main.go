// The rival: GetMetadata, Echo and Stream on grpc-go, everything in memory.
// Usage: grpc_go_server HOST:PORT [CERTIFICATE KEY]
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"marquee.example/bench/grpc_go/messages"
)

type metadataServer struct {
	messages.UnimplementedMetadataServiceServer
	movies map[string]*messages.Metadata
}

func (server *metadataServer) GetMetadata(_ context.Context, request *messages.GetMetadataRequest) (*messages.GetMetadataResponse, error) {
	found, ok := server.movies[request.MovieId]
	if !ok {
		return nil, status.Error(codes.NotFound, "there is no such movie")
	}
	return &messages.GetMetadataResponse{Metadata: found}, nil
}

type benchServer struct {
	messages.UnimplementedBenchServiceServer
}

func (benchServer) Echo(_ context.Context, request *messages.EchoRequest) (*messages.EchoResponse, error) {
	return &messages.EchoResponse{Payload: request.Payload}, nil
}

func (benchServer) Stream(request *messages.StreamRequest, stream grpc.ServerStreamingServer[messages.StreamResponse]) error {
	response := &messages.StreamResponse{Payload: make([]byte, request.Bytes)}
	for sent := uint32(0); sent < request.Count; sent++ {
		if err := stream.Send(response); err != nil {
			return err
		}
	}
	return nil
}

func movies() map[string]*messages.Metadata {
	return map[string]*messages.Metadata{"tt0133093": {
		Id:          "tt0133093",
		Title:       "The Matrix",
		Description: "A programmer who hacks by night learns that the world around him is a simulation run by machines.",
		Director:    "Lana Wachowski, Lilly Wachowski",
		Year:        1999,
		Genres:      []string{"Action", "Science Fiction"},
	}}
}

func serve(arguments []string) error {
	var options []grpc.ServerOption
	if len(arguments) == 3 {
		secure, err := credentials.NewServerTLSFromFile(arguments[1], arguments[2])
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(secure))
	}
	listener, err := net.Listen("tcp", arguments[0])
	if err != nil {
		return err
	}
	server := grpc.NewServer(options...)
	messages.RegisterMetadataServiceServer(server, &metadataServer{movies: movies()})
	messages.RegisterBenchServiceServer(server, benchServer{})
	return server.Serve(listener)
}

func main() {
	if len(os.Args) != 2 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: grpc_go_server HOST:PORT [CERTIFICATE KEY]")
		os.Exit(2)
	}
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
