# make check: unit tests and gradient tests in C, the programs under bats, all of it a
# second time under the address and undefined-behaviour sanitizers.  Included by the
# Makefile; tests/run counts.
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
GRAD := $(patsubst tests/grad/%.c,%,$(wildcard tests/grad/test_*.c))
# lib/nn once more, with double for rec_real
DOUBLE_OBJ := $(patsubst %.c,$B/double/%.o,$(wildcard lib/nn/*.c))

ASAN := $B/asan
ASAN_CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
               -fno-omit-frame-pointer

.PHONY: test-programs sanitized
test-programs: all $(UNIT:%=$B/tests/%) $(GRAD:%=$B/tests/%)
sanitized:
	@$(MAKE) B=$(ASAN) CFLAGS='$(ASAN_CFLAGS)' test-programs
check-tests: test-programs sanitized
	@tests/run $B $(ASAN)

$B/tests/%: $B/obj/tests/unit/%.o $B/librec.a
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $^ -o $@ $(LIBS)
$(GRAD:%=$B/tests/%): $B/tests/%: $B/double/tests/grad/%.o $(DOUBLE_OBJ) $B/librec.a
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $^ -o $@ $(LIBS)
$B/double/%.o: %.c
	@mkdir -p $(@D)
	@echo '  cc     $< (double)'
	@$(CC) $(ALL_CFLAGS) -DREC_DOUBLE -MMD -MP -c $< -o $@
$B/obj/tests/unit/%.o $B/double/tests/grad/%.o: ALL_CFLAGS += -Itests
-include $(shell [ ! -d $B/double ] || find $B/double -name '*.d')
.PRECIOUS: $B/double/%.o

include tests/bench/train.mk
