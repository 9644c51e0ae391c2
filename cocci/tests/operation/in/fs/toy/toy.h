// SPDX-License-Identifier: GPL-2.0

struct toy_operations {
	int (*open)(struct file *);
	int (*forget)(struct file *, struct folio *);
};

int toy_common(struct file *file, struct folio *folio);
