#!/bin/bash
# pipelines/data.sh NAME: fetches a set of $REC_SETS (pipelines/sets) into data/NAME, whole
# or not at all.
set -eu -o pipefail
name=$1 sets=${REC_SETS:-pipelines/sets} into=${REC_DATA:-data}

fail() {
    echo "make data/$name: $1" >&2
    exit 1
}

files=$(awk -F '\t' -v name="$name" '$1 == name { print $2 "\t" $3 }' "$sets")
[ -n "$files" ] || fail "no such set; there are: $(awk -F '\t' '!/^#/ && NF { print $1 }' "$sets" | sort -u | tr '\n' ' ')"
if command -v curl >/dev/null; then
    fetch=(curl -fsSL --retry 2 -o)
elif command -v wget >/dev/null; then
    fetch=(wget -q -O)
else
    fail "neither curl nor wget is there; install one, or name a folder with DATA_DIR"
fi

mkdir -p "$into"
new=$(mktemp -d "$into/.$name.XXXXXX")
trap 'rm -rf "$new"' EXIT
while IFS=$'\t' read -r address sum; do
    file=$new/$(basename "$address")
    echo "  fetch  $address"
    "${fetch[@]}" "$file" "$address" || fail "cannot fetch $address"
    case $sum in
    sha256:* | md5:*)
        seen=$("${sum%%:*}sum" "$file" | cut -d ' ' -f 1)
        [ "$seen" = "${sum#*:}" ] ||
            fail "$address: its ${sum%%:*} is $seen, not ${sum#*:}: it was damaged, or its publisher has changed it"
        ;;
    *) echo "  sha256 $(sha256sum "$file" | cut -d ' ' -f 1) of $(basename "$file"), not checked" ;;
    esac
    if [[ $file == *.zip ]]; then
        if command -v unzip >/dev/null; then
            unzip -qqjo "$file" -d "$new"
        elif command -v python3 >/dev/null; then
            python3 -c '
import os, sys, zipfile
for member in zipfile.ZipFile(sys.argv[1]).infolist():
    if not member.is_dir():
        with open(os.path.join(sys.argv[2], os.path.basename(member.filename)), "wb") as out:
            out.write(zipfile.ZipFile(sys.argv[1]).read(member))' "$file" "$new"
        else
            fail "neither unzip nor python3 is there to unpack $(basename "$file")"
        fi
        rm "$file"
    fi
done <<<"$files"
chmod 755 "$new"
[ ! -e "$into/$name" ] || fail "$into/$name is there already"
mv "$new" "$into/$name"
trap - EXIT
