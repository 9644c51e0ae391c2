/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_PAGE_WP_H
#define _MM_PAGE_WP_H
/*
 * What users of generic page write protection inside mm need: who merges pages.
 * See mm/page_wp.c; the rest of the kernel includes linux/page_wp.h.
 */

#include <linux/atomic.h>
#include <linux/page_wp.h>

/**
 * struct page_wp_stats - what the mechanism holds and has done
 * @folios: shared folios (groups)
 * @slots: page-cache slots that hold a shared folio; @slots - @folios is the
 *	number of pages saved
 * @broken: slots broken so far, by copy or by dissolving the group
 * @bytes: memory that groups and slot lists occupy, in bytes
 */
struct page_wp_stats {
	atomic_long_t folios;
	atomic_long_t slots;
	atomic_long_t broken;
	atomic_long_t bytes;
};

extern struct page_wp_stats page_wp_stats;

bool page_wp_permitted(void);
int page_wp_enable(void);
bool page_wp_eligible(struct folio *folio);
int page_wp_can_join(struct folio *to, unsigned int nr, unsigned int max_slots);
int page_wp_merge(struct folio *to, struct folio *from,
		  unsigned int max_slots);
int page_wp_break_range(struct address_space *mapping, pgoff_t first,
			pgoff_t last);
int page_wp_try_dissolve(struct folio *folio);
u64 page_wp_hash(struct page *page);

#ifdef CONFIG_PAGE_WP
int page_wp_break_all(void);
#else
static inline int page_wp_break_all(void)
{
	return 0;
}
#endif

#endif /* _MM_PAGE_WP_H */
