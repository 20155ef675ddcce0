# rec-synth: invented ratings.
load common

@test "users, items and ratings are as many as asked for, and seven users in ten rate once" {
    rec-synth --users 4200 --items 440 --ratings 10000 >s.csv
    equal "$(wc -l <s.csv)" 10000
    equal "$(cut -d, -f1 s.csv | sort -u | wc -l)" 4200
    equal "$(cut -d, -f2 s.csv | sort -u | wc -l)" 440
    equal "$(cut -d, -f1 s.csv | sort | uniq -c | awk '$1 == 1' | wc -l)" 2940
    equal "$(sort -u s.csv | wc -l)" 10000
}

@test "ratings are 1.0 to 5.0, mostly five, and rows come in the order of items" {
    rec-synth --ratings 10000 >s.csv
    equal "$(cut -d, -f3 s.csv | sort -u | tr '\n' ' ')" "1.0 2.0 3.0 4.0 5.0 "
    equal "$(cut -d, -f3 s.csv | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')" 5.0
    awk -F, '$3 == "5.0" { n++ } END { exit !(n > 5000 && n < 6000) }' s.csv
    cut -d, -f2 s.csv | sort -c
    awk -F, '$4 % 86400 != 0 || $4 < 900000000 || $4 > 1420070400 { exit 1 }' s.csv
}

@test "the same seed gives the same bytes for any number of threads, another seed others" {
    for options in "" "--shuffle"; do
        rec-synth -T1 --ratings 60000 $options >one.csv
        rec-synth -T3 --ratings 60000 $options >three.csv
        cmp one.csv three.csv
        rec-synth --seed 2 --ratings 60000 $options >two.csv
        run cmp -s one.csv two.csv
        [ "$status" -eq 1 ]
    done
}

@test "--shuffle gives the same rows in another order" {
    rec-synth >a.csv
    rec-synth --shuffle >b.csv
    run cmp -s a.csv b.csv
    [ "$status" -eq 1 ]
    equal "$(sort a.csv | cksum)" "$(sort b.csv | cksum)"
}

@test "the noise floor that -v states is that of the ratings: less noise, lower floor" {
    floor() { rec-synth -v --noise "$1" 2>&1 >/dev/null | sed -n 's/.*everything but the noise: \([0-9.]*\).*/\1/p'; }
    awk -v z="$(floor 0)" -v a="$(floor 0.3)" -v b="$(floor 0.65)" -v c="$(floor 1)" \
        'BEGIN { exit !(z != "" && z < 0.35 && a > z && b > a && c > b && c < 1.45) }'
}

@test "the sample in data/ is what rec-synth makes" {
    rec-synth --users 2100 --items 220 --ratings 5000 --seed 1 >s.csv
    gzip -dc "$ROOT/data/sample.csv.gz" | cmp - s.csv
}

@test "fewer ratings than users, or more than pairs, are refused with exit 2" {
    refuses 2 'rec-synth: *ratings are too few*' rec-synth --users 10 --items 5 --ratings 9
    refuses 2 'rec-synth: *ratings are too many*' rec-synth --users 3 --items 3 --ratings 10
}
