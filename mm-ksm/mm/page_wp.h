/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_PAGE_WP_H
#define _MM_PAGE_WP_H
/*
 * What users of generic page write protection inside mm need: who merges pages; and
 * what a group is.  See mm/page_wp.c; the rest of the kernel includes linux/page_wp.h.
 */

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/numa_replicate.h>
#include <linux/page_wp.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/swap.h>

struct seq_file;

/**
 * struct page_wp_stats - what the mechanism holds and has done
 * @folios: shared folios (groups)
 * @slots: page-cache slots that hold a shared folio; @slots - @folios is the
 *	number of pages saved
 * @alone: those of @folios that stand in one slot, and are there for their replicas
 * @broken: slots broken so far, by copy or by dissolving the group
 * @bytes: memory that groups and slot lists occupy, in bytes
 */
struct page_wp_stats {
	atomic_long_t folios;
	atomic_long_t slots;
	atomic_long_t alone;
	atomic_long_t broken;
	atomic_long_t bytes;
};

extern struct page_wp_stats page_wp_stats;

/**
 * struct page_wp_slot - one page-cache entry that holds a shared folio
 * @mapping: The file; alive as long as the slot is listed.
 * @index: The index in it.
 */
struct page_wp_slot {
	struct address_space *mapping;
	pgoff_t index;
};

/* What most groups are is a pair. */
#define PAGE_WP_MIN_SLOTS	2

/**
 * struct page_wp_replicas - copies of a shared folio on other nodes
 * @list: All that there are, under page_wp_lock.
 * @group: The group.
 * @folio: One by node, where it is, or NULL; there are nr_node_ids of them.
 *
 * An entry is set under the lock of the group, and changed or cleared under the lock of
 * the replica; page_wp_lock is held as well.  The group has one reference on each.
 */
struct page_wp_replicas {
	struct list_head list;
	struct page_wp *group;
	struct folio *folio[];
};

/**
 * struct page_wp - a group: the slots that share one folio
 * @folio: The folio.
 * @nr_slots: How many slots there are; as many references on @folio are theirs.
 * @max_slots: How many slots there is room for.
 * @list: All groups, under page_wp_lock.
 * @rcu: For freeing.
 * @pair: The slots, in no order, if @max_slots is %PAGE_WP_MIN_SLOTS.
 * @array: The slots otherwise.
 * @replicas: Copies on other nodes, or NULL if there never was one.
 * @hash: Hash of the content, which must never change.
 *
 * All but @list is protected by the lock of @folio.  The slots change only while the
 * replicas are locked, too, so that who has locked a replica may look at them.
 */
struct page_wp {
	struct folio *folio;
	unsigned int nr_slots;
	unsigned int max_slots;
	union {
		struct list_head list;
		struct rcu_head rcu;
	};
	union {
		struct page_wp_slot pair[PAGE_WP_MIN_SLOTS];
		struct page_wp_slot *array;
	};
#ifdef CONFIG_NUMA_REPLICATE
	struct page_wp_replicas *replicas;
#endif
#ifdef CONFIG_PAGE_WP_DEBUG
	u64 hash;
#endif
};

extern spinlock_t page_wp_lock;
extern struct list_head page_wp_groups;

/* Where slots beyond a pair are, or NULL. */
static inline struct page_wp_slot *page_wp_array(struct page_wp *group)
{
	return group->max_slots > PAGE_WP_MIN_SLOTS ? group->array : NULL;
}

static inline struct page_wp_slot *page_wp_slots(struct page_wp *group)
{
	return page_wp_array(group) ?: group->pair;
}

/* Is it there for the sake of replicas alone, or was? */
static inline bool page_wp_alone(const struct page_wp *group)
{
#ifdef CONFIG_NUMA_REPLICATE
	return group->nr_slots == 1 && group->replicas;
#else
	return false;
#endif
}

bool page_wp_permitted(void);
int page_wp_enable(void);
bool page_wp_permits(struct address_space *mapping);
bool page_wp_eligible(struct folio *folio);
int page_wp_can_join(struct folio *to, unsigned int max_slots);
int page_wp_merge(struct folio *to, struct folio *from,
		  unsigned int max_slots);
int page_wp_try_dissolve(struct folio *folio);
u64 page_wp_hash(struct page *page);
bool page_wp_unused(struct folio *folio);
void page_wp_swap_slot(struct address_space *mapping, pgoff_t index,
		       struct folio *folio, void *entry);
struct folio *page_wp_alloc_swapped(struct folio *folio,
				    struct address_space *mapping, pgoff_t index,
				    gfp_t gfp, struct mm_struct *mm);
int page_wp_copy_swapped(struct folio *new, struct folio *folio);

#ifdef CONFIG_PAGE_WP_DEBUG
void page_wp_verify(struct page_wp *group);
void page_wp_changed(void);
void page_wp_sweep(struct seq_file *m);
long page_wp_context_hits(void);

static inline void page_wp_set_hash(struct page_wp *group)
{
	group->hash = page_wp_hash(&group->folio->page);
}
#else
static inline void page_wp_verify(struct page_wp *group)
{
}

static inline void page_wp_changed(void)
{
}

static inline void page_wp_sweep(struct seq_file *m)
{
}

static inline void page_wp_set_hash(struct page_wp *group)
{
}
#endif

#ifdef CONFIG_PAGE_WP_READ_ONLY
extern bool page_wp_ro;

void page_wp_map_ro(struct folio *folio);
void page_wp_map_rw(struct folio *folio);
#else
static inline void page_wp_map_ro(struct folio *folio)
{
}

static inline void page_wp_map_rw(struct folio *folio)
{
}
#endif

#ifdef CONFIG_SHMEM
struct folio *shmem_alloc_copy(struct address_space *mapping, pgoff_t index,
			       gfp_t gfp);
void shmem_swap_slot(struct address_space *mapping, pgoff_t index,
		     struct folio *folio, swp_entry_t swap);
#else
static inline struct folio *shmem_alloc_copy(struct address_space *mapping,
					     pgoff_t index, gfp_t gfp)
{
	return NULL;
}

static inline void shmem_swap_slot(struct address_space *mapping, pgoff_t index,
				   struct folio *folio, swp_entry_t swap)
{
}
#endif

#ifdef CONFIG_PAGE_WP
int page_wp_break_all(void);
int page_wp_break_range(struct address_space *mapping, pgoff_t first,
			pgoff_t last);
void page_wp_unshare(struct address_space *mapping);
void page_wp_drop_index(struct address_space *mapping, pgoff_t index);
int __page_wp_break_lookup(struct address_space *mapping, pgoff_t index,
			   struct folio *folio, fgf_t fgp_flags, gfp_t gfp);
struct folio *__page_wp_get_partial(struct address_space *mapping, pgoff_t index);
#else
static inline int page_wp_break_all(void)
{
	return 0;
}

static inline int page_wp_break_range(struct address_space *mapping,
				      pgoff_t first, pgoff_t last)
{
	return 0;
}

static inline void page_wp_drop_index(struct address_space *mapping,
				      pgoff_t index)
{
}

static inline int __page_wp_break_lookup(struct address_space *mapping, pgoff_t index,
					 struct folio *folio, fgf_t fgp_flags, gfp_t gfp)
{
	return 0;
}

static inline struct folio *__page_wp_get_partial(struct address_space *mapping,
						  pgoff_t index)
{
	return NULL;
}
#endif

/**
 * page_wp_break_lookup - break a slot for a lookup that wants its folio locked
 * @mapping: The file.
 * @index: The slot's index.
 * @folio: What was found there, with a reference; it may be exclusive.
 * @fgp_flags: How it was looked up; they say what the copy may cost, too.
 * @gfp: How the lookup allocates.
 *
 * Context: See page_wp_break().
 * Return: See page_wp_break().
 */
static inline int page_wp_break_lookup(struct address_space *mapping, pgoff_t index,
				       struct folio *folio, fgf_t fgp_flags, gfp_t gfp)
{
	return page_wp_used() ?
	       __page_wp_break_lookup(mapping, index, folio, fgp_flags, gfp) : 0;
}

/**
 * page_wp_get_partial - get the folio of which a part is going to be zeroed
 * @mapping: A file that is truncated, or gets a hole.
 * @index: The index at the edge of that.
 *
 * A shared folio must not be zeroed: it is dropped, since it is clean and the filesystem
 * zeroes the block on disk.
 *
 * Context: May sleep.
 * Return: The locked exclusive folio, with a reference, or -ENOENT.
 */
static inline struct folio *page_wp_get_partial(struct address_space *mapping,
						pgoff_t index)
{
	return page_wp_used() ? __page_wp_get_partial(mapping, index) :
	       __filemap_get_folio(mapping, index, FGP_LOCK, 0);
}

#ifdef CONFIG_NUMA_REPLICATE
int page_wp_replicate(struct folio *folio, struct folio *new);
bool page_wp_has_near(struct folio *folio, int nid);
long page_wp_shrink_replicas(int nid, long nr, enum numa_drop why);
int page_wp_dissolve_alone(bool mapped);
struct folio *page_wp_trylock_replica(struct page_wp *group, int nid);
bool __page_wp_set_near(struct vm_fault *vmf, struct folio *folio, unsigned long addr);
bool __page_wp_is_replica(struct folio *folio);

/**
 * page_wp_set_near - map what is near in place of a folio
 * @vmf: The fault.
 * @folio: The folio that was found in the page cache, locked.
 * @addr: Where to map it.
 *
 * Context: Under the page table lock.
 * Return: true if the replica on the node of this CPU is mapped there, in place of which the
 * caller has lost its reference on @folio.
 */
static inline bool page_wp_set_near(struct vm_fault *vmf, struct folio *folio,
				    unsigned long addr)
{
	return numa_replicate_used() && folio_is_wp(folio) &&
	       __page_wp_set_near(vmf, folio, addr);
}

/**
 * page_wp_is_replica - is this folio a copy for one node?
 * @folio: The folio, locked.
 *
 * Return: true if it belongs to a group, but stands in no slot itself.
 */
static inline bool page_wp_is_replica(struct folio *folio)
{
	return numa_replicate_used() && folio_is_wp(folio) && __page_wp_is_replica(folio);
}
#else
static inline bool page_wp_set_near(struct vm_fault *vmf, struct folio *folio,
				    unsigned long addr)
{
	return false;
}

static inline bool page_wp_is_replica(struct folio *folio)
{
	return false;
}
#endif

/* Does a swap entry count the slots that wait for it? */
static inline bool page_wp_swap_counted(swp_entry_t swap)
{
	return page_wp_used() && __swap_count(swap) != SWAP_MAP_SHMEM;
}

/*
 * Must a slot take a copy of the folio, which is locked?  Others may wait for it;
 * or somebody has a reference who came by another slot of the same file, and would
 * take it for the page of that one as soon as it has the mapping again.
 */
static inline bool page_wp_swap_copies(struct folio *folio, swp_entry_t swap)
{
	return page_wp_swap_counted(swap) &&
	       (__swap_count(swap) > 1 || folio_ref_count(folio) != 2);
}

#ifdef CONFIG_MMU
/**
 * page_wp_pte - a page table entry, write-protected if the folio is shared
 * @folio: The folio, or NULL.
 * @pte: What is going to map it.
 *
 * Where nobody asks to be told of writes to a mapping, as in tmpfs, the protection
 * of a VMA alone makes its pages writable.
 *
 * Context: @folio is locked, or mapped under the page table lock, which keeps it
 * shared or exclusive.
 * Return: @pte, not writable if @folio is shared.
 */
static inline pte_t page_wp_pte(const struct folio *folio, pte_t pte)
{
	return page_wp_used() && folio && folio_is_wp(folio) ? pte_wrprotect(pte) : pte;
}

/**
 * page_wp_pte_at - a page table entry, write-protected if its folio is shared
 * @vma: The VMA.
 * @addr: The address in it.
 * @pte: What is going to stand there in place of an entry that maps the same folio.
 *
 * Context: Page table lock held.
 * Return: @pte, not writable if the folio is shared.
 */
static inline pte_t page_wp_pte_at(struct vm_area_struct *vma, unsigned long addr,
				   pte_t pte)
{
	if (!page_wp_used() || !pte_write(pte))
		return pte;
	return page_wp_pte(vm_normal_folio(vma, addr, pte), pte);
}
#endif /* CONFIG_MMU */

#endif /* _MM_PAGE_WP_H */
