// SPDX-License-Identifier: GPL-2.0
//
// The operation itself, and the calls through it and through a filler, which is
// called like it.
//
// Leaves: the type of a filler, since spatch cannot read a typedef of a function.

@@
@@
 struct address_space_operations {
 ...
 int (*read_folio)(struct file *
+	, struct address_space *
	, struct folio *);
 ...
 };

@@
expression O, A, B;
@@
 O->read_folio(A
+	, CTX_MAP
	, B)

@@
typedef filler_t;
identifier fn, filler;
expression A, B;
@@
 fn(..., filler_t filler, ...)
 {
 <...
 filler(A
+	, CTX_MAP
	, B)
 ...>
 }
