#!/bin/bash
# Build mirage and serve examples/website, which is this project's documentation.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/common.sh

usage='Usage: ./demo.sh [--port N]

Installs what is missing, builds, and serves the website at http://localhost:8080, or at the
given port, until Ctrl-C.'

port=8080
while [ $# -gt 0 ]; do
    case $1 in
    --port) port=${2-} && shift ;;
    --port=*) port=${1#--port=} ;;
    -h | --help) printf '%s\n' "$usage" && exit 0 ;;
    *) die "demo.sh has no option $1. $usage" ;;
    esac
    [ $# -eq 0 ] || shift
done
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]]; then
    die "--port wants a number from 1 to 65535, not '$port'."
fi

port_taken() { (exec 3<>"/dev/tcp/localhost/$port") 2>/dev/null; }

need_packages "${build_packages[@]}"
[ -f build/build.ninja ] || say "Building mirage into build/ for the first time."
build_in build "${CC-gcc}" || die "mirage could not be built; the messages above say why."
build/tool/mirage build examples/website >/dev/null
if port_taken; then
    die "Port $port is taken by another program; choose another one: ./demo.sh --port $((port < 65535 ? port + 1 : 8080))"
fi
say "The site is at http://localhost:$port/ until Ctrl-C."
exec build/tool/mirage run examples/website -- --port="$port"
