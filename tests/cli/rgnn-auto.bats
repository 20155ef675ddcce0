# rec-train --model rgnn with no other option, on ratings of every kind.
load common

setup() {
    here
}

# made SCALE [AWK]: 900 ratings of 40 users and 30 items with something to learn; SCALE is
# an awk expression of x, 0 to 9, and n, the row
made() {
    awk "BEGIN { srand(4); for (n = 0; n < 900; n++) { u = int(rand() * 40); i = int(rand() * 30)
        x = (u * 7 % 5) + (i * 3 % 4) + int(rand() * 3)
        print \"u\" u \",i\" i \",\" $1 \",\" ${2-1000000 + n * 500} } }"
}

# trains RATINGS [OPTION...] on stdin: figures of rgnn and biases on test, in `rgnn` and `biases`
trains() {
    rec-clean -q --dups keep "$@" | rec-encode | rec-split | rec-train -q -m rgnn -o m.rec
    rec-view --check m.rec
    rec-eval -q --boot 0 m.rec >report
    run ! grep -qiE '(nan|inf)	[^	]*	[^	]*	[0-9]*$' <(awk -F '\t' '{ print $4 "\t\t\t" $7 }' report)
    rgnn=$(awk '$1 == "test" && $2 == "rgnn" && $3 == "rmse" { print $4 }' report)
    biases=$(awk '$1 == "test" && $2 == "biases" && $3 == "rmse" { print $4 }' report)
    [ -n "$rgnn" ]
}

# at_most A B: A <= B, and neither is nan
at_most() {
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 <= b + 0 && a == a + 0) }' || {
        echo "$1 is more than $2"
        false
    }
}

@test "half stars, 0 to 10, 1 to 100 and real-valued scales are no worse than biases" {
    for scale in '1 + x / 2' 'x' '1 + 11 * x' 'sprintf("%.5f", x / 1000 + n / 1e7)' '1e6 * x' '-x'; do
        trains < <(made "$scale")
        at_most "$rgnn" "$(awk -v b="$biases" 'BEGIN { print b * 1.02 }')"
    done
}

@test "the scale changes nothing else" {
    trains < <(made x)
    cp report one
    trains < <(made '16 * x')
    paste one report | awk -F '\t' '$2 == "rgnn" && ($3 == "rmse" || $3 == "mae") {
        d = $4 * 16 - $11; if (d > 1e-4 || d < -1e-4) exit 1; n++ } END { exit n == 0 }'
}

@test "ratings without times, with one time for all, with times of years and of one second" {
    trains --time none < <(made x | cut -d , -f 1-3)
    trains < <(made x 5)
    trains < <(made x '1000000 + n * 1000000')
    trains < <(made x '1000000 + n % 2')
}

@test "ratings all equal are predicted as they are" {
    trains < <(made 3)
    at_most "$rgnn" 0.000001
}

@test "one user, one item, two ratings" {
    trains < <(made x | sed 's/^u[0-9]*/u1/')
    trains < <(made x | sed 's/,i[0-9]*/,i1/')
    for n in 2 3 5 9; do
        made x | head -n $n >few.csv
        rec-clean -q few.csv | rec-encode | rec-split --valid 0 --test 0.4 | rec-train -q -m rgnn -o m.rec
        rec-view --check m.rec
    done
}

@test "choices are said with -v, recorded, and can be set" {
    made x | rec-clean -q --dups keep | rec-encode | rec-split --valid 0 -o s.rec
    rec-train -v -m rgnn -o m.rec s.rec 2>said
    grep -q 'rgnn: [0-9]* training ratings, [0-9.]* a user or item (middling), 10 levels' said
    grep -q 'rgnn: a trial of 30 epochs: RMSE' said
    chosen=$(sed -n 's/.*rgnn: \(--basis.*\)/\1/p' said)
    rec-view --prov m.rec | grep -q -- "--epochs ${chosen##* }"
    grep -qx "epochs	${chosen##* }" <(rec-view -s model --to tsv m.rec)
    grep -qx 'lr	0.002' <(rec-view -s model --to tsv m.rec)
    # what was chosen, given: the same model but for the line that says so
    rec-train -v -m rgnn $chosen -o given.rec s.rec 2>said
    run ! grep -q 'a trial' said
    cmp m.rec given.rec
}

@test "validation ratings choose the epochs themselves, unless epochs or --keep are given" {
    made x | rec-clean -q --dups keep | rec-encode | rec-split -o s.rec
    rec-train -v -m rgnn --log log -o m.rec s.rec 2>said
    run ! grep -q 'a trial' said
    grep -q -- '--keep best --epochs 32$' said
    rec-view --prov m.rec | grep -q -- '--epochs 32 .*--keep best'
    best=$(tail -n +2 log | sort -t '	' -k 4,4g | head -n 1 | cut -f 4)
    at_most "$(rec-eval -q --boot 0 m.rec | awk '$1 == "valid" && $2 == "rgnn" && $3 == "rmse" { print $4 }')" \
        "$(awk -v b="$best" 'BEGIN { print b + 1e-5 }')"
    rec-train -q -m rgnn --epochs 32 --keep best -o given.rec s.rec
    cmp m.rec given.rec
    rec-train -v -m rgnn --epochs 32 -o m.rec s.rec 2>said
    grep -q -- '--keep last --epochs 32$' said
    rec-train -v -m rgnn --keep last -o m.rec s.rec 2>said
    grep -q 'a trial of 4' said
    rec-train -q -m gcn --epochs 1 -o m.rec <(rec-graph s.rec)
    rec-view --prov m.rec | grep -q -- '--keep last'
}

@test "one thread and four choose the same" {
    made x | rec-clean -q --dups keep | rec-encode | rec-split --valid 0 -o s.rec
    rec-train -q -m rgnn -T 1 -o one.rec s.rec
    rec-train -q -m rgnn -T 4 -o four.rec s.rec
    cmp one.rec four.rec
}

@test "time kernels and shrinkage can be given, and are refused where there is no sense in them" {
    made x | rec-clean -q --dups keep | rec-encode | rec-split -o s.rec
    rec-train -q -m rgnn --epochs 1 --taus 60:86400:4 --lambda-user 3 --lambda-item 7 -o m.rec s.rec
    rec-view -s model --to tsv m.rec >settings
    for line in 'tau_user	60' 'tau_item	86400' 'tau_prior	4' 'lambda_user	3' 'lambda_item	7'; do
        grep -qx "$line" settings
    done
    rec-eval -q --boot 0 m.rec >/dev/null
    rec-train -q -m rgnn --epochs 1 --taus none -o none.rec s.rec
    rec-train -q -m rgnn --epochs 1 --no-time -o no.rec s.rec
    cmp <(rec-view -s model.Y --to csv none.rec) <(rec-view -s model.Y --to csv no.rec)
    gives 2 '' "rec-train: --taus: '1,x' is not 'none' or SECONDS,..:SECONDS,..[:PRIOR], at most 8 of either side" \
        rec-train -m rgnn --taus 1,x s.rec
    made x | cut -d , -f 1-3 | rec-clean -q --dups keep --time none | rec-encode | rec-split -o plain.rec
    gives 4 '' 'rec-train: --taus: the ratings have no times; tell rec-clean their column with --time' \
        rec-train -q -m rgnn --taus 60 plain.rec
}

@test "memory that is not enough is said before training" {
    made x | rec-clean -q --dups keep | rec-encode | rec-split -o s.rec
    for mega in 1 2 3 4 6 8 12; do
        try rec-train -q -m rgnn --hidden 400 -M ${mega}M -o m.rec s.rec
        [ "$status" = 0 ] && break
        [[ $status = 5 && $stderr = 'rec-train: memory limit: training needs '*' MiB beside '*' --hidden needs less' && ! -e m.rec ]]
    done
    [ "$mega" -gt 1 ] && [ -s m.rec ]
    # five models need more than one
    refuses 5 'rec-train: memory limit: training needs *' rec-train -q -m rgnn --hidden 400 --seeds 5 -M ${mega}M s.rec
}

@test "noise alone is not learned: messages are left at their start" {
    awk 'BEGIN { srand(9); for (n = 0; n < 900; n++)
        print "u" int(rand() * 40) ",i" int(rand() * 30) "," int(rand() * 5) }' >noise.csv
    rec-clean -q --dups keep noise.csv | rec-encode | rec-split --valid 0 -o s.rec
    rec-train -v -m rgnn -o m.rec s.rec 2>said
    [ "$(grep -c 'a trial' said)" -ge 4 ]
    [[ $(sed -n 's/.*--epochs //p' said) -le 3 ]]
    rec-eval -q --boot 0 m.rec >report
    mean=$(awk '$1 == "test" && $2 == "mean" && $3 == "rmse" { print $4 }' report)
    at_most "$(awk '$1 == "test" && $2 == "rgnn" && $3 == "rmse" { print $4 }' report)" \
        "$(awk -v m="$mean" 'BEGIN { print m * 1.02 }')"
}

@test "numbers beyond all reason are a sentence and exit status 6, or are borne" {
    made 'sprintf("%.3e", x * 1e30)' | rec-clean -q --dups keep | rec-encode | rec-split -o s.rec
    gives 0 '' '' rec-train -q -m rgnn -o m.rec s.rec
    made '(n == 7 ? "3e38" : x)' | rec-clean -q --dups keep | rec-encode | rec-split --valid 0 -o s.rec
    try rec-train -q -m rgnn -o out.rec s.rec
    [[ $status = 0 || ($status = 6 && $stderr = 'rec-train: epoch '* && ! -e out.rec) ]]
}
