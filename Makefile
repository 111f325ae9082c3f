# Every command a person types. Products go to build/. V=1 shows the commands.
#
#   make            build/mantlet, the one static binary
#   make demo       the story of the mission, on this machine and in a VM
#   make test       everything that must pass (under 25 minutes on two cores)
#   make matrix     the rest: on the kernels that `make test` leaves out, and on arm64: for an hour
#   make check      what to run all day: unit tests, and the behaviour on this machine (under a minute)
#   make lint       formatting, warnings of both compilers, shellcheck, clang-tidy
#   make bench      cost of a verdict by the size of the policy, in counted instructions
#   make bench-seccomp  what seccomp mode costs here, beside its peers
#   make bench-lsm  what LSM mode costs, in counted instructions, in a VM with KERNELS (6.1)
#   make bench-crowd  the same in one of a thousand containers
#   make arm64      the same for arm64, with what VMs run of the tests, in build/arm64
#   make install    to $(DESTDIR)$(PREFIX)/bin
#
# CC=clang builds with clang. MACHINE=arm64 builds for that machine, after `make arm64` has laid what that takes.

PREFIX ?= /usr/local
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= bpftool

MACHINE :=
ifeq ($(MACHINE),arm64)
B := build/arm64
CC := aarch64-linux-gnu-gcc --sysroot=$(B)/debian
else
B := build
endif

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
CPPFLAGS := -D_GNU_SOURCE -I. -I$(B)
CFLAGS ?= -O2 -g
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-strict-aliasing
LIBS := -lbpf -lelf -ljson-c -lseccomp -lz
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

POLICY := $(wildcard policy/*.c)
LOADER := $(wildcard loader/*.c)
HEADERS := $(wildcard policy/*.h loader/*.h)
SKELETON := $(B)/mantlet.skel.h
OBJECTS := $(patsubst %.c,$(B)/obj/%.o,$(POLICY) $(LOADER))

ifeq ($(V),1)
say =
Q =
else
say = @printf '  %-8s %s\n' '$(1)' '$(2)';
Q = @
endif

all: $(B)/mantlet

$(B)/mantlet: $(OBJECTS)
	$(call say,LINK,$@)$(CC) $(CFLAGS) -static -o $@ $^ $(LIBS)

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(HARDENING) $(WARNINGS) -MMD -MP -c -o $@ $<

$(OBJECTS): | $(SKELETON)

# the BPF programs: one object, embedded in the binary
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
ARCH := $(subst aarch64,arm64,$(subst x86_64,x86,$(firstword $(subst -, ,$(MULTIARCH)))))
BPF_CC = $(CLANG) -target bpf -mcpu=v3 -g -O2 -Wall -Wextra -Wno-unused-parameter -Werror -D__TARGET_ARCH_$(ARCH) -I. \
	-idirafter $(if $(MACHINE),$(B)/debian)/usr/include/$(MULTIARCH)

BPF_NEEDS := $(wildcard bpf/*.c bpf/*.h vmlinux/*.h) policy/image.h policy/verdict.h Makefile

$(B)/mantlet.bpf.o: $(BPF_NEEDS)
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(BPF_CC) -c bpf/mantlet.bpf.c -o $@

# for kernels before 5.17: bpf/old.h
$(B)/old.bpf.o: $(BPF_NEEDS)
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(BPF_CC) -DMANTLET_OLD -c bpf/mantlet.bpf.c -o $@

$(SKELETON): $(B)/mantlet.bpf.o $(B)/old.bpf.o
	$(call say,SKEL,$@){ echo '/* NOLINTBEGIN: generated */'; \
		$(BPFTOOL) gen skeleton $< name mantlet_bpf && \
		$(BPFTOOL) gen skeleton $(B)/old.bpf.o name old_bpf && echo '/* NOLINTEND */'; } >$@

# tests: the sanitized units, and static helpers that scenarios run
UNITS := $(patsubst tests/unit/%.c,$(B)/tests/%.t,$(wildcard tests/unit/*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
TECHNIQUES := $(wildcard tests/attack/techniques/*.c)
HELPERS := $(patsubst tests/attack/%.c,$(B)/attack/%,$(wildcard tests/attack/*.c)) $(B)/attack/techniques
DOMAINS := $(patsubst tests/domains/%.c,$(B)/domains/%,$(wildcard tests/domains/*.c))
LSM := $(patsubst tests/lsm/%.c,$(B)/lsm/%,$(wildcard tests/lsm/*.c))

$(B)/tests/%.t: tests/unit/%.c $(POLICY) loader/audit.c loader/gaps.c $(HEADERS) $(wildcard tests/unit/*.h) Makefile
	@mkdir -p $(@D)
	$(call say,UNIT,$@)$(CC) $(CPPFLAGS) $(SANITIZE) $(WARNINGS) -o $@ $< $(POLICY) loader/audit.c loader/gaps.c -ljson-c -lz

$(B)/attack/techniques: $(TECHNIQUES) $(wildcard tests/attack/techniques/*.h) Makefile
	@mkdir -p $(@D)
	$(call say,ATTACK,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -pthread -o $@ $(TECHNIQUES)

$(B)/attack/%: tests/attack/%.c $(wildcard tests/attack/*.h) Makefile
	@mkdir -p $(@D)
	$(call say,ATTACK,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -pthread -o $@ $<

$(B)/net/manners: $(addprefix tests/net/,manners.c inet.c local.c manners.h) Makefile
	@mkdir -p $(@D)
	$(call say,NET,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -pthread -o $@ $(filter %.c,$^)

$(B)/net/race: tests/net/race.c Makefile
	@mkdir -p $(@D)
	$(call say,NET,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -pthread -o $@ $<

$(B)/lsm/%: tests/lsm/%.c tests/lsm/case.h Makefile
	@mkdir -p $(@D)
	$(call say,LSM,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -pthread -o $@ $<

$(B)/modes/operate: tests/modes/operate.c Makefile
	@mkdir -p $(@D)
	$(call say,MODES,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -o $@ $<

# these load the LSM programs themselves
$(B)/domains/%: tests/domains/%.c tests/domains/stage.h $(filter-out $(B)/obj/loader/main.o,$(OBJECTS))
	@mkdir -p $(@D)
	$(call say,DOMAINS,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -static -o $@ $(filter-out %.h,$^) $(LIBS)

$(B)/daemon/%: tests/daemon/%.c Makefile
	@mkdir -p $(@D)
	$(call say,DAEMON,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -pthread -o $@ $<

$(B)/fuzz/%: tests/fuzz/%.c $(POLICY) $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CLANG) $(CPPFLAGS) -O1 -g -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all $(WARNINGS) -o $@ $< $(POLICY) -ljson-c -lz

# a build without the check at the exec event, and without own copies of what network calls name: tests show that the
# races then get through
$(B)/breach/mantlet: $(POLICY) $(LOADER) $(HEADERS) $(SKELETON) Makefile
	@mkdir -p $(@D)
	$(call say,BREACH,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(HARDENING) $(WARNINGS) \
		-DMANTLET_BREACH_NO_EXEC_CHECK -DMANTLET_BREACH_NO_COPIES -static -o $@ \
		$(POLICY) $(LOADER) $(LIBS)

# the same questions to policy/verdict.h here and, as a program that hooks nothing, in this machine's kernel
$(B)/parity/kernel.bpf.o: tests/parity/kernel.bpf.c tests/parity/ask.h policy/image.h policy/verdict.h Makefile
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(BPF_CC) -c tests/parity/kernel.bpf.c -o $@

$(B)/parity/kernel.skel.h: $(B)/parity/kernel.bpf.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name parity_bpf >$@

PARITY := tests/parity/kernel.c $(POLICY)
PARITY_NEEDS := $(PARITY) tests/parity/ask.h tests/parity/kernel.h $(B)/parity/kernel.skel.h $(HEADERS) Makefile

$(B)/parity/ask: tests/parity/ask.c $(PARITY_NEEDS)
	$(call say,PARITY,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -o $@ $< $(PARITY) -lbpf -lelf -ljson-c -lz

$(B)/tests/verdict-bench: tests/bench/verdict.c $(PARITY_NEEDS)
	@mkdir -p $(@D)
	$(call say,BENCH,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -o $@ $< $(PARITY) -lbpf -lelf -ljson-c -lz

# the costs of LSM mode, in a VM
BENCH := $(addprefix $(B)/bench/,operations supervisor floor nothing floor.bpf.o)

$(B)/bench/floor.bpf.o: tests/bench/floor.bpf.c Makefile
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(BPF_CC) -c $< -o $@

$(B)/bench/floor: tests/bench/floor.c Makefile
	@mkdir -p $(@D)
	$(call say,BENCH,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -o $@ $< -lbpf -lelf -lz

$(B)/bench/operations $(B)/bench/supervisor: $(B)/bench/%: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(call say,BENCH,$@)$(CC) $(CPPFLAGS) -O2 -g $(WARNINGS) -static -o $@ $<

$(B)/bench/nothing: tests/bench/nothing.c Makefile
	@mkdir -p $(@D)
	$(call say,BENCH,$@)$(CC) -O2 $(WARNINGS) -static -nostdlib -fno-stack-protector -o $@ $<

deps:
	$(Q)ci/deps

# what tests lay into VMs
GUESTS := $(B)/mantlet $(B)/daemon/probe $(B)/modes/operate $(B)/bench/nothing $(HELPERS) $(LSM) $(DOMAINS)

guests: $(GUESTS)

products: $(GUESTS) $(B)/daemon/instant $(UNITS) $(FUZZ) $(B)/breach/mantlet $(B)/net/manners $(B)/net/race $(B)/tests/verdict-bench $(B)/parity/ask

# what `make test` shows on one kernel or two, and these on the others; and what wants an idle machine
MATRIX := $(patsubst %,tests/%.t,vm-6.1 vm-6.12 daemon-many daemon-commits daemon-paths daemon-5.10 daemon-6.12 daemon-6.18 lsm-5.10 manners net attack-5.10 attack-6.1 attack-6.18 crossed-6.1 crossed-6.18 drift-6.12 drift-6.18 flood-6.1 flood-6.18 \
	protect-6.12 protect-6.18) $(wildcard tests/*-arm64.t)

PROVE := prove --exec '' --timer

arm64:
	$(Q)ci/deps $@
	$(Q)ci/sysroot $@ build/$@/debian
	$(Q)$(MAKE) --no-print-directory -j2 MACHINE=$@ guests

demo: deps
	$(Q)$(MAKE) --no-print-directory $(B)/mantlet
	$(Q)tests/demo/run

test: deps
	$(Q)$(MAKE) --no-print-directory -j2 products
	$(Q)ci/check
	$(Q)LONG=1 $(PROVE) -j2 $(UNITS) $(filter-out $(MATRIX),$(sort $(wildcard tests/*.t))); r=$$?; tests/docker/stop; exit $$r

matrix: deps arm64
	$(Q)$(MAKE) --no-print-directory -j2 products
	$(Q)LONG=1 $(PROVE) -j2 $(MATRIX)

check: deps
	$(Q)$(MAKE) --no-print-directory -j2 $(B)/mantlet $(UNITS) $(HELPERS)
	$(Q)$(PROVE) -j2 $(UNITS) tests/cli.t tests/schema.t tests/examples.t tests/import.t tests/lint.t tests/native.t

lint: deps
	$(Q)$(MAKE) --no-print-directory $(SKELETON) $(B)/parity/kernel.skel.h
	$(Q)ci/check

bench: deps
	$(Q)$(MAKE) --no-print-directory $(B)/tests/verdict-bench
	$(Q)tests/bench/verdict

bench-seccomp: deps
	$(Q)$(MAKE) --no-print-directory $(B)/mantlet $(BENCH)
	$(Q)tests/bench/seccomp

bench-lsm: deps
	$(Q)$(MAKE) --no-print-directory $(B)/mantlet $(BENCH)
	$(Q)tests/bench/lsm $(KERNELS)

bench-crowd: deps
	$(Q)$(MAKE) --no-print-directory $(B)/mantlet $(BENCH)
	$(Q)tests/bench/crowd $(KERNELS)

install: $(B)/mantlet
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/bin/mantlet
	ln -sf mantlet $(DESTDIR)$(PREFIX)/bin/microenforcer

clean:
	-tests/docker/stop
	rm -rf $(B)

.PHONY: all deps guests products arm64 demo test matrix check lint bench bench-lsm bench-crowd bench-seccomp install clean
.DELETE_ON_ERROR:
-include $(OBJECTS:.o=.d)
