// SPDX-License-Identifier: GPL-2.0
/*
 * Debugging of generic page write protection: who writes to a shared folio, or could,
 * and what does not add up.
 */

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/rmap.h>
#include <linux/seq_file.h>
#include <linux/set_memory.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>

#include <asm/tlbflush.h>

#include "internal.h"
#include "page_wp.h"

static bool page_wp_verify_ptes(struct folio *folio, struct vm_area_struct *vma,
				unsigned long address, void *unused)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, 0);

	while (page_vma_mapped_walk(&pvmw)) {
		pte_t pte = ptep_get(pvmw.pte);

		WARN(pte_write(pte) || pte_dirty(pte),
		     "page_wp: shared pfn 0x%lx is mapped writable\n",
		     folio_pfn(folio));
	}
	return true;
}

/*
 * Each slot, each page table entry and the caller has a reference.  Page table entries
 * come and go between one look and the next; a reference that is missing each time is
 * lost.
 */
static bool page_wp_lost_refs(const struct folio *folio, int expected)
{
	int i;

	for (i = 0; i < 100; i++) {
		int mapped = folio_mapcount(folio);

		/* Who maps it has a reference first, and puts it last. */
		smp_rmb();
		if (folio_ref_count(folio) >= 1 + expected + mapped)
			return false;
		udelay(1);
	}
	return true;
}

#ifdef CONFIG_NUMA_REPLICATE
/*
 * The same for the replicas, but for those that are on their way out, or are locked by
 * who is going to unlock them.
 */
static void page_wp_verify_replicas(struct page_wp *group, struct rmap_walk_control *rwc)
{
	int nid;

	for_each_node(nid) {
		struct folio *replica = page_wp_trylock_replica(group, nid);

		if (!replica)
			continue;
		WARN(!folio_is_wp(replica) || replica->index != (pgoff_t)group ||
		     folio_test_large(replica) || !folio_test_uptodate(replica) ||
		     folio_has_private(replica) || folio_test_dirty(replica) ||
		     folio_test_swapbacked(replica),
		     "page_wp: replica pfn 0x%lx is in a state that nobody may share\n",
		     folio_pfn(replica));
		WARN(page_wp_lost_refs(replica, 1),
		     "page_wp: replica pfn 0x%lx has lost a reference: %d\n",
		     folio_pfn(replica), folio_ref_count(replica));
		if (!PageHWPoison(&replica->page)) {
			if (folio_mapped(replica))
				rmap_walk(replica, rwc);
			WARN(page_wp_hash(&replica->page) != group->hash,
			     "page_wp: replica pfn 0x%lx was written to\n",
			     folio_pfn(replica));
		}
		folio_unlock(replica);
		folio_put(replica);
	}
}
#else
static void page_wp_verify_replicas(struct page_wp *group, struct rmap_walk_control *rwc)
{
}
#endif

/**
 * page_wp_verify - has somebody written to a shared folio, could he, does it add up?
 * @group: The group.
 *
 * Warns, with the stack of who found out.
 *
 * Context: The folio of @group is locked, and the caller has a reference.
 */
void page_wp_verify(struct page_wp *group)
{
	struct rmap_walk_control rwc = {
		.rmap_one = page_wp_verify_ptes,
		.try_lock = true,
	};
	struct folio *folio = group->folio;

	WARN(page_wp_lost_refs(folio, group->nr_slots),
	     "page_wp: shared pfn 0x%lx has lost a reference: %d for %u slots\n",
	     folio_pfn(folio), folio_ref_count(folio), group->nr_slots);
	if (PageHWPoison(&folio->page))
		return;
	WARN(folio_test_swapbacked(folio) !=
	     shmem_mapping(page_wp_slots(group)->mapping),
	     "page_wp: shared pfn 0x%lx is not of its files' kind\n",
	     folio_pfn(folio));
	/* That of many slots takes long: then not each time. */
	if (folio_mapped(folio) && !get_random_u32_below(group->nr_slots / 64 + 1))
		rmap_walk(folio, &rwc);
	WARN(page_wp_hash(&folio->page) != group->hash,
	     "page_wp: shared pfn 0x%lx was written to\n", folio_pfn(folio));
	page_wp_verify_replicas(group, &rwc);
}

/* What holds between one transition and the next. */
static void page_wp_audit(struct page_wp *group)
{
	const struct page_wp_slot *slots = page_wp_slots(group);
	struct folio *folio = group->folio;
	unsigned int i;

	page_wp_verify(group);
	WARN(!folio_is_wp(folio) || folio_test_large(folio) ||
	     !folio_test_uptodate(folio) || folio_has_private(folio) ||
	     folio_test_writeback(folio) || folio_test_checked(folio) ||
	     folio_test_dirty(folio) != folio_test_swapbacked(folio),
	     "page_wp: shared pfn 0x%lx is in a state that nobody may share\n",
	     folio_pfn(folio));
	for (i = 0; i < group->nr_slots; i++)
		WARN(xa_load(&slots[i].mapping->i_pages, slots[i].index) != folio,
		     "page_wp: shared pfn 0x%lx is not in its slot %lu of inode %lu\n",
		     folio_pfn(folio), slots[i].index, slots[i].mapping->host->i_ino);
}

/*
 * The next group whose folio nobody has locked; gives back @prev.  The lock and the
 * reference that come with a group keep it in the list.
 */
static struct page_wp *page_wp_next_group(struct page_wp *prev)
{
	struct folio *folio = prev ? prev->folio : NULL;
	struct page_wp *group;

	spin_lock_irq(&page_wp_lock);
	group = prev ?: list_entry(&page_wp_groups, struct page_wp, list);
	list_for_each_entry_continue(group, &page_wp_groups, list) {
		/* Frozen: reclaim or a writer takes it apart right now. */
		if (!folio_try_get(group->folio))
			continue;
		if (folio_trylock(group->folio))
			goto found;
		/* Not the last one: those of its slots go after the group. */
		folio_put(group->folio);
	}
	group = NULL;
found:
	spin_unlock_irq(&page_wp_lock);
	if (folio) {
		folio_unlock(folio);
		folio_put(folio);
	}
	cond_resched();
	return group;
}

static atomic_long_t page_wp_changes;

/**
 * page_wp_changed - a slot takes or leaves a shared folio
 *
 * Context: Interrupts are off until groups and counters agree again.
 */
void page_wp_changed(void)
{
	lockdep_assert_irqs_disabled();
	/* With the barriers that go with a result: see page_wp_audit_counters(). */
	atomic_long_inc_return(&page_wp_changes);
}

/* Do the groups add up to the counters?  Returns false if they do not hold still. */
static bool page_wp_audit_counters(long *folios, long *slots)
{
	long changes = atomic_long_read(&page_wp_changes);
	long counted_folios, counted_slots, counted_alone;
	struct page_wp *group;
	long alone = 0;

	*folios = 0;
	*slots = 0;
	/* What was counted in @changes is complete then. */
	synchronize_rcu_expedited();
	spin_lock_irq(&page_wp_lock);
	list_for_each_entry(group, &page_wp_groups, list) {
		++*folios;
		*slots += READ_ONCE(group->nr_slots);
		alone += page_wp_alone(group);
	}
	spin_unlock_irq(&page_wp_lock);
	counted_folios = atomic_long_read(&page_wp_stats.folios);
	counted_slots = atomic_long_read(&page_wp_stats.slots);
	counted_alone = atomic_long_read(&page_wp_stats.alone);
	/* Who changes any of it has said so before. */
	smp_rmb();
	if (atomic_long_read(&page_wp_changes) != changes)
		return false;
	WARN(counted_folios != *folios || counted_slots != *slots || counted_alone != alone,
	     "page_wp: %ld groups have %ld slots, %ld one each for replicas, but %ld, %ld and %ld were counted\n",
	     *folios, *slots, alone, counted_folios, counted_slots, counted_alone);
	return true;
}

/**
 * page_wp_sweep - audit all groups
 * @m: Where to say what was audited, or NULL.
 *
 * Warns of what is wrong; passes over folios that are locked.
 *
 * Context: May sleep; no folio lock held.
 */
void page_wp_sweep(struct seq_file *m)
{
	struct page_wp *group = NULL;
	long audited = 0, folios, slots;
	bool still = false;
	int i;

	while ((group = page_wp_next_group(group))) {
		page_wp_audit(group);
		audited++;
	}
	for (i = 0; i < 10 && !still; i++)
		still = page_wp_audit_counters(&folios, &slots);
	if (m)
		seq_printf(m, "%ld groups audited; there are %ld with %ld slots, counters %s\n",
			   audited, folios, slots, still ? "compared" : "in motion");
}

static int page_wp_sweep_show(struct seq_file *m, void *unused)
{
	page_wp_sweep(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(page_wp_sweep);

static void *page_wp_groups_start(struct seq_file *m, loff_t *pos)
{
	struct page_wp *group = page_wp_next_group(NULL);
	loff_t i;

	for (i = 0; group && i < *pos; i++)
		group = page_wp_next_group(group);
	return group;
}

static void *page_wp_groups_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return page_wp_next_group(v);
}

static void page_wp_groups_stop(struct seq_file *m, void *v)
{
	struct page_wp *group = v;
	struct folio *folio;

	if (!group)
		return;
	folio = group->folio;
	folio_unlock(folio);
	folio_put(folio);
}

static void page_wp_show_replicas(struct seq_file *m, struct page_wp *group)
{
#ifdef CONFIG_NUMA_REPLICATE
	int nid;

	for_each_node(nid) {
		struct folio *replica = page_wp_trylock_replica(group, nid);

		if (!replica)
			continue;
		seq_printf(m, " replica pfn 0x%lx mapped %d", folio_pfn(replica),
			   folio_mapcount(replica));
		folio_unlock(replica);
		folio_put(replica);
	}
#endif
}

static int page_wp_groups_show(struct seq_file *m, void *v)
{
	struct page_wp *group = v;
	const struct page_wp_slot *slots = page_wp_slots(group);
	struct folio *folio = group->folio;
	int mapped = folio_mapcount(folio);
	unsigned int i;

	seq_printf(m, "pfn 0x%lx refs %d expected %u mapped %d hash %016llx slots %u:",
		   folio_pfn(folio), folio_ref_count(folio) - 1,
		   group->nr_slots + mapped, mapped, group->hash, group->nr_slots);
	for (i = 0; i < group->nr_slots; i++) {
		const struct inode *inode = slots[i].mapping->host;

		seq_printf(m, " (%u:%u:%lu, %lu)", MAJOR(inode->i_sb->s_dev),
			   MINOR(inode->i_sb->s_dev), inode->i_ino, slots[i].index);
	}
	page_wp_show_replicas(m, group);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations page_wp_groups_sops = {
	.start	= page_wp_groups_start,
	.next	= page_wp_groups_next,
	.stop	= page_wp_groups_stop,
	.show	= page_wp_groups_show,
};
DEFINE_SEQ_ATTRIBUTE(page_wp_groups);

#ifdef CONFIG_PAGE_WP_READ_ONLY
bool page_wp_ro __ro_after_init;

/**
 * page_wp_map_ro - make a shared folio read-only in the direct map
 * @folio: The folio.
 *
 * Whoever writes to it inside the kernel dies with his stack.  Without memory to split
 * a large page of the direct map it stays as it is.
 *
 * Context: @folio is locked.  May sleep; interrupts are on.
 */
void page_wp_map_ro(struct folio *folio)
{
	unsigned long addr = (unsigned long)folio_address(folio);
	unsigned int level;
	pte_t *pte;

	if (!page_wp_ro)
		return;
	lookup_address(addr, &level);
	if (level != PG_LEVEL_4K && set_memory_4k(addr, 1))
		return;
	pte = lookup_address(addr, &level);
	set_pte(pte, pte_clear_flags(*pte, _PAGE_RW | _PAGE_DIRTY));
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
}

/**
 * page_wp_map_rw - make a folio writable in the direct map again
 * @folio: The folio, which is about to leave its group.
 *
 * No other CPU needs to hear of it: see spurious_kernel_fault().
 *
 * Context: Any; @folio is locked.
 */
void page_wp_map_rw(struct folio *folio)
{
	unsigned long addr = (unsigned long)folio_address(folio);
	unsigned int level;
	pte_t *pte;

	if (!page_wp_ro)
		return;
	pte = lookup_address(addr, &level);
	if (level != PG_LEVEL_4K)
		return;
	set_pte(pte, pte_set_flags(*pte, _PAGE_RW | _PAGE_DIRTY));
	flush_tlb_one_kernel(addr);
}
#endif

/* Who used the context of a shared folio, by return address; never shrinks. */
static struct page_wp_site {
	unsigned long ip;
	atomic_long_t hits;
} page_wp_sites[256];

/**
 * page_wp_context_used - count a contextual accessor that met a shared folio
 *
 * Shown by debugfs, page_wp/contexts; of more than 256 places the rest is lost.
 *
 * Context: Any.
 */
noinline void page_wp_context_used(void)
{
	unsigned long ip = _RET_IP_;
	int i;

	for (i = 0; i < ARRAY_SIZE(page_wp_sites); i++) {
		unsigned long old = READ_ONCE(page_wp_sites[i].ip);

		if (!old)
			old = cmpxchg(&page_wp_sites[i].ip, 0, ip);
		if (!old || old == ip) {
			atomic_long_inc(&page_wp_sites[i].hits);
			return;
		}
	}
}
EXPORT_SYMBOL_GPL(page_wp_context_used);

/**
 * page_wp_context_hits - how often has a contextual accessor met a shared folio?
 *
 * Return: How often, in all places.
 */
long page_wp_context_hits(void)
{
	long hits = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(page_wp_sites); i++)
		hits += atomic_long_read(&page_wp_sites[i].hits);
	return hits;
}

static int page_wp_contexts_show(struct seq_file *m, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(page_wp_sites); i++) {
		unsigned long ip = READ_ONCE(page_wp_sites[i].ip);

		if (!ip)
			break;
		seq_printf(m, "%ld %pS\n",
			   atomic_long_read(&page_wp_sites[i].hits), (void *)ip);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(page_wp_contexts);

static int __init page_wp_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("page_wp", NULL);

	debugfs_create_file("contexts", 0400, dir, NULL, &page_wp_contexts_fops);
	debugfs_create_file("groups", 0400, dir, NULL, &page_wp_groups_fops);
	debugfs_create_file("sweep", 0400, dir, NULL, &page_wp_sweep_fops);
	return 0;
}
late_initcall(page_wp_debugfs_init);
