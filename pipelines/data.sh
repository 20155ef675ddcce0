#!/bin/bash
# pipelines/data.sh NAME: fetches a set of $REC_SETS (pipelines/sets) into data/NAME, whole
# or not at all.
set -eu -o pipefail
here=$(dirname "$0")
name=$1 sets=${REC_SETS:-$here/sets} into=${REC_DATA:-data} python=${PYTHON:-python3}

fail() {
    echo "make data/$name: $1" >&2
    exit 1
}

# unpack ZIP FOLDER: its files, without their folders
unpack() {
    if command -v unzip >/dev/null; then
        unzip -qqjo "$1" -d "$2"
    elif command -v "$python" >/dev/null; then
        "$python" -c '
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    for member in z.infolist():
        if not member.is_dir():
            with open(os.path.join(sys.argv[2], os.path.basename(member.filename)), "wb") as out:
                out.write(z.read(member))' "$1" "$2"
    else
        fail "neither unzip nor $python is there to unpack $(basename "$1")"
    fi
}

# check FILE SUM ADDRESS
check() {
    local seen

    case $2 in
    sha256:* | md5:*)
        seen=$("${2%%:*}sum" "$1" | cut -d ' ' -f 1)
        [ "$seen" = "${2#*:}" ] ||
            fail "$3: its ${2%%:*} is $seen, not ${2#*:}: it was damaged, or its publisher has changed it"
        ;;
    -) echo "  sha256 $(sha256sum "$1" | cut -d ' ' -f 1) of $(basename "$1"), not checked" ;;
    *) fail "$sets: '$2' is no checksum: sha256:HEX, md5:HEX or -" ;;
    esac
}

files=$(awk -F '\t' -v name="$name" '$1 == name { print $2 "\t" $3 "\t" $4 }' "$sets")
[ -n "$files" ] ||
    fail "no such file, and no such set; sets are: $(awk -F '\t' '!/^#/ && NF { print $1 }' "$sets" | sort -u | tr '\n' ' ')"
[ ! -e "$into/$name" ] || fail "$into/$name is there already; remove it to fetch it anew"
if command -v curl >/dev/null; then
    fetch=(curl -fsSL --retry 2 --connect-timeout 30 --speed-limit 1 --speed-time 60 -o)
elif command -v wget >/dev/null; then
    fetch=(wget -q --tries 3 --timeout 60 -O)
else
    fail "neither curl nor wget is there; install one, or name a folder with DATA_DIR"
fi

mkdir -p "$into"
new=$(mktemp -d "$into/.$name.XXXXXX")
trap 'rm -rf "$new"' EXIT
while IFS=$'\t' read -r address sum maker; do
    file=$new/$(basename "$address")
    echo "  fetch  $address"
    "${fetch[@]}" "$file" "$address" || fail "cannot fetch $address"
    check "$file" "$sum" "$address"
    if [[ $file == *.zip ]]; then
        unpack "$file" "$new" || fail "cannot unpack $address"
        rm "$file"
    fi
    if [ -n "$maker" ]; then
        command -v "$python" >/dev/null || fail "$python is not there, and $here/$maker needs it"
        "$python" "$here/$maker" "$new" || fail "$maker cannot make the files of it that the experiments read"
    fi
done <<<"$files"
chmod 755 "$new"
mv -T "$new" "$into/$name"
trap - EXIT
