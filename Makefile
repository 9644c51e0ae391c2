# SPDX-License-Identifier: GPL-2.0
#
# One word for each thing to do; the work is done in scripts/.

LANE ?= uml
export LANE CACHE KERNEL_TARBALL FULL

.PHONY: help setup series series-check strict threading-report build boot demo demo-guests \
	demo-images demo-numa powerfail check stress regress bench deb clean
help:
	@echo 'make setup   install what is needed, unpack the base kernel'
	@echo 'make series  write patches/ from cocci/, mm-ksm/, fs-adapters/, selftests/'
	@echo 'make series-check      compile what commits of the series touch, each by itself'
	@echo 'make strict  let the compiler prove that nobody takes a mapping from a page'
	@echo 'make threading-report  what became of each use, filesystem by filesystem'
	@echo 'make build   build the patched kernel of a lane'
	@echo 'make boot    boot it and open a shell (or run CMD="...")'
	@echo 'make demo    merge equal pages of real files, and prove it safe'
	@echo 'make demo-guests       merge the memory of real guests whose RAM is shared'
	@echo 'make demo-images       merge root file systems of real software, two versions each'
	@echo 'make demo-numa run programs on 4 nodes, whose text is near to each of them'
	@echo 'make powerfail          let power fail while pages merge: what was synced is there'
	@echo 'make check   run all tests'
	@echo 'make stress  everything at once against a model, for DURATION=600 seconds; KCSAN=1'
	@echo 'make regress other tests on the base and on the patched kernel, compared'
	@echo 'make bench   what it costs and gives, against the base; FULL=1: longer'
	@echo 'make deb     make an installable kernel package from CONFIG=/boot/config-...'
	@echo 'make clean   remove all build state (the cache folder)'
	@echo
	@echo 'LANE=uml (default) or LANE=qemu: the kind of virtual machine'
	@echo 'CACHE=DIR: where build state lives (default: ~/.cache/page-wp)'
	@echo 'KERNEL_TARBALL=FILE: another 6.12.y source than that of Debian'
	@echo 'FULL=1: check everything at length'

setup:
	@scripts/setup

series: setup
	@scripts/series

series-check: setup
	@scripts/check 10 27

strict: setup
	@scripts/strict

threading-report: setup
	@scripts/threading-report

build: setup
	@scripts/kbuild $(LANE)

boot: build
	@scripts/boot $(LANE) $(if $(CMD),-- sh -c '$(CMD)',--shell)

demo: setup
	@scripts/demo

demo-guests: build
	@scripts/demo-guests

demo-images: build
	@scripts/demo-images

demo-numa: setup
	@scripts/kbuild qemu
	@scripts/demo-numa

powerfail: build
	@scripts/powerfail

check: setup
	@scripts/check

# on several CPUs unless LANE is given
stress: setup
	@LANE=$(if $(filter file,$(origin LANE)),qemu,$(LANE)) scripts/stress

regress: setup
	@scripts/regress

bench: setup
	@scripts/bench

deb: setup
	@scripts/deb $(CONFIG)

clean:
	@scripts/clean
