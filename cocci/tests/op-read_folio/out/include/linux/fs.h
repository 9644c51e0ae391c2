// SPDX-License-Identifier: GPL-2.0

struct address_space_operations {
	int (*writepages)(struct address_space *, struct writeback_control *);
	int (*read_folio)(struct file *, struct address_space *,
			  struct folio *);
	int (*swap_rw)(struct kiocb *iocb, struct iov_iter *iter);
};
