// SPDX-License-Identifier: GPL-2.0

struct address_space_operations {
	int (*writepages)(struct address_space *, struct writeback_control *);
	void (*free_folio)(struct address_space *, struct folio *folio);
	int (*swap_rw)(struct kiocb *iocb, struct iov_iter *iter);
};
