# Makes what run.sh and planted.sh need before they build a fuzzer. Source this file with `root`, the folder of the sources.
# MIRAGE is the command that writes the units, by default build/tool/mirage.

# prepare TREE NAME FOLDER FLAG...: write into FOLDER the instances that TREE's fuzz/NAME/units names, and an archive of the
# runtime, the platform sim and the pure libraries, compiled by Clang with the flags. Only what has changed since the last
# call is made again. Sets `standing_on` to what a fuzzer is linked with.
prepare() {
    tree=$1 name=$2 folder=$3
    shift 3
    mkdir -p "$folder/objects"
    standing_on='' members=''
    {
        printf 'builddir = %s\n' "$folder"
        printf 'rule unit\n  command = %s unit --cc=clang $in $options -o $out --depfile $out.d\n  depfile = $out.d\n  deps = gcc\n' \
            "${MIRAGE:-$root/build/tool/mirage}"
        printf 'rule compile\n  command = clang %s -MMD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n' "$*"
        printf 'rule archive\n  command = rm -f $out && ar rc $out $in\n'
        if [ -f "$tree/fuzz/$name/units" ]; then
            while read -r unit source options; do
                printf 'build %s: unit %s\n  options = %s\n' "$folder/$unit" "$tree/$source" "$options"
                case $unit in
                *.c)
                    compile "$folder/$unit" "$unit"
                    standing_on="$standing_on $object"
                    ;;
                esac
            done <"$tree/fuzz/$name/units"
        fi
        for source in "$tree"/runtime/*.c "$tree"/base/*/*.c "$tree"/platform/posix/*.c "$tree"/platform/sim/*.c \
            "$tree/platform/arch/$(uname -m)"/*.S; do
            compile "$source" "$(echo "${source#"$tree"/}" | tr / -)"
            members="$members $object"
        done
        standing_on="$standing_on $folder/runtime.a"
        printf 'build %s: archive%s\n' "$folder/runtime.a" "$members"
    } >"$folder/build.ninja"
    ninja -f "$folder/build.ninja" -j 2 >"$folder/log" || {
        cat "$folder/log" >&2
        return 1
    }
}

# compile SOURCE NAME: print the step that compiles a source, and set `object`.
compile() {
    object=$folder/objects/$2.o
    printf 'build %s: compile %s\n' "$object" "$1"
}
