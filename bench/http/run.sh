#!/bin/sh
# run.sh [SERVER [ARGUMENT...]]: compare a server's requests a second with nginx's, alternating in one run.
# SERVER is a program that takes --port=N and serves PAGE, of which nginx gets a copy; without one,
# bench/http/server is built by the mirage command (MIRAGE, default `mirage`) with --release.
#   ROUNDS 5, SECONDS_EACH 3, CONNECTIONS 64, PAGE /1k.html, PIPELINE 1, SERVER_CORE 0, CLIENT_CORE 1
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-3} connections=${CONNECTIONS:-64} page=${PAGE:-/1k.html}
pipeline=${PIPELINE:-1} server_core=${SERVER_CORE:-0} client_core=${CLIENT_CORE:-1}
our_port=${OUR_PORT:-18180} nginx_port=${NGINX_PORT:-18181}
work=$(mktemp -d)
pids=
# shellcheck disable=SC2064,SC2154
trap 'for pid in $pids; do kill "$pid" 2>/dev/null || :; done; wait; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

for tool in wrk nginx curl taskset; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install wrk nginx-light curl util-linux" >&2; exit 1; }
done

if [ $# -eq 0 ]; then
    cp -r "$here/server" "$work/"
    program=$(cd "$work" && "${MIRAGE:-mirage}" build --release server | tail -n 1)
    set -- "$work/$program"
fi

# nginx: one worker, no log, sendfile, connections that are never closed for their number of requests.
mkdir -p "$work/nginx/html"
cat >"$work/nginx/nginx.conf" <<CONF
worker_processes 1;
daemon off;
master_process off;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events { worker_connections 10240; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=100;
    types { text/html html; }
    client_body_temp_path $work/nginx/body;
    proxy_temp_path $work/nginx/proxy;
    fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi;
    scgi_temp_path $work/nginx/scgi;
    server { listen 127.0.0.1:$nginx_port; root $work/nginx/html; }
}
CONF
[ "$(id -u)" != 0 ] || chmod -R a+rX "$work"
taskset -c "$server_core" nginx -p "$work/nginx" -c "$work/nginx/nginx.conf" 2>/dev/null &
nginx_pid=$!
pids="$pids $!"
taskset -c "$server_core" "$@" --port="$our_port" >"$work/server.log" 2>&1 &
our_pid=$!
pids="$pids $!"

wait_for() {
    tries=0
    until curl -sfo /dev/null "http://127.0.0.1:$1$page"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "nothing serves $page on port $1" >&2; cat "$work/server.log" >&2; exit 1; }
        sleep 0.05
    done
}
wait_for "$our_port"
mkdir -p "$work/nginx/html$(dirname "$page")"
curl -sfo "$work/nginx/html$page" "http://127.0.0.1:$our_port$page"
[ "$(id -u)" != 0 ] || chmod -R a+rX "$work"
wait_for "$nginx_port"

cat >"$work/pipeline.lua" <<'LUA'
local depth = tonumber(os.getenv("PIPELINE"))
function init() local r = {} for i = 1, depth do r[i] = wrk.format() end all = table.concat(r) end
function request() return all end
LUA
# The processor time of a process, in clock ticks of 10 ms.
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

# "requests/s, microseconds of the server's processor time a request"
measure() {
    pid=$2 before=$(ticks "$2")
    set -- -t1 -c"$connections" -d"${seconds}s" "http://127.0.0.1:$1$page"
    [ "$pipeline" = 1 ] || set -- -s "$work/pipeline.lua" "$@"
    PIPELINE=$pipeline taskset -c "$client_core" wrk "$@" >"$work/wrk"
    awk -v used="$(($(ticks "$pid") - before))" '
        /Requests\/sec/ { rate = $2 }
        / requests in / { requests = $1 }
        /Socket errors|Non-2xx/ { print > "/dev/stderr" }
        END { printf "%s %.3f\n", rate, used * 10000 / requests }' "$work/wrk"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

round=0
while [ "$round" -lt "$rounds" ]; do
    round=$((round + 1))
    measure "$our_port" "$our_pid" >>"$work/ours"
    measure "$nginx_port" "$nginx_pid" >>"$work/theirs"
    echo "round $round (requests/s, us of CPU each): mirage $(tail -n 1 "$work/ours"), nginx $(tail -n 1 "$work/theirs")"
done
column() { cut -d ' ' -f "$1" "$2" | median; }
ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }
ours=$(column 1 "$work/ours") theirs=$(column 1 "$work/theirs")
our_cpu=$(column 2 "$work/ours") their_cpu=$(column 2 "$work/theirs")
echo "median of $rounds: mirage $ours, nginx $theirs requests/s, ratio $(ratio "$ours" "$theirs")"
echo "CPU a request: mirage $our_cpu us, nginx $their_cpu us, ratio $(ratio "$our_cpu" "$their_cpu")"
