#!/bin/sh
# gRPC's official interop client and server of grpc-java, from Maven Central (needs Java and mvn; 56 MB)
#
# Installed into $MARQUEE_CACHE/grpc-java-VERSION, and as the programs grpc-java-interop-client and
# grpc-java-interop-server.
set -eu

version=1.79.0
jars=$MARQUEE_CACHE/grpc-java-$version

skip() {
    echo "java: $*"
    exit 77
}

# program NAME CLASS: what starts that class.
program() {
    cat >"$MARQUEE_CACHE/bin/$1" <<PROGRAM
#!/bin/sh
exec java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '$jars/*' $2 "\$@"
PROGRAM
    chmod +x "$MARQUEE_CACHE/bin/$1"
}

command -v java >/dev/null || skip "there is no Java here"
if [ ! -e "$jars/complete" ]; then
    command -v mvn >/dev/null || skip "there is no mvn here"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>marquee</groupId><artifactId>interop</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency>
<groupId>io.grpc</groupId><artifactId>grpc-interop-testing</artifactId><version>$version</version>
</dependency></dependencies></project>
POM
    mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$jars" || skip "version $version could not be fetched"
    touch "$jars/complete"
fi
program grpc-java-interop-client io.grpc.testing.integration.TestServiceClient
program grpc-java-interop-server io.grpc.testing.integration.TestServiceServer
