// SPDX-License-Identifier: GPL-2.0
/*
 * KSM for file-backed pages: ksmd looks for equal pages in the page cache and
 * lets them share one folio (mm/page_wp.c).
 *
 * DOC: Overview
 *
 * What is scanned is a list of files, struct ksm_file.  With "always" in
 * /sys/kernel/mm/ksm/file every regular file of an adapted filesystem that has
 * pages in the cache comes onto it when a pass begins; otherwise those do of
 * which madvise(MADV_MERGEABLE) or PR_SET_MEMORY_MERGE marked a mapping, and
 * they stay as long as a VMA with VM_MERGEABLE maps them.  A listed file is not
 * pinned: its inode leaves the list when it is evicted.  While ksmd looks at a
 * file it holds the inode and, so that it is never found busy at unmount,
 * s_umount of its superblock, which it only tries to take.
 *
 * Nobody says when a page of tmpfs is written through a mapping, so those are
 * hashed in every pass, and are merged once their hash has not changed for one.
 *
 * What is known of a page is one 8-byte record, found by its page frame number:
 * a part of the hash of its content, and the next page frame in the same bucket
 * of a hash table.  Only ksmd links and unlinks records.  Whoever dirties a
 * page, or brings one into the cache, clears KSM_REC_SEEN in its record and
 * nothing more, so a clean page that did not change is never read again, and a
 * record that is out of date costs one comparison that fails.  The table is an
 * index of candidates, not of truth: pages are compared, locked and frozen,
 * before they are merged.
 *
 * DOC: Locks
 *
 *   ksm_file_store_mutex		(changes of the mode)
 *     ksm_file_mutex			(see below)
 *
 *   ksm_thread_mutex			(mm/ksm.c)
 *     ksm_file_mutex			(mode, records, pass)
 *       s_umount			(trylock)
 *         folio lock			(trylock, see mm/page_wp.c)
 *     ksm_file_lock			(list of files, cursor)
 *       s_umount			(trylock)
 *       inode->i_lock			(igrab)
 */

#include <linux/cleanup.h>
#include <linux/freezer.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/ksm_file.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/rhashtable.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/swap.h>
#include <linux/sysfs.h>
#include <linux/xarray.h>

#include "internal.h"
#include "page_wp.h"

/**
 * struct ksm_file - a file whose page cache is scanned
 * @mapping: The file; its AS_KSM_FILE is set as long as this exists.
 * @list: All of them, in the order in which they are scanned.
 * @rcu: For freeing.
 * @hash: Found by @mapping.
 * @advised: Passes for which it stays although no VMA with VM_MERGEABLE was
 *	found, since madvise() sets that flag after the file is listed; 0 if
 *	nobody advised it.
 */
struct ksm_file {
	struct address_space *mapping;
	union {
		struct list_head list;
		struct rcu_head rcu;
	};
	struct rhash_head hash;
	unsigned int advised;
};

/**
 * struct ksm_rec - what is known of a page frame that holds a page-cache page
 * @next: Next page frame in the bucket, 0 at its end.
 * @tag: Low bits of the hash, and the bits below.
 */
struct ksm_rec {
	u32 next;
	atomic_t tag;
};

#define KSM_REC_SEEN	BIT(31)		/* content is what was hashed */
#define KSM_REC_LINKED	BIT(30)		/* in the bucket that the tag names */
#define KSM_REC_RETRY	BIT(29)		/* a merge failed for now: come again */
#define KSM_REC_TAG	(BIT(29) - 1)

#define KSM_RECS	(PAGE_SIZE / sizeof(struct ksm_rec))

/**
 * struct ksm_rec_dir - where the records are
 * @nr: Length of @recs.
 * @rcu: For freeing, when a longer one has taken its place.
 * @recs: Pages of KSM_RECS records, by page frame number / KSM_RECS, or NULL.
 *
 * Whoever dirties a page looks here, so it has to be short; an XArray is not.
 * Page frame numbers that are recorded have 32 bits, so with pages of 4 KiB it is at
 * most 64 MiB, for 16 TiB.
 */
struct ksm_rec_dir {
	unsigned long nr;
	struct rcu_head rcu;
	struct ksm_rec *recs[] __counted_by(nr);
};

/*
 * How many candidates a page is compared with.  One with room mostly is at the
 * head of its bucket, since the page that starts a sibling is linked there.
 */
#define KSM_FILE_TRIES	8

/* How many pages are looked at with s_umount held. */
#define KSM_FILE_BATCH	1024U

/* How many inodes are looked at with s_inode_list_lock held. */
#define KSM_FILE_INODES	256

/*
 * How many VMAs are looked at although somebody waits for i_mmap_rwsem.  One process may
 * have as many by default; if a file has more, and is mapped all the time, ksmd may never
 * find out who advised it.
 */
#define KSM_FILE_VMAS	DEFAULT_MAX_MAP_COUNT

/* How many of them take as long as a page. */
#define KSM_FILE_VMAS_PER_PAGE	64

enum ksm_file_mode { KSM_FILE_NEVER, KSM_FILE_MADVISE, KSM_FILE_ALWAYS };

static const char * const ksm_file_modes[] = {
	[KSM_FILE_ALWAYS] = "always",
	[KSM_FILE_MADVISE] = "madvise",
	[KSM_FILE_NEVER] = "never",
};

DEFINE_STATIC_KEY_FALSE(ksm_file_key);

static DEFINE_MUTEX(ksm_file_store_mutex);
static DEFINE_MUTEX(ksm_file_mutex);
static enum ksm_file_mode ksm_file_mode;

static struct ksm_rec_dir __rcu *ksm_recs __read_mostly;
static unsigned long ksm_rec_bytes;
static u32 *ksm_buckets;
static unsigned long ksm_nr_buckets;

static DEFINE_SPINLOCK(ksm_file_lock);
static LIST_HEAD(ksm_files);
static unsigned long ksm_nr_files;
static struct rhashtable ksm_file_hash;
static const struct rhashtable_params ksm_file_params = {
	.key_len = sizeof_field(struct ksm_file, mapping),
	.key_offset = offsetof(struct ksm_file, mapping),
	.head_offset = offsetof(struct ksm_file, hash),
	.automatic_shrinking = true,
};

static struct kmem_cache *ksm_file_cache;

/*
 * Where ksmd is; @file is NULL between two passes.  Without ksm_file_lock ksmd only
 * asks whether there is one.
 */
static struct {
	struct ksm_file *file;
	pgoff_t index;
} ksm_file_cursor;

/* When to look for files again; passes over little may follow fast. */
static unsigned long ksm_file_refresh;

static unsigned long ksm_file_pages_scanned;
static unsigned long ksm_file_pages_hashed;
static unsigned long ksm_file_full_scans;

/*
 * Records
 */

static struct ksm_rec *ksm_rec_find(unsigned long pfn)
{
	struct ksm_rec_dir *dir = rcu_dereference_check(ksm_recs,
						lockdep_is_held(&ksm_file_mutex));
	struct ksm_rec *recs;

	if (!dir || pfn / KSM_RECS >= dir->nr)
		return NULL;
	recs = READ_ONCE(dir->recs[pfn / KSM_RECS]);
	return recs ? recs + pfn % KSM_RECS : NULL;
}

static struct ksm_rec_dir *ksm_rec_dir_locked(void)
{
	return rcu_dereference_protected(ksm_recs, lockdep_is_held(&ksm_file_mutex));
}

/* Get a directory that has room for a page frame: memory may have been added. */
static struct ksm_rec_dir *ksm_rec_dir_get(unsigned long pfn)
{
	struct ksm_rec_dir *old = ksm_rec_dir_locked(), *dir;
	unsigned long nr = min_t(unsigned long, max(pfn, max_pfn), U32_MAX) / KSM_RECS + 1;

	if (old && nr <= old->nr)
		return old;
	dir = kvzalloc(struct_size(dir, recs, nr),
		       GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	if (!dir)
		return NULL;
	dir->nr = nr;
	ksm_rec_bytes += struct_size(dir, recs, nr);
	if (old) {
		memcpy(dir->recs, old->recs, flex_array_size(old, recs, old->nr));
		ksm_rec_bytes -= struct_size(old, recs, old->nr);
	}
	rcu_assign_pointer(ksm_recs, dir);
	kvfree_rcu(old, rcu);
	return dir;
}

/* Find the record of a page frame, or make one. */
static struct ksm_rec *ksm_rec_get(unsigned long pfn)
{
	struct ksm_rec_dir *dir;
	struct ksm_rec *rec, *recs;

	/* 0 ends a bucket. */
	if (!pfn || pfn > U32_MAX)
		return NULL;
	rec = ksm_rec_find(pfn);
	if (rec)
		return rec;
	dir = ksm_rec_dir_get(pfn);
	if (!dir)
		return NULL;
	recs = (void *)get_zeroed_page(GFP_KERNEL | __GFP_NOWARN);
	if (!recs)
		return NULL;
	ksm_rec_bytes += PAGE_SIZE;
	/* Pairs with ksm_rec_find(), which follows the pointer: they are empty. */
	smp_store_release(&dir->recs[pfn / KSM_RECS], recs);
	return recs + pfn % KSM_RECS;
}

/* May somebody write to a page without clearing KSM_REC_SEEN? */
static bool ksm_rec_untold(const struct folio *folio)
{
	return folio_test_swapbacked(folio) && !folio_is_wp(folio);
}

/*
 * Is there nothing to be done for a page of a folio, since it did not change?  The
 * caller has a reference or the RCU read lock.
 */
static bool ksm_rec_done(const struct folio *folio, unsigned long pfn)
{
	struct ksm_rec *rec = ksm_rec_find(pfn);

	return rec && !ksm_rec_untold(folio) && (atomic_read(&rec->tag) &
		       (KSM_REC_SEEN | KSM_REC_RETRY)) == KSM_REC_SEEN;
}

static u32 *ksm_bucket(u32 tag)
{
	return ksm_buckets + (tag & KSM_REC_TAG) % ksm_nr_buckets;
}

/*
 * Unlink a record, and all that are out of date before it in its bucket, so that
 * a long one is not walked again for each of them.
 */
static void ksm_rec_unlink(struct ksm_rec *rec)
{
	u32 *link = ksm_bucket(atomic_read(&rec->tag));
	struct ksm_rec *at;

	while (!WARN_ON_ONCE(!*link)) {
		at = ksm_rec_find(*link);
		if (at == rec || !(atomic_read(&at->tag) & KSM_REC_SEEN)) {
			*link = at->next;
			atomic_andnot(KSM_REC_LINKED, &at->tag);
		} else {
			link = &at->next;
		}
		if (at == rec)
			return;
		cond_resched();
	}
}

/*
 * Put a record where its hash belongs, unless it stands there already; somebody
 * may say meanwhile that the content changed.
 */
static void ksm_rec_link(struct ksm_rec *rec, unsigned long pfn, u64 hash,
			 bool retry)
{
	int tag = (hash & KSM_REC_TAG) | KSM_REC_LINKED;
	int old = atomic_read(&rec->tag);
	u32 *bucket = ksm_bucket(hash);

	if ((old & KSM_REC_LINKED) && ((old ^ tag) & KSM_REC_TAG))
		ksm_rec_unlink(rec);
	old = atomic_read(&rec->tag);
	if (!(old & KSM_REC_LINKED)) {
		rec->next = *bucket;
		*bucket = pfn;
	}
	if (retry)
		tag |= KSM_REC_RETRY;
	while (!atomic_try_cmpxchg(&rec->tag, &old,
				   tag | (old & KSM_REC_SEEN)))
		;
}

/*
 * Remember the hash of a page that may be written any time.  Returns true if it is
 * what it was in the pass before; otherwise nobody finds the page by it yet.
 */
static bool ksm_rec_calm(struct ksm_rec *rec, u64 hash)
{
	int old = atomic_read(&rec->tag);

	if ((old & KSM_REC_SEEN) && !((old ^ hash) & KSM_REC_TAG))
		return true;
	if (old & KSM_REC_LINKED)
		ksm_rec_unlink(rec);
	atomic_set(&rec->tag, (hash & KSM_REC_TAG) | KSM_REC_SEEN);
	return false;
}

/**
 * __ksm_file_forget - the content of a folio may differ from now on
 * @folio: The folio.
 *
 * See ksm_file_forget().
 */
void __ksm_file_forget(struct folio *folio)
{
	unsigned long pfn = folio_pfn(folio), end = pfn + folio_nr_pages(folio);
	struct ksm_rec *rec;

	rcu_read_lock();
	do {
		/* The records of an array follow each other. */
		unsigned long next = min(end, round_down(pfn, KSM_RECS) + KSM_RECS);

		rec = ksm_rec_find(pfn);
		if (rec) {
			for (; pfn < next; pfn++)
				atomic_andnot(KSM_REC_SEEN, &rec++->tag);
		}
		pfn = next;
	} while (unlikely(pfn < end));
	rcu_read_unlock();
}

static int ksm_recs_init(void)
{
	unsigned long nr = max(roundup_pow_of_two(totalram_pages()) / 4, 64UL);

	if (ksm_buckets)
		return 0;
	nr = min(nr, INT_MAX / sizeof(*ksm_buckets) / 2 + 1);
	ksm_buckets = kvcalloc(nr, sizeof(*ksm_buckets), GFP_KERNEL);
	if (!ksm_buckets)
		return -ENOMEM;
	ksm_nr_buckets = nr;
	return 0;
}

/* Nobody scans; who still forgets does so under the RCU read lock. */
static void ksm_recs_exit(void)
{
	struct ksm_rec_dir *dir = ksm_rec_dir_locked();
	unsigned long i;

	RCU_INIT_POINTER(ksm_recs, NULL);
	synchronize_rcu();
	for (i = 0; dir && i < dir->nr; i++) {
		free_page((unsigned long)dir->recs[i]);
		cond_resched();
	}
	kvfree(dir);
	ksm_rec_bytes = 0;
	kvfree(ksm_buckets);
	ksm_buckets = NULL;
	ksm_nr_buckets = 0;
}

/*
 * Files
 */

static struct ksm_file *ksm_file_find(struct address_space *mapping)
{
	lockdep_assert_held(&ksm_file_lock);
	return rhashtable_lookup_fast(&ksm_file_hash, &mapping, ksm_file_params);
}

/* List a file; the caller keeps its inode for the time being. */
static int ksm_file_enter(struct address_space *mapping, bool advised)
{
	struct ksm_file *file, *new;
	int err;

	new = kmem_cache_zalloc(ksm_file_cache, GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->mapping = mapping;
again:
	err = 0;
	spin_lock(&ksm_file_lock);
	file = ksm_file_find(mapping);
	if (!file) {
		err = rhashtable_insert_fast(&ksm_file_hash, &new->hash,
					     ksm_file_params);
		if (err == -EBUSY) {
			/* It is being resized. */
			spin_unlock(&ksm_file_lock);
			cond_resched();
			goto again;
		}
		if (err)
			goto unlock;
		swap(file, new);
		set_bit(AS_KSM_FILE, &mapping->flags);
		list_add_tail(&file->list, &ksm_files);
		ksm_nr_files++;
	}
	if (advised)
		file->advised = 2;
unlock:
	spin_unlock(&ksm_file_lock);
	if (new)
		kmem_cache_free(ksm_file_cache, new);
	return err ? -ENOMEM : 0;
}

static void ksm_file_goto(struct ksm_file *file)
{
	WRITE_ONCE(ksm_file_cursor.file, file);
	ksm_file_cursor.index = 0;
}

/* Go on with the next file, or end the pass. */
static void ksm_file_advance(struct ksm_file *file)
{
	lockdep_assert_held(&ksm_file_lock);
	if (ksm_file_cursor.file != file)
		return;
	if (list_is_last(&file->list, &ksm_files)) {
		ksm_file_goto(NULL);
		ksm_file_full_scans++;
	} else {
		ksm_file_goto(list_next_entry(file, list));
	}
}

static void ksm_file_remove(struct ksm_file *file)
{
	ksm_file_advance(file);
	list_del(&file->list);
	rhashtable_remove_fast(&ksm_file_hash, &file->hash, ksm_file_params);
	ksm_nr_files--;
	clear_bit(AS_KSM_FILE, &file->mapping->flags);
	/* Resizing the hash table may be looking at it. */
	kfree_rcu(file, rcu);
}

/**
 * __ksm_file_exit - take a file off the list, since its inode is evicted
 * @mapping: The file.
 *
 * Context: Nobody has a reference to the inode.
 */
void __ksm_file_exit(struct address_space *mapping)
{
	struct ksm_file *file;

	spin_lock(&ksm_file_lock);
	file = ksm_file_find(mapping);
	if (file)
		ksm_file_remove(file);
	spin_unlock(&ksm_file_lock);
}

static bool ksm_file_sb(const struct super_block *sb)
{
	return sb->s_iflags & SB_I_PAGE_WP;
}

/*
 * An unused inode that is unlinked is deleted by the final iput(), which waits
 * while the filesystem is frozen, and thawing wants the s_umount that we hold.
 */
static bool ksm_file_sb_get(struct super_block *sb)
{
	if (!super_trylock_shared(sb))
		return false;
	if ((sb->s_flags & SB_ACTIVE) &&
	    sb->s_writers.frozen == SB_UNFROZEN)
		return true;
	up_read(&sb->s_umount);
	return false;
}

static void ksm_file_sb_put(struct super_block *sb)
{
	up_read(&sb->s_umount);
}

static bool ksm_file_unlisted(const struct inode *inode)
{
	return inode->i_mapping->nrpages && page_wp_permits(inode->i_mapping) &&
	       !test_bit(AS_KSM_FILE, &inode->i_mapping->flags);
}

/* List all files of a superblock that have pages in the cache. */
static void ksm_file_enter_sb(struct super_block *sb, void *unused)
{
	struct inode *inode, *toput = NULL;
	unsigned int n = 0;

	if (!ksm_file_sb(sb) || !ksm_file_sb_get(sb))
		return;
	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		if (freezing(current))
			break;
		spin_lock(&inode->i_lock);
		/* Whatever comes along serves to drop the lock now and then. */
		if ((inode->i_state & (I_FREEING | I_WILL_FREE | I_NEW)) ||
		    (!ksm_file_unlisted(inode) && !need_resched() &&
		     ++n < KSM_FILE_INODES)) {
			spin_unlock(&inode->i_lock);
			continue;
		}
		__iget(inode);
		spin_unlock(&inode->i_lock);
		spin_unlock(&sb->s_inode_list_lock);

		if (ksm_file_unlisted(inode))
			ksm_file_enter(inode->i_mapping, false);
		iput(toput);
		toput = inode;
		n = 0;

		cond_resched();
		spin_lock(&sb->s_inode_list_lock);
	}
	spin_unlock(&sb->s_inode_list_lock);
	iput(toput);
	ksm_file_sb_put(sb);
}

/**
 * ksm_file_vma - does a VMA map a file whose page cache can be merged?
 * @vma: The VMA.
 *
 * Context: mmap_lock or a lock that keeps the VMA.
 * Return: true if it does.
 */
bool ksm_file_vma(struct vm_area_struct *vma)
{
	return vma->vm_file && page_wp_permitted() &&
	       page_wp_permits(vma->vm_file->f_mapping);
}

/**
 * ksm_file_enter_vma - scan the part of a file that a VMA maps
 * @vma: The VMA; the caller sets its VM_MERGEABLE.
 *
 * Context: mmap_lock held for writing.
 * Return: 0 or -ENOMEM; 0 as well if the VMA maps no such file.
 */
int ksm_file_enter_vma(struct vm_area_struct *vma)
{
	if (!ksm_file_vma(vma))
		return 0;
	return ksm_file_enter(vma->vm_file->f_mapping, true);
}

/**
 * ksm_file_unmerge_vma - break the shared pages of a file in a part of a VMA
 * @vma: The VMA.
 * @start: First address.
 * @end: Address behind the last one.
 *
 * The caller has cleared VM_MERGEABLE, so that ksmd stops merging here.
 *
 * Context: mmap_lock held; may sleep.
 * Return: 0, -ENOMEM, -ERESTARTSYS if a signal is pending, -EINTR if it kills.
 */
int ksm_file_unmerge_vma(struct vm_area_struct *vma, unsigned long start,
			 unsigned long end)
{
	if (!ksm_file_vma(vma))
		return 0;
	/* ksmd may have seen the flag: wait until its batch is done. */
	if (mutex_lock_killable(&ksm_file_mutex))
		return -EINTR;
	mutex_unlock(&ksm_file_mutex);
	return page_wp_break_range(vma->vm_file->f_mapping,
				   linear_page_index(vma, start),
				   linear_page_index(vma, end) - 1);
}

/*
 * Who maps a file may read it, and may have it merged.  PR_SET_MEMORY_MERGE outlives
 * exec, and does not speak for a program that has more rights than who said it.
 */
static bool ksm_file_vma_advised(struct vm_area_struct *vma)
{
	return (READ_ONCE(vma->vm_flags) & VM_MERGEABLE) &&
	       (!test_bit(MMF_VM_MERGE_ANY, &vma->vm_mm->flags) ||
		get_dumpable(vma->vm_mm) == SUID_DUMP_USER);
}

/*
 * Find the next part of a file, from *@first to *@last, that somebody advised.
 * Returns 0, -ENOENT if there is none, -EAGAIN if that cannot be told now; counts
 * VMAs in @vmas.
 */
static int ksm_file_advised(struct address_space *mapping, pgoff_t *first,
			    pgoff_t *last, unsigned int *vmas)
{
	struct vm_area_struct *vma;
	int ret = -ENOENT;

	if (!i_mmap_trylock_read(mapping))
		return -EAGAIN;
	vma_interval_tree_foreach(vma, &mapping->i_mmap, *first, *last) {
		/* There may be any number of VMAs that nobody advised. */
		cond_resched();
		if (++*vmas > KSM_FILE_VMAS &&
		    rwsem_is_contended(&mapping->i_mmap_rwsem)) {
			ret = -EAGAIN;
			break;
		}
		if (!ksm_file_vma_advised(vma))
			continue;
		*first = max(*first, vma->vm_pgoff);
		*last = vma->vm_pgoff + vma_pages(vma) - 1;
		ret = 0;
		break;
	}
	i_mmap_unlock_read(mapping);
	return ret;
}

/*
 * Scan
 */

/* Get the page of a record, if it still may be what was recorded. */
static struct page *ksm_file_get_page(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	struct folio *folio;

	if (!page)
		return NULL;
	folio = page_folio(page);
	if (!folio_try_get(folio))
		return NULL;
	/* Neither slab nor anything else whose lock is not ours to take. */
	if (page_folio(page) == folio && folio_test_lru(folio) &&
	    !folio_test_anon(folio) && !PageHWPoison(page))
		return page;
	folio_put(folio);
	return NULL;
}

/*
 * May others be merged with this page?  In madvise mode somebody must have advised
 * it, if it is shared one of its slots: it may have been seen in another mode, or
 * before who advised it opted out or went away.
 * Returns 0, -ENOENT if not, -EAGAIN if that cannot be told now.
 */
static int ksm_file_asked(struct page *page)
{
	struct folio *folio = page_folio(page);
	struct address_space *mapping;
	pgoff_t index, last;
	unsigned int n = 0, vmas = 0;
	int err, ret = -ENOENT;

	if (ksm_file_mode != KSM_FILE_MADVISE)
		return 0;
	if (!folio_trylock(folio))
		return -EAGAIN;
	if (folio_is_wp(folio)) {
		while (ret && page_wp_slot(folio, n++, &mapping, &index)) {
			last = index;
			err = ksm_file_advised(mapping, &index, &last, &vmas);
			if (err != -ENOENT)
				ret = err;
		}
	} else if (folio->mapping && !folio_test_anon(folio)) {
		index = folio->index + folio_page_idx(folio, page);
		last = index;
		ret = ksm_file_advised(folio->mapping, &index, &last, &vmas);
	}
	folio_unlock(folio);
	return ret;
}

/* Is it worth a try to split a folio, on which the caller has one reference? */
static bool ksm_file_can_split(struct folio *folio)
{
	guard(rcu)();
	return page_wp_eligible(folio) &&
	       can_split_folio(folio, 1 + folio_has_private(folio), NULL);
}

/*
 * Give a page a folio of its own; the caller has one reference on the folio.
 * Returns 0, -EAGAIN if somebody uses it, -ENOMEM, -ENOENT if it cannot be split.
 */
static int ksm_file_split(struct page *page)
{
	struct folio *folio = page_folio(page);
	unsigned int nofs;
	int err = -EAGAIN;

	if (!folio_test_large(folio))
		return 0;
	/* Nobody who uses it shall lose private data for nothing. */
	if (!ksm_file_can_split(folio))
		return err;
	/* As in page_wp_merge(). */
	nofs = memalloc_nofs_save();
	if (folio_trylock(folio)) {
		if (page_wp_eligible(folio))
			err = split_huge_page(page);
		folio_unlock(page_folio(page));
	}
	memalloc_nofs_restore(nofs);
	if (err == -EBUSY)
		return -EAGAIN;
	return err == -EINVAL ? -ENOENT : err;
}

/*
 * Merge two pages.  A large folio is split only when that gains a page: what it is
 * good for, cheap reading and mapping, is lost then.
 */
static int ksm_file_merge_pages(struct page *to, struct page *from,
				unsigned int max_sharing)
{
	int err = 0;

	if (PageCompound(to) || PageCompound(from)) {
		if (memcmp_pages(to, from))
			return -ESTALE;
		err = ksm_file_split(to) ?:
		      page_wp_can_join(page_folio(to), max_sharing) ?:
		      ksm_file_split(from);
	}
	return err ?: page_wp_merge(page_folio(to), page_folio(from), max_sharing);
}

/*
 * Try to merge a page with those of equal hash.  It may be shared: others may
 * have merged with it, and one that it failed to merge with is still about.
 * Returns 0 if it was merged, -EAGAIN if it is worth another try later, -ENOENT
 * if there is none.
 */
static int ksm_file_merge(struct page *page, u64 hash, unsigned int max_sharing,
			  bool across_nodes)
{
	unsigned long own = page_to_pfn(page);
	u32 *link = ksm_bucket(hash);
	unsigned int tries = 0;
	int ret = -ENOENT;

	while (*link && tries < KSM_FILE_TRIES) {
		unsigned long pfn = *link;
		struct ksm_rec *rec = ksm_rec_find(pfn);
		u32 tag = atomic_read(&rec->tag);
		struct page *to = NULL;
		int err = -ENOENT;

		cond_resched();
		if (pfn == own || ((tag & KSM_REC_SEEN) &&
				   ((tag ^ hash) & KSM_REC_TAG))) {
			link = &rec->next;
			continue;
		}
		if (tag & KSM_REC_SEEN)
			to = ksm_file_get_page(pfn);
		if (to) {
			err = ksm_file_asked(to);
			if (err == -ENOENT) {
				put_page(to);
				to = NULL;
			}
		}
		if (!to) {
			*link = rec->next;
			atomic_andnot(KSM_REC_SEEN | KSM_REC_LINKED, &rec->tag);
			continue;
		}
		if (!across_nodes && page_to_nid(to) != page_to_nid(page)) {
			err = -ENOENT;
		} else if (!err && page_folio(to) == page_folio(page)) {
			/* Two pages of one folio, which has to have one reference. */
			bool equal = !memcmp_pages(to, page);

			put_page(to);
			to = NULL;
			err = equal ? ksm_file_split(page) : -ESTALE;
			/* They find each other when they come by again. */
			if (!err)
				err = -EAGAIN;
		} else if (!err) {
			err = ksm_file_merge_pages(to, page, max_sharing);
		}
		if (to)
			put_page(to);
		if (!err)
			return 0;
		if (err == -EAGAIN || err == -ENOMEM)
			ret = -EAGAIN;
		tries += err != -ENOENT;
		link = &rec->next;
	}
	return ret;
}

/* Look at a page that is new or has changed; the caller has a reference. */
static void ksm_file_scan_page(struct page *page, unsigned int max_sharing,
			       bool across_nodes)
{
	struct folio *folio = page_folio(page);
	unsigned long pfn = page_to_pfn(page);
	struct ksm_rec *rec;
	u64 hash;
	int err;

	if (PageHWPoison(page) ||
	    (!folio_is_wp(folio) && !page_wp_eligible(folio)))
		return;
	rec = ksm_rec_get(pfn);
	if (!rec)
		return;
	/* First say so, then read: who writes meanwhile clears it again. */
	if (!ksm_rec_untold(folio))
		atomic_or(KSM_REC_SEEN, &rec->tag);
	/* Orders this before the test of dirty, as a writer does it vice versa. */
	smp_mb__after_atomic();
	if (folio_test_dirty(folio) && !folio_test_swapbacked(folio)) {
		atomic_andnot(KSM_REC_SEEN, &rec->tag);
		return;
	}
	/* Who writes meanwhile clears it again, or nobody tells: then it counts for little. */
	hash = data_race(page_wp_hash(page));
	ksm_file_pages_hashed++;
	if (folio_test_swapbacked(folio)) {
		/* Let it not find those of files on disk. */
		hash = ~hash;
		if (!folio_is_wp(folio) && !ksm_rec_calm(rec, hash))
			return;
	}
	err = ksm_file_merge(page, hash, max_sharing, across_nodes);
	if (!err) {
		atomic_andnot(KSM_REC_SEEN, &rec->tag);
		return;
	}
	/* It may have been split; its other slots may be gone. */
	folio = page_folio(page);
	if (folio_is_wp(folio) && page_wp_try_dissolve(folio))
		err = -EAGAIN;
	ksm_rec_link(rec, pfn, hash, err == -EAGAIN);
}

/* Count the pages that are done from @page on; at most @nr, and the budget. */
static unsigned int ksm_file_skip(const struct folio *folio, struct page *page,
				  unsigned int nr, unsigned int *budget)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned int n;

	for (n = 0; n < nr && *budget; n++) {
		if (!ksm_rec_done(folio, pfn + n))
			break;
		--*budget;
		ksm_file_pages_scanned++;
	}
	return n;
}

/*
 * Find the next page that ksmd has not seen since it changed, and take a
 * reference.  Updates *@index to behind it, and *@budget by the pages looked at.
 */
static struct page *ksm_file_next_page(struct address_space *mapping,
				       pgoff_t *index, pgoff_t last,
				       unsigned int *budget)
{
	XA_STATE(xas, &mapping->i_pages, *index);
	pgoff_t next = last + 1;
	struct page *found = NULL;
	struct folio *folio;

	rcu_read_lock();
	xas_for_each(&xas, folio, last) {
		unsigned int n, nr = 1;
		struct page *page;

		if (xas_retry(&xas, folio))
			continue;
		if (!*budget) {
			next = xas.xa_index;
			break;
		}
		if (xa_is_value(folio) ||
		    (!xas_get_order(&xas) &&
		     ksm_file_skip(folio, &folio->page, 1, budget))) {
			if (!need_resched())
				continue;
			next = xas.xa_index + 1;
			break;
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
		page = folio_file_page(folio, xas.xa_index);
		if (folio_test_large(folio))
			nr = min_t(unsigned long, last - xas.xa_index + 1,
				   folio_nr_pages(folio) -
				   folio_page_idx(folio, page));
		n = ksm_file_skip(folio, page, nr, budget);
		if (n < nr && *budget) {
			--*budget;
			ksm_file_pages_scanned++;
			next = xas.xa_index + n + 1;
			found = page + n;
			break;
		}
		folio_put(folio);
		if (n == nr && !need_resched())
			continue;
		next = xas.xa_index + n;
		break;
	}
	rcu_read_unlock();
	*index = next;
	return found;
}

/*
 * Scan [@first, @last] of a file; returns the index at which to go on.  Whoever
 * wants s_umount or suspends the system waits for this.
 */
static pgoff_t ksm_file_scan_range(struct address_space *mapping, pgoff_t first,
				   pgoff_t last, unsigned int *budget,
				   unsigned int max_sharing, bool across_nodes)
{
	struct page *page;

	while (first <= last && *budget && !freezing(current)) {
		page = ksm_file_next_page(mapping, &first, last, budget);
		if (page) {
			/* A large folio may reach beyond the end. */
			if (first <= DIV_ROUND_UP(i_size_read(mapping->host),
						  PAGE_SIZE))
				ksm_file_scan_page(page, max_sharing,
						   across_nodes);
			put_page(page);
		}
		cond_resched();
	}
	return first;
}

/* Begin a pass, unless one is under way; returns false if there is no file. */
static bool ksm_file_start(void)
{
	struct ksm_file *file;

	if (READ_ONCE(ksm_file_cursor.file))
		return true;
	if (time_after_eq(jiffies, ksm_file_refresh)) {
		unsigned long start = jiffies;

		/* Pages on their way to an LRU list have a reference too many. */
		lru_add_drain_all();
		if (ksm_file_mode == KSM_FILE_ALWAYS)
			iterate_supers_unlocked(ksm_file_enter_sb, NULL);
		/* Not more than a tenth of the time. */
		ksm_file_refresh = jiffies + max(HZ, 10 * (jiffies - start));
	}
	spin_lock(&ksm_file_lock);
	file = list_first_entry_or_null(&ksm_files, struct ksm_file, list);
	ksm_file_goto(file);
	spin_unlock(&ksm_file_lock);
	return file;
}

/**
 * ksm_file_scan - look for equal pages in the page cache
 * @nr_pages: How many pages to look at; a pass ends the batch.
 * @max_sharing: How many slots a folio may have at most.
 * @across_nodes: May pages of different NUMA nodes be merged?
 *
 * Context: ksmd.
 */
void ksm_file_scan(unsigned int nr_pages, unsigned int max_sharing,
		   bool across_nodes)
{
	guard(mutex)(&ksm_file_mutex);
	if (ksm_file_mode == KSM_FILE_NEVER || !ksm_file_start())
		return;

	while (nr_pages && ksm_file_mode != KSM_FILE_NEVER &&
	       READ_ONCE(ksm_file_cursor.file) && !freezing(current)) {
		unsigned int batch = min(nr_pages, KSM_FILE_BATCH);
		pgoff_t first, last = ULONG_MAX - 1;
		struct address_space *mapping;
		struct super_block *sb;
		struct ksm_file *file;
		struct inode *inode;
		unsigned int vmas = 0;
		int advised = 0;

		spin_lock(&ksm_file_lock);
		file = ksm_file_cursor.file;
		if (!file) {
			spin_unlock(&ksm_file_lock);
			break;
		}
		mapping = file->mapping;
		sb = mapping->host->i_sb;
		inode = NULL;
		if (ksm_file_sb_get(sb)) {
			inode = igrab(mapping->host);
			if (!inode)
				ksm_file_sb_put(sb);
		}
		if (!inode)
			ksm_file_advance(file);
		first = ksm_file_cursor.index;
		spin_unlock(&ksm_file_lock);
		if (!inode) {
			nr_pages--;
			continue;
		}

		if (ksm_file_mode == KSM_FILE_MADVISE)
			advised = ksm_file_advised(mapping, &first, &last, &vmas);
		nr_pages -= batch;
		if (!advised)
			first = ksm_file_scan_range(mapping, first, last,
						    &batch, max_sharing,
						    across_nodes);
		nr_pages += batch;
		/* An empty file costs something, too. */
		nr_pages -= min(nr_pages, 1 + vmas / KSM_FILE_VMAS_PER_PAGE);

		spin_lock(&ksm_file_lock);
		if (!advised && (first <= last || last < ULONG_MAX - 1)) {
			/* There is more, in this range or behind it. */
			ksm_file_cursor.index = first;
			if (file->advised)
				file->advised = 2;
		} else if (advised == -ENOENT && !ksm_file_cursor.index &&
			   !(file->advised && --file->advised)) {
			ksm_file_remove(file);
		} else {
			ksm_file_advance(file);
		}
		spin_unlock(&ksm_file_lock);
		iput(inode);
		ksm_file_sb_put(sb);
		/* Who opts out waits for this batch, not for all. */
		mutex_unlock(&ksm_file_mutex);
		cond_resched();
		mutex_lock(&ksm_file_mutex);
	}
}

/**
 * ksm_file_should_run - is there anything to scan?
 *
 * Return: false if ksmd may sleep as far as files are concerned.
 */
bool ksm_file_should_run(void)
{
	switch (READ_ONCE(ksm_file_mode)) {
	case KSM_FILE_ALWAYS:
		return true;
	case KSM_FILE_MADVISE:
		return !list_empty(&ksm_files);
	default:
		return false;
	}
}

/*
 * sysfs, in the directory of KSM
 */

static ssize_t file_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	static const char * const shown[] = {
		[KSM_FILE_ALWAYS] = "[always] madvise never",
		[KSM_FILE_MADVISE] = "always [madvise] never",
		[KSM_FILE_NEVER] = "always madvise [never]",
	};

	return sysfs_emit(buf, "%s\n", shown[READ_ONCE(ksm_file_mode)]);
}

static ssize_t file_store(struct kobject *kobj, struct kobj_attribute *attr,
			  const char *buf, size_t count)
{
	int mode = sysfs_match_string(ksm_file_modes, buf);
	unsigned long i;
	int err;

	if (mode < 0)
		return -EINVAL;
	/*
	 * Not under ksm_file_mutex: patching branches takes cpu_hotplug_lock,
	 * and ksmd's mutexes are taken under that when memory is offlined.
	 */
	guard(mutex)(&ksm_file_store_mutex);
	if (mode == ksm_file_mode)
		return count;
	if (mode != KSM_FILE_NEVER) {
		err = page_wp_enable();
		if (err)
			return err;
		scoped_guard(mutex, &ksm_file_mutex)
			err = ksm_recs_init();
		if (err)
			return err;
		static_branch_enable(&ksm_file_key);
		scoped_guard(mutex, &ksm_file_mutex) {
			ksm_file_refresh = jiffies;
			WRITE_ONCE(ksm_file_mode, mode);
		}
		wake_up_interruptible(&ksm_thread_wait);
		return count;
	}

	scoped_guard(mutex, &ksm_file_mutex)
		WRITE_ONCE(ksm_file_mode, mode);
	static_branch_disable(&ksm_file_key);
	scoped_guard(mutex, &ksm_file_mutex)
		ksm_recs_exit();
	spin_lock(&ksm_file_lock);
	ksm_file_goto(NULL);
	for (i = ksm_nr_files; i && !list_empty(&ksm_files); i--) {
		struct ksm_file *file = list_first_entry(&ksm_files,
							 struct ksm_file, list);

		if (file->advised)
			list_move_tail(&file->list, &ksm_files);
		else
			ksm_file_remove(file);
		cond_resched_lock(&ksm_file_lock);
	}
	spin_unlock(&ksm_file_lock);
	return count;
}

static struct kobj_attribute file_attr = __ATTR_RW(file);

/* What has one slot and replicas does not share for us. */
static long ksm_file_shared(void)
{
	long folios = atomic_long_read(&page_wp_stats.folios);

	/* Two counters, read one after the other. */
	return max(folios - atomic_long_read(&page_wp_stats.alone), 0L);
}

static long ksm_file_saved(void)
{
	long slots = atomic_long_read(&page_wp_stats.slots);

	/* Two counters, read one after the other. */
	return max(slots - atomic_long_read(&page_wp_stats.folios), 0L);
}

static long ksm_file_metadata(void)
{
	return atomic_long_read(&page_wp_stats.bytes) +
	       ksm_rec_bytes +
	       ksm_nr_buckets * sizeof(*ksm_buckets) +
	       ksm_nr_files * sizeof(struct ksm_file);
}

#define KSM_FILE_COUNTER(_name, _value)					\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%lu\n",					\
			  /* Who changes it does not wait for readers. */	\
			  (unsigned long)data_race(_value));		\
}									\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

KSM_FILE_COUNTER(file_pages_shared, ksm_file_shared());
KSM_FILE_COUNTER(file_pages_sharing, ksm_file_saved());
KSM_FILE_COUNTER(file_bytes_saved, ksm_file_saved() << PAGE_SHIFT);
KSM_FILE_COUNTER(file_pages_broken, atomic_long_read(&page_wp_stats.broken));
KSM_FILE_COUNTER(file_pages_scanned, ksm_file_pages_scanned);
KSM_FILE_COUNTER(file_pages_hashed, ksm_file_pages_hashed);
KSM_FILE_COUNTER(file_full_scans, ksm_file_full_scans);
KSM_FILE_COUNTER(file_metadata_bytes, ksm_file_metadata());

static struct attribute *ksm_file_attrs[] = {
	&file_attr.attr,
	&file_pages_shared_attr.attr,
	&file_pages_sharing_attr.attr,
	&file_pages_scanned_attr.attr,
	&file_pages_hashed_attr.attr,
	&file_pages_broken_attr.attr,
	&file_full_scans_attr.attr,
	&file_bytes_saved_attr.attr,
	&file_metadata_bytes_attr.attr,
	NULL
};

static const struct attribute_group ksm_file_group = {
	.name = "ksm",
	.attrs = ksm_file_attrs,
};

/* After ksm_init(), which makes the directory. */
static int __init ksm_file_init(void)
{
	int err = rhashtable_init(&ksm_file_hash, &ksm_file_params);

	if (err)
		return err;
	ksm_file_cache = KMEM_CACHE(ksm_file, SLAB_PANIC | SLAB_ACCOUNT);
	return sysfs_merge_group(mm_kobj, &ksm_file_group);
}

device_initcall(ksm_file_init);
