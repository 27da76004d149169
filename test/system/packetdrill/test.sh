#!/bin/sh
# test.sh DRIVE STACK.so SCRIPT...: build the stack and run the scripts in every version of IP. TAP.
# MIRAGE, CC and SANITIZE are build.sh's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
drive=$1 stack=$2
shift 2
"$here/build.sh" "$stack"
exec "$drive" "$stack" --ip_version=ipv4 --ip_version=ipv6 --ip_version=ipv4-mapped-ipv6 "$@"
