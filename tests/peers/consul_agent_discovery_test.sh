#!/bin/sh
# Runs the discovery contract on HashiCorp's Consul. usage: consul_agent_discovery_test.sh TEST-PROGRAM
set -eu

if ! CONSUL_PROGRAM=$(command -v consul); then
    echo "consul_agent_discovery_test: skipped: there is no consul (./dev peers consul)"
    exit 77
fi
export CONSUL_PROGRAM
exec "$1"
