// SPDX-License-Identifier: GPL-2.0
//
// Calls through a writepage_t.
//
// Leaves: the type itself, since spatch cannot read a typedef of a function.

@@
typedef writepage_t;
identifier fn, writepage;
expression A, B, C;
@@
 fn(..., writepage_t writepage, ...)
 {
 <...
 writepage(
+	CTX_MAP,
	A, B, C)
 ...>
 }
