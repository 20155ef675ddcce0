# The manual pages say what the programs say, and both install.
bats_require_minimum_version 1.5.0

setup_file() {
    export ROOT REC_BIN TOOLS PAGES HELP
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    REC_BIN=${REC_BIN:-$ROOT/build/bin}
    TOOLS=$(cd "$ROOT/tools" && printf '%s\n' rec-*.c | sed 's/\.c$//')
    PAGES=$ROOT/tools
    # TOOL.help, what -h prints; TOOL.all, its options; common, those that every program
    # has; TOOL.own, the others
    HELP=$BATS_FILE_TMPDIR
    cd "$HELP" || return 1
    local tool
    for tool in $TOOLS; do
        "$REC_BIN/$tool" -h >"$tool.help"
        help_options <"$tool.help" >"$tool.all"
    done
    sort ./*.all | uniq -c | awk -v n="$(wc -w <<<"$TOOLS")" '$1 == n' |
        sed -E 's/^ *[0-9]+ //' >common
    for tool in $TOOLS; do
        grep -vxFf common "$tool.all" >"$tool.own" || true
    done
}

# help_options: a line "-x, --name|argument|default" for each option of the help it reads.
# Two that share a line are on two lines first.
help_options() {
    sed -E -e ':a' -e 's/^(  .{4}--.*), (--[a-z])/\1\n      \2/' -e 'ta' | sed -nE 's/^  (-., |    )(--[a-z0-9-]+)(.*)$/\1\2\3/p' | awk '{
        short = substr($0, 1, 4); sub(/^ +$/, "", short)
        rest = substr($0, 5); name = rest; sub(/ .*/, "", name)
        rest = substr(rest, length(name) + 1)
        arg = ""; value = ""
        if (rest ~ /^ [^ ]/) { # a flag has no argument, hence no default
            arg = substr(rest, 2); sub(/ .*/, "", arg)
            if (match(rest, /\([^()]*\)$/))
                value = substr(rest, RSTART + 1, RLENGTH - 2)
        }
        gsub(/\|/, "/", arg)
        print short name "|" arg "|" value
    }'
}

# page_options PAGE: a line "-x, --name|text of the entry" for each option of its OPTIONS.
page_options() {
    awk '
    function flush() { if (name != "") print name "|" text " "; name = text = "" }
    /^\.Sh/ { flush(); inside = $0 == ".Sh OPTIONS"; next }
    !inside { next }
    /^\.It Fl/ {
        flush()
        for (i = 2; i < NF; i++)
            if ($i == "Fl") {
                word = $(i + 1); comma = $(i + 2) == "," ? ", " : ""
                name = name "-" word comma
            }
        text = $0; next
    }
    /^\.(It|El)/ { flush(); next }
    { line = $0
      sub(/^\.[A-Z][a-z] /, "", line)
      gsub(/\\&/, "", line)
      if ($0 ~ /^\./) sub(/ ([.,;:])$/, substr(line, length(line)), line)
      text = text " " line }
    END { flush() }' "$PAGES/$1"
}

# undocumented PAGE: reads help options; prints those that PAGE does not describe, or
# describes with other choices or another default.
undocumented() {
    local option arg value entry word
    local -A entries
    while IFS='|' read -r option entry; do
        entries[$option]=$entry
    done < <(page_options "$1")
    while IFS='|' read -r option arg value; do
        entry=${entries[$option]-}
        if [ -z "$entry" ]; then
            echo "$1: $option is not described"
            continue
        fi
        if [[ $arg == */* ]]; then
            for word in ${arg//\// }; do
                [[ $entry == *" $word"[\ .,\;:]* ]] || echo "$1: $option: no word on $word"
            done
        fi
        # the value is followed by a space, or by punctuation and a space
        if [ -n "$value" ] && [[ $entry != *"default is $value "* ]] &&
            [[ $entry != *"default is $value"[.,\;]" "* ]]; then
            echo "$1: $option: the default $value is missing"
        fi
    done
}

# stale PAGE: reads help options; prints what PAGE describes beyond them.
stale() {
    local known
    known=$(cut -d '|' -f 1)
    page_options "$1" | cut -d '|' -f 1 | grep -vxFe "$known" |
        sed "s/\$/: in $1, but not in the help/" || true
}

@test "every program has a manual page, and rec.1 refers to it" {
    local tool
    for tool in $TOOLS; do
        [ -s "$PAGES/$tool.1" ]
        grep -q "^\.Xr $tool 1" "$PAGES/rec.1"
    done
}

@test "options that all programs share are described in rec.1, others in their own page" {
    local tool
    [ "$(wc -l <"$HELP/common")" -ge 10 ]
    run -0 undocumented rec.1 <"$HELP/common"
    echo "$output"
    [ -z "$output" ]
    for tool in $TOOLS; do
        run -0 undocumented "$tool.1" <"$HELP/$tool.own"
        echo "$output"
        [ -z "$output" ]
    done
}

@test "every option that a page describes is in the program's help" {
    local tool
    run -0 stale rec.1 <"$HELP/common"
    echo "$output"
    [ -z "$output" ]
    for tool in $TOOLS; do
        run -0 stale "$tool.1" <"$HELP/$tool.own"
        echo "$output"
        [ -z "$output" ]
    done
}

@test "a new option, choice or default without documentation is noticed, and so is one gone" {
    run -0 undocumented rec-clean.1 <<<'--surprise|N|3'
    [ "$output" = "rec-clean.1: --surprise is not described" ]
    run -0 undocumented rec-clean.1 <<<'--dups|exact/keep/newest|exact'
    [ "$output" = "rec-clean.1: --dups: no word on newest" ]
    run -0 undocumented rec-clean.1 <<<'--dups|exact/keep|keep'
    [ "$output" = "rec-clean.1: --dups: the default keep is missing" ]
    run -0 undocumented rec-split.1 <<<'--test|SHARE|0.25'
    [ "$output" = "rec-split.1: --test: the default 0.25 is missing" ]
    run -0 undocumented rec-split.1 <<<'--test|SHARE|0'
    [ "$output" = "rec-split.1: --test: the default 0 is missing" ]
    run -0 undocumented rec-split.1 <<<'-x, --seed|N|1'
    [ "$output" = "rec-split.1: -x, --seed is not described" ]
    run -0 stale rec-encode.1 <<<$'--other|N|1\n--vocab|FILE|\n--unknown|drop|drop'
    [ "$output" = "--order: in rec-encode.1, but not in the help" ]
}

@test "the help is read as it is meant" {
    run -0 cat "$HELP/rec-split.all"
    [ "${lines[0]}" = "--method|random/user/time/last/fold/source|random" ]
    [ "${lines[7]}" = "-s, --seed|N|1" ]
    run -0 cat "$HELP/rec-view.all"
    [ "${lines[0]}" = "-l, --list||" ]
    run -0 grep -e --progress "$HELP/common"
    [ "$output" = "--progress|auto/always/never|auto" ]
}

@test "pages carry the version of the programs and a date" {
    local page version
    version=$("$REC_BIN/rec-clean" -V)
    for page in "$PAGES"/*.1; do
        grep -qx ".Os rec ${version##* }" "$page"
        grep -qE '^\.Dd [A-Z][a-z]+ [0-9]+, [0-9]{4}$' "$page"
        grep -qix ".Dt $(basename "$page" .1) 1" "$page"
    done
}

@test "pages pass mandoc's lint" {
    command -v mandoc >/dev/null || skip "mandoc is not installed"
    local page
    for page in "$PAGES"/*.1; do
        run -0 mandoc -T lint -W warning "$page"
        [ -z "$output" ]
    done
}

@test "make install puts programs and pages in place, make uninstall removes them" {
    [ "$(realpath "$REC_BIN")" = "$(realpath -m "$ROOT/build/bin")" ] ||
        skip "REC_BIN is not the default build"
    local make=(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$ROOT" B=build
        "DESTDIR=$BATS_TEST_TMPDIR/root" PREFIX=/usr)
    local prefix=$BATS_TEST_TMPDIR/root/usr tool page
    "${make[@]}" -q all || skip "the build is older than its sources"

    run -0 --separate-stderr "${make[@]}" install
    for tool in $TOOLS; do
        cmp "$REC_BIN/$tool" "$prefix/bin/$tool"
        [ -x "$prefix/bin/$tool" ]
        "$prefix/bin/$tool" -V
    done
    for page in "$PAGES"/*.1; do
        cmp "$page" "$prefix/share/man/man1/$(basename "$page")"
        cmp "$ROOT/lib/io/rec.py" "$prefix/share/rec/rec.py"
        [ "$(stat -c %a "$prefix/share/man/man1/$(basename "$page")")" = 644 ]
    done

    touch "$prefix/bin/another"
    run -0 --separate-stderr "${make[@]}" uninstall
    [ "$(find "$prefix" -type f)" = "$prefix/bin/another" ]
}
