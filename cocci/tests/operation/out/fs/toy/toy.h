// SPDX-License-Identifier: GPL-2.0

struct toy_operations {
	int (*open)(struct file *);
	int (*forget)(struct file *, struct address_space *, struct folio *);
};

int toy_common(struct file *file, struct address_space *mapping,
	       struct folio *folio);
