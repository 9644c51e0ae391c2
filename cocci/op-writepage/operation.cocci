// SPDX-License-Identifier: GPL-2.0
//
// The operation itself and the calls through it.
//
// Leaves: what implements it, which the driver finds by operation.cocci of lib/ and
// gives the parameter.

@@
@@
 struct address_space_operations {
 ...
 int (*writepage)(
+	struct address_space *,
 struct page *page, struct writeback_control *wbc);
 ...
 };

@@
expression O, A, B;
@@
 O->writepage(
+	CTX_MAP,
 A, B)
