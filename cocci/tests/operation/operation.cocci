// SPDX-License-Identifier: GPL-2.0
//
// The operation itself and the calls through it.

@@
@@
 struct toy_operations {
 ...
 int (*forget)(struct file *
+	, struct address_space *
	, struct folio *);
 ...
 };

@@
expression O, A, B;
@@
 O->forget(A
+	, CTX_MAP
	, B)
