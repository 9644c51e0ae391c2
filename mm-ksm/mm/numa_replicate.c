// SPDX-License-Identifier: GPL-2.0
/*
 * Replicas of read-only pages of files: what mm/page_wp.c makes, when and where.
 *
 * DOC: Overview
 *
 * A page of a file lies on the node that read it first.  A read fault on another node may
 * make a replica there, and page tables that are filled on a node map its replicas.  So a
 * page of a program is copied once for each node that runs it, when it is used there.
 *
 *   fault        The page is far.  If it has been the cause of such faults often enough, it
 *                gets a replica, which is mapped.
 *   fault-around Near pages are mapped as ever; one that a fault could replicate is left to
 *                that.
 *   hint         NUMA balancing looks at what is mapped far, too, and makes the next access
 *                a fault of the first kind.
 *
 * DOC: Policy
 *
 * Merging and replicating are two answers to one question, how many copies of a content
 * there are.  Merging looks at content: one copy for all files, or one by node where
 * merge_across_nodes is 0.  Replicating looks at readers: a page, merged or not, that is
 * read by few from far stays one copy, and one that causes min_faults far faults, none of
 * them later than NUMA_HEAT_PERIOD after the last one, gets a near one, as long as replicas
 * take up no more than max_percent of the node and the node has free memory.  ksmd leaves
 * alone what has replicas, and merges it with others as if it had none.  Whoever writes to
 * a page that has them doubles the number of faults that it takes, until after
 * NUMA_HEAT_BREAKS times there are none for some time; and a file that is open for writing
 * has none made.
 */

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/cpuset.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/memcontrol.h>
#include <linux/memory.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/numa_replicate.h>
#include <linux/pagemap.h>
#include <linux/sched/coredump.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/sysfs.h>
#include <linux/swap.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "internal.h"
#include "page_wp.h"

DEFINE_STATIC_KEY_FALSE(numa_replicate_key);

enum numa_mode { NUMA_NEVER, NUMA_MADVISE, NUMA_EXEC, NUMA_ALWAYS };

static const char * const numa_modes[] = {
	[NUMA_ALWAYS] = "always",
	[NUMA_EXEC] = "exec",
	[NUMA_MADVISE] = "madvise",
	[NUMA_NEVER] = "never",
};

static enum numa_mode numa_mode;
static unsigned int numa_max_percent = 5;
static unsigned int numa_min_faults = 2;

/* Changes of the settings. */
static DEFINE_MUTEX(numa_mutex);

/* Held while a fault makes a replica by the settings that it saw. */
DEFINE_STATIC_SRCU(numa_srcu);

static atomic_long_t numa_replicas[MAX_NUMNODES];
static atomic_long_t numa_created;
static atomic_long_t numa_refused;
static atomic_long_t numa_drops[NR_NUMA_DROP];

/*
 * What keeps pages from being replicated, or from being as they were before: a page that
 * came into the cache a moment ago is busy, as long as it waits for others to be put on a
 * list with them, which may be for ever; and a page that has lost its replicas to reclaim
 * need not belong to a group any more.
 */
static void numa_tidy(struct work_struct *work)
{
	lru_add_drain_all();
	/* Somebody uses a page. */
	if (page_wp_dissolve_alone(READ_ONCE(numa_mode) == NUMA_NEVER))
		queue_delayed_work(system_long_wq, to_delayed_work(work), 10 * HZ);
}

static DECLARE_DELAYED_WORK(numa_tidy_work, numa_tidy);

/**
 * numa_replicate_created - there is a new replica
 * @nid: Where it is.
 *
 * Context: Any.
 */
void numa_replicate_created(int nid)
{
	atomic_long_inc(&numa_replicas[nid]);
	atomic_long_inc(&numa_created);
}

/**
 * numa_replicate_dropped - a replica is gone
 * @nid: Where it was.
 * @why: Why.
 *
 * Context: Any.
 */
void numa_replicate_dropped(int nid, enum numa_drop why)
{
	atomic_long_dec(&numa_replicas[nid]);
	atomic_long_inc(&numa_drops[why]);
	if (why != NUMA_DROP_WRITE && why != NUMA_DROP_TRUNCATE)
		queue_delayed_work(system_long_wq, &numa_tidy_work, 10 * HZ);
}

/**
 * numa_replicate_node - the node that is near to this CPU
 *
 * Return: Its own, or the nearest one that has memory.
 */
int numa_replicate_node(void)
{
	int nid = numa_mem_id();

	return node_state(nid, N_MEMORY) ? nid : numa_nearest_node(nid, N_MEMORY);
}

/*
 * What is known of a page, found by its place: how many faults from far it has seen, until
 * a period goes by without one, and how often it was written to while it had replicas, of
 * which each period forgets half.  Where two pages would have the same entry, the last one
 * has it, and updates may be lost: that costs a replica too many or too few.
 */
struct numa_heat {
	u16 tag;
	u16 period;
	u8 faults;
	u8 breaks;
};

/* What 1 of 64 pages may need, but not less than 64 MiB of text, nor more than 16 GiB. */
#define NUMA_HEAT_BITS		clamp(ilog2(totalram_pages()) - 6, 14, 22)
#define NUMA_HEAT_PERIOD	(60 * HZ)
#define NUMA_HEAT_BREAKS	4

static struct numa_heat *numa_heat;
static int numa_heat_bits;

static struct numa_heat *numa_heat_at(struct address_space *mapping, pgoff_t index, u16 *tag)
{
	/* Another file may get the memory of the inode, and its number. */
	struct inode *inode = mapping->host;
	u64 file = (inode->i_ino ^ ((u64)inode->i_generation << 32)) + (unsigned long)inode->i_sb;
	u64 page = (file * GOLDEN_RATIO_64 + index) * GOLDEN_RATIO_64;

	*tag = page >> 32;
	return &numa_heat[page >> (64 - numa_heat_bits)];
}

static struct numa_heat numa_heat_read(struct address_space *mapping, pgoff_t index)
{
	u16 now = jiffies / NUMA_HEAT_PERIOD, age, tag;
	/* It is a guess: see above. */
	struct numa_heat heat = data_race(*numa_heat_at(mapping, index, &tag));

	if (heat.tag != tag)
		return (struct numa_heat) { .tag = tag, .period = now };
	age = now - heat.period;
	if (age) {
		heat.period = now;
		heat.breaks >>= min(age, 7);
	}
	if (age > 1)
		heat.faults = 0;
	return heat;
}

static void numa_heat_write(struct address_space *mapping, pgoff_t index,
			    struct numa_heat heat)
{
	/* It is a guess: see above. */
	data_race(*numa_heat_at(mapping, index, &heat.tag) = heat);
}

/**
 * numa_replicate_written - a page that had replicas is written to, or truncated
 * @mapping: Its file.
 * @index: Its index.
 *
 * Context: Any.
 */
void numa_replicate_written(struct address_space *mapping, pgoff_t index)
{
	struct numa_heat heat;

	if (!numa_heat)
		return;
	heat = numa_heat_read(mapping, index);
	heat.faults = 0;
	if (heat.breaks < U8_MAX)
		heat.breaks++;
	numa_heat_write(mapping, index, heat);
}

/* Is it written to so often that faults do not count? */
static bool numa_heat_thrashes(struct address_space *mapping, pgoff_t index)
{
	return numa_heat_read(mapping, index).breaks >= NUMA_HEAT_BREAKS;
}

/* Count a fault; returns true if there were enough. */
static bool numa_heat_fault(struct address_space *mapping, pgoff_t index)
{
	struct numa_heat heat = numa_heat_read(mapping, index);
	unsigned int min_faults;

	if (heat.breaks >= NUMA_HEAT_BREAKS)
		return false;
	min_faults = READ_ONCE(numa_min_faults) << heat.breaks;
	if (heat.faults < U8_MAX)
		heat.faults++;
	numa_heat_write(mapping, index, heat);
	return heat.faults >= min(min_faults, U8_MAX);
}

/* How many replicas a node may have. */
static long numa_cap(int nid)
{
	return node_present_pages(nid) * READ_ONCE(numa_max_percent) / 100;
}

/* Is there memory that nobody has to be asked for? */
static bool numa_has_room(int nid)
{
	struct pglist_data *pgdat = NODE_DATA(nid);
	int z;

	if (atomic_long_read(&numa_replicas[nid]) >= numa_cap(nid))
		return false;
	for (z = pgdat->nr_zones - 1; z >= 0; z--) {
		struct zone *zone = pgdat->node_zones + z;

		if (managed_zone(zone) &&
		    zone_watermark_ok(zone, 0, high_wmark_pages(zone) + 1, ZONE_MOVABLE, 0))
			return true;
	}
	return false;
}

/* May the current process have memory of a node for a VMA? */
static bool numa_node_allowed(struct vm_area_struct *vma, unsigned long addr, int nid)
{
	struct mempolicy *pol;
	pgoff_t ilx;
	bool allowed;

	if (!node_isset(nid, cpuset_current_mems_allowed))
		return false;
	pol = get_vma_policy(vma, addr, 0, &ilx);
	/* MORON: whichever node it runs on, which is what we do. */
	allowed = pol->mode == MPOL_LOCAL || node_isset(nid, pol->nodes) ||
		  (pol->mode == MPOL_PREFERRED && pol->flags & MPOL_F_MORON);
	mpol_cond_put(pol);
	return allowed;
}

/**
 * __numa_replicate_vma - are the pages of a VMA to be replicated?
 * @vma: The VMA.
 *
 * See numa_replicate_vma().
 *
 * Return: true if they are.
 */
bool __numa_replicate_vma(struct vm_area_struct *vma)
{
	const vm_flags_t flags = vma->vm_flags;

	if (!vma->vm_file || flags & (VM_LOCKED | VM_SPECIAL | VM_HUGETLB))
		return false;
	/* It is going to be written to. */
	if ((flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) ||
	    !page_wp_permits(vma->vm_file->f_mapping))
		return false;
	switch (READ_ONCE(numa_mode)) {
	case NUMA_ALWAYS:
		return true;
	case NUMA_EXEC:
		if (flags & VM_EXEC)
			return true;
		fallthrough;
	case NUMA_MADVISE:
		return flags & VM_REPLICATE ||
		       test_bit(MMF_NUMA_REPLICATE, &vma->vm_mm->flags);
	default:
		return false;
	}
}

/**
 * numa_replicate_madvise - have the pages of a VMA replicated, or no longer
 * @vma: The VMA.
 * @advice: %MADV_REPLICATE or %MADV_NOREPLICATE.
 * @vm_flags: The flags that it is going to have.
 *
 * Replicas that there are stay, for others may use them.
 *
 * Return: 0, or -EINVAL if it does not map a file.
 */
int numa_replicate_madvise(struct vm_area_struct *vma, int advice, unsigned long *vm_flags)
{
	if (!vma->vm_file || vma->vm_flags & (VM_SPECIAL | VM_HUGETLB))
		return -EINVAL;
	if (advice == MADV_REPLICATE)
		*vm_flags |= VM_REPLICATE;
	else
		*vm_flags &= ~VM_REPLICATE;
	return 0;
}

/**
 * numa_replicate_prctl - have the pages of a process replicated, or no longer
 * @set: %PR_SET_NUMA_REPLICATE, otherwise %PR_GET_NUMA_REPLICATE.
 * @value: 1 or 0 for the first, 0 for the other.
 * @rest: Is any other argument not 0?
 *
 * It is inherited by fork and exec.
 *
 * Return: 0, or 1 if it was asked for and is set; -EINVAL for other arguments.
 */
int numa_replicate_prctl(bool set, unsigned long value, bool rest)
{
	if (rest || value > set)
		return -EINVAL;
	if (!set)
		return test_bit(MMF_NUMA_REPLICATE, &current->mm->flags);
	assign_bit(MMF_NUMA_REPLICATE, &current->mm->flags, value);
	return 0;
}

/*
 * May a page that is far have a replica on a node for a VMA?  If it is not locked, the answer
 * is a hint.
 */
static bool numa_wanted(struct vm_area_struct *vma, unsigned long addr, struct folio *folio,
			int nid)
{
	struct address_space *mapping;

	if (folio_nid(folio) == nid || !__numa_replicate_vma(vma))
		return false;
	mapping = vma->vm_file->f_mapping;
	return (folio_is_wp(folio) || page_wp_eligible(folio)) &&
	       !inode_is_open_for_write(mapping->host) && !mapping_writably_mapped(mapping) &&
	       !numa_heat_thrashes(mapping, linear_page_index(vma, addr)) &&
	       numa_node_allowed(vma, addr, nid);
}

static bool numa_has_near(struct folio *folio, int nid)
{
	return folio_is_wp(folio) && page_wp_has_near(folio, nid);
}

/**
 * __numa_replicate_far - would a replica be nearer than what is mapped?
 * @vma: The VMA.
 * @addr: The address in it.
 * @folio: What is mapped there.
 *
 * See numa_replicate_far().
 *
 * Return: true if it would.
 */
bool __numa_replicate_far(struct vm_area_struct *vma, unsigned long addr, struct folio *folio)
{
	int nid = numa_replicate_node();

	return numa_wanted(vma, addr, folio, nid) &&
	       (numa_has_near(folio, nid) || numa_has_room(nid));
}

/**
 * __numa_replicate_hint - unmap what is far, so that the next access finds what is near
 * @vmf: The fault.
 * @folio: What is mapped.
 *
 * See numa_replicate_hint().
 *
 * Return: true if it was unmapped, and the page table lock released.
 */
bool __numa_replicate_hint(struct vm_fault *vmf, struct folio *folio)
{
	/* What others have put there meanwhile is not to be lost. */
	struct zap_details details = { .even_cows = false };

	if (!__numa_replicate_far(vmf->vma, vmf->address, folio))
		return false;
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	zap_page_range_single(vmf->vma, vmf->address & PAGE_MASK, PAGE_SIZE, &details);
	return true;
}

/**
 * __numa_replicate_later - leave a page to a fault of its own?
 * @vma: The VMA.
 * @addr: The address in it.
 * @folio: The page that is going to be mapped, locked.
 *
 * See numa_replicate_later().
 *
 * Return: true if a fault may make a replica for this node.
 */
bool __numa_replicate_later(struct vm_area_struct *vma, unsigned long addr,
			    struct folio *folio)
{
	int nid = numa_replicate_node();

	if (!numa_wanted(vma, addr, folio, nid) || numa_has_near(folio, nid))
		return false;
	if (numa_has_room(nid))
		return true;
	atomic_long_inc(&numa_refused);
	return false;
}

/* Make a replica on a node. */
static int numa_replicate(struct vm_fault *vmf, int nid)
{
	const gfp_t gfp = (GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM) | __GFP_THISNODE |
			  __GFP_NORETRY | __GFP_NOMEMALLOC | __GFP_NOWARN;
	struct folio *new;
	int err;

	new = __folio_alloc_node(gfp, 0, nid);
	if (!new)
		return -ENOMEM;
	err = mem_cgroup_charge(new, vmf->vma->vm_mm, gfp);
	if (!err)
		err = page_wp_replicate(page_folio(vmf->page), new);
	folio_put(new);
	return err;
}

/**
 * __numa_replicate_fault - replicate the page that a read fault is going to map
 * @vmf: The fault.
 *
 * See numa_replicate_fault().
 *
 * Return: 0, or %VM_FAULT_NOPAGE if the page must not be mapped.
 */
vm_fault_t __numa_replicate_fault(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);
	struct vm_area_struct *vma = vmf->vma;
	int nid = numa_replicate_node();
	vm_fault_t ret = 0;
	int idx, err = 0;

	idx = srcu_read_lock(&numa_srcu);
	if (!numa_wanted(vma, vmf->address, folio, nid) || numa_has_near(folio, nid) ||
	    !numa_heat_fault(vma->vm_file->f_mapping, vmf->pgoff))
		goto unlock;
	if (!numa_has_room(nid))
		err = -ENOMEM;
	/* Its pages cannot be replicated one by one. */
	if (!err && folio_test_large(folio)) {
		err = split_huge_page(vmf->page);
		folio = page_folio(vmf->page);
		/* That truncates what is beyond the end of the file by now. */
		if (!folio->mapping)
			ret = VM_FAULT_NOPAGE;
	}
	if (!err)
		err = numa_replicate(vmf, nid);
	if (err) {
		atomic_long_inc(&numa_refused);
		queue_delayed_work(system_long_wq, &numa_tidy_work,
				   folio_test_lru(folio) ? 10 * HZ : HZ);
	}
unlock:
	srcu_read_unlock(&numa_srcu, idx);
	return ret;
}

/* Drop what a node has too much. */
static int numa_shrink(int nid, long keep)
{
	long over;

	while ((over = atomic_long_read(&numa_replicas[nid]) - keep) > 0) {
		if (page_wp_shrink_replicas(nid, over, NUMA_DROP_CAP))
			continue;
		/* Others look through the list as well, or move what is in it. */
		if (schedule_timeout_interruptible(1))
			return -EINTR;
	}
	return 0;
}

/* Each pass of reclaim drops half of what there is: see numa_replicate_init(). */
static unsigned long numa_count_objects(struct shrinker *shrinker, struct shrink_control *sc)
{
	return atomic_long_read(&numa_replicas[sc->nid]) ?: SHRINK_EMPTY;
}

static unsigned long numa_scan_objects(struct shrinker *shrinker, struct shrink_control *sc)
{
	return page_wp_shrink_replicas(sc->nid, sc->nr_to_scan, NUMA_DROP_RECLAIM) ?: SHRINK_STOP;
}

/* A node that is losing its memory does not need to have replicas move elsewhere. */
static int numa_memory_notify(struct notifier_block *self, unsigned long action, void *arg)
{
	struct memory_notify *memory = arg;

	if (action == MEM_GOING_OFFLINE && memory->status_change_nid != NUMA_NO_NODE &&
	    numa_replicate_used())
		page_wp_shrink_replicas(memory->status_change_nid, LONG_MAX, NUMA_DROP_OTHER);
	return NOTIFY_OK;
}

/*
 * sysfs
 */

static ssize_t enabled_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	static const char * const shown[] = {
		[NUMA_ALWAYS] = "[always] exec madvise never",
		[NUMA_EXEC] = "always [exec] madvise never",
		[NUMA_MADVISE] = "always exec [madvise] never",
		[NUMA_NEVER] = "always exec madvise [never]",
	};

	return sysfs_emit(buf, "%s\n", shown[READ_ONCE(numa_mode)]);
}

static int numa_enable(enum numa_mode mode)
{
	int err;

	if (num_node_state(N_MEMORY) < 2)
		return -EOPNOTSUPP;
	err = page_wp_enable();
	if (err)
		return err;
	if (!numa_heat) {
		numa_heat_bits = NUMA_HEAT_BITS;
		numa_heat = kvcalloc(1UL << numa_heat_bits, sizeof(*numa_heat), GFP_KERNEL);
	}
	if (!numa_heat)
		return -ENOMEM;
	static_branch_enable(&numa_replicate_key);
	WRITE_ONCE(numa_mode, mode);
	return 0;
}

static ssize_t enabled_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	int mode = sysfs_match_string(numa_modes, buf);
	int nid, err = 0;

	if (mode < 0)
		return -EINVAL;
	guard(mutex)(&numa_mutex);
	if (mode != NUMA_NEVER) {
		err = numa_enable(mode);
		return err ?: count;
	}
	WRITE_ONCE(numa_mode, mode);
	synchronize_srcu(&numa_srcu);
	for_each_node_state(nid, N_MEMORY)
		err = err ?: numa_shrink(nid, 0);
	mod_delayed_work(system_long_wq, &numa_tidy_work, 0);
	flush_delayed_work(&numa_tidy_work);
	return err ?: count;
}

static struct kobj_attribute enabled_attr = __ATTR_RW(enabled);

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const char *state = "on";

	if (!page_wp_permitted())
		state = "off: page_wp=off";
	else if (num_node_state(N_MEMORY) < 2)
		state = "off: only one node has memory";
	else if (READ_ONCE(numa_mode) == NUMA_NEVER)
		state = "off";
	return sysfs_emit(buf, "%s\n", state);
}

static struct kobj_attribute state_attr = __ATTR_RO(state);

static ssize_t max_percent_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(numa_max_percent));
}

static ssize_t max_percent_store(struct kobject *kobj, struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	unsigned int percent;
	int nid, err = 0;

	if (kstrtouint(buf, 10, &percent) || percent > 100)
		return -EINVAL;
	guard(mutex)(&numa_mutex);
	WRITE_ONCE(numa_max_percent, percent);
	synchronize_srcu(&numa_srcu);
	for_each_node_state(nid, N_MEMORY)
		err = err ?: numa_shrink(nid, numa_cap(nid));
	return err ?: count;
}

static struct kobj_attribute max_percent_attr = __ATTR_RW(max_percent);

static ssize_t min_faults_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(numa_min_faults));
}

static ssize_t min_faults_store(struct kobject *kobj, struct kobj_attribute *attr,
				const char *buf, size_t count)
{
	unsigned int faults;

	if (kstrtouint(buf, 10, &faults) || !faults || faults > U8_MAX)
		return -EINVAL;
	WRITE_ONCE(numa_min_faults, faults);
	return count;
}

static struct kobj_attribute min_faults_attr = __ATTR_RW(min_faults);

static ssize_t replicas_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	long replicas = 0;
	int nid;

	for_each_node(nid)
		replicas += atomic_long_read(&numa_replicas[nid]);
	return sysfs_emit(buf, "%ld\n", replicas);
}

static struct kobj_attribute replicas_attr = __ATTR_RO(replicas);

static ssize_t node_replicas_show(struct kobject *kobj, struct kobj_attribute *attr,
				  char *buf)
{
	int nid, len = 0;

	for_each_node_state(nid, N_MEMORY)
		len += sysfs_emit_at(buf, len, "%sN%d=%ld", len ? " " : "", nid,
				     atomic_long_read(&numa_replicas[nid]));
	len += sysfs_emit_at(buf, len, "\n");
	return len;
}

static struct kobj_attribute node_replicas_attr = __ATTR_RO(node_replicas);

#define NUMA_COUNTER(_name, _counter)						\
static ssize_t _name##_show(struct kobject *kobj, struct kobj_attribute *attr,	\
			    char *buf)						\
{										\
	return sysfs_emit(buf, "%ld\n", atomic_long_read(_counter));		\
}										\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

NUMA_COUNTER(created, &numa_created);
NUMA_COUNTER(refused, &numa_refused);
NUMA_COUNTER(dropped_write, &numa_drops[NUMA_DROP_WRITE]);
NUMA_COUNTER(dropped_truncate, &numa_drops[NUMA_DROP_TRUNCATE]);
NUMA_COUNTER(dropped_reclaim, &numa_drops[NUMA_DROP_RECLAIM]);
NUMA_COUNTER(dropped_cap, &numa_drops[NUMA_DROP_CAP]);
NUMA_COUNTER(dropped_other, &numa_drops[NUMA_DROP_OTHER]);

static struct attribute *numa_replicate_attrs[] = {
	&enabled_attr.attr,
	&state_attr.attr,
	&max_percent_attr.attr,
	&min_faults_attr.attr,
	&replicas_attr.attr,
	&node_replicas_attr.attr,
	&created_attr.attr,
	&refused_attr.attr,
	&dropped_write_attr.attr,
	&dropped_truncate_attr.attr,
	&dropped_reclaim_attr.attr,
	&dropped_cap_attr.attr,
	&dropped_other_attr.attr,
	NULL
};

static const struct attribute_group numa_replicate_group = {
	.name = "numa_replicate",
	.attrs = numa_replicate_attrs,
};

static int __init numa_replicate_init(void)
{
	struct shrinker *shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "numa-replicate");

	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = numa_count_objects;
	shrinker->scan_objects = numa_scan_objects;
	/* Half of what there is each time, however small the pressure. */
	shrinker->seeks = 0;
	shrinker->batch = 1;
	shrinker_register(shrinker);
	hotplug_memory_notifier(numa_memory_notify, DEFAULT_CALLBACK_PRI);
	return sysfs_create_group(mm_kobj, &numa_replicate_group);
}
subsys_initcall(numa_replicate_init);
