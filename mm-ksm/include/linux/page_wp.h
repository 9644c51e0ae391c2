/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PAGE_WP_H
#define _LINUX_PAGE_WP_H
/*
 * Generic page write protection: one folio may stand in many page-cache slots.
 * See Documentation/mm/page_wp.rst; the overview and the lock order stand at
 * the top of mm/page_wp.c.
 */

#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/mmdebug.h>
#include <linux/page-flags.h>

struct address_space;
struct mem_cgroup;
struct vm_area_struct;

#ifdef CONFIG_PAGE_WP

DECLARE_STATIC_KEY_FALSE(page_wp_key);
extern struct address_space page_wp_mapping;

/**
 * folio_is_wp - is this folio shared, i.e. does it belong to a group?
 * @folio: The folio.
 *
 * Context: Stable while the folio is locked.  A reference alone keeps an
 * exclusive folio exclusive, and keeps a shared folio's content unchanged, but
 * the last slot may be dropped meanwhile.
 * Return: true if it is shared.
 */
static inline bool folio_is_wp(const struct folio *folio)
{
	if (!static_branch_unlikely(&page_wp_key))
		return false;
	/* What it has instead, once it is exclusive again, was stored before. */
	return smp_load_acquire(&folio->mapping) == &page_wp_mapping;
}

int __page_wp_break(struct address_space *mapping, pgoff_t index,
		    struct folio *folio, gfp_t gfp);
int page_wp_break_user(unsigned long address);
vm_fault_t page_wp_break_fault(struct vm_fault *vmf, struct folio *folio);
bool __page_wp_drop_slot(struct address_space *mapping, pgoff_t index,
			 struct folio *folio);
unsigned long __page_wp_drop_range(struct address_space *mapping,
				   pgoff_t first, pgoff_t last, bool unused);
void page_wp_drop(struct folio *folio);
bool __page_wp_in_slot(const struct folio *folio, struct address_space *mapping,
		       pgoff_t index);
bool page_wp_slot(struct folio *folio, unsigned int n,
		  struct address_space **mapping, pgoff_t *index);
bool page_wp_reclaim(struct folio *folio, struct mem_cgroup *target_memcg);

/**
 * folio_in_slot - a reader's check after locking a folio that it looked up
 * @folio: The locked folio.
 * @mapping: Where it was looked up.
 * @index: The index at which it was looked up.
 *
 * The slot is the truth: a shared folio has no owner, so what counts is that
 * @mapping still holds it at @index.  Only for callers that do not write to the
 * folio, dirty it, map it writable or hand it to someone who may.
 *
 * Context: @folio is locked.
 * Return: true if @folio still is the page of (@mapping, @index).
 */
static inline bool folio_in_slot(const struct folio *folio,
				 struct address_space *mapping, pgoff_t index)
{
	return folio->mapping == mapping ||
	       (folio_is_wp(folio) && __page_wp_in_slot(folio, mapping, index));
}

#else /* !CONFIG_PAGE_WP */

static inline bool folio_is_wp(const struct folio *folio)
{
	return false;
}

static inline int __page_wp_break(struct address_space *mapping, pgoff_t index,
				  struct folio *folio, gfp_t gfp)
{
	return 0;
}

static inline int page_wp_break_user(unsigned long address)
{
	return 0;
}

static inline vm_fault_t page_wp_break_fault(struct vm_fault *vmf,
					     struct folio *folio)
{
	return 0;
}

static inline bool __page_wp_drop_slot(struct address_space *mapping,
				       pgoff_t index, struct folio *folio)
{
	return false;
}

static inline unsigned long __page_wp_drop_range(struct address_space *mapping,
						 pgoff_t first, pgoff_t last,
						 bool unused)
{
	return 0;
}

static inline bool folio_in_slot(const struct folio *folio,
				 struct address_space *mapping, pgoff_t index)
{
	return folio->mapping == mapping;
}

static inline void page_wp_drop(struct folio *folio)
{
}

static inline bool page_wp_slot(struct folio *folio, unsigned int n,
				struct address_space **mapping, pgoff_t *index)
{
	return false;
}

static inline bool page_wp_reclaim(struct folio *folio,
				   struct mem_cgroup *target_memcg)
{
	return false;
}

#endif /* CONFIG_PAGE_WP */

/**
 * page_wp_used - has a page ever been shared since boot?
 *
 * Return: false as long as no folio can be shared; a patched branch.
 */
static inline bool page_wp_used(void)
{
#ifdef CONFIG_PAGE_WP
	return static_branch_unlikely(&page_wp_key);
#else
	return false;
#endif
}

/**
 * folio_in_mapping_excl - a writer's check after locking a folio
 * @folio: The locked folio.
 * @mapping: Where it was looked up.
 *
 * Context: @folio is locked.
 * Return: true if @folio belongs to @mapping alone, so that it may be modified.
 */
static inline bool
folio_in_mapping_excl(const struct folio *folio,
		      const struct address_space *mapping)
{
	return likely(folio->mapping == mapping);
}

/**
 * page_wp_break - give one slot an exclusive folio if it holds a shared one
 * @mapping: The file.
 * @index: The slot's index.
 * @folio: The folio that was found there; the caller has a reference.
 * @gfp: How to allocate the copy; if it does not allow blocking, a shared slot
 *	yields -EAGAIN.
 *
 * Afterwards the caller looks the slot up again.
 *
 * Context: May sleep.  The caller does not hold the lock of a shared folio; that
 * of an exclusive one does no harm, since who holds the lock of a shared folio
 * never waits for another.
 * Return: 0 if (@mapping, @index) does not hold @folio as a shared folio any
 * more, -ENOMEM or -EAGAIN otherwise.
 */
static inline int page_wp_break(struct address_space *mapping, pgoff_t index,
				struct folio *folio, gfp_t gfp)
{
	if (!page_wp_used())
		return 0;
	return __page_wp_break(mapping, index, folio, gfp);
}

/**
 * page_wp_drop_slot - take a shared folio out of one slot
 * @mapping: The file.
 * @index: The slot's index.
 * @folio: The locked folio that was found there.
 *
 * For truncation and invalidation: neither allocates nor fails.  User mappings
 * of that slot, and of no other, are removed.
 *
 * Context: @folio is locked; takes i_mmap_rwsem, i_lock and the i_pages lock.
 * Return: true if @folio is shared, so that the caller has nothing left to do
 * with it; false if it is exclusive and nothing was done.
 */
static inline bool page_wp_drop_slot(struct address_space *mapping,
				     pgoff_t index, struct folio *folio)
{
	return folio_is_wp(folio) && __page_wp_drop_slot(mapping, index, folio);
}

/**
 * page_wp_evict_range - drop the unused shared slots of a range
 * @mapping: The file.
 * @first: First index.
 * @last: Last index, inclusive.
 *
 * The part of invalidate_mapping_pages() that deals with shared folios: slots
 * whose folio is locked, or that a VMA maps, stay.
 *
 * Context: May sleep; no folio lock held.
 * Return: Number of folios that have no slot any more.
 */
static inline unsigned long page_wp_evict_range(struct address_space *mapping,
						pgoff_t first, pgoff_t last)
{
	if (!page_wp_used())
		return 0;
	return __page_wp_drop_range(mapping, first, last, true);
}

/**
 * page_wp_drop_range - drop every shared slot of a range
 * @mapping: The file.
 * @first: First index.
 * @last: Last index, inclusive.
 *
 * Context: May sleep; no folio lock held.
 */
static inline void page_wp_drop_range(struct address_space *mapping,
				      pgoff_t first, pgoff_t last)
{
	if (page_wp_used())
		__page_wp_drop_range(mapping, first, last, false);
}

#ifdef CONFIG_PAGE_WP_DEBUG
void page_wp_context_used(void);
#else
static inline void page_wp_context_used(void)
{
}
#endif

/*
 * Accessors for the mapping and the index of a folio.
 *
 * The contextual ones (_ctx) take what the caller knows from its own context,
 * and use it only when the folio is shared.  That argument must never come out
 * of a folio.  The exclusive ones (_excl) are for places that a shared folio
 * cannot reach: it is locked for I/O or for writing, dirty, or under writeback.
 */

/**
 * folio_mapping_ctx - the mapping of a folio, given the context
 * @folio: The folio.
 * @mapping: The mapping through which the caller came to @folio.
 *
 * Return: @mapping if @folio is shared, else folio->mapping.
 */
static __always_inline struct address_space *
folio_mapping_ctx(const struct folio *folio, struct address_space *mapping)
{
	if (!folio_is_wp(folio))
		return folio->mapping;
	page_wp_context_used();
	return mapping;
}

/**
 * folio_mapping_excl - the mapping of a folio that cannot be shared here
 * @folio: The folio.
 *
 * Without the folio lock, truncation may clear it any time.
 *
 * Return: folio->mapping.
 */
static inline struct address_space *
folio_mapping_excl(const struct folio *folio)
{
	VM_WARN_ON_ONCE_FOLIO(folio_is_wp(folio), folio);
	return READ_ONCE(folio->mapping);
}

/**
 * folio_set_mapping - make a folio belong to a mapping
 * @folio: The locked folio.
 * @mapping: The mapping, or NULL.
 */
static inline void folio_set_mapping(struct folio *folio,
				     struct address_space *mapping)
{
	VM_WARN_ON_ONCE_FOLIO(folio_is_wp(folio), folio);
	folio->mapping = mapping;
}

/**
 * folio_set_index - store an index in a page that is not in the page cache
 * @folio: The folio.
 * @index: The index, or what the owner of the page keeps there.
 */
static inline void folio_set_index(struct folio *folio, pgoff_t index)
{
	VM_WARN_ON_ONCE_FOLIO(folio_is_wp(folio), folio);
	folio->index = index;
}

/**
 * folio_index_ctx - the index of a folio, given the context
 * @folio: The folio.
 * @index: The index at which the caller found @folio.
 *
 * Context: @folio is locked, or cannot leave its slot; a walk without the lock
 * uses folio_index_at().
 * Return: @index if @folio is shared, else folio->index.
 */
static __always_inline pgoff_t
folio_index_ctx(const struct folio *folio, pgoff_t index)
{
	if (!folio_is_wp(folio))
		return folio->index;
	page_wp_context_used();
	return index;
}

/**
 * folio_index_excl - the index of a folio that cannot be shared here
 * @folio: The folio.
 *
 * Return: folio->index.
 */
static inline pgoff_t folio_index_excl(const struct folio *folio)
{
	VM_WARN_ON_ONCE_FOLIO(folio_is_wp(folio), folio);
	return folio->index;
}

/**
 * folio_pos_ctx - the byte position of a folio, given the context
 * @folio: The folio.
 * @pos: The position of the slot at which the caller found @folio.
 *
 * Context: As for folio_index_ctx(); a walk without the lock uses folio_pos_at().
 * Return: @pos if @folio is shared, else the position of @folio.
 */
static __always_inline loff_t
folio_pos_ctx(const struct folio *folio, loff_t pos)
{
	if (!folio_is_wp(folio))
		return (loff_t)folio->index << PAGE_SHIFT;
	page_wp_context_used();
	return pos;
}

/**
 * folio_pos_excl - the byte position of a folio that cannot be shared here
 * @folio: The folio.
 *
 * Return: The position of @folio.
 */
static inline loff_t folio_pos_excl(const struct folio *folio)
{
	VM_WARN_ON_ONCE_FOLIO(folio_is_wp(folio), folio);
	return (loff_t)folio->index << PAGE_SHIFT;
}

/*
 * What a lockless walker needs.  It has a reference but no lock, so slots come
 * and go under it, and the answers must not depend on when it asks: shared
 * folios are of order 0, so that the index where it found one is enough, and an
 * index in a folio is only good as long as the folio is the mapping's own.
 */

#ifdef CONFIG_PAGE_WP
/**
 * folio_index_at - the index of a folio in a walk
 * @folio: The folio.
 * @index: An index at which the walk found @folio.
 *
 * Return: The index of the first slot of @folio.
 */
static inline pgoff_t folio_index_at(const struct folio *folio, pgoff_t index)
{
	return folio_test_large(folio) ? folio->index : index;
}
#else
/* A macro, so that an index that is not needed leaves no trace in the code. */
#define folio_index_at(f, i)	((void)sizeof(i), (f)->index)
#endif

/**
 * folio_next_index_at - the index behind a folio in a walk
 * @folio: The folio.
 * @index: An index at which the walk found @folio.
 *
 * Return: The index of the slot after @folio.
 */
static inline pgoff_t folio_next_index_at(const struct folio *folio,
					  pgoff_t index)
{
	return folio_index_at(folio, index) + folio_nr_pages(folio);
}

/**
 * folio_pos_at - the byte position of a folio in a walk
 * @folio: The folio.
 * @mapping: The mapping that is being walked.
 * @pos: Where the walk is.
 *
 * Return: The position of @folio in @mapping, or @pos if @mapping does not own
 * it.
 */
static inline loff_t folio_pos_at(const struct folio *folio,
				  const struct address_space *mapping,
				  loff_t pos)
{
	if (IS_ENABLED(CONFIG_PAGE_WP) && READ_ONCE(folio->mapping) != mapping)
		return pos;
	return (loff_t)folio->index << PAGE_SHIFT;
}

#endif /* _LINUX_PAGE_WP_H */
