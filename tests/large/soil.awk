# Plants in ratings, user,item,rating,time, what rec-clean has to find or to leave alone:
# rows come again (1 %), some with the rating written otherwise; values are missing (0.4 %),
# some of users and items that no other row has; rows that differ in time or rating only
# (0.2 %); a user called NA.  The same rows each time, whichever awk.
function random() {
    state = state * 16807 % 2147483647
    return state / 2147483647
}
function pick(n) { return 1 + int(random() * n) }
BEGIN {
    FS = OFS = ","
    state = 20110907
    slots = 100000
    n_words = split(",NA,N/A,NaN,nan,NULL,null,None", words, ",")
}
{
    print
    held[NR <= slots ? NR : pick(slots)] = $0
    x = random()
    if (x < 0.01) {
        row = held[pick(NR < slots ? NR : slots)]
        if (x < 0.003)
            sub(/\.0,/, ",", row)
        print row
    } else if (x < 0.014) {
        column = pick(4)
        if (x < 0.0115)
            $1 = "LOST" NR
        else if (x < 0.013)
            $2 = "LOST" NR
        $column = column < 3 ? "" : words[pick(n_words)]
        print
    } else if (x < 0.015) {
        $4++
        print
    } else if (x < 0.016) {
        $3 = $3 % 5 + 1 ".0"
        print
    } else if (x < 0.0161) {
        $1 = "NA"
        print
    }
}
