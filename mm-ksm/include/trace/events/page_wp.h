/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM page_wp

#if !defined(_TRACE_PAGE_WP_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_PAGE_WP_H

#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/tracepoint.h>

/* Units: index in pages, slots in page-cache entries. */
DECLARE_EVENT_CLASS(page_wp_slot,

	TP_PROTO(struct address_space *mapping, pgoff_t index,
		 struct folio *shared, struct folio *own, unsigned int slots),

	TP_ARGS(mapping, index, shared, own, slots),

	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(unsigned long, ino)
		__field(pgoff_t, index)
		__field(unsigned long, shared)
		__field(unsigned long, own)
		__field(unsigned int, slots)
	),

	TP_fast_assign(
		__entry->dev = mapping->host->i_sb->s_dev;
		__entry->ino = mapping->host->i_ino;
		__entry->index = index;
		__entry->shared = folio_pfn(shared);
		__entry->own = own ? folio_pfn(own) : 0;
		__entry->slots = slots;
	),

	TP_printk("dev %d:%d ino %lu index %lu shared pfn 0x%lx own pfn 0x%lx slots %u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino,
		  __entry->index, __entry->shared, __entry->own, __entry->slots)
);

/* A slot gave up @own and holds @shared now; @slots hold it after that. */
DEFINE_EVENT(page_wp_slot, page_wp_merge,
	TP_PROTO(struct address_space *mapping, pgoff_t index,
		 struct folio *shared, struct folio *own, unsigned int slots),
	TP_ARGS(mapping, index, shared, own, slots)
);

/* A slot left @shared and got @own; both are the same if the group dissolved. */
DEFINE_EVENT(page_wp_slot, page_wp_break,
	TP_PROTO(struct address_space *mapping, pgoff_t index,
		 struct folio *shared, struct folio *own, unsigned int slots),
	TP_ARGS(mapping, index, shared, own, slots)
);

/* Truncation, invalidation or reclaim took @shared out of a slot. */
DEFINE_EVENT(page_wp_slot, page_wp_drop,
	TP_PROTO(struct address_space *mapping, pgoff_t index,
		 struct folio *shared, struct folio *own, unsigned int slots),
	TP_ARGS(mapping, index, shared, own, slots)
);

#endif /* _TRACE_PAGE_WP_H */

#include <trace/define_trace.h>
