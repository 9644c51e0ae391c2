/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests for generic page write protection: every transition of a group,
 * and the reference counts after it, on page cache of two inodes that belong to
 * no mounted filesystem.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#define WP_PAGES	8

static struct file_system_type wp_test_type = {
	.name		= "page_wp_test",
};

static struct super_block wp_test_sb = {
	.s_type		= &wp_test_type,
	.s_bdi		= &noop_backing_dev_info,
	.s_flags	= SB_ACTIVE,
	.s_iflags	= SB_I_PAGE_WP,
};

static int wp_test_released;

static bool wp_test_release_folio(struct address_space *mapping,
				  struct folio *folio, gfp_t gfp)
{
	wp_test_released++;
	folio_detach_private(folio);
	return true;
}

static int wp_test_read_folio(struct file *file, struct address_space *mapping,
			      struct folio *folio)
{
	folio_unlock(folio);
	return -EIO;
}

static const struct address_space_operations wp_test_aops = {
	.read_folio	= wp_test_read_folio,
	.dirty_folio	= filemap_dirty_folio,
	.release_folio	= wp_test_release_folio,
};

struct wp_test {
	struct inode inode[2];
	/* What the counters said before the test. */
	long folios;
	long slots;
	long bytes;
};

static struct address_space *wp_mapping(struct kunit *test, int file)
{
	struct wp_test *wp = test->priv;

	return &wp->inode[file].i_data;
}

static void wp_fill(struct folio *folio, u8 byte)
{
	void *addr = kmap_local_folio(folio, 0);

	memset(addr, byte, PAGE_SIZE);
	kunmap_local(addr);
}

static bool wp_holds(struct folio *folio, u8 byte)
{
	void *addr = kmap_local_folio(folio, 0);
	bool holds = !memchr_inv(addr, byte, PAGE_SIZE);

	kunmap_local(addr);
	return holds;
}

/* Put a clean page into the cache; the caller gets a reference. */
static struct folio *wp_add(struct kunit *test, int file, pgoff_t index,
			    u8 byte)
{
	struct folio *folio = filemap_alloc_folio(GFP_KERNEL, 0);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, 0, filemap_add_folio(wp_mapping(test, file),
						   folio, index, GFP_KERNEL));
	wp_fill(folio, byte);
	folio_mark_uptodate(folio);
	folio_unlock(folio);
	/* The batch on its way to the LRU list has a reference. */
	lru_add_drain_all();
	KUNIT_ASSERT_EQ(test, 2, folio_ref_count(folio));
	return folio;
}

static struct folio *wp_slot(struct kunit *test, int file, pgoff_t index)
{
	struct folio *folio = xa_load(&wp_mapping(test, file)->i_pages, index);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_FALSE(test, xa_is_value(folio));
	return folio;
}

static int wp_merge(struct folio *to, struct folio *from, unsigned int max)
{
	return page_wp_merge(to, from, max);
}

/* Two pages of two files that are merged; the caller gets a reference. */
static struct folio *wp_pair(struct kunit *test)
{
	struct folio *to = wp_add(test, 0, 1, 'a');
	struct folio *from = wp_add(test, 1, 5, 'a');

	KUNIT_ASSERT_EQ(test, 0, wp_merge(to, from, 16));
	folio_put(from);
	return to;
}

static void wp_test_merge(struct kunit *test)
{
	struct folio *to = wp_add(test, 0, 1, 'a');
	struct folio *from = wp_add(test, 1, 5, 'a');

	KUNIT_EXPECT_FALSE(test, folio_is_wp(to));
	KUNIT_EXPECT_EQ(test, 0, wp_merge(to, from, 16));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(to));
	KUNIT_EXPECT_EQ(test, 3, folio_ref_count(to));
	KUNIT_EXPECT_NULL(test, from->mapping);
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(from));
	KUNIT_EXPECT_PTR_EQ(test, to, wp_slot(test, 0, 1));
	KUNIT_EXPECT_PTR_EQ(test, to, wp_slot(test, 1, 5));
	KUNIT_EXPECT_EQ(test, 1, wp_mapping(test, 0)->nrpages);
	KUNIT_EXPECT_EQ(test, 1, wp_mapping(test, 1)->nrpages);

	folio_lock(to);
	KUNIT_EXPECT_EQ(test, 2, page_wp_expected_refs(to));
	KUNIT_EXPECT_TRUE(test, folio_in_slot(to, wp_mapping(test, 1), 5));
	KUNIT_EXPECT_FALSE(test, folio_in_slot(to, wp_mapping(test, 1), 1));
	KUNIT_EXPECT_FALSE(test, folio_in_mapping_excl(to, wp_mapping(test, 0)));
	folio_unlock(to);
	folio_put(to);
	folio_put(from);
}

/* A context counts for a shared folio, and for no other. */
static void wp_test_context(struct kunit *test)
{
	struct address_space *context = wp_mapping(test, 1);
	struct folio *folio = wp_add(test, 0, 2, 'b');
	struct folio *shared = wp_pair(test);
#ifdef CONFIG_PAGE_WP_DEBUG
	long hits = page_wp_context_hits();
#endif

	KUNIT_EXPECT_PTR_EQ(test, wp_mapping(test, 0),
			    folio_mapping_ctx(folio, context));
	KUNIT_EXPECT_EQ(test, 2, folio_index_ctx(folio, 5));
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE, folio_pos_ctx(folio, 0));
	KUNIT_EXPECT_PTR_EQ(test, wp_mapping(test, 0),
			    folio_mapping_excl(folio));
	KUNIT_EXPECT_EQ(test, 2, folio_index_excl(folio));
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE, folio_pos_excl(folio));

	KUNIT_EXPECT_PTR_EQ(test, context, folio_mapping_ctx(shared, context));
	KUNIT_EXPECT_EQ(test, 5, folio_index_ctx(shared, 5));
	KUNIT_EXPECT_EQ(test, 5 * PAGE_SIZE,
			folio_pos_ctx(shared, 5 * PAGE_SIZE));
#ifdef CONFIG_PAGE_WP_DEBUG
	KUNIT_EXPECT_EQ(test, hits + 3, page_wp_context_hits());
#endif
	folio_put(folio);
	folio_put(shared);
}

/* Two groups become one, or stay as they are. */
static void wp_test_merge_groups(struct kunit *test)
{
	struct folio *to = wp_pair(test);
	struct folio *from = wp_add(test, 0, 2, 'a');
	struct folio *third = wp_add(test, 1, 6, 'a');
	struct folio *other = wp_add(test, 0, 3, 'b');
	struct folio *fourth = wp_add(test, 1, 7, 'b');

	KUNIT_EXPECT_EQ(test, 0, wp_merge(from, third, 16));
	KUNIT_EXPECT_EQ(test, 0, wp_merge(other, fourth, 16));
	KUNIT_EXPECT_EQ(test, -ENOSPC, wp_merge(to, from, 3));
	KUNIT_EXPECT_EQ(test, -ESTALE, wp_merge(to, other, 16));
	KUNIT_EXPECT_PTR_EQ(test, from, wp_slot(test, 0, 2));
	KUNIT_EXPECT_PTR_EQ(test, from, wp_slot(test, 1, 6));
	KUNIT_EXPECT_EQ(test, 3, folio_ref_count(to));
	KUNIT_EXPECT_EQ(test, 3, folio_ref_count(from));
	KUNIT_EXPECT_EQ(test, 3, folio_ref_count(other));

	/* A reader of either does not matter. */
	folio_get(from);
	KUNIT_EXPECT_EQ(test, 0, wp_merge(to, from, 4));
	folio_put(from);
	KUNIT_EXPECT_NULL(test, from->mapping);
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(from));
	KUNIT_EXPECT_EQ(test, 5, folio_ref_count(to));
	KUNIT_EXPECT_PTR_EQ(test, to, wp_slot(test, 0, 1));
	KUNIT_EXPECT_PTR_EQ(test, to, wp_slot(test, 1, 5));
	KUNIT_EXPECT_PTR_EQ(test, to, wp_slot(test, 0, 2));
	KUNIT_EXPECT_PTR_EQ(test, to, wp_slot(test, 1, 6));
	KUNIT_EXPECT_EQ(test, 3, wp_mapping(test, 0)->nrpages);
	KUNIT_EXPECT_EQ(test, 3, wp_mapping(test, 1)->nrpages);
	folio_put(to);
	folio_put(from);
	folio_put(third);
	folio_put(other);
	folio_put(fourth);
}

/* Who has a page pinned finds its private data when dirtying it. */
static void wp_test_pinned(struct kunit *test)
{
	struct folio *to = wp_add(test, 0, 1, 'a');
	struct folio *from = wp_add(test, 1, 5, 'a');
	int released = wp_test_released;

	folio_attach_private(from, (void *)1UL);
	folio_attach_private(to, (void *)1UL);
	folio_get(from);
	KUNIT_EXPECT_EQ(test, -EAGAIN, wp_merge(to, from, 16));
	KUNIT_EXPECT_TRUE(test, folio_has_private(from));
	KUNIT_EXPECT_EQ(test, 0, wp_test_released - released);
	folio_put(from);

	folio_get(to);
	KUNIT_EXPECT_EQ(test, -EAGAIN, wp_merge(to, from, 16));
	KUNIT_EXPECT_TRUE(test, folio_has_private(to));
	folio_put(to);

	KUNIT_EXPECT_EQ(test, 0, wp_merge(to, from, 16));
	KUNIT_EXPECT_EQ(test, 2, wp_test_released - released);
	folio_put(to);
	folio_put(from);
}

/* Everything that forbids a merge leaves both folios as they were. */
static void wp_test_refuse(struct kunit *test)
{
	struct folio *to = wp_add(test, 0, 1, 'a');
	struct folio *from = wp_add(test, 1, 5, 'b');

	KUNIT_EXPECT_EQ(test, -ESTALE, wp_merge(to, from, 16));
	wp_fill(from, 'a');

	folio_get(from);
	KUNIT_EXPECT_EQ(test, -EAGAIN, wp_merge(to, from, 16));
	folio_put(from);

	folio_get(to);
	KUNIT_EXPECT_EQ(test, -EAGAIN, wp_merge(to, from, 16));
	folio_put(to);

	folio_lock(from);
	KUNIT_EXPECT_EQ(test, -EAGAIN, wp_merge(to, from, 16));
	folio_unlock(from);

	folio_set_dirty(from);
	KUNIT_EXPECT_EQ(test, -EAGAIN, wp_merge(to, from, 16));
	folio_clear_dirty(from);

	folio_set_dirty(to);
	KUNIT_EXPECT_EQ(test, -EAGAIN, wp_merge(to, from, 16));
	folio_clear_dirty(to);

	i_size_write(wp_mapping(test, 1)->host, 5 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, -EAGAIN, wp_merge(to, from, 16));
	i_size_write(wp_mapping(test, 1)->host, WP_PAGES * PAGE_SIZE);

	KUNIT_EXPECT_PTR_EQ(test, wp_mapping(test, 0), to->mapping);
	KUNIT_EXPECT_PTR_EQ(test, wp_mapping(test, 1), from->mapping);
	KUNIT_EXPECT_EQ(test, 1, to->index);
	KUNIT_EXPECT_EQ(test, 5, from->index);
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(to));
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(from));
	KUNIT_EXPECT_EQ(test, 0, wp_merge(to, from, 16));
	folio_put(to);
	folio_put(from);
}

static void wp_test_full(struct kunit *test)
{
	struct folio *to = wp_pair(test);
	struct folio *from = wp_add(test, 1, 6, 'a');

	KUNIT_EXPECT_EQ(test, -ENOSPC, wp_merge(to, from, 2));
	KUNIT_EXPECT_EQ(test, 0, wp_merge(to, from, 3));
	KUNIT_EXPECT_EQ(test, 4, folio_ref_count(to));
	folio_put(to);
	folio_put(from);
}

/* The list of slots grows, and each of them is found again. */
static void wp_test_many(struct kunit *test)
{
	struct folio *to = wp_add(test, 0, 0, 'a');
	struct folio *from;
	pgoff_t i;

	i_size_write(wp_mapping(test, 1)->host, 200 * PAGE_SIZE);
	for (i = 0; i < 200; i++) {
		from = wp_add(test, 1, i, 'a');
		KUNIT_ASSERT_EQ(test, 0, wp_merge(to, from, 4096));
		folio_put(from);
	}
	KUNIT_EXPECT_EQ(test, 202, folio_ref_count(to));
	for (i = 0; i < 200; i += 2)
		KUNIT_ASSERT_EQ(test, 0, page_wp_break(wp_mapping(test, 1), i,
						       to, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 102, folio_ref_count(to));
	for (i = 0; i < 200; i++)
		KUNIT_EXPECT_EQ(test, i & 1, wp_slot(test, 1, i) == to);
	folio_put(to);
}

static void wp_test_break(struct kunit *test)
{
	struct folio *folio = wp_pair(test);
	struct folio *own;

	KUNIT_EXPECT_EQ(test, -EAGAIN, page_wp_break(wp_mapping(test, 1), 5,
						     folio, GFP_NOWAIT));
	KUNIT_EXPECT_PTR_EQ(test, folio, wp_slot(test, 1, 5));

	/* Not in that slot: nothing to do. */
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 1), 6, folio,
					       GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 3, folio_ref_count(folio));

	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 1), 5, folio,
					       GFP_KERNEL));
	own = wp_slot(test, 1, 5);
	KUNIT_EXPECT_PTR_NE(test, folio, own);
	KUNIT_EXPECT_PTR_EQ(test, wp_mapping(test, 1), own->mapping);
	KUNIT_EXPECT_EQ(test, 5, own->index);
	KUNIT_EXPECT_TRUE(test, folio_test_uptodate(own));
	KUNIT_EXPECT_TRUE(test, wp_holds(own, 'a'));
	lru_add_drain_all();
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(own));
	wp_fill(own, 'b');
	KUNIT_EXPECT_TRUE(test, wp_holds(folio, 'a'));

	/* One slot is left, and it is still shared. */
	KUNIT_EXPECT_TRUE(test, folio_is_wp(folio));
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(folio));
	folio_put(folio);
}

/* A signal stops what is long, but not the first step. */
static void wp_test_break_signal(struct kunit *test)
{
	struct folio *folio = wp_pair(test);
	struct folio *to = wp_add(test, 0, 2, 'b');
	struct folio *from = wp_add(test, 1, 6, 'b');

	KUNIT_ASSERT_EQ(test, 0, wp_merge(to, from, 16));
	allow_signal(SIGUSR1);
	send_sig(SIGUSR1, current, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS,
			page_wp_break_range(wp_mapping(test, 1), 5, 6));
	KUNIT_EXPECT_PTR_NE(test, folio, wp_slot(test, 1, 5));
	KUNIT_EXPECT_PTR_EQ(test, to, wp_slot(test, 1, 6));
	KUNIT_EXPECT_EQ(test, 0, page_wp_break_range(wp_mapping(test, 1), 6, 6));
	KUNIT_EXPECT_PTR_NE(test, to, wp_slot(test, 1, 6));
	flush_signals(current);
	disallow_signal(SIGUSR1);
	folio_put(from);
	folio_put(to);
	folio_put(folio);
}

/* Poisoned memory leaves all files, and the group is gone. */
static void wp_test_drop(struct kunit *test)
{
	struct folio *folio = wp_pair(test);

	folio_lock(folio);
	page_wp_drop(folio);
	KUNIT_EXPECT_FALSE(test, folio_is_wp(folio));
	KUNIT_EXPECT_NULL(test, folio->mapping);
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(folio));
	folio_unlock(folio);
	KUNIT_EXPECT_EQ(test, 0, wp_mapping(test, 0)->nrpages);
	KUNIT_EXPECT_EQ(test, 0, wp_mapping(test, 1)->nrpages);
	folio_put(folio);
}

/* The last slot gets the folio itself, unless somebody looks at it. */
static void wp_test_dissolve(struct kunit *test)
{
	struct folio *folio = wp_pair(test);

	KUNIT_ASSERT_EQ(test, 0, page_wp_break(wp_mapping(test, 1), 5, folio,
					       GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 0), 1, folio,
					       GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, folio_is_wp(folio));
	KUNIT_EXPECT_PTR_EQ(test, wp_mapping(test, 0), folio->mapping);
	KUNIT_EXPECT_EQ(test, 1, folio->index);
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(folio));
	KUNIT_EXPECT_PTR_EQ(test, folio, wp_slot(test, 0, 1));
	folio_put(folio);
}

/* Of a group with one slot nothing is left, once nobody looks. */
static void wp_test_try_dissolve(struct kunit *test)
{
	struct folio *to = wp_pair(test);

	KUNIT_EXPECT_EQ(test, 0, page_wp_try_dissolve(to));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(to));
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 1), 5, to,
					       GFP_KERNEL));
	folio_get(to);
	KUNIT_EXPECT_EQ(test, -EAGAIN, page_wp_try_dissolve(to));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(to));
	folio_put(to);
	KUNIT_EXPECT_EQ(test, 0, page_wp_try_dissolve(to));
	KUNIT_EXPECT_FALSE(test, folio_is_wp(to));
	KUNIT_EXPECT_PTR_EQ(test, wp_mapping(test, 0), to->mapping);
	folio_put(to);
}

static void wp_test_dissolve_busy(struct kunit *test)
{
	struct folio *folio = wp_pair(test);

	/* Such as a pipe that got the page of the slot that is broken now. */
	folio_get(folio);
	KUNIT_ASSERT_EQ(test, 0, page_wp_break(wp_mapping(test, 1), 5, folio,
					       GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 0), 1, folio,
					       GFP_KERNEL));
	KUNIT_EXPECT_PTR_NE(test, folio, wp_slot(test, 0, 1));
	KUNIT_EXPECT_FALSE(test, folio_is_wp(folio));
	KUNIT_EXPECT_NULL(test, folio->mapping);
	wp_fill(wp_slot(test, 0, 1), 'b');
	KUNIT_EXPECT_TRUE(test, wp_holds(folio, 'a'));
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(folio));
	folio_put(folio);
	folio_put(folio);
}

/* A lookup that locks may be followed by a write. */
static void wp_test_lookup(struct kunit *test)
{
	struct folio *folio = wp_pair(test);
	struct folio *found;

	found = filemap_get_folio(wp_mapping(test, 1), 5);
	KUNIT_EXPECT_PTR_EQ(test, folio, found);
	folio_put(found);

	found = __filemap_get_folio(wp_mapping(test, 1), 5,
				    FGP_LOCK | FGP_NOWAIT, 0);
	KUNIT_EXPECT_EQ(test, -EAGAIN, PTR_ERR_OR_ZERO(found));
	if (!IS_ERR(found)) {
		folio_unlock(found);
		folio_put(found);
	}

	found = filemap_lock_folio(wp_mapping(test, 1), 5);
	KUNIT_ASSERT_FALSE(test, IS_ERR(found));
	KUNIT_EXPECT_PTR_NE(test, folio, found);
	KUNIT_EXPECT_TRUE(test, folio_in_mapping_excl(found,
						      wp_mapping(test, 1)));
	folio_unlock(found);
	folio_put(found);
	folio_put(folio);
}

struct wp_truncation {
	struct address_space *mapping;
	struct completion done;
};

static int wp_truncate(void *data)
{
	struct wp_truncation *truncation = data;

	truncate_inode_pages_range(truncation->mapping, 4 * PAGE_SIZE,
				   7 * PAGE_SIZE - 1);
	complete(&truncation->done);
	return 0;
}

/* Truncate around the slot of a locked folio; returns when that waits for the lock. */
static void wp_truncate_start(struct kunit *test, struct folio *folio,
			      struct wp_truncation *truncation)
{
	int i;

	truncation->mapping = wp_mapping(test, 1);
	init_completion(&truncation->done);
	KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(wp_truncate, truncation,
						    "wp_truncate")));
	for (i = 0; i < 1000 && !folio_test_waiters(folio); i++)
		usleep_range(1000, 2000);
	KUNIT_EXPECT_TRUE(test, folio_test_waiters(folio));
}

/* Let it go on; the other slot, which it leaves alone, holds @other. */
static void wp_truncate_end(struct kunit *test, struct folio *folio,
			    struct wp_truncation *truncation,
			    struct folio *other)
{
	folio_unlock(folio);
	wait_for_completion(&truncation->done);
	KUNIT_EXPECT_NULL(test, xa_load(&truncation->mapping->i_pages, 5));
	KUNIT_EXPECT_PTR_EQ(test, other, wp_slot(test, 0, 1));
	folio_put(folio);
}

/* What takes the place of a shared folio while truncation waits for it goes, too. */
static void wp_test_truncate_break(struct kunit *test)
{
	struct folio *folio = wp_pair(test);
	struct folio *new = page_wp_copy(folio, wp_mapping(test, 1), 5, GFP_KERNEL);
	struct wp_truncation truncation;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(new));
	folio_lock(folio);
	wp_truncate_start(test, folio, &truncation);
	page_wp_break_slot(wp_mapping(test, 1), 5, folio, new);
	wp_truncate_end(test, folio, &truncation, folio);
	folio_put(new);
}

static void wp_test_truncate_merge(struct kunit *test)
{
	struct folio *folio = wp_pair(test);
	struct folio *to = wp_add(test, 0, 2, 'a');
	struct folio *from = wp_add(test, 0, 3, 'a');
	struct wp_truncation truncation;

	KUNIT_ASSERT_EQ(test, 0, wp_merge(to, from, 16));
	folio_put(from);
	folio_lock(folio);
	wp_truncate_start(test, folio, &truncation);
	folio_lock(to);
	KUNIT_EXPECT_EQ(test, 0, page_wp_reserve(folio_wp(to), 2));
	KUNIT_EXPECT_EQ(test, 0, page_wp_share_all(folio_wp(to), to, folio));
	folio_unlock(to);
	wp_truncate_end(test, folio, &truncation, to);
	folio_put(to);
}

/* Truncation drops the slots of one file, even at the edge, without a copy. */
static void wp_test_truncate(struct kunit *test)
{
	struct folio *folio = wp_pair(test);
	long broken = atomic_long_read(&page_wp_stats.broken);

	truncate_inode_pages(wp_mapping(test, 1), 5 * PAGE_SIZE + 1);
	KUNIT_EXPECT_NULL(test, xa_load(&wp_mapping(test, 1)->i_pages, 5));
	KUNIT_EXPECT_EQ(test, 0, wp_mapping(test, 1)->nrpages);
	KUNIT_EXPECT_TRUE(test, wp_holds(wp_slot(test, 0, 1), 'a'));
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(folio));

	truncate_inode_pages(wp_mapping(test, 0), 0);
	KUNIT_EXPECT_FALSE(test, folio_is_wp(folio));
	KUNIT_EXPECT_NULL(test, folio->mapping);
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(folio));
	KUNIT_EXPECT_EQ(test, broken, atomic_long_read(&page_wp_stats.broken));
	folio_put(folio);
}

/* A shared page between exclusive ones must not disturb their truncation. */
static void wp_test_truncate_mixed(struct kunit *test)
{
	struct folio *folio = wp_pair(test);

	folio_put(wp_add(test, 1, 4, 'x'));
	folio_put(wp_add(test, 1, 6, 'y'));
	truncate_inode_pages(wp_mapping(test, 1), 0);
	KUNIT_EXPECT_EQ(test, 0, wp_mapping(test, 1)->nrpages);
	KUNIT_EXPECT_PTR_EQ(test, folio, wp_slot(test, 0, 1));
	folio_put(folio);
}

static void wp_test_invalidate(struct kunit *test)
{
	struct folio *folio = wp_pair(test);

	KUNIT_EXPECT_EQ(test, 0, invalidate_inode_pages2(wp_mapping(test, 1)));
	KUNIT_EXPECT_EQ(test, 0, wp_mapping(test, 1)->nrpages);
	KUNIT_EXPECT_EQ(test, 1, invalidate_mapping_pages(wp_mapping(test, 0),
							  0, -1));
	KUNIT_EXPECT_EQ(test, 0, wp_mapping(test, 0)->nrpages);
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(folio));
	folio_put(folio);
}

/* Only reclaim takes a folio from all slots; a reference stops it. */
static void wp_test_reclaim(struct kunit *test)
{
	struct folio *folio = wp_pair(test);

	folio_lock(folio);
	KUNIT_EXPECT_EQ(test, 0, remove_mapping(&page_wp_mapping, folio));
	folio_get(folio);
	KUNIT_EXPECT_FALSE(test, page_wp_reclaim(folio, NULL));
	folio_put(folio);
	KUNIT_EXPECT_EQ(test, 3, folio_ref_count(folio));

	KUNIT_ASSERT_TRUE(test, folio_isolate_lru(folio));
	folio_put(folio);
	KUNIT_ASSERT_TRUE(test, page_wp_reclaim(folio, NULL));
	KUNIT_EXPECT_EQ(test, 0, folio_ref_count(folio));
	KUNIT_EXPECT_NULL(test, folio->mapping);
	KUNIT_EXPECT_TRUE(test, xa_is_value(xa_load(&wp_mapping(test, 0)->i_pages,
						    1)));
	KUNIT_EXPECT_TRUE(test, xa_is_value(xa_load(&wp_mapping(test, 1)->i_pages,
						    5)));
	folio_ref_unfreeze(folio, 1);
	folio_unlock(folio);
	folio_put(folio);
}

#ifdef CONFIG_MIGRATION
/* Migrate a folio to which the caller gave its reference. */
static int wp_migrate_to(struct kunit *test, struct folio *folio, int nid)
{
	struct migration_target_control mtc = {
		.nid = nid,
		.gfp_mask = GFP_KERNEL | __GFP_THISNODE,
	};
	LIST_HEAD(folios);
	int ret;

	KUNIT_ASSERT_TRUE(test, isolate_folio_to_list(folio, &folios));
	folio_put(folio);
	ret = migrate_pages(&folios, alloc_migration_target, NULL,
			    (unsigned long)&mtc, MIGRATE_SYNC, MR_SYSCALL, NULL);
	putback_movable_pages(&folios);
	lru_add_drain_all();
	return ret;
}

static int wp_migrate(struct kunit *test, struct folio *folio)
{
	return wp_migrate_to(test, folio, folio_nid(folio));
}

/* All slots follow; a reader keeps a folio from moving. */
static void wp_test_migrate(struct kunit *test)
{
	struct folio *old = wp_pair(test), *new;

	folio_get(old);
	folio_get(old);
	KUNIT_EXPECT_EQ(test, 1, wp_migrate(test, old));
	KUNIT_EXPECT_PTR_EQ(test, old, wp_slot(test, 0, 1));
	folio_put(old);
	KUNIT_EXPECT_EQ(test, 0, wp_migrate(test, old));

	new = wp_slot(test, 0, 1);
	KUNIT_EXPECT_PTR_NE(test, old, new);
	KUNIT_EXPECT_PTR_EQ(test, new, wp_slot(test, 1, 5));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(new));
	KUNIT_EXPECT_TRUE(test, wp_holds(new, 'a'));
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(new));

	folio_lock(new);
	KUNIT_EXPECT_EQ(test, 2, page_wp_expected_refs(new));
	KUNIT_EXPECT_PTR_EQ(test, new, folio_wp(new)->folio);
	folio_unlock(new);
	/* The group goes on as before. */
	KUNIT_EXPECT_EQ(test, 0, page_wp_break_all());
	KUNIT_EXPECT_FALSE(test, folio_is_wp(wp_slot(test, 1, 5)));
	KUNIT_EXPECT_TRUE(test, wp_holds(wp_slot(test, 1, 5), 'a'));
}
#endif

#if defined(CONFIG_PAGE_WP_READ_ONLY) && defined(CONFIG_MIGRATION)
/* Write what is there; a writer without an exception table would die. */
static long wp_write(struct folio *folio)
{
	char *addr = folio_address(folio);
	char byte = *addr;

	return copy_to_kernel_nofault(addr, &byte, 1);
}

/* The kernel itself cannot write to a shared folio, and to no other that it cannot. */
static void wp_test_read_only(struct kunit *test)
{
	struct folio *folio;
	unsigned long addr;
	unsigned int level;

	if (!page_wp_ro)
		kunit_skip(test, "without page_wp=ro");
	folio = wp_pair(test);
	KUNIT_EXPECT_EQ(test, -EFAULT, wp_write(folio));
	addr = (unsigned long)folio_address(folio);
	KUNIT_EXPECT_FALSE(test, pte_write(*lookup_address(addr, &level)));
	KUNIT_EXPECT_EQ(test, 0, wp_migrate(test, folio));
	/* It is free: look, do not touch. */
	KUNIT_EXPECT_TRUE(test, pte_write(*lookup_address(addr, &level)));
	folio = wp_slot(test, 0, 1);
	KUNIT_EXPECT_EQ(test, -EFAULT, wp_write(folio));
	folio_get(folio);
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 1), 5, folio,
					       GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, wp_write(wp_slot(test, 1, 5)));
	KUNIT_EXPECT_EQ(test, -EFAULT, wp_write(folio));
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 0), 1, folio,
					       GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, wp_write(folio));
	folio_put(folio);
	truncate_inode_pages(wp_mapping(test, 0), 0);
	truncate_inode_pages(wp_mapping(test, 1), 0);

	folio = wp_pair(test);
	truncate_inode_pages(wp_mapping(test, 0), 0);
	KUNIT_EXPECT_EQ(test, -EFAULT, wp_write(folio));
	truncate_inode_pages(wp_mapping(test, 1), 0);
	KUNIT_EXPECT_EQ(test, 0, wp_write(folio));
	folio_put(folio);
}
#endif

#ifdef CONFIG_NUMA_REPLICATE
#define WP_NODE		first_memory_node

static struct folio *wp_alloc_on(struct kunit *test, int nid)
{
	struct folio *folio = __folio_alloc_node(GFP_KERNEL | __GFP_THISNODE, 0, nid);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	return folio;
}

/* Make a replica for a folio; the caller gets a reference. */
static struct folio *wp_replicate(struct kunit *test, struct folio *folio)
{
	struct folio *new = wp_alloc_on(test, WP_NODE);
	int err;

	KUNIT_ASSERT_EQ(test, 0, mem_cgroup_charge(new, NULL, GFP_KERNEL));
	folio_lock(folio);
	err = page_wp_replicate(folio, new);
	folio_unlock(folio);
	KUNIT_ASSERT_EQ(test, 0, err);
	lru_add_drain_all();
	return new;
}

/* A page of a file with a replica; the caller gets references to both. */
static struct folio *wp_alone(struct kunit *test, struct folio **replica)
{
	struct folio *folio = wp_add(test, 0, 1, 'a');

	*replica = wp_replicate(test, folio);
	return folio;
}

/* Nothing but the caller has to do with what was a replica. */
static void wp_expect_gone(struct kunit *test, struct folio *replica)
{
	KUNIT_EXPECT_NULL(test, replica->mapping);
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(replica));
	folio_put(replica);
}

static void wp_test_replicate(struct kunit *test)
{
	struct folio *folio = wp_add(test, 0, 1, 'a'), *replica, *other;

	other = wp_alloc_on(test, WP_NODE);
	folio_get(folio);
	folio_lock(folio);
	KUNIT_EXPECT_EQ(test, -EAGAIN, page_wp_replicate(folio, other));
	KUNIT_EXPECT_FALSE(test, folio_is_wp(folio));
	folio_unlock(folio);
	folio_put(folio);

	replica = wp_replicate(test, folio);
	KUNIT_EXPECT_TRUE(test, folio_is_wp(folio));
	KUNIT_EXPECT_PTR_EQ(test, folio, wp_slot(test, 0, 1));
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(folio));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(replica));
	KUNIT_EXPECT_TRUE(test, folio_test_uptodate(replica));
	KUNIT_EXPECT_TRUE(test, wp_holds(replica, 'a'));
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(replica));
	folio_lock(folio);
	KUNIT_EXPECT_EQ(test, -EEXIST, page_wp_replicate(folio, other));
	KUNIT_EXPECT_NOT_NULL(test, page_wp_replica(folio_wp(folio), WP_NODE));
	KUNIT_EXPECT_FALSE(test, __page_wp_is_replica(folio));
	KUNIT_EXPECT_EQ(test, 1, page_wp_expected_refs(folio));
	folio_lock(replica);
	KUNIT_EXPECT_TRUE(test, __page_wp_is_replica(replica));
	KUNIT_EXPECT_EQ(test, 1, page_wp_expected_refs(replica));
	KUNIT_EXPECT_FALSE(test, folio_in_slot(replica, wp_mapping(test, 0), 1));
	folio_unlock(replica);
	folio_unlock(folio);
	/* No other page may be merged with it. */
	KUNIT_EXPECT_EQ(test, 0, page_wp_can_join(folio, 2));
	KUNIT_EXPECT_EQ(test, -EAGAIN, page_wp_can_join(replica, 2));
	/* It is in use, but ksmd thinks of merged pages alone. */
	KUNIT_EXPECT_EQ(test, 0, page_wp_try_dissolve(folio));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(folio));

	truncate_inode_pages(wp_mapping(test, 0), 0);
	KUNIT_EXPECT_NULL(test, folio->mapping);
	wp_expect_gone(test, replica);
	folio_put(folio);
	folio_put(other);
}

/* A writer gets the folio itself if nobody else reads it, whichever way he came. */
static void wp_test_replica_break(struct kunit *test)
{
	struct folio *folio, *replica;

	folio = wp_alone(test, &replica);
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 0), 1, folio, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, wp_mapping(test, 0), folio->mapping);
	KUNIT_EXPECT_EQ(test, 1, folio->index);
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(folio));
	wp_expect_gone(test, replica);

	replica = wp_replicate(test, folio);
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 0), 1, replica, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, folio_is_wp(wp_slot(test, 0, 1)));
	KUNIT_EXPECT_TRUE(test, wp_holds(wp_slot(test, 0, 1), 'a'));
	wp_expect_gone(test, replica);
	folio_put(folio);
	truncate_inode_pages(wp_mapping(test, 0), 0);

	/* A reader keeps what he has; the file gets a copy. */
	folio = wp_alone(test, &replica);
	folio_get(folio);
	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 0), 1, folio, GFP_KERNEL));
	KUNIT_EXPECT_PTR_NE(test, folio, wp_slot(test, 0, 1));
	KUNIT_EXPECT_NULL(test, folio->mapping);
	wp_expect_gone(test, replica);
	folio_put(folio);
	folio_put(folio);
}

/* Many slots and a replica: it goes with the last one. */
static void wp_test_replica_slots(struct kunit *test)
{
	struct folio *folio = wp_pair(test);
	struct folio *replica = wp_replicate(test, folio);
	struct folio *third = wp_add(test, 0, 2, 'a');

	KUNIT_EXPECT_EQ(test, 0, wp_merge(folio, third, 16));
	folio_put(third);
	KUNIT_EXPECT_EQ(test, 4, folio_ref_count(folio));
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(replica));
	KUNIT_EXPECT_FALSE(test, folio_test_locked(replica));

	KUNIT_EXPECT_EQ(test, 0, page_wp_break(wp_mapping(test, 1), 5, folio, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(replica));
	KUNIT_EXPECT_FALSE(test, folio_test_locked(replica));
	folio_lock(folio);
	page_wp_drop_slot(wp_mapping(test, 0), 2, folio);
	KUNIT_EXPECT_NOT_NULL(test, page_wp_replica(folio_wp(folio), WP_NODE));
	KUNIT_EXPECT_FALSE(test, folio_test_locked(replica));
	page_wp_drop_slot(wp_mapping(test, 0), 1, folio);
	KUNIT_EXPECT_FALSE(test, folio_is_wp(folio));
	folio_unlock(folio);
	KUNIT_EXPECT_FALSE(test, folio_test_locked(replica));
	wp_expect_gone(test, replica);
	folio_put(folio);
}

/* What is merged into another group leaves its replicas behind. */
static void wp_test_replica_merge(struct kunit *test)
{
	struct folio *from, *replica, *to = wp_add(test, 1, 5, 'a');

	from = wp_alone(test, &replica);
	KUNIT_EXPECT_EQ(test, 0, wp_merge(to, from, 16));
	KUNIT_EXPECT_PTR_EQ(test, to, wp_slot(test, 0, 1));
	KUNIT_EXPECT_FALSE(test, folio_is_wp(from));
	wp_expect_gone(test, replica);
	folio_put(from);

	/* If it does not merge, it is as it was. */
	replica = wp_replicate(test, to);
	from = wp_add(test, 0, 3, 'b');
	KUNIT_EXPECT_EQ(test, -ESTALE, wp_merge(to, from, 16));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(replica));
	folio_put(from);
	folio_put(to);
	folio_put(replica);
}

static void wp_test_replica_reclaim(struct kunit *test)
{
	struct folio *folio, *replica;

	folio = wp_alone(test, &replica);
	folio_lock(replica);
	folio_get(replica);
	KUNIT_EXPECT_FALSE(test, page_wp_reclaim(replica, NULL));
	folio_put(replica);
	KUNIT_EXPECT_EQ(test, 2, folio_ref_count(replica));
	KUNIT_ASSERT_TRUE(test, folio_isolate_lru(replica));
	folio_put(replica);
	KUNIT_ASSERT_TRUE(test, page_wp_reclaim(replica, NULL));
	KUNIT_EXPECT_EQ(test, 0, folio_ref_count(replica));
	KUNIT_EXPECT_NULL(test, replica->mapping);
	folio_ref_unfreeze(replica, 1);
	folio_unlock(replica);
	folio_put(replica);
	KUNIT_EXPECT_TRUE(test, folio_is_wp(folio));

	/* The folio takes its replicas along, but not if one of them is in use. */
	replica = wp_replicate(test, folio);
	folio_lock(folio);
	KUNIT_ASSERT_TRUE(test, folio_isolate_lru(folio));
	folio_put(folio);
	folio_lock(replica);
	KUNIT_EXPECT_FALSE(test, page_wp_reclaim(folio, NULL));
	folio_unlock(replica);
	KUNIT_EXPECT_FALSE(test, page_wp_reclaim(folio, NULL));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(replica));
	folio_put(replica);
	/* It is on its way back to the list. */
	lru_add_drain_all();
	KUNIT_ASSERT_TRUE(test, page_wp_reclaim(folio, NULL));
	KUNIT_EXPECT_TRUE(test, xa_is_value(xa_load(&wp_mapping(test, 0)->i_pages, 1)));
	folio_ref_unfreeze(folio, 1);
	folio_unlock(folio);
	folio_put(folio);
}

/* Memory failure drops a replica alone. */
static void wp_test_replica_drop(struct kunit *test)
{
	struct folio *folio, *replica;

	folio = wp_alone(test, &replica);
	folio_lock(replica);
	page_wp_drop(replica);
	folio_unlock(replica);
	wp_expect_gone(test, replica);
	KUNIT_EXPECT_TRUE(test, folio_is_wp(folio));
	KUNIT_EXPECT_PTR_EQ(test, folio, wp_slot(test, 0, 1));

	replica = wp_replicate(test, folio);
	folio_lock(folio);
	page_wp_drop(folio);
	KUNIT_EXPECT_NULL(test, folio->mapping);
	folio_unlock(folio);
	wp_expect_gone(test, replica);
	folio_put(folio);
}

static void wp_test_replica_migrate(struct kunit *test)
{
	struct folio *folio, *replica, *new;

	folio = wp_alone(test, &replica);
	KUNIT_EXPECT_EQ(test, 0, wp_migrate(test, replica));
	folio_lock(folio);
	new = page_wp_replica(folio_wp(folio), WP_NODE);
	KUNIT_EXPECT_PTR_NE(test, replica, new);
	KUNIT_ASSERT_NOT_NULL(test, new);
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(new));
	KUNIT_EXPECT_TRUE(test, wp_holds(new, 'a'));
	folio_unlock(folio);

	/* It does not mind where the other one goes, as long as nobody uses that. */
	KUNIT_EXPECT_EQ(test, 0, wp_migrate(test, folio));
	KUNIT_EXPECT_PTR_NE(test, folio, wp_slot(test, 0, 1));
	folio = wp_slot(test, 0, 1);
	folio_lock(folio);
	KUNIT_EXPECT_PTR_EQ(test, new, page_wp_replica(folio_wp(folio), WP_NODE));
	folio_unlock(folio);

	/* On another node it would be of no use. */
	if (next_memory_node(WP_NODE) == MAX_NUMNODES)
		kunit_skip(test, "only one node has memory");
	folio_get(new);
	static_branch_inc(&numa_replicate_key);
	KUNIT_EXPECT_EQ(test, 0, wp_migrate_to(test, new, next_memory_node(WP_NODE)));
	static_branch_dec(&numa_replicate_key);
	folio_lock(folio);
	KUNIT_EXPECT_TRUE(test, folio_is_wp(folio));
	KUNIT_EXPECT_NULL(test, page_wp_replica(folio_wp(folio), WP_NODE));
	KUNIT_EXPECT_FALSE(test, page_wp_replicated(folio_wp(folio)));
	folio_unlock(folio);
}

/* A CPU maps what is near to it. */
static void wp_test_replica_near(struct kunit *test)
{
	struct folio *folio, *replica;
	int near, far;

	near = numa_replicate_node();
	far = next_memory_node(near);
	if (far == MAX_NUMNODES)
		far = first_memory_node;
	if (far == near)
		kunit_skip(test, "only one node has memory");

	folio = wp_alloc_on(test, far);
	KUNIT_ASSERT_EQ(test, 0, filemap_add_folio(wp_mapping(test, 0), folio, 1, GFP_KERNEL));
	wp_fill(folio, 'a');
	folio_mark_uptodate(folio);
	folio_unlock(folio);
	lru_add_drain_all();
	replica = wp_alloc_on(test, near);
	KUNIT_ASSERT_EQ(test, 0, mem_cgroup_charge(replica, NULL, GFP_KERNEL));
	migrate_disable();
	folio_lock(folio);
	if (numa_replicate_node() == near) {
		KUNIT_EXPECT_EQ(test, 0, page_wp_replicate(folio, replica));
		KUNIT_EXPECT_PTR_EQ(test, replica, page_wp_trylock_near(folio));
		KUNIT_EXPECT_TRUE(test, folio_test_locked(replica));
		/* Somebody works on it. */
		KUNIT_EXPECT_NULL(test, page_wp_trylock_near(folio));
		folio_unlock(replica);
		folio_put(replica);
	}
	folio_unlock(folio);
	migrate_enable();
	folio_put(replica);
	folio_put(folio);
}

static void wp_test_replica_shrink(struct kunit *test)
{
	struct folio *folio, *replica;

	folio = wp_alone(test, &replica);
	KUNIT_EXPECT_EQ(test, 0, page_wp_shrink_replicas(WP_NODE, 0, NUMA_DROP_CAP));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(replica));
	folio_lock(folio);
	KUNIT_EXPECT_EQ(test, 0, page_wp_shrink_replicas(WP_NODE, 1, NUMA_DROP_RECLAIM));
	folio_unlock(folio);
	folio_lock(replica);
	KUNIT_EXPECT_EQ(test, 0, page_wp_shrink_replicas(WP_NODE, 1, NUMA_DROP_RECLAIM));
	folio_unlock(replica);
	/* As long as somebody uses it, or has a TLB to flush. */
	KUNIT_EXPECT_EQ(test, 0, page_wp_shrink_replicas(WP_NODE, 1, NUMA_DROP_RECLAIM));
	KUNIT_EXPECT_TRUE(test, folio_is_wp(replica));
	folio_put(replica);
	KUNIT_EXPECT_EQ(test, 1, page_wp_shrink_replicas(WP_NODE, 1, NUMA_DROP_RECLAIM));
	folio_lock(folio);
	KUNIT_EXPECT_TRUE(test, folio_is_wp(folio));
	KUNIT_EXPECT_NULL(test, page_wp_replica(folio_wp(folio), WP_NODE));
	folio_unlock(folio);

	/* ksmd does not count it, nor does it break it. */
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&page_wp_stats.alone));
	KUNIT_EXPECT_EQ(test, 0, page_wp_break_all());
	KUNIT_EXPECT_TRUE(test, folio_is_wp(folio));
	folio_put(folio);

	/* What is not in use turns exclusive. */
	KUNIT_EXPECT_EQ(test, 0, page_wp_dissolve_alone(false));
	KUNIT_EXPECT_FALSE(test, folio_is_wp(folio));
	KUNIT_EXPECT_PTR_EQ(test, folio, wp_slot(test, 0, 1));
}
#endif /* CONFIG_NUMA_REPLICATE */

static void wp_test_break_all(struct kunit *test)
{
	struct folio *folio = wp_pair(test);

	folio_put(folio);
	KUNIT_EXPECT_EQ(test, 0, page_wp_break_all());
	KUNIT_EXPECT_FALSE(test, folio_is_wp(wp_slot(test, 0, 1)));
	KUNIT_EXPECT_FALSE(test, folio_is_wp(wp_slot(test, 1, 5)));
	KUNIT_EXPECT_PTR_NE(test, wp_slot(test, 0, 1), wp_slot(test, 1, 5));
	KUNIT_EXPECT_TRUE(test, wp_holds(wp_slot(test, 0, 1), 'a'));
	KUNIT_EXPECT_TRUE(test, wp_holds(wp_slot(test, 1, 5), 'a'));
}

static int wp_test_init(struct kunit *test)
{
	struct wp_test *wp = kunit_kzalloc(test, sizeof(*wp), GFP_KERNEL);
	int i;

	if (!wp)
		return -ENOMEM;
	test->priv = wp;
	if (page_wp_enable())
		kunit_skip(test, "page_wp=off");
	for (i = 0; i < ARRAY_SIZE(wp->inode); i++) {
		struct inode *inode = &wp->inode[i];

		inode_init_once(inode);
		spin_lock_init(&inode->i_lock);
		inode->i_sb = &wp_test_sb;
		inode->i_mode = S_IFREG;
		inode->i_mapping = &inode->i_data;
		inode->i_data.host = inode;
		inode->i_data.a_ops = &wp_test_aops;
		mapping_set_gfp_mask(&inode->i_data, GFP_HIGHUSER_MOVABLE);
		atomic_set(&inode->i_count, 1);
		i_size_write(inode, WP_PAGES * PAGE_SIZE);
	}
	wp->folios = atomic_long_read(&page_wp_stats.folios);
	wp->slots = atomic_long_read(&page_wp_stats.slots);
	wp->bytes = atomic_long_read(&page_wp_stats.bytes);
	return 0;
}

static void wp_test_exit(struct kunit *test)
{
	struct wp_test *wp = test->priv;
	int i;

	if (!wp)
		return;
	page_wp_sweep(NULL);
	for (i = 0; i < ARRAY_SIZE(wp->inode); i++) {
		truncate_inode_pages_final(&wp->inode[i].i_data);
		KUNIT_EXPECT_EQ(test, 0, wp->inode[i].i_data.nrpages);
	}
	KUNIT_EXPECT_EQ(test, wp->folios, atomic_long_read(&page_wp_stats.folios));
	KUNIT_EXPECT_EQ(test, wp->slots, atomic_long_read(&page_wp_stats.slots));
	KUNIT_EXPECT_EQ(test, wp->bytes, atomic_long_read(&page_wp_stats.bytes));
}

static struct kunit_case wp_test_cases[] = {
	KUNIT_CASE(wp_test_merge),
	KUNIT_CASE(wp_test_context),
	KUNIT_CASE(wp_test_merge_groups),
	KUNIT_CASE(wp_test_pinned),
	KUNIT_CASE(wp_test_refuse),
	KUNIT_CASE(wp_test_full),
	KUNIT_CASE(wp_test_many),
	KUNIT_CASE(wp_test_break),
	KUNIT_CASE(wp_test_dissolve),
	KUNIT_CASE(wp_test_try_dissolve),
	KUNIT_CASE(wp_test_break_signal),
	KUNIT_CASE(wp_test_drop),
	KUNIT_CASE(wp_test_dissolve_busy),
	KUNIT_CASE(wp_test_lookup),
	KUNIT_CASE(wp_test_truncate),
	KUNIT_CASE(wp_test_truncate_mixed),
	KUNIT_CASE(wp_test_truncate_break),
	KUNIT_CASE(wp_test_truncate_merge),
	KUNIT_CASE(wp_test_invalidate),
	KUNIT_CASE(wp_test_reclaim),
#ifdef CONFIG_MIGRATION
	KUNIT_CASE(wp_test_migrate),
#endif
#if defined(CONFIG_PAGE_WP_READ_ONLY) && defined(CONFIG_MIGRATION)
	KUNIT_CASE(wp_test_read_only),
#endif
#ifdef CONFIG_NUMA_REPLICATE
	KUNIT_CASE(wp_test_replicate),
	KUNIT_CASE(wp_test_replica_break),
	KUNIT_CASE(wp_test_replica_slots),
	KUNIT_CASE(wp_test_replica_merge),
	KUNIT_CASE(wp_test_replica_reclaim),
	KUNIT_CASE(wp_test_replica_drop),
	KUNIT_CASE(wp_test_replica_migrate),
	KUNIT_CASE(wp_test_replica_near),
	KUNIT_CASE(wp_test_replica_shrink),
#endif
	KUNIT_CASE(wp_test_break_all),
	{}
};

static struct kunit_suite wp_test_suite = {
	.name = "page_wp",
	.init = wp_test_init,
	.exit = wp_test_exit,
	.test_cases = wp_test_cases,
};

kunit_test_suite(wp_test_suite);
