// SPDX-License-Identifier: GPL-2.0
//
// The operation itself and the calls through it.
//
// Leaves: what implements it, which the driver finds by operation.cocci of lib/ and
// gives the parameter.

@@
typedef bool;
@@
 struct address_space_operations {
 ...
 void (*is_dirty_writeback)(
+	struct address_space *,
 struct folio *, bool *dirty, bool *wb);
 ...
 };

@@
expression O, A, B, C;
@@
 O->is_dirty_writeback(
+	CTX_MAP,
 A, B, C)
