// SPDX-License-Identifier: GPL-2.0

struct address_space_operations {
	int (*writepages)(struct address_space *, struct writeback_control *);
	int (*writepage)(struct address_space *, struct page *page,
			 struct writeback_control *wbc);
	int (*swap_rw)(struct kiocb *iocb, struct iov_iter *iter);
};
