# Makes what run.sh and planted.sh need before they build a fuzzer. Source this file with `root`, the folder of the sources.
# MIRAGE is the command that writes the units, by default build/tool/mirage.

# prepare TREE NAME FOLDER FLAG...: write into FOLDER the instances that TREE's fuzz/NAME/units names, and an archive of the
# runtime, the platform sim and the pure libraries, compiled by Clang with the flags. Sets `standing_on` to what a fuzzer is
# linked with.
prepare() {
    tree=$1 name=$2 folder=$3
    shift 3
    export FLAGS="$*"
    mkdir -p "$folder/objects"
    standing_on=
    if [ -f "$tree/fuzz/$name/units" ]; then
        while read -r unit source options; do
            # shellcheck disable=SC2086
            "${MIRAGE:-$root/build/tool/mirage}" unit --cc=clang "$tree/$source" $options -o "$folder/$unit"
            case $unit in *.c) standing_on="$standing_on $folder/$unit" ;; esac
        done <"$tree/fuzz/$name/units"
    fi
    # shellcheck disable=SC2016
    for source in "$tree"/runtime/*.c "$tree"/base/*/*.c "$tree"/platform/posix/*.c "$tree"/platform/sim/*.c \
        "$tree/platform/arch/$(uname -m)"/*.S; do
        echo "$source $folder/objects/$(echo "${source#"$tree"/}" | tr / -).o"
    done | xargs -n 2 -P 2 sh -c 'exec clang $FLAGS -c "$1" -o "$2"' sh
    rm -f "$folder/runtime.a"
    ar rc "$folder/runtime.a" "$folder"/objects/*.o
    standing_on="$standing_on $folder/runtime.a"
}
