/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_NUMA_REPLICATE_H
#define _LINUX_NUMA_REPLICATE_H
/*
 * Copies of read-only pages of files on the nodes that use them; see the top of
 * mm/numa_replicate.c.
 */

#include <linux/jump_label.h>
#include <linux/mm_types.h>

struct vm_fault;

/**
 * enum numa_drop - why a replica is dropped
 * @NUMA_DROP_WRITE: Somebody writes to the page.
 * @NUMA_DROP_TRUNCATE: The page is truncated or invalidated.
 * @NUMA_DROP_RECLAIM: Its memory is needed, or that of the page.
 * @NUMA_DROP_CAP: There are more than there should be, or none are wanted any more.
 * @NUMA_DROP_OTHER: The page merges with another one, or the memory is bad.
 * @NR_NUMA_DROP: How many reasons there are.
 */
enum numa_drop {
	NUMA_DROP_WRITE,
	NUMA_DROP_TRUNCATE,
	NUMA_DROP_RECLAIM,
	NUMA_DROP_CAP,
	NUMA_DROP_OTHER,
	NR_NUMA_DROP,
};

#ifdef CONFIG_NUMA_REPLICATE

DECLARE_STATIC_KEY_FALSE(numa_replicate_key);

int numa_replicate_node(void);
bool __numa_replicate_vma(struct vm_area_struct *vma);
int numa_replicate_madvise(struct vm_area_struct *vma, int advice, unsigned long *vm_flags);
int numa_replicate_prctl(bool set, unsigned long value, bool rest);
bool __numa_replicate_far(struct vm_area_struct *vma, unsigned long addr, struct folio *folio);
bool __numa_replicate_hint(struct vm_fault *vmf, struct folio *folio);
bool __numa_replicate_later(struct vm_area_struct *vma, unsigned long addr,
			    struct folio *folio);
vm_fault_t __numa_replicate_fault(struct vm_fault *vmf);
void numa_replicate_created(int nid);
void numa_replicate_dropped(int nid, enum numa_drop why);
void numa_replicate_written(struct address_space *mapping, pgoff_t index);

/**
 * numa_replicate_used - has replication ever been enabled?
 *
 * Return: false as long as there can be no replica; a patched branch.
 */
static inline bool numa_replicate_used(void)
{
	return static_branch_unlikely(&numa_replicate_key);
}

/**
 * numa_replicate_vma - are the pages of a VMA to be replicated?
 * @vma: The VMA.
 *
 * Context: The mmap_lock or the lock of @vma is held.
 * Return: true if it maps a file, and may have replicas.
 */
static inline bool numa_replicate_vma(struct vm_area_struct *vma)
{
	return numa_replicate_used() && __numa_replicate_vma(vma);
}

/**
 * numa_replicate_far - would a replica be nearer than what is mapped?
 * @vma: The VMA.
 * @addr: An address in it.
 * @folio: What is mapped there.
 *
 * Context: The page table lock is held.
 * Return: true if @folio is on another node than this CPU, and may be replicated here.
 */
static inline bool numa_replicate_far(struct vm_area_struct *vma, unsigned long addr,
				      struct folio *folio)
{
	return numa_replicate_used() && __numa_replicate_far(vma, addr, folio);
}

/**
 * numa_replicate_hint - unmap what is far, so that the next access finds what is near
 * @vmf: A NUMA hinting fault, whose page table lock is held.
 * @folio: What is mapped.
 *
 * Return: true if the fault is done, and the page table lock released.
 */
static inline bool numa_replicate_hint(struct vm_fault *vmf, struct folio *folio)
{
	return numa_replicate_used() && __numa_replicate_hint(vmf, folio);
}

/**
 * numa_replicate_later - leave a page to a fault of its own?
 * @vma: The VMA that a fault is in.
 * @addr: An address around that of the fault.
 * @folio: The page that is going to be mapped there, locked.
 *
 * Context: The page table lock is held.
 * Return: true if a fault may make a replica for this node.
 */
static inline bool numa_replicate_later(struct vm_area_struct *vma, unsigned long addr,
					struct folio *folio)
{
	return numa_replicate_used() && __numa_replicate_later(vma, addr, folio);
}

/**
 * numa_replicate_fault - replicate the page that a read fault is going to map
 * @vmf: The fault; vmf->page is locked, and the caller has the reference that is going to
 *	be that of the page table entry.
 *
 * Context: May sleep.
 * Return: 0, or %VM_FAULT_NOPAGE if the page must not be mapped.
 */
static inline vm_fault_t numa_replicate_fault(struct vm_fault *vmf)
{
	return numa_replicate_used() ? __numa_replicate_fault(vmf) : 0;
}

#else /* !CONFIG_NUMA_REPLICATE */

static inline bool numa_replicate_used(void)
{
	return false;
}

static inline bool numa_replicate_vma(struct vm_area_struct *vma)
{
	return false;
}

static inline bool numa_replicate_far(struct vm_area_struct *vma, unsigned long addr,
				      struct folio *folio)
{
	return false;
}

static inline bool numa_replicate_hint(struct vm_fault *vmf, struct folio *folio)
{
	return false;
}

static inline bool numa_replicate_later(struct vm_area_struct *vma, unsigned long addr,
					struct folio *folio)
{
	return false;
}

static inline vm_fault_t numa_replicate_fault(struct vm_fault *vmf)
{
	return 0;
}

#endif /* CONFIG_NUMA_REPLICATE */

#endif /* _LINUX_NUMA_REPLICATE_H */
