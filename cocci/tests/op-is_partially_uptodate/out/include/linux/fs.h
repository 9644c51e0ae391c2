// SPDX-License-Identifier: GPL-2.0

struct address_space_operations {
	int (*writepages)(struct address_space *, struct writeback_control *);
	bool (*is_partially_uptodate)(struct address_space *, struct folio *,
				      size_t from, size_t count);
	int (*swap_rw)(struct kiocb *iocb, struct iov_iter *iter);
};
