/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KSM_FILE_H
#define _LINUX_KSM_FILE_H
/*
 * KSM for the page cache; see the top of mm/ksm_file.c.
 */

#include <linux/jump_label.h>
#include <linux/mm_types.h>
#include <linux/pagemap.h>
#include <linux/wait.h>

extern wait_queue_head_t ksm_thread_wait;

#ifdef CONFIG_KSM_FILE

DECLARE_STATIC_KEY_FALSE(ksm_file_key);

bool ksm_file_should_run(void);
void ksm_file_scan(unsigned int nr_pages, unsigned int max_sharing,
		   bool across_nodes);
bool ksm_file_vma(struct vm_area_struct *vma);
int ksm_file_enter_vma(struct vm_area_struct *vma);
int ksm_file_unmerge_vma(struct vm_area_struct *vma, unsigned long start,
			 unsigned long end);
void __ksm_file_exit(struct address_space *mapping);
void __ksm_file_forget(struct folio *folio);

/**
 * ksm_file_forget - the content of a page-cache folio may differ from now on
 * @folio: A folio that becomes dirty, or that enters the page cache.
 *
 * ksmd reads a page again only after this.  A call too few costs a merge, never
 * a wrong byte.
 *
 * Context: Any.
 */
static inline void ksm_file_forget(struct folio *folio)
{
	if (static_branch_unlikely(&ksm_file_key))
		__ksm_file_forget(folio);
}

/**
 * ksm_file_exit - the last user of a file is gone, and so is its inode
 * @mapping: The file.
 */
static inline void ksm_file_exit(struct address_space *mapping)
{
	if (test_bit(AS_KSM_FILE, &mapping->flags))
		__ksm_file_exit(mapping);
}

#else /* !CONFIG_KSM_FILE */

static inline bool ksm_file_should_run(void)
{
	return false;
}

static inline void ksm_file_scan(unsigned int nr_pages,
				 unsigned int max_sharing, bool across_nodes)
{
}

static inline bool ksm_file_vma(struct vm_area_struct *vma)
{
	return false;
}

static inline int ksm_file_enter_vma(struct vm_area_struct *vma)
{
	return 0;
}

static inline int ksm_file_unmerge_vma(struct vm_area_struct *vma,
				       unsigned long start, unsigned long end)
{
	return 0;
}

static inline void ksm_file_forget(struct folio *folio)
{
}

static inline void ksm_file_exit(struct address_space *mapping)
{
}

#endif /* CONFIG_KSM_FILE */

#endif /* _LINUX_KSM_FILE_H */
