// SPDX-License-Identifier: GPL-2.0

struct address_space_operations {
	int (*writepages)(struct address_space *, struct writeback_control *);
	void (*is_dirty_writeback)(struct address_space *, struct folio *,
				   bool *dirty, bool *wb);
	int (*swap_rw)(struct kiocb *iocb, struct iov_iter *iter);
};
