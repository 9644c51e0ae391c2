// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's TCG that counts on which NUMA node the instructions lie that each CPU
 * runs in user mode.  It is a simulation: a real CPU has most of them in its caches.
 *
 * Usage: -plugin demo-fetches.so,out=FILE with node N in a memory-backend-file whose name ends
 * in "/nodeN", and as many CPUs as nodes, in order.  Each time that a CPU runs the instruction
 * `nopl 0x4b52414d(%rax)`, a line with what was counted on all CPUs since the last time goes to
 * FILE: near, far.
 *
 * Debian has no qemu-plugin.h; what follows is its interface, version 1.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*vcpu_tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*vcpu_udata_cb)(unsigned int vcpu, void *userdata);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, vcpu_tb_trans_cb cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, vcpu_udata_cb cb,
					  enum qemu_plugin_cb_flags flags, void *userdata);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_udata_cb cb,
					    enum qemu_plugin_cb_flags flags, void *userdata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			       char **argv);

#define MAX_NODES	16

static struct { uintptr_t start, end; } memory[MAX_NODES];
static int nr_nodes;

/* Of a CPU each, in cache lines of their own. */
static struct count {
	uint64_t node[MAX_NODES];
} __attribute__((aligned(128))) counts[MAX_NODES];

static const uint8_t mark[] = { 0x0f, 0x1f, 0x80, 'M', 'A', 'R', 'K' };
static FILE *out;

static void find_memory(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		char *name = strstr(line, "/node");
		unsigned long start, end;
		int node;

		if (!name || sscanf(name, "/node%d", &node) != 1 || node >= MAX_NODES ||
		    sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		memory[node].start = start;
		memory[node].end = end;
		if (node >= nr_nodes)
			nr_nodes = node + 1;
	}
	if (maps)
		fclose(maps);
}

static void count_tb(unsigned int vcpu, void *userdata)
{
	uintptr_t what = (uintptr_t)userdata;

	counts[vcpu % MAX_NODES].node[what % MAX_NODES] += what / MAX_NODES;
}

static void report(unsigned int vcpu, void *userdata)
{
	uint64_t near = 0, far = 0;
	int cpu, node;

	(void)vcpu;
	(void)userdata;
	for (cpu = 0; cpu < nr_nodes; cpu++)
		for (node = 0; node < nr_nodes; node++)
			*(cpu == node ? &near : &far) += counts[cpu].node[node];
	memset(counts, 0, sizeof(counts));
	fprintf(out, "%llu %llu\n", (unsigned long long)near, (unsigned long long)far);
	fflush(out);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn;
	uintptr_t at;
	int node;

	(void)id;
	/* The kernel is above. */
	if (!n || qemu_plugin_tb_vaddr(tb) >> 47)
		return;
	if (!nr_nodes)
		find_memory();
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (qemu_plugin_insn_size(insn) == sizeof(mark) &&
		    !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, report,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
	/* Few of them cross the end of a page. */
	at = (uintptr_t)qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0));
	for (node = 0; node < nr_nodes; node++)
		if (at >= memory[node].start && at < memory[node].end)
			qemu_plugin_register_vcpu_tb_exec_cb(tb, count_tb, QEMU_PLUGIN_CB_NO_REGS,
							     (void *)(n * MAX_NODES + node));
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	out = fopen(argv[0] + 4, "a");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
