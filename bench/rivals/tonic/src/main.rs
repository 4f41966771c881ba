//! The rival: GetMetadata, Echo and Stream on tonic, one thread, everything in memory.
//! Usage: bench-tonic HOST:PORT [CERTIFICATE KEY]
use std::collections::HashMap;

use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

mod movie {
    #![allow(dead_code)]
    tonic::include_proto!("_");
}
mod bench {
    tonic::include_proto!("marquee.bench");
}

use bench::bench_service_server::{BenchService, BenchServiceServer};
use movie::metadata_service_server::{MetadataService, MetadataServiceServer};

struct Movies(HashMap<String, movie::Metadata>);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl MetadataService for Movies {
    async fn get_metadata(
        &self,
        request: Request<movie::GetMetadataRequest>,
    ) -> Answer<movie::GetMetadataResponse> {
        match self.0.get(&request.get_ref().movie_id) {
            Some(found) => Ok(Response::new(movie::GetMetadataResponse {
                metadata: Some(found.clone()),
            })),
            None => Err(Status::not_found("there is no such movie")),
        }
    }

    async fn put_metadata(
        &self,
        _: Request<movie::PutMetadataRequest>,
    ) -> Answer<movie::PutMetadataResponse> {
        Err(Status::unimplemented(""))
    }

    async fn delete_metadata(
        &self,
        _: Request<movie::DeleteMetadataRequest>,
    ) -> Answer<movie::DeleteMetadataResponse> {
        Err(Status::unimplemented(""))
    }

    async fn list_metadata(
        &self,
        _: Request<movie::ListMetadataRequest>,
    ) -> Answer<movie::ListMetadataResponse> {
        Err(Status::unimplemented(""))
    }

    async fn batch_get_metadata(
        &self,
        _: Request<movie::BatchGetMetadataRequest>,
    ) -> Answer<movie::BatchGetMetadataResponse> {
        Err(Status::unimplemented(""))
    }
}

struct Bench;

type Messages = tokio_stream::Iter<Box<dyn Iterator<Item = Result<bench::StreamResponse, Status>> + Send>>;

#[tonic::async_trait]
impl BenchService for Bench {
    type StreamStream = Messages;

    async fn echo(&self, request: Request<bench::EchoRequest>) -> Answer<bench::EchoResponse> {
        let payload = request.into_inner().payload;
        Ok(Response::new(bench::EchoResponse { payload }))
    }

    async fn stream(&self, request: Request<bench::StreamRequest>) -> Answer<Messages> {
        let bench::StreamRequest { count, bytes } = request.into_inner();
        let payload = vec![0; bytes as usize];
        let messages: Box<dyn Iterator<Item = _> + Send> = Box::new((0..count).map(move |_| {
            Ok(bench::StreamResponse { payload: payload.clone() })
        }));
        Ok(Response::new(tokio_stream::iter(messages)))
    }
}

fn movies() -> Movies {
    let matrix = movie::Metadata {
        id: "tt0133093".into(),
        title: "The Matrix".into(),
        description: "A programmer who hacks by night learns that the world around him is a simulation \
                      run by machines."
            .into(),
        director: "Lana Wachowski, Lilly Wachowski".into(),
        year: 1999,
        genres: vec!["Action".into(), "Science Fiction".into()],
        ..Default::default()
    };
    Movies(HashMap::from([(matrix.id.clone(), matrix)]))
}

async fn serve(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let mut server = Server::builder();
    if let [_, certificate, key] = arguments {
        let identity = Identity::from_pem(std::fs::read(certificate)?, std::fs::read(key)?);
        server = server.tls_config(ServerTlsConfig::new().identity(identity))?;
    }
    server
        .add_service(MetadataServiceServer::new(movies()))
        .add_service(BenchServiceServer::new(Bench))
        .serve(arguments[0].parse()?)
        .await?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.len() != 1 && arguments.len() != 3 {
        return Err("usage: bench-tonic HOST:PORT [CERTIFICATE KEY]".into());
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve(&arguments))
}
