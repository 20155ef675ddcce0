# What a set of ratings is: reads `rec-view --codes -s ratings`, a header and a row a rating.
NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
    n++
    if (!($1 in user)) { user[$1]; users++ }
    if (!($2 in item)) { item[$2]; items++ }
    if (++per_user[$1] > most_user) most_user = per_user[$1]
    if (++per_item[$2] > most_item) most_item = per_item[$2]
    r = $column["rating"]
    if (!(r in level)) levels++
    level[r]++
    sum += r
    square += r * r
    if (n == 1 || r < low) low = r
    if (n == 1 || r > high) high = r
    if ("time" in column) {
        t = $column["time"]
        if (n == 1 || t < first) first = t
        if (n == 1 || t > last) last = t
    }
}
function once(count, id, k) { for (id in count) k += count[id] == 1; return k + 0 }
END {
    if (n == 0) { print "ratings   none"; exit }
    printf "ratings   %d, %.4g %% of %d users x %d items\n", n, 100 * n / users / items, users, items
    printf "a user    %.1f ratings, at most %d; %d have one\n", n / users, most_user, once(per_user)
    printf "an item   %.1f ratings, at most %d; %d have one\n", n / items, most_item, once(per_item)
    mean = sum / n
    variance = n > 1 ? (square - n * mean * mean) / (n - 1) : 0
    printf "level     %d from %g to %g, mean %.4f, sd %.4f\n", levels, low, high, mean, sqrt(variance > 0 ? variance : 0)
    if ("time" in column)
        printf "time      %.1f days, from %s to %s\n", (last - first) / 86400, day(first), day(last)
}
# The day of a Unix time (proleptic Gregorian), without strftime, which mawk may lack.
function day(t, z, era, doe, yoe, doy, m, y) {
    z = floor(t / 86400) + 719468
    era = floor(z / 146097)
    doe = z - era * 146097
    yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
    doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
    m = int((5 * doy + 2) / 153)
    y = yoe + era * 400 + (m >= 10)
    return sprintf("%04d-%02d-%02d", y, m + (m < 10 ? 3 : -9), doy - int((153 * m + 2) / 5) + 1)
}
function floor(x) { return x < int(x) ? int(x) - 1 : int(x) }
