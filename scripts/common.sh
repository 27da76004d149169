# What demo.sh and test.sh share: which packages are needed, and how the tool is built.
# shellcheck shell=bash disable=SC2034

# To build mirage, and for mirage to build applications.
build_packages=(
    gcc libc6-dev binutils meson ninja-build pkg-config
    libjansson-dev libdw-dev libelf-dev zlib1g-dev libcmark-gfm-dev libcmark-gfm-extensions-dev
)
# Beyond these, to run the tests.
test_packages=(
    ccache clang clang-format llvm lld libcmocka-dev valgrind gdb curl python3 graphviz mandoc zsh tshark iproute2 patch
    # Peers of the network stack.
    wrk nmap chromium iputils-ping bind9-dnsutils dnsmasq-base radvd tcpdump
    # Programs for 64-bit ARM, and their processor.
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
)
# 64-bit ARM's own packages, that its unit tests and programs are linked with.
arm64_packages=(libcmocka-dev libcmocka0 zlib1g-dev zlib1g)

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# Clang's sanitizers and fuzzer are a package of their own, named after its version.
clang_runtime_package() {
    local version
    version=$(apt-cache depends clang 2>/dev/null | sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p')
    [ -z "$version" ] || printf 'libclang-rt-%s-dev\n' "$version"
}

missing_packages() {
    local package
    declare -A there=()
    while read -r package status; do
        [ "$status" != installed ] || there[$package]=yes
    done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        [ -n "${there[$package]-}" ] || printf '%s\n' "$package"
    done
}

# Install what is missing of these packages; without root, or without a network, say how to.
need_packages() {
    command -v dpkg-query >/dev/null ||
        die "This is neither Debian nor Ubuntu: install what these packages of theirs contain, then build with meson as README.md says: $*"
    local missing log
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    local how="apt-get install --no-install-recommends ${missing[*]}"
    [ "$(id -u)" -eq 0 ] ||
        die "These packages are missing: ${missing[*]}; install them with: sudo $how"
    say "Installing ${missing[*]}"
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        die "These packages are missing and could not be installed: ${missing[*]}; with a network, install them with: $how"
    fi
    rm -f "$log"
}

# arm64_libraries FOLDER: unpack arm64_packages to FOLDER/root, and write FOLDER/cross.ini for meson. They are not
# installed: that would bring a second C library, and bind what the machine has to that one's version.
arm64_libraries() {
    local folder log ok=yes apt
    folder=$(realpath -m "$1")
    [ "$(cat "$folder/packages" 2>/dev/null)" != "${arm64_packages[*]}" ] || return 0
    mkdir -p "$folder"/{state/lists,cache/archives}/partial "$folder/root"
    printf "[constants]\nlibraries = '%s/root'\n" "$folder" >"$folder/cross.ini"
    apt=(apt-get -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=
        -o "Dir::State=$folder/state" -o Dir::State::status=/dev/null -o "Dir::Cache=$folder/cache")
    log=$(mktemp)
    { "${apt[@]}" update && (cd "$folder/cache" && "${apt[@]}" download "${arm64_packages[@]}"); } >"$log" 2>&1 </dev/null || ok=no
    for package in "$folder"/cache/*.deb; do
        [ $ok = no ] || dpkg-deb -x "$package" "$folder/root" >>"$log" 2>&1 || ok=no
    done
    if [ $ok = yes ]; then
        rm -rf "$folder/state" "$folder/cache"
        printf '%s\n' "${arm64_packages[*]}" >"$folder/packages"
    else
        tail -n 5 "$log" >&2
        say "These packages for arm64 could not be had: ${arm64_packages[*]}; apt's sources must have that architecture (on Ubuntu: ports.ubuntu.com)"
    fi
    rm -f "$log"
    [ $ok = yes ]
}

# build_in FOLDER COMPILER [MESON OPTION...]: quietly, unless it fails.
build_in() {
    local folder=$1 compiler=$2 log ok=yes
    shift 2
    log=$(mktemp)
    [ -f "$folder/build.ninja" ] || CC=$compiler meson setup "$folder" "$@" >"$log" 2>&1 </dev/null || ok=no
    # Copies of the project that tests build find there what is compiled now; see test/meson.build.
    [ $ok = no ] || PATH=/usr/lib/ccache:$PATH CCACHE_DIR=$PWD/$folder/ccache CCACHE_PATH=/usr/bin CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 \
        ninja -C "$folder" >"$log" 2>&1 </dev/null || ok=no
    # Ninja's progress is of no interest any more, the compiler's messages are.
    [ $ok = yes ] || grep -v '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 60 >&2
    rm -f "$log"
    [ $ok = yes ]
}
