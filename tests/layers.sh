#!/bin/bash
# Arrows point one way: tools -> eval -> nn -> data -> io -> base.  TAP.
set -u
cd "$(dirname "$0")/.." || exit 1
order=(base io data nn eval)
n=0
for i in "${!order[@]}"; do
    n=$((n + 1))
    above=$(printf '|%s' "${order[@]:i + 1}" tools tests)
    if found=$(grep -nE "#include \"(${above:1})/" -r "lib/${order[i]}"); then
        echo "not ok $n - lib/${order[i]} includes nothing above it"
        echo "$found" | sed 's/^/# /'
    else
        echo "ok $n - lib/${order[i]} includes nothing above it"
    fi
done
unlisted=$(find lib -mindepth 1 -maxdepth 1 -type d | grep -vE '^lib/(base|io|data|nn|eval)$')
n=$((n + 1))
[ -z "$unlisted" ] && echo "ok $n - every folder of lib has its place in the order" ||
    echo "not ok $n - every folder of lib has its place in the order: $unlisted"
doubled=$(find lib tools tests -name '*.[ch]' -printf '%f\n' | sort | uniq -d)
n=$((n + 1))
[ -z "$doubled" ] && echo "ok $n - file names are unique" ||
    echo "not ok $n - file names are unique: $doubled"
echo "1..$n"
