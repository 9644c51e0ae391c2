// SPDX-License-Identifier: GPL-2.0
/*
 * Generic page write protection
 *
 * A page-cache folio belongs to one file at one offset, because
 * folio->mapping and folio->index say so.  This file lifts that for folios
 * that nobody may write to: a shared folio stands in the slots of many files,
 * or in many slots of one.
 *
 * DOC: Overview
 *
 * A *slot* is a (mapping, index) pair, one entry of one file's i_pages.  A
 * *group*, struct page_wp, lists the slots that hold one shared folio.  Every
 * other folio is *exclusive*, and nothing here touches it.
 *
 *   merge     A second slot takes the folio of a group and frees its own; an
 *             exclusive folio is protected first, that is, it becomes the folio
 *             of a group with one slot.
 *   break     A slot gets an exclusive copy, because somebody is going to
 *             write.  No other slot notices.
 *   dissolve  A group with one slot left turns back into an exclusive folio.
 *   drop      Truncation, invalidation or reclaim empties a slot.
 *   replicate A group gets a copy of its folio on another node, a replica, which stands
 *             in no slot; page tables map it there.  It goes when the last slot does.
 *
 * A shared folio is marked by folio->mapping == &page_wp_mapping, an address
 * space that belongs to no file, and its folio->index holds the group.  Code
 * that compares folio->mapping with the file that it works on, as everyone does
 * who locks a folio after a lookup, finds that it differs, and that branch is
 * where the shared case is handled.  So a caller that nobody thought of treats
 * a shared folio like one that was truncated under it: it never writes to it.
 *
 * A shared folio is of order 0, uptodate, without private data, and no page table
 * maps it writable.  One of files on disk is clean; one of tmpfs is swap-backed, is
 * dirty by its flag alone, and goes to swap from all its slots at once.  Whoever
 * holds a reference keeps an exclusive folio exclusive, since merging has to freeze
 * the reference count, and keeps the content of a shared one as it is, since
 * dissolving has to do so too.
 *
 * What maps a replica belongs to a slot all the same, and goes with it: a slot is unmapped
 * by its place in the file, not by the folio that is mapped.
 *
 * DOC: Locks
 *
 * The lock of the shared folio is the lock of its group.  A slot's entry
 * changes under its i_pages lock as well.
 *
 *   mmap_lock
 *     folio lock			(one, or a second one by trylock)
 *       lock of its replicas
 *       i_mmap_rwsem			(unmap of a slot, rmap walks)
 *         page table lock
 *       inode->i_lock
 *         i_pages lock
 *           page_wp_lock		(list of groups)
 *
 * There is no order between two folios: page_wp_merge(), a batch of folios that
 * migrate, and dedupe, which compares two, have one and only try to lock another.
 * So whoever waits for the lock of a shared folio does not wait for long.
 *
 * Who has locked a replica keeps it in its group, and the slots of that as they are; he
 * never waits for the lock of the group.
 */

#include <linux/fs.h>
#include <linux/backing-dev.h>
#include <linux/dax.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/ksm_file.h>
#include <linux/memcontrol.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/numa_replicate.h>
#include <linux/oom.h>
#include <linux/pagemap.h>
#include <linux/random.h>
#include <linux/rcupdate_wait.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/vmstat.h>
#include <linux/xxhash.h>

#include "internal.h"
#include "page_wp.h"
#include "swap.h"

#define CREATE_TRACE_POINTS
#include <trace/events/page_wp.h>

/* Bounds what is done for a folio under its lock, whatever is asked for. */
#define PAGE_WP_MAX_SLOTS	4096U

DEFINE_STATIC_KEY_FALSE(page_wp_key);
EXPORT_SYMBOL_GPL(page_wp_key);
struct page_wp_stats page_wp_stats;

DEFINE_SPINLOCK(page_wp_lock);
LIST_HEAD(page_wp_groups);
static bool page_wp_off __ro_after_init;
static u64 page_wp_seed __ro_after_init;

static int __init page_wp_setup(char *str)
{
	if (!strcmp(str, "off"))
		page_wp_off = true;
#ifdef CONFIG_PAGE_WP_READ_ONLY
	else if (!strcmp(str, "ro"))
		page_wp_ro = true;
#endif
	else
		return -EINVAL;
	return 0;
}
early_param("page_wp", page_wp_setup);

/**
 * page_wp_enable - let pages be shared from now on
 *
 * Context: May sleep; takes cpu_hotplug_lock.
 * Return: 0, or -EOPNOTSUPP if the system was booted with page_wp=off.
 */
int page_wp_enable(void)
{
	if (page_wp_off)
		return -EOPNOTSUPP;
	static_branch_enable(&page_wp_key);
	return 0;
}

/**
 * page_wp_permitted - may pages be shared on this system?
 *
 * Return: false if it was booted with page_wp=off.
 */
bool page_wp_permitted(void)
{
	return !page_wp_off;
}

/* The group of a shared folio, which is locked. */
static struct page_wp *folio_wp(struct folio *folio)
{
	VM_WARN_ON_FOLIO(!folio_test_locked(folio), folio);
	VM_WARN_ON_FOLIO(!folio_is_wp(folio), folio);
	return (struct page_wp *)folio->index;
}

/*
 * How many references a shared folio has that are not the caller's own or
 * somebody's who may be using it: one for each slot, or that of its group for a replica.
 * A mapped folio has one more for each page table entry.  The folio is locked.
 */
static int page_wp_expected_refs(struct folio *folio)
{
	struct page_wp *group = folio_wp(folio);

	return group->folio == folio ? group->nr_slots : 1;
}

/**
 * page_wp_hash - hash the content of a page
 * @page: The page; the caller has a reference to its folio.
 *
 * Return: xxh64 of its bytes, with a seed that differs from boot to boot, so that
 * nobody can make pages whose hashes collide.
 */
u64 page_wp_hash(struct page *page)
{
	const void *addr = kmap_local_page(page);
	u64 hash = xxh64(addr, PAGE_SIZE, page_wp_seed);

	kunmap_local(addr);
	return hash;
}

/* A folio joins the page cache, or leaves it, as far as statistics are concerned. */
static void page_wp_account(struct folio *folio, int nr)
{
	__lruvec_stat_mod_folio(folio, NR_FILE_PAGES, nr);
	if (folio_test_swapbacked(folio))
		__lruvec_stat_mod_folio(folio, NR_SHMEM, nr);
}

#ifdef CONFIG_NUMA_REPLICATE
/* Groups with room for replicas, under page_wp_lock. */
static LIST_HEAD(page_wp_replicated_groups);
static long page_wp_nr_replicated;

static void page_wp_init_replicas(struct page_wp *group)
{
	group->replicas = NULL;
}

static int page_wp_alloc_replicas(struct page_wp *group)
{
	struct page_wp_replicas *replicas;

	if (group->replicas)
		return 0;
	replicas = kzalloc(struct_size(replicas, folio, nr_node_ids), GFP_NOWAIT | __GFP_NOWARN);
	if (!replicas)
		return -ENOMEM;
	replicas->group = group;
	atomic_long_add(ksize(replicas), &page_wp_stats.bytes);
	spin_lock_irq(&page_wp_lock);
	page_wp_changed();
	/* page_wp_has_near() looks without the lock of the folio. */
	smp_store_release(&group->replicas, replicas);
	if (page_wp_alone(group))
		atomic_long_inc(&page_wp_stats.alone);
	list_add_tail(&replicas->list, &page_wp_replicated_groups);
	page_wp_nr_replicated++;
	spin_unlock_irq(&page_wp_lock);
	return 0;
}

static void page_wp_free_replicas(struct page_wp *group)
{
	if (!group->replicas)
		return;
	spin_lock_irq(&page_wp_lock);
	list_del(&group->replicas->list);
	page_wp_nr_replicated--;
	spin_unlock_irq(&page_wp_lock);
	atomic_long_sub(ksize(group->replicas), &page_wp_stats.bytes);
	kfree(group->replicas);
}

/* The replica for a node, if its lock keeps it there; or a hint. */
static struct folio *page_wp_replica(struct page_wp *group, int nid)
{
	struct page_wp_replicas *replicas = READ_ONCE(group->replicas);

	return replicas ? READ_ONCE(replicas->folio[nid]) : NULL;
}

static bool page_wp_replicated(struct page_wp *group)
{
	int nid;

	for_each_node(nid)
		if (page_wp_replica(group, nid))
			return true;
	return false;
}

/*
 * Get the replica for a node, or NULL if there is none.  The lock of the group is held;
 * as long as that of the replica is not, reclaim and migration take it away.
 */
static struct folio *page_wp_get_replica(struct page_wp *group, int nid)
{
	struct folio *replica;

	while ((replica = page_wp_replica(group, nid))) {
		/* Frozen: it is being taken away right now. */
		if (!folio_try_get(replica)) {
			cpu_relax();
			continue;
		}
		/* Or it was, and the reference is one on somebody else's memory. */
		if (page_wp_replica(group, nid) == replica)
			break;
		folio_put(replica);
	}
	return replica;
}

/**
 * page_wp_trylock_replica - try to get and lock the replica for a node
 * @group: The group.
 * @nid: The node.
 *
 * Context: The lock of the group is held.
 * Return: The replica, with a reference, or NULL if there is none or it is in use.
 */
struct folio *page_wp_trylock_replica(struct page_wp *group, int nid)
{
	struct folio *replica = page_wp_get_replica(group, nid);

	if (!replica)
		return NULL;
	if (folio_trylock(replica)) {
		if (page_wp_replica(group, nid) == replica)
			return replica;
		folio_unlock(replica);
	}
	folio_put(replica);
	return NULL;
}

/* Get and lock the replica for a node; the lock of the group is held. */
static struct folio *page_wp_lock_replica(struct page_wp *group, int nid)
{
	struct folio *replica;

	while ((replica = page_wp_get_replica(group, nid))) {
		folio_lock(replica);
		if (page_wp_replica(group, nid) == replica)
			break;
		folio_unlock(replica);
		folio_put(replica);
	}
	return replica;
}

/*
 * Get and lock all replicas, so that the slots may change.  Under the lock of the group
 * no others come.
 */
static void page_wp_lock_replicas(struct page_wp *group)
{
	int nid;

	for_each_node(nid)
		page_wp_lock_replica(group, nid);
}

static void page_wp_unlock_replicas(struct page_wp *group)
{
	int nid;

	for_each_node(nid) {
		struct folio *replica = page_wp_replica(group, nid);

		if (!replica)
			continue;
		folio_unlock(replica);
		folio_put(replica);
	}
}

/*
 * A locked replica that is not mapped leaves its group, whose reference is left to the
 * caller.  Called with page_wp_lock.
 */
static void page_wp_leave_replica(struct page_wp *group, struct folio *replica,
				  enum numa_drop why)
{
	int nid = folio_nid(replica);

	VM_WARN_ON_ONCE_FOLIO(folio_mapped(replica), replica);
	VM_WARN_ON_ONCE_FOLIO(page_wp_replica(group, nid) != replica, replica);
	page_wp_map_rw(replica);
	WRITE_ONCE(group->replicas->folio[nid], NULL);
	page_wp_account(replica, -1);
	numa_replicate_dropped(nid, why);
	/* The group is not its own any more. */
	replica->index = 0;
	/* Lockless walkers read the mapping first: folio_pos_at(). */
	smp_store_release(&replica->mapping, NULL);
}

/* Drop a locked replica that is not mapped; the caller keeps a reference. */
static void page_wp_drop_replica(struct page_wp *group, struct folio *replica,
				 enum numa_drop why)
{
	spin_lock_irq(&page_wp_lock);
	page_wp_leave_replica(group, replica, why);
	spin_unlock_irq(&page_wp_lock);
	folio_put(replica);
}

/*
 * The last slot has no use for its replicas, which are locked, and not mapped: drop and
 * unlock them all.
 */
static void page_wp_drop_replicas(struct page_wp *group, struct address_space *mapping,
				  pgoff_t index, enum numa_drop why)
{
	int nid;

	if (!page_wp_replicated(group))
		return;
	if (why == NUMA_DROP_WRITE || why == NUMA_DROP_TRUNCATE)
		numa_replicate_written(mapping, index);
	for_each_node(nid) {
		struct folio *replica = page_wp_replica(group, nid);

		if (!replica)
			continue;
		page_wp_drop_replica(group, replica, why);
		folio_unlock(replica);
		folio_put(replica);
	}
}

/*
 * Unmap a locked replica.  Whose slot maps another folio has a fault.  Even if nobody maps
 * it: reclaim may still have a TLB flush to do.
 */
static void page_wp_unmap_replica(struct page_wp *group, struct folio *replica)
{
	const struct page_wp_slot *slots = page_wp_slots(group);
	unsigned int i;

	for (i = 0; i < group->nr_slots; i++)
		if (mapping_mapped(slots[i].mapping))
			unmap_mapping_pages(slots[i].mapping, slots[i].index, 1, false);
}

/* Get and lock the replica of a locked shared folio on the node of this CPU, or NULL. */
static struct folio *page_wp_trylock_near(struct folio *folio)
{
	int nid = numa_replicate_node();
	struct folio *near;

	if (folio_nid(folio) == nid)
		return NULL;
	near = page_wp_trylock_replica(folio_wp(folio), nid);
	if (near && PageHWPoison(&near->page)) {
		folio_unlock(near);
		folio_put(near);
		near = NULL;
	}
	return near;
}

/**
 * __page_wp_set_near - map what is near in place of a folio
 * @vmf: The fault.
 * @folio: The shared folio that was found in the page cache, locked.
 * @addr: Where to map it.
 *
 * See page_wp_set_near().
 *
 * Return: true if it is mapped.
 */
bool __page_wp_set_near(struct vm_fault *vmf, struct folio *folio, unsigned long addr)
{
	struct folio *near = page_wp_trylock_near(folio);

	if (!near)
		return false;
	set_pte_range(vmf, near, &near->page, 1, addr);
	/* The caller counts @folio; a replica does not belong to tmpfs. */
	if (folio_test_swapbacked(folio)) {
		dec_mm_counter(vmf->vma->vm_mm, mm_counter_file(folio));
		inc_mm_counter(vmf->vma->vm_mm, mm_counter_file(near));
	}
	folio_unlock(near);
	/* Not the last one: it stands in its slots. */
	folio_put(folio);
	return true;
}

/**
 * __page_wp_is_replica - is this shared folio a copy for one node?
 * @folio: The shared folio, locked.
 *
 * Return: true if it stands in no slot itself.
 */
bool __page_wp_is_replica(struct folio *folio)
{
	return folio_wp(folio)->folio != folio;
}

/**
 * page_wp_has_near - has a group a folio on a node?
 * @folio: A shared folio, locked; or mapped, under the page table lock.
 * @nid: The node.
 *
 * Return: true if it has, as far as can be said without the lock of that.
 */
bool page_wp_has_near(struct folio *folio, int nid)
{
	/* Whoever takes a folio out of its group unmaps it before. */
	struct page_wp *group = (struct page_wp *)READ_ONCE(folio->index);

	return folio_nid(READ_ONCE(group->folio)) == nid || page_wp_replica(group, nid);
}

/* A replica migrates on its node.  Called with page_wp_lock. */
static void __maybe_unused page_wp_move_replica(struct page_wp *group, struct folio *dst,
						struct folio *src)
{
	VM_WARN_ON_ONCE_FOLIO(folio_nid(dst) != folio_nid(src), src);
	folio_get(dst);
	WRITE_ONCE(group->replicas->folio[folio_nid(src)], dst);
}

/*
 * Reclaim a locked replica that is not mapped; the caller has one reference, and nobody
 * else may have any.  Returns true if the count is 0 now.
 */
static bool page_wp_reclaim_replica(struct page_wp *group, struct folio *replica)
{
	bool ok;

	/* Nobody may read it by an old TLB entry once a slot is written to. */
	try_to_unmap_flush();
	spin_lock_irq(&page_wp_lock);
	ok = folio_ref_freeze(replica, 2);
	if (ok)
		page_wp_leave_replica(group, replica, NUMA_DROP_RECLAIM);
	spin_unlock_irq(&page_wp_lock);
	return ok;
}

/*
 * Drop a locked replica for its memory, if nobody uses it but page tables.  Returns false
 * if there are more than @refs references: who has unmapped it, but has yet to flush the
 * TLB, has one, too.
 */
static bool page_wp_drop_unused(struct page_wp *group, struct folio *replica, int refs)
{
	/* Do not disturb users for nothing. */
	if (folio_ref_count(replica) != refs + folio_mapcount(replica))
		return false;
	try_to_unmap(replica, 0);
	if (folio_mapped(replica) || folio_ref_count(replica) != refs)
		return false;
	page_wp_drop_replica(group, replica, NUMA_DROP_RECLAIM);
	return true;
}

/*
 * Drop the replicas of a folio that is being reclaimed.  Who uses one of them needs the
 * folio, too.  Returns false if there are any left.
 */
static bool page_wp_reclaim_replicas(struct page_wp *group,
				     struct mem_cgroup *target_memcg)
{
	unsigned long vm_flags;
	struct folio *replica;
	int nid;

	for_each_node(nid) {
		if (!page_wp_replica(group, nid))
			continue;
		replica = page_wp_trylock_replica(group, nid);
		if (!replica)
			return false;
		/* What is on a list must not be asked for references. */
		if (folio_isolate_lru(replica)) {
			if (!folio_referenced(replica, 1, target_memcg, &vm_flags))
				page_wp_drop_unused(group, replica, 3);
			folio_putback_lru(replica);
		}
		folio_unlock(replica);
		folio_put(replica);
	}
	return !page_wp_replicated(group);
}
#else /* !CONFIG_NUMA_REPLICATE */
static void page_wp_init_replicas(struct page_wp *group)
{
}

static void page_wp_free_replicas(struct page_wp *group)
{
}

static bool page_wp_replicated(struct page_wp *group)
{
	return false;
}

static void page_wp_lock_replicas(struct page_wp *group)
{
}

static void page_wp_unlock_replicas(struct page_wp *group)
{
}

static void page_wp_drop_replica(struct page_wp *group, struct folio *replica,
				 enum numa_drop why)
{
}

static void page_wp_drop_replicas(struct page_wp *group, struct address_space *mapping,
				  pgoff_t index, enum numa_drop why)
{
}

static void page_wp_unmap_replica(struct page_wp *group, struct folio *replica)
{
}

static void __maybe_unused page_wp_move_replica(struct page_wp *group, struct folio *dst,
						struct folio *src)
{
}

static bool page_wp_reclaim_replica(struct page_wp *group, struct folio *replica)
{
	return false;
}

static bool page_wp_reclaim_replicas(struct page_wp *group,
				     struct mem_cgroup *target_memcg)
{
	return true;
}
#endif /* CONFIG_NUMA_REPLICATE */

/* May a page table map a shared folio, which is locked, or a replica of it? */
static bool page_wp_mapped(struct folio *folio)
{
	return folio_mapped(folio) || page_wp_replicated(folio_wp(folio));
}

static void page_wp_count_break(void)
{
	atomic_long_inc(&page_wp_stats.broken);
	count_vm_event(PAGE_WP_BREAK);
}

static struct page_wp *page_wp_alloc(void)
{
	struct page_wp *group = kmalloc(sizeof(*group), GFP_KERNEL);

	if (!group)
		return NULL;
	group->nr_slots = 0;
	group->max_slots = PAGE_WP_MIN_SLOTS;
	page_wp_init_replicas(group);
	atomic_long_add(ksize(group), &page_wp_stats.bytes);
	return group;
}

static void page_wp_free(struct page_wp *group)
{
	if (!group)
		return;
	atomic_long_sub(ksize(group) + ksize(page_wp_array(group)),
			&page_wp_stats.bytes);
	page_wp_free_replicas(group);
	kfree(page_wp_array(group));
	kfree_rcu(group, rcu);
}

/* A slot has left its group, under the locks of the replicas. */
static void page_wp_left(struct page_wp *group, unsigned int left,
			 struct address_space *mapping, pgoff_t index,
			 enum numa_drop why)
{
	if (left) {
		page_wp_unlock_replicas(group);
		return;
	}
	page_wp_drop_replicas(group, mapping, index, why);
	page_wp_free(group);
}

/* Make room for @nr more slots. */
static int page_wp_reserve(struct page_wp *group, unsigned int nr)
{
	struct page_wp_slot *old = page_wp_array(group), *slots;
	size_t size, old_size = ksize(old);

	if (group->nr_slots + nr <= group->max_slots)
		return 0;
	/* The sizes of slab grow fast enough. */
	size = kmalloc_size_roundup(array_size(group->nr_slots + nr, sizeof(*slots)));
	slots = krealloc(old, size, GFP_KERNEL | __GFP_NOWARN);
	if (!slots)
		return -ENOMEM;
	if (!old)
		memcpy(slots, group->pair, sizeof(group->pair));
	group->array = slots;
	group->max_slots = size / sizeof(*slots);
	atomic_long_add((long)ksize(slots) - (long)old_size, &page_wp_stats.bytes);
	return 0;
}

static void page_wp_add_slot(struct page_wp *group,
			     struct address_space *mapping, pgoff_t index)
{
	page_wp_changed();
	if (page_wp_alone(group))
		atomic_long_dec(&page_wp_stats.alone);
	page_wp_slots(group)[group->nr_slots++] = (struct page_wp_slot) {
		.mapping = mapping,
		.index = index,
	};
	if (page_wp_alone(group))
		atomic_long_inc(&page_wp_stats.alone);
	atomic_long_inc(&page_wp_stats.slots);
}

/* Find a slot.  Whoever empties a group begins at its end, so do we. */
static unsigned int page_wp_find_slot(struct page_wp *group,
				      struct address_space *mapping,
				      pgoff_t index)
{
	const struct page_wp_slot *slots = page_wp_slots(group);
	unsigned int i = group->nr_slots;

	while (i--)
		if (slots[i].mapping == mapping && slots[i].index == index)
			return i;
	/* Whoever wants it gone will have it gone from i_pages. */
	WARN_ONCE(1, "page_wp: a slot is missing in its group\n");
	return group->nr_slots;
}

/* Forget a slot; returns how many are left. */
static unsigned int page_wp_del_slot(struct page_wp *group, unsigned int i)
{
	struct page_wp_slot *slots = page_wp_slots(group);

	if (i == group->nr_slots)
		return i;
	page_wp_changed();
	if (page_wp_alone(group))
		atomic_long_dec(&page_wp_stats.alone);
	slots[i] = slots[--group->nr_slots];
	if (page_wp_alone(group))
		atomic_long_inc(&page_wp_stats.alone);
	atomic_long_dec(&page_wp_stats.slots);
	return group->nr_slots;
}

/*
 * The folio leaves its group.  The index comes before the mapping: who sees the
 * new mapping must not see the group.
 */
static void page_wp_unmark(struct page_wp *group, struct folio *folio,
			   struct address_space *mapping, pgoff_t index)
{
	page_wp_map_rw(folio);
	spin_lock(&page_wp_lock);
	list_del(&group->list);
	spin_unlock(&page_wp_lock);
	atomic_long_dec(&page_wp_stats.folios);
	folio->index = index;
	/* Lockless walkers read the mapping first: folio_pos_at(). */
	smp_store_release(&folio->mapping, mapping);
}

/**
 * __page_wp_in_slot - does a slot hold this shared folio?
 * @folio: The shared folio.
 * @mapping: The file.
 * @index: The slot's index.
 *
 * Context: @folio is locked, otherwise the answer may be out of date.
 * Return: true if it does.
 */
bool __page_wp_in_slot(const struct folio *folio, struct address_space *mapping,
		       pgoff_t index)
{
	return xa_load(&mapping->i_pages, index) == folio;
}
EXPORT_SYMBOL_GPL(__page_wp_in_slot);

/**
 * page_wp_permits - may pages of a file be shared?
 * @mapping: The file.
 *
 * Context: Any; the caller has a reference to the inode, or the RCU read lock.
 * Return: true if its kind of file allows that.
 */
bool page_wp_permits(struct address_space *mapping)
{
	const struct inode *inode = mapping->host;

	if (!S_ISREG(inode->i_mode) || !(inode->i_sb->s_iflags & SB_I_PAGE_WP))
		return false;
	/* tmpfs serves drivers, too, who write to pages as they like. */
	if (!mapping->a_ops->read_folio)
		return test_bit(AS_PAGE_WP, &mapping->flags);
	/* What is dropped has to be read again, wherever memory is for the copy. */
	return mapping_gfp_mask(mapping) & __GFP_HIGHMEM;
}

/*
 * Is an exclusive folio in use for I/O, or about to be?  A clean one of tmpfs is a
 * hole that was read; what counts is that no page table is going to dirty it.
 */
static bool page_wp_dirty(struct folio *folio)
{
	return folio_test_dirty(folio) && !folio_test_swapbacked(folio);
}

/**
 * page_wp_eligible - may this exclusive folio become shared?
 * @folio: The folio; if it is large, it has to be split for that.
 *
 * Everything that is excluded stands here.  A folio that is pinned, or used in
 * any other way, is told by its reference count later.
 *
 * Context: If @folio is not locked the answer is a hint, and the caller holds
 * the RCU read lock or a reference to the inode.
 * Return: true if it may.
 */
bool page_wp_eligible(struct folio *folio)
{
	struct address_space *mapping = READ_ONCE(folio->mapping);
	struct inode *inode;

	if (!mapping || (unsigned long)mapping & PAGE_MAPPING_FLAGS ||
	    mapping == &page_wp_mapping)
		return false;
	inode = mapping->host;
	if (!page_wp_permits(mapping) || mapping_exiting(mapping) || mapping_unevictable(mapping) ||
	    mapping_inaccessible(mapping) || mapping_release_always(mapping) ||
	    mapping_min_folio_order(mapping))
		return false;
	if (IS_DAX(inode) || IS_ENCRYPTED(inode) || IS_VERITY(inode) ||
	    IS_SWAPFILE(inode) || IS_NOQUOTA(inode))
		return false;
	if (!folio_test_uptodate(folio) || page_wp_dirty(folio) ||
	    folio_test_writeback(folio) || folio_test_checked(folio) ||
	    folio_test_swapcache(folio) || folio_test_mlocked(folio) ||
	    folio_test_unevictable(folio) || folio_contain_hwpoisoned_page(folio))
		return false;
	return folio->index < DIV_ROUND_UP(i_size_read(inode), PAGE_SIZE);
}

/* May a locked folio take part in a merge? */
static bool page_wp_mergeable(struct folio *folio)
{
	if (folio_is_wp(folio))
		return folio_wp(folio)->folio == folio && !PageHWPoison(&folio->page) &&
		       !folio_test_mlocked(folio);
	return !folio_test_large(folio) && page_wp_eligible(folio);
}

/*
 * Has a locked exclusive folio users beside page tables?  The caller and the
 * page cache have one reference each.
 */
static bool page_wp_busy(struct folio *folio)
{
	return folio_ref_count(folio) !=
	       2 + folio_has_private(folio) + folio_mapcount(folio);
}

/*
 * Free a locked exclusive folio of user mappings and of private data, in this
 * order: who has it pinned for writing is going to dirty it, and wants it to
 * have its buffers then.
 */
static bool page_wp_prepare(struct folio *folio)
{
	if (!page_wp_eligible(folio) || page_wp_busy(folio))
		return false;
	if (folio_mapped(folio))
		try_to_unmap(folio, TTU_SYNC);
	/* Who unmapped it before may have a TLB flush to do. */
	if (mapping_mapped(folio->mapping))
		unmap_mapping_pages(folio->mapping, folio->index, 1, false);
	/* Buffers that are clean would take the dirty bit with them. */
	if (folio_mapped(folio) || page_wp_busy(folio) || page_wp_dirty(folio))
		return false;
	return filemap_release_folio(folio, GFP_KERNEL) &&
	       !folio_has_private(folio);
}

/*
 * Freeze the count of an exclusive folio on which the caller holds the only
 * reference beside the page cache's.  Dirty is tested after that: see the
 * comment in __remove_mapping().  The i_pages lock is held, with interrupts
 * off, until the count is unfrozen: lockless lookups spin meanwhile.
 */
static bool page_wp_freeze(struct folio *folio)
{
	lockdep_assert_irqs_disabled();
	/* See shmem_unshare_mapping() */
	if (mapping_unevictable(folio->mapping) || !folio_ref_freeze(folio, 2))
		return false;
	if (!page_wp_dirty(folio))
		return true;
	folio_ref_unfreeze(folio, 2);
	return false;
}

/* Turn a locked exclusive folio into @group, with one slot. */
static int page_wp_protect(struct folio *folio, struct page_wp *group)
{
	struct address_space *mapping = folio->mapping;
	XA_STATE(xas, &mapping->i_pages, folio->index);

	group->folio = folio;

	xas_lock_irq(&xas);
	if (!page_wp_freeze(folio)) {
		xas_unlock_irq(&xas);
		return -EAGAIN;
	}
	page_wp_set_hash(group);
	folio_clear_mappedtodisk(folio);
	folio_clear_readahead(folio);
	/* Reclaim must write it to swap, even if it was a hole. */
	if (folio_test_swapbacked(folio))
		folio_set_dirty(folio);
	xas_load(&xas);
	xas_init_marks(&xas);
	page_wp_add_slot(group, mapping, folio->index);
	folio->index = (pgoff_t)group;
	/* Who sees this must see the group: see page_wp_unmark(). */
	smp_store_release(&folio->mapping, &page_wp_mapping);
	spin_lock(&page_wp_lock);
	list_add_tail(&group->list, &page_wp_groups);
	spin_unlock(&page_wp_lock);
	atomic_long_inc(&page_wp_stats.folios);
	folio_ref_unfreeze(folio, 2);
	xas_unlock_irq(&xas);
	return 0;
}

/*
 * Turn a shared folio with one slot exclusive again.  It is locked, and the
 * caller has one reference: any other belongs to somebody who came by a slot
 * that is gone, and must not see what the remaining one is going to write.
 */
static bool page_wp_dissolve(struct folio *folio)
{
	struct page_wp *group = folio_wp(folio);
	struct address_space *mapping = page_wp_slots(group)->mapping;
	pgoff_t index = page_wp_slots(group)->index;

	if (group->nr_slots != 1 ||
	    folio_ref_count(folio) != 1 + page_wp_expected_refs(folio) +
				      folio_mapcount(folio))
		return false;
	page_wp_verify(group);
	page_wp_lock_replicas(group);
	if (page_wp_mapped(folio))
		unmap_mapping_pages(mapping, index, 1, false);
	page_wp_drop_replicas(group, mapping, index, NUMA_DROP_WRITE);

	xa_lock_irq(&mapping->i_pages);
	if (!folio_ref_freeze(folio, 1 + page_wp_expected_refs(folio))) {
		xa_unlock_irq(&mapping->i_pages);
		return false;
	}
	page_wp_del_slot(group, 0);
	page_wp_unmark(group, folio, mapping, index);
	/* Nobody is going to say so when it is written. */
	if (folio_test_swapbacked(folio))
		ksm_file_forget(folio);
	folio_ref_unfreeze(folio, 2);
	trace_page_wp_break(mapping, index, folio, folio, 0);
	xa_unlock_irq(&mapping->i_pages);
	page_wp_free(group);
	return true;
}

#ifdef CONFIG_NUMA_REPLICATE
/* Make a locked exclusive folio a group of one slot, with room for replicas. */
static int page_wp_protect_alone(struct folio *folio)
{
	/* See page_wp_merge() */
	unsigned int nofs = memalloc_nofs_save();
	struct page_wp *group = page_wp_alloc();
	int err = -ENOMEM;

	if (!group)
		goto restore;
	group->folio = folio;
	err = page_wp_alloc_replicas(group);
	if (!err)
		err = page_wp_prepare(folio) ? page_wp_protect(folio, group) : -EAGAIN;
	if (err)
		page_wp_free(group);
	else
		page_wp_map_ro(folio);
restore:
	memalloc_nofs_restore(nofs);
	return err;
}

/**
 * page_wp_replicate - add a folio on another node to a group
 * @folio: The locked folio of the page cache; exclusive or shared already.
 * @new: A folio of order 0 that nobody else knows, charged for.
 *
 * Context: May sleep; the caller has the only reference on @folio, and called
 * page_wp_enable().
 * Return: 0 if @new is a replica now, and the group has a reference of its own; -EEXIST if
 * there is one already, -ENOMEM, -EIO, or -EAGAIN if @folio is in use or not eligible now.
 */
int page_wp_replicate(struct folio *folio, struct folio *new)
{
	int err, nid = folio_nid(new);
	unsigned int noreclaim;
	struct page_wp *group;

	if (!page_wp_mergeable(folio))
		return -EAGAIN;
	if (folio_is_wp(folio) && page_wp_replica(folio_wp(folio), nid))
		return -EEXIST;
	err = folio_is_wp(folio) ? 0 : page_wp_protect_alone(folio);
	if (err)
		return err;
	group = folio_wp(folio);
	err = page_wp_alloc_replicas(group);
	if (!err && copy_mc_highpage(&new->page, &folio->page))
		err = -EIO;
	if (err) {
		if (!page_wp_replicated(group))
			page_wp_dissolve(folio);
		return err;
	}

	/* ksmd may remember its memory. */
	ksm_file_forget(new);
	folio_mark_uptodate(new);
	folio_get(new);
	page_wp_map_ro(new);
	new->index = (pgoff_t)group;
	spin_lock_irq(&page_wp_lock);
	/* Who sees this must see the group: see page_wp_unmark(). */
	smp_store_release(&new->mapping, &page_wp_mapping);
	WRITE_ONCE(group->replicas->folio[nid], new);
	page_wp_account(new, 1);
	numa_replicate_created(nid);
	spin_unlock_irq(&page_wp_lock);
	/* Not to where the youngest are, as if there were no other one. */
	noreclaim = memalloc_noreclaim_save();
	folio_add_lru(new);
	memalloc_noreclaim_restore(noreclaim);
	page_wp_verify(group);
	return 0;
}

/* Drop the replica of a locked shared folio on a node. */
static bool page_wp_shrink_group(struct folio *folio, int nid, enum numa_drop why)
{
	struct page_wp *group = folio_wp(folio);
	struct folio *replica;
	bool dropped = true;

	replica = why == NUMA_DROP_RECLAIM ? page_wp_trylock_replica(group, nid) :
					     page_wp_lock_replica(group, nid);
	if (!replica)
		return false;
	if (why == NUMA_DROP_RECLAIM) {
		dropped = page_wp_drop_unused(group, replica, 2);
	} else {
		page_wp_unmap_replica(group, replica);
		page_wp_drop_replica(group, replica, why);
	}
	folio_unlock(replica);
	folio_put(replica);
	return dropped;
}

/* Drop all replicas of a locked shared folio. */
static void page_wp_shrink_folio(struct folio *folio, enum numa_drop why)
{
	int nid;

	for_each_node(nid)
		page_wp_shrink_group(folio, nid, why);
}

/*
 * Get the next shared folio that has a replica for a node, or might have had one for any;
 * each comes once in @turns.
 */
static struct folio *page_wp_next_replicated(int nid, long *turns)
{
	struct page_wp_replicas *replicas;
	struct folio *folio = NULL;

	spin_lock_irq(&page_wp_lock);
	if (*turns < 0)
		*turns = page_wp_nr_replicated;
	while (!folio && *turns > 0 && !list_empty(&page_wp_replicated_groups)) {
		replicas = list_first_entry(&page_wp_replicated_groups,
					    struct page_wp_replicas, list);
		list_move_tail(&replicas->list, &page_wp_replicated_groups);
		--*turns;
		/* Frozen: reclaim or a writer takes it apart right now. */
		if ((nid == NUMA_NO_NODE || replicas->folio[nid]) &&
		    folio_try_get(replicas->group->folio)) {
			folio = replicas->group->folio;
		} else if (!(*turns % SWAP_CLUSTER_MAX)) {
			spin_unlock_irq(&page_wp_lock);
			cond_resched();
			spin_lock_irq(&page_wp_lock);
		}
	}
	spin_unlock_irq(&page_wp_lock);
	return folio;
}

/**
 * page_wp_shrink_replicas - drop replicas on a node
 * @nid: The node.
 * @nr: How many at most.
 * @why: Why.  For %NUMA_DROP_RECLAIM nothing is waited for.
 *
 * Context: May sleep.
 * Return: How many were dropped.
 */
long page_wp_shrink_replicas(int nid, long nr, enum numa_drop why)
{
	struct folio *folio;
	long dropped = 0, turns = -1;

	while (dropped < nr && (folio = page_wp_next_replicated(nid, &turns))) {
		bool locked = folio_trylock(folio);

		if (!locked && why != NUMA_DROP_RECLAIM) {
			folio_lock(folio);
			locked = true;
		}
		if (locked) {
			if (folio_is_wp(folio))
				dropped += page_wp_shrink_group(folio, nid, why);
			folio_unlock(folio);
		}
		folio_put(folio);
		cond_resched();
	}
	return dropped;
}

/**
 * page_wp_dissolve_alone - turn exclusive again what was replicated, and is no longer
 * @mapped: Also what is mapped, which has to be unmapped for it.
 *
 * Context: May sleep.
 * Return: 0, or -EAGAIN if somebody uses such a page, and it is worth another try.
 */
int page_wp_dissolve_alone(bool mapped)
{
	struct folio *folio;
	long turns = -1;
	int err = 0;

	while ((folio = page_wp_next_replicated(NUMA_NO_NODE, &turns))) {
		if (mapped || !folio_mapped(folio))
			err = page_wp_try_dissolve(folio) ?: err;
		folio_put(folio);
		cond_resched();
	}
	return err;
}
#else
static void page_wp_shrink_folio(struct folio *folio, enum numa_drop why)
{
}
#endif

static unsigned int page_wp_nr_slots(struct folio *folio)
{
	return folio_is_wp(folio) ? folio_wp(folio)->nr_slots : 1;
}

/* Can a locked folio take @nr more slots? */
static int page_wp_room(struct folio *to, unsigned int nr,
			unsigned int max_slots)
{
	return page_wp_nr_slots(to) + nr > max_slots ? -ENOSPC : 0;
}

/* Let the slot of @from take @to, which is shared; both are locked. */
static int page_wp_share(struct page_wp *group, struct folio *to,
			 struct folio *from)
{
	struct address_space *mapping = from->mapping;
	XA_STATE(xas, &mapping->i_pages, from->index);
	int err = -EAGAIN;

	xas_lock_irq(&xas);
	if (!page_wp_freeze(from))
		goto unlock;
	/* Now nobody can change either of them. */
	if (memcmp_pages(&to->page, &from->page)) {
		folio_ref_unfreeze(from, 2);
		err = -ESTALE;
		goto unlock;
	}
	folio_get(to);
	xas_store(&xas, to);
	xas_init_marks(&xas);
	page_wp_add_slot(group, mapping, from->index);
	page_wp_account(from, -1);
	/* Leave from->index set: truncation relies upon it */
	from->mapping = NULL;
	folio_ref_unfreeze(from, 1);
	trace_page_wp_merge(mapping, from->index, to, from, group->nr_slots);
	err = 0;
unlock:
	xas_unlock_irq(&xas);
	return err;
}

/*
 * The last slot of a group takes its folio out of the page cache.  Called with
 * the slot's i_pages lock; returns how many slots are left.
 */
static unsigned int page_wp_leave(struct page_wp *group, struct folio *folio,
				  unsigned int i, pgoff_t index)
{
	unsigned int left = page_wp_del_slot(group, i);

	if (!left) {
		VM_WARN_ON_ONCE_FOLIO(folio_mapped(folio), folio);
		page_wp_account(folio, -1);
		page_wp_unmark(group, folio, NULL, index);
	} else if (left == 1) {
		/* Let ksmd come and dissolve it. */
		ksm_file_forget(folio);
	}
	return left;
}

/*
 * Let all slots of @from take @to; both are shared and locked, so that neither
 * can change, however many others look at them.
 */
static int page_wp_share_all(struct page_wp *group, struct folio *to,
			     struct folio *from)
{
	struct page_wp *old = folio_wp(from);

	page_wp_verify(old);
	if (memcmp_pages(&to->page, &from->page))
		return -ESTALE;
	page_wp_lock_replicas(old);
	while (folio_is_wp(from)) {
		unsigned int i = old->nr_slots - 1;
		struct page_wp_slot slot = page_wp_slots(old)[i];
		XA_STATE(xas, &slot.mapping->i_pages, slot.index);

		if (mapping_mapped(slot.mapping))
			unmap_mapping_pages(slot.mapping, slot.index, 1, false);
		xas_lock_irq(&xas);
		VM_WARN_ON_FOLIO(xas_load(&xas) != from, from);
		folio_get(to);
		xas_store(&xas, to);
		page_wp_add_slot(group, slot.mapping, slot.index);
		page_wp_leave(old, from, i, slot.index);
		trace_page_wp_merge(slot.mapping, slot.index, to, from,
				    group->nr_slots);
		xas_unlock_irq(&xas);
		folio_put(from);
	}
	page_wp_left(old, 0, NULL, 0, NUMA_DROP_OTHER);
	return 0;
}

/**
 * page_wp_can_join - is it worth a try to merge with a folio?
 * @to: The folio, of order 0, with a reference.
 * @max_slots: How many slots a folio may have at most.
 *
 * Context: Only tries to lock the folio.
 * Return: 0, -ENOSPC if that makes more than @max_slots, -EAGAIN if it is in use or
 * not eligible now.
 */
int page_wp_can_join(struct folio *to, unsigned int max_slots)
{
	int err = -EAGAIN;

	if (!folio_trylock(to))
		return err;
	if (page_wp_mergeable(to) && (folio_is_wp(to) || !page_wp_busy(to)))
		err = page_wp_room(to, 1, min(max_slots, PAGE_WP_MAX_SLOTS));
	folio_unlock(to);
	return err;
}

/**
 * page_wp_merge - let the slots of a folio share another one
 * @to: The folio that stays; exclusive or shared already.
 * @from: The folio whose slot is to hold @to instead; if it is shared, too,
 *	all its slots do.
 * @max_slots: How many slots a folio may have at most.
 *
 * The contents are compared while nobody can change either of them.
 *
 * Context: May sleep, but never waits for a folio lock, but those of replicas.  The
 * caller has one reference on each folio and keeps them, and called page_wp_enable().
 * Return: 0 if they share @to now; -ESTALE if the contents differ, -ENOSPC if
 * that makes more than @max_slots, -ENOMEM, -EAGAIN if either is in use or not
 * eligible now.
 */
int page_wp_merge(struct folio *to, struct folio *from,
		  unsigned int max_slots)
{
	struct page_wp *group = NULL;
	unsigned int nofs, nr;
	int err = -EAGAIN;

	max_slots = min(max_slots, PAGE_WP_MAX_SLOTS);
	if (!folio_is_wp(to)) {
		group = page_wp_alloc();
		if (!group)
			return -ENOMEM;
	}
	/* Reclaim must not come for the inodes of folios that we lock. */
	nofs = memalloc_nofs_save();

	/* Do not disturb users for nothing. */
	err = page_wp_can_join(to, max_slots);
	if (err)
		goto restore;

	err = -EAGAIN;
	if (!folio_trylock(from))
		goto restore;
	/* Who goes to swap and who is read from disk do not share. */
	if (!page_wp_mergeable(from) ||
	    folio_test_swapbacked(from) != folio_test_swapbacked(to))
		goto unlock_from;
	/* They are compared again when nobody can change them. */
	if ((folio_mapped(from) || folio_mapped(to)) &&
	    memcmp_pages(&to->page, &from->page)) {
		err = -ESTALE;
		goto unlock_from;
	}
	if (!folio_is_wp(from) && !page_wp_prepare(from))
		goto unlock_from;
	if (!folio_trylock(to))
		goto unlock_from;

	if (!page_wp_mergeable(to))
		goto unlock_to;
	nr = page_wp_nr_slots(from);
	err = page_wp_room(to, nr, max_slots);
	if (err)
		goto unlock_to;
	err = -EAGAIN;
	if (!folio_is_wp(to)) {
		if (!group || !page_wp_prepare(to))
			goto unlock_to;
		err = page_wp_protect(to, group);
		if (err)
			goto unlock_to;
		page_wp_map_ro(to);
	} else {
		page_wp_free(group);
	}
	group = folio_wp(to);

	page_wp_lock_replicas(group);
	err = page_wp_reserve(group, nr);
	if (!err)
		err = folio_is_wp(from) ? page_wp_share_all(group, to, from) :
					  page_wp_share(group, to, from);
	page_wp_unlock_replicas(group);
	if (!err) {
		count_vm_event(PAGE_WP_MERGE);
		page_wp_verify(group);
		if (folio_test_active(from) || folio_test_referenced(from))
			folio_mark_accessed(to);
	} else if (group->nr_slots == 1 && !page_wp_replicated(group)) {
		page_wp_dissolve(to);
	}
	group = NULL;
unlock_to:
	folio_unlock(to);
unlock_from:
	folio_unlock(from);
restore:
	memalloc_nofs_restore(nofs);
	page_wp_free(group);
	return err;
}

/* Allocate and charge a folio; a swap-backed one by the policy of its file, if known. */
static struct folio *page_wp_alloc_folio(struct address_space *mapping,
					 pgoff_t index, bool swapbacked, gfp_t gfp)
{
	struct folio *new;

	new = swapbacked && mapping ? shmem_alloc_copy(mapping, index, gfp) :
				      filemap_alloc_folio(gfp, 0);
	if (new && mem_cgroup_charge(new, NULL, gfp)) {
		folio_put(new);
		return NULL;
	}
	return new;
}

/*
 * Copy a shared folio for the slot that leaves it, which the caller keeps if it
 * says which.  No lock is needed: a reference keeps the content.  Returns NULL if
 * the memory is bad.
 */
static struct folio *page_wp_copy(struct folio *folio,
				  struct address_space *mapping, pgoff_t index,
				  gfp_t gfp)
{
	bool swapbacked = folio_test_swapbacked(folio);
	struct folio *new = page_wp_alloc_folio(mapping, index, swapbacked, gfp);

	if (!new)
		return ERR_PTR(-ENOMEM);
	if (PageHWPoison(&folio->page) ||
	    copy_mc_highpage(&new->page, &folio->page)) {
		folio_put(new);
		return NULL;
	}
	folio_mark_uptodate(new);
	if (swapbacked) {
		__folio_set_swapbacked(new);
		folio_set_dirty(new);
	}
	ksm_file_forget(new);
	return new;
}

/* Replace the shared folio in one slot by the copy; the folio is locked. */
static void page_wp_replace_slot(struct address_space *mapping, pgoff_t index,
				 struct folio *folio, struct folio *new)
{
	struct page_wp *group = folio_wp(folio);
	unsigned int i = page_wp_find_slot(group, mapping, index);
	XA_STATE(xas, &mapping->i_pages, index);
	unsigned int left;

	page_wp_verify(group);
	page_wp_lock_replicas(group);
	/* Even if nobody maps it: reclaim may still have a TLB flush to do. */
	if (mapping_mapped(mapping))
		unmap_mapping_pages(mapping, index, 1, false);

	xas_lock_irq(&xas);
	VM_WARN_ON_FOLIO(xas_load(&xas) != folio, folio);
	folio_get(new);
	new->mapping = mapping;
	new->index = index;
	xas_store(&xas, new);
	page_wp_account(new, 1);
	left = page_wp_leave(group, folio, i, index);
	trace_page_wp_break(mapping, index, folio, new, left);
	/* From here on an unused inode may go, unless the caller holds it. */
	xas_unlock_irq(&xas);

	page_wp_left(group, left, mapping, index, NUMA_DROP_WRITE);
	folio_add_lru(new);
	folio_put(folio);
}

/*
 * What reclaim needs to take a folio out of its slots.  The folio ages once, so
 * all slots get the same shadow entry.
 */
struct page_wp_eviction {
	struct mem_cgroup *target_memcg;
	void *shadow;
};

/*
 * Take a locked shared folio out of one slot, and put the slot's reference.  For
 * reclaim, with @ev, the caller's reference and those of the slots have to be
 * the only ones, and the last slot leaves the count frozen at 0.  Returns false,
 * and does nothing, if that is not so.  The replicas are locked, and no page table
 * maps the slot.
 */
static bool page_wp_delete_slot(struct address_space *mapping, pgoff_t index,
				struct folio *folio, struct page_wp_eviction *ev)
{
	struct page_wp *group = folio_wp(folio);
	unsigned int i = page_wp_find_slot(group, mapping, index);
	XA_STATE(xas, &mapping->i_pages, index);
	void *shadow = NULL;
	unsigned int left;
	bool ok = false;

	mapping_set_update(&xas, mapping);
	spin_lock(&mapping->host->i_lock);
	xas_lock_irq(&xas);
	VM_WARN_ON_FOLIO(xas_load(&xas) != folio, folio);
	if (ev) {
		if (!folio_ref_freeze(folio, 1 + page_wp_expected_refs(folio)))
			goto unlock;
		if (!ev->shadow)
			ev->shadow = workingset_eviction(folio,
							 ev->target_memcg);
		/* See truncate_inode_pages_final() */
		if (!mapping_exiting(mapping))
			shadow = ev->shadow;
	}
	xas_store(&xas, shadow);
	xas_init_marks(&xas);
	mapping->nrpages--;
	left = page_wp_leave(group, folio, i, index);
	if (!ev)
		folio_put(folio);
	else if (left)
		folio_ref_unfreeze(folio, 1 + left);
	trace_page_wp_drop(mapping, index, folio, NULL, left);
	ok = true;
unlock:
	xas_unlock_irq(&xas);
	if (mapping_shrinkable(mapping))
		inode_add_lru(mapping->host);
	spin_unlock(&mapping->host->i_lock);
	if (!ok)
		return false;
	count_vm_event(PAGE_WP_DROP);
	page_wp_left(group, left, mapping, index, NUMA_DROP_TRUNCATE);
	return true;
}

/**
 * __page_wp_drop_slot - take a shared folio out of one slot
 * @mapping: The file.
 * @index: The slot's index.
 * @folio: The locked shared folio.
 *
 * See page_wp_drop_slot().
 *
 * Return: true.
 */
bool __page_wp_drop_slot(struct address_space *mapping, pgoff_t index,
			 struct folio *folio)
{
	if (!__page_wp_in_slot(folio, mapping, index))
		return true;
	page_wp_verify(folio_wp(folio));
	page_wp_lock_replicas(folio_wp(folio));
	if (page_wp_mapped(folio))
		unmap_mapping_pages(mapping, index, 1, false);
	page_wp_delete_slot(mapping, index, folio, NULL);
	return true;
}

/*
 * Break one slot of a locked shared folio.  If there is no copy, since the memory
 * is bad, the slot is emptied, and what is on disk is read again.
 */
static void page_wp_break_slot(struct address_space *mapping, pgoff_t index,
			       struct folio *folio, struct folio *new)
{
	if (new)
		page_wp_replace_slot(mapping, index, folio, new);
	else if (folio_test_swapbacked(folio))
		page_wp_drop(folio);
	else
		__page_wp_drop_slot(mapping, index, folio);
	page_wp_count_break();
}

/* Break a slot in which a folio was found. */
static int page_wp_break_found(struct address_space *mapping, pgoff_t index,
			       struct folio *folio, gfp_t gfp)
{
	struct folio *new;

	/* The last slot needs no copy unless somebody still looks at it. */
	if (folio_ref_count(folio) - folio_mapcount(folio) <= 2) {
		bool done;

		folio_lock(folio);
		done = !folio_is_wp(folio) ||
		       !__page_wp_in_slot(folio, mapping, index);
		if (!done && page_wp_dissolve(folio)) {
			page_wp_count_break();
			done = true;
		}
		folio_unlock(folio);
		if (done)
			return 0;
	}

	new = page_wp_copy(folio, mapping, index, gfp);
	if (IS_ERR(new))
		return PTR_ERR(new);
	folio_lock(folio);
	if (folio_is_wp(folio) && __page_wp_in_slot(folio, mapping, index))
		page_wp_break_slot(mapping, index, folio, new);
	folio_unlock(folio);
	if (new)
		folio_put(new);
	return 0;
}

/*
 * Find the next shared folio in a range of a file and take a reference.
 * Updates *@index to where it stands.
 */
static struct folio *page_wp_next(struct address_space *mapping, pgoff_t *index,
				  pgoff_t last)
{
	XA_STATE(xas, &mapping->i_pages, *index);
	struct folio *folio;

	rcu_read_lock();
	xas_for_each(&xas, folio, last) {
		if (xas_retry(&xas, folio))
			continue;
		if (xa_is_value(folio) || !folio_is_wp(folio)) {
			if (need_resched()) {
				xas_pause(&xas);
				cond_resched_rcu();
			}
			continue;
		}
		if (!folio_try_get(folio)) {
			xas_reset(&xas);
			continue;
		}
		if (folio != xas_reload(&xas)) {
			folio_put(folio);
			xas_reset(&xas);
			continue;
		}
		break;
	}
	rcu_read_unlock();
	*index = xas.xa_index;
	return folio;
}

/**
 * __page_wp_break - give one slot an exclusive folio if it holds a shared one
 * @mapping: The file.
 * @index: The slot's index.
 * @folio: The folio that was found there; the caller has a reference.
 * @gfp: How to allocate the copy.
 *
 * See page_wp_break().
 *
 * Return: 0, -ENOMEM or -EAGAIN.
 */
int __page_wp_break(struct address_space *mapping, pgoff_t index,
		    struct folio *folio, gfp_t gfp)
{
	int err;

	if (!folio_is_wp(folio))
		return 0;
	if (!gfpflags_allow_blocking(gfp))
		return -EAGAIN;
	if (__page_wp_in_slot(folio, mapping, index))
		return page_wp_break_found(mapping, index, folio, gfp);
	/* A page table may have led to a replica. */
	folio = page_wp_next(mapping, &index, index);
	if (!folio)
		return 0;
	err = page_wp_break_found(mapping, index, folio, gfp);
	folio_put(folio);
	return err;
}
EXPORT_SYMBOL_GPL(__page_wp_break);

/**
 * __page_wp_break_lookup - break a slot for a lookup that wants its folio locked
 * @mapping: The file.
 * @index: The slot's index.
 * @folio: What was found there, with a reference.
 * @fgp_flags: How it was looked up.
 * @gfp: How the lookup allocates.
 *
 * See page_wp_break_lookup().
 *
 * Return: See page_wp_break().
 */
int __page_wp_break_lookup(struct address_space *mapping, pgoff_t index,
			   struct folio *folio, fgf_t fgp_flags, gfp_t gfp)
{
	if (fgp_flags & FGP_NOWAIT)
		gfp = GFP_NOWAIT;
	else if (!(fgp_flags & FGP_CREAT))
		gfp = mapping_gfp_constraint(mapping, ~__GFP_FS);
	if (fgp_flags & FGP_NOFS)
		gfp &= ~__GFP_FS;
	return __page_wp_break(mapping, index, folio, gfp);
}

/**
 * __page_wp_get_partial - get the folio of which a part is going to be zeroed
 * @mapping: The file.
 * @index: The index.
 *
 * See page_wp_get_partial().
 *
 * Return: The locked exclusive folio, with a reference, or -ENOENT.
 */
struct folio *__page_wp_get_partial(struct address_space *mapping, pgoff_t index)
{
	struct folio *folio;

	for (;;) {
		folio = filemap_get_folio(mapping, index);
		if (IS_ERR(folio))
			return folio;
		folio_lock(folio);
		if (folio->mapping == mapping)
			return folio;
		page_wp_drop_slot(mapping, index, folio);
		folio_unlock(folio);
		folio_put(folio);
	}
}

/**
 * page_wp_break_fault - break a slot for a write through a shared mapping, or
 * for a locked mapping
 * @vmf: The fault; no page table lock held.
 * @folio: The folio that is mapped, or would be, with a reference.
 *
 * Context: May sleep; @folio is not locked.
 * Return: %VM_FAULT_NOPAGE, so that the access is tried again, or %VM_FAULT_OOM.
 */
vm_fault_t page_wp_break_fault(struct vm_fault *vmf, struct folio *folio)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	struct mem_cgroup *memcg, *old;
	int err;

	/* Somebody else may run into the fault: a worker, a debugger. */
	memcg = get_mem_cgroup_from_mm(vmf->vma->vm_mm);
	old = set_active_memcg(memcg);
	err = __page_wp_break(mapping, vmf->pgoff, folio,
			      mapping_gfp_mask(mapping));
	set_active_memcg(old);
	mem_cgroup_put(memcg);
	return err ? VM_FAULT_OOM : VM_FAULT_NOPAGE;
}

/*
 * Break the next shared slot of a range.  Returns 1, or 0 if there is none left, or an
 * error: -ERESTARTSYS if the caller is to stop, and there is one.
 */
static int page_wp_break_next(struct address_space *mapping, pgoff_t *index,
			      pgoff_t last, bool stop)
{
	struct folio *folio;
	int err;

	if (!page_wp_used())
		return 0;
	folio = page_wp_next(mapping, index, last);
	if (!folio)
		return 0;
	err = stop ? -ERESTARTSYS : __page_wp_break(mapping, *index, folio,
						    mapping_gfp_mask(mapping));
	/* Nobody else may come by the one that is left. */
	if (!err)
		page_wp_try_dissolve(folio);
	folio_put(folio);
	cond_resched();
	/* The same index again: it may hold another group's folio. */
	return err ? err : 1;
}

/**
 * page_wp_break_range - break every shared slot of a range
 * @mapping: The file.
 * @first: First index.
 * @last: Last index, inclusive.
 *
 * Context: May sleep.
 * Return: 0, -ENOMEM, or -ERESTARTSYS if a signal is pending and there is more to
 * do than one page; what was broken by then stays broken.
 */
int page_wp_break_range(struct address_space *mapping, pgoff_t first,
			pgoff_t last)
{
	bool single = first == last, stop = false;
	int ret;

	while ((ret = page_wp_break_next(mapping, &first, last, stop)) > 0)
		stop = !single && signal_pending(current);
	return ret;
}

/**
 * page_wp_unshare - break every shared slot of a file, for as far as there is memory
 * @mapping: The file.
 *
 * Context: May sleep.  Only a fatal signal ends it before its time.
 */
void page_wp_unshare(struct address_space *mapping)
{
	pgoff_t index = 0;

	while (page_wp_break_next(mapping, &index, ULONG_MAX,
				  fatal_signal_pending(current)) > 0)
		;
}

/**
 * page_wp_break_user - break the slot of a file behind a user address
 * @address: The address, in the current process.
 *
 * Context: Takes mmap_lock; may sleep.
 * Return: 0 or -ENOMEM.
 */
int page_wp_break_user(unsigned long address)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int err = 0;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, address);
	if (vma && vma->vm_file) {
		pgoff_t index = linear_page_index(vma, address);

		err = page_wp_break_range(vma->vm_file->f_mapping, index, index);
	}
	mmap_read_unlock(mm);
	return err;
}

/**
 * page_wp_try_dissolve - turn a shared folio exclusive if it has one slot left
 * @folio: The folio, with a reference.
 *
 * Context: May sleep, but does not wait for the folio's lock.
 * One with replicas stays shared.
 *
 * Return: -EAGAIN if somebody uses it, and it is worth another try; 0 otherwise.
 */
int page_wp_try_dissolve(struct folio *folio)
{
	int err = 0;

	if (!folio_trylock(folio))
		return -EAGAIN;
	if (folio_is_wp(folio) && page_wp_nr_slots(folio) == 1 &&
	    !page_wp_replicated(folio_wp(folio)) && !page_wp_dissolve(folio))
		err = -EAGAIN;
	folio_unlock(folio);
	return err;
}

/* Break all slots of one folio, from the side of the group; but one that has replicas. */
static int page_wp_break_folio(struct folio *folio)
{
	const gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_RETRY_MAYFAIL;

	for (;;) {
		struct folio *new;
		bool done;

		folio_lock(folio);
		done = !folio_is_wp(folio) || page_wp_alone(folio_wp(folio));
		if (!done && page_wp_dissolve(folio)) {
			page_wp_count_break();
			done = true;
		}
		folio_unlock(folio);
		if (done)
			return 0;

		new = page_wp_copy(folio, NULL, 0, gfp);
		if (IS_ERR(new))
			return PTR_ERR(new);
		folio_lock(folio);
		if (folio_is_wp(folio)) {
			/* A listed slot keeps its inode until it is dropped. */
			struct page_wp_slot slot = *page_wp_slots(folio_wp(folio));

			page_wp_break_slot(slot.mapping, slot.index, folio, new);
		}
		folio_unlock(folio);
		if (new)
			folio_put(new);
		cond_resched();
	}
}

/**
 * page_wp_break_all - break every group in which slots share a folio
 *
 * Copies are charged to whom the shared folio is charged to, or higher up if
 * there is no room: the owner of one slot shall neither be killed nor stop it all
 * for the copies of others.
 *
 * Context: May sleep.  The caller sees to it that nothing is merged meanwhile.
 * Return: 0, -ENOMEM, or -ERESTARTSYS if a signal is pending.
 */
int page_wp_break_all(void)
{
	/* Those that stay are at the end of the list after one turn, as are new ones. */
	long stay = atomic_long_read(&page_wp_stats.folios);
	struct mem_cgroup *memcg, *payer, *old;
	struct page_wp *group;
	struct folio *folio;
	int err;

	for (;;) {
		spin_lock_irq(&page_wp_lock);
		group = list_first_entry_or_null(&page_wp_groups,
						 struct page_wp, list);
		folio = group ? group->folio : NULL;
		/* Frozen: reclaim or a writer takes it apart right now. */
		if (folio && !folio_try_get(folio)) {
			spin_unlock_irq(&page_wp_lock);
			cond_resched();
			continue;
		}
		if (folio)
			list_move_tail(&group->list, &page_wp_groups);
		spin_unlock_irq(&page_wp_lock);
		if (!folio)
			return 0;
		memcg = get_mem_cgroup_from_folio(folio);
		for (payer = memcg; ; payer = parent_mem_cgroup(payer)) {
			old = set_active_memcg(payer);
			err = page_wp_break_folio(folio);
			set_active_memcg(old);
			if (err != -ENOMEM || !payer || mem_cgroup_is_root(payer))
				break;
		}
		mem_cgroup_put(memcg);
		stay -= folio_is_wp(folio);
		folio_put(folio);
		if (err || stay < 0)
			return err;
		if (signal_pending(current))
			return -ERESTARTSYS;
		cond_resched();
	}
}

/* May a page table map this slot?  The folio is locked. */
static bool page_wp_slot_mapped(struct address_space *mapping, pgoff_t index,
				struct folio *folio)
{
	bool mapped;

	if (!page_wp_mapped(folio))
		return false;
	if (!i_mmap_trylock_read(mapping))
		return true;
	mapped = vma_interval_tree_iter_first(&mapping->i_mmap, index, index);
	i_mmap_unlock_read(mapping);
	return mapped;
}

/**
 * __page_wp_drop_range - drop shared slots of a range
 * @mapping: The file.
 * @first: First index.
 * @last: Last index, inclusive.
 * @unused: Let be slots whose folio is locked, or that a VMA maps.
 *
 * See page_wp_evict_range() and page_wp_drop_range().
 *
 * Return: Number of folios that have no slot any more.
 */
unsigned long __page_wp_drop_range(struct address_space *mapping,
				   pgoff_t first, pgoff_t last, bool unused)
{
	unsigned long count = 0;
	struct folio *folio;

	while ((folio = page_wp_next(mapping, &first, last))) {
		bool locked = folio_trylock(folio);
		/* What is swap-backed stands nowhere else. */
		bool stays = unused || folio_test_swapbacked(folio);

		if (!locked && !unused) {
			folio_lock(folio);
			locked = true;
		}
		if (locked) {
			if (folio_is_wp(folio) &&
			    !folio_test_swapbacked(folio) &&
			    __page_wp_in_slot(folio, mapping, first) &&
			    !(unused && page_wp_slot_mapped(mapping, first,
							    folio))) {
				__page_wp_drop_slot(mapping, first, folio);
				count += !folio_is_wp(folio);
			}
			folio_unlock(folio);
		}
		folio_put(folio);
		/* If it stays, go on; if not, it may have got another one. */
		if (stays && first++ == last)
			break;
		cond_resched();
	}
	return count;
}

/**
 * page_wp_drop_index - take a shared folio out of one slot, by its place
 * @mapping: The file.
 * @index: The slot's index.
 *
 * For truncation that has no folio yet, and would copy the one that it finds.  An
 * exclusive folio stays.
 *
 * Context: May sleep; takes the folio lock, and what page_wp_drop_slot() takes.
 */
void page_wp_drop_index(struct address_space *mapping, pgoff_t index)
{
	struct folio *folio = page_wp_next(mapping, &index, index);

	if (!folio)
		return;
	folio_lock(folio);
	page_wp_drop_slot(mapping, index, folio);
	folio_unlock(folio);
	folio_put(folio);
}

/**
 * page_wp_swap_slot - put an entry in place of a shared folio into one slot
 * @mapping: The file.
 * @index: The slot's index.
 * @folio: The locked shared folio.
 * @entry: A value entry that says what became of it.
 *
 * Context: @folio is locked, and has no replicas.  The caller has accounted for the page
 * of @mapping, whose inode may go afterwards.
 */
void page_wp_swap_slot(struct address_space *mapping, pgoff_t index,
		       struct folio *folio, void *entry)
{
	struct page_wp *group = folio_wp(folio);
	unsigned int i = page_wp_find_slot(group, mapping, index);
	XA_STATE(xas, &mapping->i_pages, index);
	unsigned int left;

	VM_WARN_ON_ONCE_FOLIO(page_wp_replicated(group), folio);
	if (folio_mapped(folio))
		unmap_mapping_pages(mapping, index, 1, false);
	xas_lock_irq(&xas);
	VM_WARN_ON_FOLIO(xas_load(&xas) != folio, folio);
	xas_store(&xas, entry);
	mapping->nrpages--;
	left = page_wp_leave(group, folio, i, index);
	trace_page_wp_drop(mapping, index, folio, NULL, left);
	xas_unlock_irq(&xas);
	count_vm_event(PAGE_WP_DROP);
	folio_put(folio);
	if (!left)
		page_wp_free(group);
}

/* Put a swap entry into all slots of a locked shared folio. */
static void page_wp_swap_slots(struct folio *folio, swp_entry_t swap)
{
	while (folio_is_wp(folio)) {
		struct page_wp *group = folio_wp(folio);
		struct page_wp_slot slot =
			page_wp_slots(group)[group->nr_slots - 1];

		shmem_swap_slot(slot.mapping, slot.index, folio, swap);
	}
}

/**
 * page_wp_alloc_swapped - allocate what a slot takes in place of a folio that is read
 * from swap
 * @folio: The folio of the swap cache, with a reference.
 * @mapping: The file.
 * @index: The slot's index.
 * @gfp: How to allocate it.
 * @mm: Whose memory cgroup pays, or NULL for the current one.
 *
 * Context: May sleep; @folio is not locked, since all its slots wait for that.
 * Return: A folio that is charged for, or NULL.
 */
struct folio *page_wp_alloc_swapped(struct folio *folio,
				    struct address_space *mapping, pgoff_t index,
				    gfp_t gfp, struct mm_struct *mm)
{
	struct mem_cgroup *memcg, *old;
	struct folio *new;

	/* swapoff does not pay for what it finds. */
	memcg = oom_task_origin(current) ? get_mem_cgroup_from_folio(folio) :
					   get_mem_cgroup_from_mm(mm);
	old = set_active_memcg(memcg);
	new = page_wp_alloc_folio(mapping, index, true, gfp);
	set_active_memcg(old);
	mem_cgroup_put(memcg);
	return new;
}

/**
 * page_wp_copy_swapped - copy a folio of the swap cache for one of its slots
 * @new: What page_wp_alloc_swapped() returned; locked afterwards.
 * @folio: The folio, locked.
 *
 * Return: 0, or -EIO if the memory of @folio is bad.
 */
int page_wp_copy_swapped(struct folio *new, struct folio *folio)
{
	if (copy_mc_highpage(&new->page, &folio->page)) {
		folio_clear_uptodate(folio);
		return -EIO;
	}
	__folio_set_locked(new);
	__folio_set_swapbacked(new);
	folio_mark_uptodate(new);
	return 0;
}

/**
 * page_wp_unused - is a shared folio used by its slots alone?
 * @folio: The locked shared folio, not mapped; the caller has one reference.
 *
 * Return: true if nobody else has a reference.
 */
bool page_wp_unused(struct folio *folio)
{
	return folio_ref_count(folio) == 1 + page_wp_expected_refs(folio);
}

/**
 * page_wp_drop - take a shared folio out of all its slots
 * @folio: The locked shared folio, or a replica, which leaves its group.
 *
 * For memory that is failing: files on disk read their pages again, and those of
 * tmpfs remember that theirs is lost.  Who maps a replica maps another one.
 *
 * Context: See page_wp_drop_slot().
 */
void page_wp_drop(struct folio *folio)
{
	struct page_wp *group = folio_wp(folio);
	struct address_space *mapping;
	pgoff_t index;

	if (group->folio != folio) {
		page_wp_unmap_replica(group, folio);
		page_wp_drop_replica(group, folio, NUMA_DROP_OTHER);
		return;
	}
	if (folio_test_swapbacked(folio)) {
		page_wp_shrink_folio(folio, NUMA_DROP_OTHER);
		page_wp_swap_slots(folio, make_poisoned_swp_entry());
	}
	while (folio_is_wp(folio) && page_wp_slot(folio, 0, &mapping, &index))
		__page_wp_drop_slot(mapping, index, folio);
}

/**
 * page_wp_slot - a slot of a shared folio, for the rmap walk
 * @folio: The shared folio.
 * @n: The number of the slot, from 0.
 * @mapping: Set to its file.
 * @index: Set to its index.
 *
 * Context: @folio is locked, so that slots and their inodes stay.
 * Return: false if there are not that many.
 */
bool page_wp_slot(struct folio *folio, unsigned int n,
		  struct address_space **mapping, pgoff_t *index)
{
	struct page_wp *group = folio_wp(folio);

	if (n >= group->nr_slots)
		return false;
	*mapping = page_wp_slots(group)[n].mapping;
	*index = page_wp_slots(group)[n].index;
	return true;
}

/**
 * page_wp_reclaim - reclaim a shared folio from all its slots
 * @folio: The locked shared folio, unmapped; the caller holds one reference.
 * @target_memcg: The memory cgroup on whose behalf it is reclaimed.
 *
 * It is detached slot by slot; if somebody comes by one that is left, that one
 * and the rest stay.
 *
 * Context: @folio is locked and not on an LRU list.
 * A replica leaves its group.  If it is not one, the replicas have to go first.
 *
 * Return: true if it stands in no slot any more, with a reference count of 0;
 * false if it is in use.
 */
bool page_wp_reclaim(struct folio *folio, struct mem_cgroup *target_memcg)
{
	struct page_wp *group = folio_wp(folio);
	struct page_wp_eviction ev = { .target_memcg = target_memcg };

	/* What is swap-backed is written to swap first. */
	if (WARN_ON_ONCE(folio_test_swapbacked(folio)) || !page_wp_unused(folio))
		return false;
	if (group->folio != folio)
		return page_wp_reclaim_replica(group, folio);
	if (!page_wp_reclaim_replicas(group, target_memcg))
		return false;
	page_wp_verify(group);
	while (folio_is_wp(folio)) {
		struct page_wp_slot slot =
			page_wp_slots(group)[group->nr_slots - 1];

		if (!page_wp_delete_slot(slot.mapping, slot.index, folio, &ev))
			return false;
	}
	return true;
}

/*
 * The address space that stands in folio->mapping of a shared folio.  Whoever
 * follows it finds a valid, empty file without a page in it, whose operations
 * refuse and complain.
 */
static bool page_wp_dirty_folio(struct address_space *mapping,
				struct folio *folio)
{
	VM_WARN_ON_ONCE_FOLIO(true, folio);
	WARN_ONCE(1, "page_wp: a shared folio is being dirtied\n");
	return false;
}

static int page_wp_read_folio(struct file *file, struct address_space *mapping,
			      struct folio *folio)
{
	WARN_ONCE(1, "page_wp: a shared folio is being read in\n");
	folio_unlock(folio);
	return -EIO;
}

static bool page_wp_release_folio(struct address_space *mapping,
				  struct folio *folio, gfp_t gfp)
{
	WARN_ONCE(1, "page_wp: a shared folio has private data\n");
	return false;
}

/*
 * Reclaim found it dirty, so it belongs to tmpfs: move it to the swap cache, from all
 * slots or from none.  The swap entry counts them, other than those of a single owner.
 */
static int page_wp_writepage(struct address_space *mapping, struct page *page,
			     struct writeback_control *wbc)
{
	struct folio *folio = page_folio(page);
	struct page_wp *group = folio_wp(folio);
	unsigned int i, counted = 0;
	swp_entry_t swap;

	page_wp_verify(group);
	if (!total_swap_pages)
		goto redirty;
	for (i = 0; i < group->nr_slots; i++) {
		/* shmem_unshare_mapping() gives it a page of its own, if it can. */
		if (mapping_unevictable(page_wp_slots(group)[i].mapping))
			goto redirty;
	}
	/* Who reclaims for others does not mind who else uses it. */
	if (!page_wp_reclaim_replicas(group, folio_memcg(folio)))
		goto redirty;
	swap = folio_alloc_swap(folio);
	if (!swap.val)
		goto redirty;
	if (add_to_swap_cache(folio, swap,
			      __GFP_HIGH | __GFP_NOMEMALLOC | __GFP_NOWARN,
			      NULL)) {
		put_swap_folio(folio, swap);
		goto redirty;
	}
	while (counted < group->nr_slots && !swap_duplicate(swap))
		counted++;
	if (counted < group->nr_slots) {
		while (counted--)
			swap_free(swap);
		delete_from_swap_cache(folio);
		goto redirty;
	}
	/* Nobody may read it by an old TLB entry once a slot has a copy. */
	try_to_unmap_flush();
	page_wp_swap_slots(folio, swap);
	return swap_writepage(swap_address_space(swap), page, wbc);

redirty:
	folio_set_dirty(folio);
	return AOP_WRITEPAGE_ACTIVATE;	/* Return with folio locked */
}

static int page_wp_error_remove_folio(struct address_space *mapping,
				      struct folio *folio)
{
	page_wp_drop(folio);
	return 0;
}

#ifdef CONFIG_MIGRATION
/*
 * Move a shared folio, in all its slots; both folios are locked, and no page table
 * maps @src.  The group moves while nobody else has a reference, which those who
 * use the memory cgroup of @src count on.  Nobody can change the content, so the
 * slots may follow one by one; who comes by one of them before it does, and reads,
 * keeps @src a little longer.  A replica stands in none.
 */
static int page_wp_migrate_folio(struct address_space *mapping,
				 struct folio *dst, struct folio *src,
				 enum migrate_mode mode)
{
	struct page_wp *group = folio_wp(src);
	struct page_wp_slot *slots = page_wp_slots(group);
	bool replica = group->folio != src;
	int refs = 1 + page_wp_expected_refs(src);
	unsigned int i;
	int err;

	if (folio_ref_count(src) != refs)
		return -EAGAIN;
	if (!replica)
		page_wp_verify(group);
	err = folio_mc_copy(dst, src);
	if (err)
		return err;

	/* Lookups spin meanwhile. */
	spin_lock_irq(&page_wp_lock);
	if (!folio_ref_freeze(src, refs)) {
		spin_unlock_irq(&page_wp_lock);
		return -EAGAIN;
	}
	/* folio_migrate_flags() leaves that to who moves the mapping. */
	if (folio_test_swapbacked(src))
		__folio_set_swapbacked(dst);
	dst->index = (pgoff_t)group;
	/* Who sees this must see the group: see page_wp_unmark(). */
	smp_store_release(&dst->mapping, &page_wp_mapping);
	if (replica)
		page_wp_move_replica(group, dst, src);
	else
		WRITE_ONCE(group->folio, dst);
	page_wp_account(src, -1);
	folio_migrate_flags(dst, src);
	page_wp_account(dst, 1);
	folio_ref_unfreeze(src, refs);
	spin_unlock_irq(&page_wp_lock);

	for (i = 0; i < group->nr_slots && !replica; i++) {
		XA_STATE(xas, &slots[i].mapping->i_pages, slots[i].index);

		xas_lock_irq(&xas);
		VM_WARN_ON_FOLIO(xas_load(&xas) != src, src);
		folio_get(dst);
		xas_store(&xas, dst);
		xas_unlock_irq(&xas);
		folio_put(src);
	}
	page_wp_map_rw(src);
	/* The group is not its own any more. */
	src->index = 0;
	/* Lockless walkers read the mapping first: folio_pos_at(). */
	smp_store_release(&src->mapping, NULL);
	page_wp_map_ro(dst);
	if (replica)
		folio_put(src);
	else
		page_wp_verify(group);
	return MIGRATEPAGE_SUCCESS;
}
#endif

static const struct address_space_operations page_wp_aops = {
	.writepage	= page_wp_writepage,
	.dirty_folio	= page_wp_dirty_folio,
	.read_folio	= page_wp_read_folio,
	.release_folio	= page_wp_release_folio,
	.error_remove_folio = page_wp_error_remove_folio,
#ifdef CONFIG_MIGRATION
	.migrate_folio	= page_wp_migrate_folio,
#endif
};

static struct super_block page_wp_sb = {
	.s_bdi		= &noop_backing_dev_info,
};

static struct inode page_wp_inode;
struct address_space page_wp_mapping;
EXPORT_SYMBOL_GPL(page_wp_mapping);

static int __init page_wp_init(void)
{
	page_wp_seed = get_random_u64();
	inode_init_once(&page_wp_inode);
	spin_lock_init(&page_wp_inode.i_lock);
	page_wp_inode.i_sb = &page_wp_sb;
	page_wp_inode.i_mode = S_IFREG;
	page_wp_inode.i_mapping = &page_wp_mapping;
	address_space_init_once(&page_wp_mapping);
	page_wp_mapping.host = &page_wp_inode;
	page_wp_mapping.a_ops = &page_wp_aops;
	return 0;
}
core_initcall(page_wp_init);

#ifdef CONFIG_PAGE_WP_KUNIT_TEST
#include "tests/page_wp_kunit.h"
#endif
